"""The walk of whoever comes to find out where a server breaks, by the keyboard alone: log in, start a search, watch it live, see it break,
read its report, keep it as the baseline, run it again and compare the two, let it run every night. A real daemon over TCP, a real server
that breaks where it is known to, and curl, which the daemon must tell the same as the page shows."""
import datetime
import json
import os
import re
import subprocess
import time

import pytest

import browser
import contract
from conftest import Page

BRUNT = os.environ.get("BRUNT", "build/dev/brunt")
TOKEN = "a-token-of-an-admin-and-of-nobody-else"
CAPACITY = 300  # per second; what is more waits, and is refused once 20 do
PHONE = 390
# This machine's noise is not what is looked at here.
PROFILE = """
name: stress
target: {url: "%s", timeout: 2s, watch: {pid: %d}}
load:
  search: {from: 100/s, max: 1600/s, width: 60%%, every: 700ms, settle: 0s, confirm: 0s}
requests: [{name: root, get: /}]
slo: ["p95 <= 2s", "max_sustainable_rate >= 20/s"]
generator: {lateness_p99: 1s, lateness_share: 100%%, taken_min: 0%%, client_failures_max: 100%%}
output: {interval: 200ms}
idle_baseline: 0
"""

pytestmark = pytest.mark.skipif(browser.find() is None, reason="no Chromium is installed")


class Daemon:
    """`brunt serve` on loopback, for those who show a token. What it answers to `ask` is held to the contract."""

    def __init__(self, folder, **config):
        self.contract = contract.Contract()
        self.log = folder / "stderr"
        (folder / "tokens").write_text(f"alice admin plain:{TOKEN}\n", encoding="utf-8")
        (folder / "tokens").chmod(0o600)
        (folder / "brunt.yaml").write_text(json.dumps({"listen": "127.0.0.1:0", "tokens": "tokens", "data": "data", "profiles": "profiles", **config}), encoding="utf-8")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["timeout", "-k", "5", "200", BRUNT, "serve", "--config", folder / "brunt.yaml"], stderr=log)
        deadline = time.monotonic() + 60
        while not (said := re.search(r"listening on (http://\S+)", self.log.read_text(encoding="utf-8"))):
            assert time.monotonic() < deadline and self.process.poll() is None, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)
        self.url = said[1]

    def close(self):
        self.process.terminate()
        assert self.process.wait(60) == 0
        said = self.log.read_text(encoding="utf-8")
        assert "Sanitizer" not in said and "runtime error" not in said, said

    def curl(self, target, *more):
        return ["curl", "-sS", "--max-time", "90", "-H", f"Authorization: Bearer {TOKEN}", *more, self.url + target]

    def ask(self, target):
        done = subprocess.run(self.curl(target, "-w", "\n%{http_code}"), capture_output=True, text=True, check=True)
        body, status = done.stdout.rsplit("\n", 1)
        answer = json.loads(body)
        self.contract.check_answer(self.contract.operation_of("GET", target), int(status), answer)
        assert status == "200", (target, answer)
        return answer


@pytest.fixture
def daemon(tmp_path):
    target = subprocess.Popen(["timeout", "-k", "5", "200", BRUNT, "target", "--port", "0", "--capacity", f"{CAPACITY}/s", "--workers", "2", "--queue", "20"],
                              stdout=subprocess.PIPE, text=True)
    url = target.stdout.readline().removeprefix("listening on ").strip()
    (tmp_path / "profiles").mkdir()
    with open(f"/proc/{target.pid}/task/{target.pid}/children", encoding="utf-8") as children:
        (tmp_path / "profiles" / "stress.yaml").write_text(PROFILE % (url, int(children.read())), encoding="utf-8")
    one = Daemon(tmp_path, ceilings={"workers": 2})
    yield one
    one.close()
    target.terminate()
    target.wait(timeout=20)
    target.stdout.close()


class Hands(Page):
    """Nothing but keys."""

    def press(self, key, code, text=None):
        self.key(key, text, windowsVirtualKeyCode=code)

    def enter(self):
        self.press("Enter", 13, "\r")

    def type(self, text):  # whatever has the focus
        self.chromium.call("Input.insertText", text=text)

    def reach(self, words, kind):
        """By the Tab key, as far as it takes once around the page."""
        for _ in range(80):
            self.press("Tab", 9)
            at = self.chromium.evaluate("(() => { const e = document.activeElement; return [e.tagName, e.id, (e.textContent || '').trim()]; })()")
            if at[0] == kind and (words in (at[1], at[2])):
                assert self.chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", f"{words} is not seen to be held"
                return
        raise AssertionError(f"no {kind} '{words}' is reached by Tab")

    def follow(self, words, kind="A"):
        self.reach(words, kind)
        self.enter()

    def on_a_phone_at_night(self):
        self.chromium.call("Emulation.setDeviceMetricsOverride", width=PHONE, height=800, deviceScaleFactor=1, mobile=True)
        self.chromium.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def fits(self):
        assert self.chromium.evaluate("document.documentElement.scrollWidth") <= PHONE, self.chromium.evaluate("location.hash")

    def shoot(self, name):
        """For whoever wants to look at it himself: SHOTS names a folder."""
        if "SHOTS" in os.environ:
            self.chromium.screenshot(os.path.join(os.environ["SHOTS"], name + ".png"))

    def tiles(self):
        return dict(self.chromium.evaluate("[...document.querySelectorAll('#verdict .tile')].map(e => [e.querySelector('dt').textContent, e.querySelector('dd').firstChild.textContent])"))


@pytest.fixture
def hands(chromium, daemon):
    one = Hands(chromium, daemon)
    yield one
    assert one.complaints() == []
    chromium.go("about:blank")


def rates(text):
    """"356/s to 424/s" → [356, 424]"""
    return [float(number.replace(",", "")) for number in re.findall(r"([\d,.]+)/s", text)]


def watch_it_break(hands, chromium):
    """From its start to its verdict; what was seen of it meanwhile."""
    hands.wait_for("RUNNING", "#verdict", timeout_s=60)
    hands.wait_for("p95 <= 2s", "#lights", timeout_s=60)
    chromium.wait_until("document.querySelectorAll('.ladder li').length >= 2 && document.querySelectorAll('canvas').length >= 6 || document.body.innerText.includes('PASSED')", timeout_s=60)
    seen = hands.tiles(), chromium.evaluate("document.querySelectorAll('.ladder li').length"), chromium.evaluate("[...document.querySelectorAll('figure h3')].map(e => e.textContent)")
    hands.shoot("live-" + str(chromium.evaluate("innerWidth")))
    hands.wait_for("PASSED", "#verdict", timeout_s=90)
    hands.wait_for("Breaks at", "#verdict")
    return seen


def report_of(hands, chromium):
    """The report opens in a tab of its own; what it says, and what is wrong with it."""
    hands.follow("Open the report")
    own, told = chromium.session, chromium.told
    chromium.session, chromium.told, until = None, [], time.monotonic() + 20
    while not (tabs := [one["targetId"] for one in chromium.call("Target.getTargets")["targetInfos"] if "/reports/html" in one["url"]]):
        assert time.monotonic() < until, "it does not open"
        time.sleep(0.05)
    chromium.session = chromium.call("Target.attachToTarget", targetId=tabs[0], flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log"):
        chromium.call(f"{domain}.enable")
    chromium.wait_until("document.readyState === 'complete' && document.querySelectorAll('canvas').length > 2")
    hands.shoot("report")
    text, complaints = chromium.evaluate("document.body.innerText"), chromium.complaints(hands.daemon.url)
    chromium.session, chromium.told = None, told + chromium.told
    chromium.call("Target.closeTarget", targetId=tabs[0])
    chromium.session = own
    assert complaints == []
    return text


def log_in(daemon, hands, chromium):
    """The token is typed once; what is kept of it is a cookie that no script can read."""
    hands.open(is_known=False)
    chromium.wait_until("document.activeElement?.id === 'token'")
    hands.type(TOKEN)
    hands.enter()
    hands.wait_for("Nothing was run", "#night")
    cookie, = chromium.call("Network.getCookies", urls=[daemon.url])["cookies"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict") and TOKEN not in cookie["value"]


def break_it(daemon, hands, chromium):
    """Started, watched and judged; its row, once curl was told what the page shows."""
    hands.follow("Start")
    hands.wait_for("search from 100/s", ".start")
    hands.shoot("start")
    hands.follow("Start", "BUTTON")
    tiles, ladder, charts = watch_it_break(hands, chromium)
    assert {"Achieved", "P95", "Errors", "In flight", "Target", "Generator"} <= set(tiles) and tiles["Target"].endswith("%") and tiles["Generator"].endswith("%"), tiles
    assert ladder >= 2 and {"Response time", "Load", "Target: CPU", "Target: memory", "Generator: lateness"} <= set(charts), (ladder, charts)
    hands.shoot("ended")
    assert "BROKEN" in hands.text("#levels") and len(hands.text("#break")) > 20, "it does not say why"
    row, = daemon.ask("/api/v1/runs")["runs"]
    result = daemon.ask(f"/api/v1/runs/{row['id']}/result")
    point, tiles = result["breaking_point"], hands.tiles()
    assert (row["status"], result["verdict"]["exit_code"]) == ("pass", 0)
    assert rates(tiles["Sustains"]) == pytest.approx([point["max_sustainable_per_s"]], rel=0.01)
    assert row["figures"]["max_sustainable_rate"] == point["max_sustainable_per_s"]
    is_interval = point["search"].get("median_per_s") is not None
    assert rates(tiles["Breaks at"]) == pytest.approx(point["interval_per_s"] if is_interval else [point["first_broken_per_s"]], rel=0.01)
    assert point["max_sustainable_per_s"] < CAPACITY * 1.3 and CAPACITY * 0.6 < point["first_broken_per_s"] < CAPACITY * 1.6, point
    return row


def read_and_keep_it(daemon, hands, chromium):
    report, sustains = report_of(hands, chromium), hands.tiles()["Sustains"]
    assert "Breaking point" in report and sustains in report and "stress" in report
    hands.follow("Save as baseline", "BUTTON")
    chromium.wait_until("document.activeElement?.id === 'baseline-name'")
    hands.enter()
    chromium.wait_until("document.getElementById('said').textContent.includes('saved as baseline stress')")
    kept, = daemon.ask("/api/v1/baselines")["baselines"]
    assert (kept["name"], kept["profile"], kept["runs"]) == ("stress", "stress", 1)


def break_it_again(daemon, hands, chromium, first):
    """On a phone; and watched by curl, too. Its id."""
    hands.on_a_phone_at_night()
    hands.follow("Run it again")
    hands.wait_for("search from 100/s", ".start")
    hands.fits()
    hands.follow("Start", "BUTTON")
    chromium.wait_until(f"/^#.runs.2/.test(location.hash) && !location.hash.includes('{first['id']}')")
    second = chromium.evaluate("location.hash").rpartition("/")[2]
    with subprocess.Popen(daemon.curl(f"/api/v1/runs/{second}/events", "-N"), stdout=subprocess.PIPE, text=True) as watcher:
        watch_it_break(hands, chromium)
        told = watcher.stdout.read()
    for event in re.findall(r"^event: figures\ndata: (.*)$", told, re.MULTILINE):
        daemon.contract.check_figures({key: value for key, value in json.loads(event).items() if key != "event"})
    assert told.count("event: figures\n") > 3 and told.rstrip().endswith('{"state":"ended","position":null}'), told[-300:]
    hands.fits()
    hands.shoot("ended-phone")
    return second


def compare_them(daemon, hands, chromium, first, second):
    hands.follow("Compare")
    chromium.wait_until("document.getElementById('side-base') !== null")
    hands.reach("side-base", "SELECT")
    for letter in "bas":
        hands.press(letter, ord(letter.upper()), letter)
    hands.follow("Compare", "BUTTON")
    chromium.wait_until("document.querySelector('#comparison') !== null")
    hands.fits()
    hands.shoot("compared-phone")
    assert chromium.evaluate("[document.getElementById('side-base').value, document.getElementById('side-current').value]") == ["baseline:stress", second]
    verdict = daemon.ask(f"/api/v1/compare?base=baseline%3Astress&current={second}")["verdict"]
    word = chromium.evaluate("document.querySelector('#verdict .verdict').textContent")
    assert word.lower() == verdict["status"] and f"exit {verdict['exit_code']}" in hands.text("#verdict")
    for name, run in ("baseline stress", first), (f"run {second}", second):
        began = daemon.ask(f"/api/v1/runs/{run}/result")["started_at"].replace("T", " ").replace("Z", " UTC")
        assert f"{name} ({began}, " in hands.text("#comparison")
    assert "max_sustainable_rate" in hands.text("#comparison").replace(" ", "_").lower()


def schedule_it(daemon, hands, chromium):
    hands.follow("Schedule")
    chromium.wait_until("document.getElementById('schedule-form') !== null")
    hands.reach("schedule-name", "INPUT")
    hands.type("nightly")
    hands.enter()
    hands.wait_for("every night at 02:00", "table")
    hands.fits()
    hands.shoot("schedule-phone")
    now = datetime.datetime.now(datetime.timezone.utc)
    schedule, = daemon.ask("/api/v1/schedules")["schedules"]
    shown = chromium.evaluate("document.querySelector('table time').getAttribute('datetime')")
    at = datetime.datetime.fromisoformat(shown.replace("Z", "+00:00"))
    assert shown == schedule["next_at"][0] and schedule["profile"] == "stress" and schedule["origin"] == "api"
    assert (at.hour, at.minute, at.second) == (2, 0, 0) and datetime.timedelta() < at - now <= datetime.timedelta(days=1)


def test_from_the_page_a_server_is_broken_kept_compared_and_scheduled(daemon, hands, chromium):
    log_in(daemon, hands, chromium)
    first = break_it(daemon, hands, chromium)
    read_and_keep_it(daemon, hands, chromium)
    second = break_it_again(daemon, hands, chromium, first)
    compare_them(daemon, hands, chromium, first["id"], second)
    schedule_it(daemon, hands, chromium)
    hands.follow("brunt")
    hands.wait_for("The last run passed", "#night")
    hands.wait_for("nightly", "#next")
    hands.fits()
    hands.shoot("overview-phone")
    assert "sustains" in hands.text(".run-card")
    for target in ("info", "session", "profiles", "queue", "history", "alerts", "monitor", "trends?name=stress&metric=max_sustainable_rate", f"runs/{second}"):
        daemon.ask(f"/api/v1/{target}")


def test_the_processes_that_share_a_load_stand_side_by_side_while_it_lasts_and_after(daemon, hands, chromium):
    log_in(daemon, hands, chromium)
    hands.follow("Start")
    hands.wait_for("search from 100/s", ".start")
    hands.follow("Settings", "SUMMARY")
    hands.reach("workers", "INPUT")
    hands.type("2")
    hands.wait_for("by 2 workers", ".start")
    hands.follow("Start", "BUTTON")
    chromium.wait_until("document.querySelectorAll('#shards tbody tr').length === 2 && document.querySelector('#verdict').innerText.includes('RUNNING')", timeout_s=60)
    hands.shoot("shards-live")
    hands.wait_for("Open the report", "#verdict", timeout_s=90)
    row, = daemon.ask("/api/v1/runs")["runs"]
    shards = daemon.ask(f"/api/v1/runs/{row['id']}/result")["shards"]
    shown = chromium.evaluate("[...document.querySelectorAll('#shards tbody tr')].map(row => [...row.cells].slice(0, 3).map(cell => cell.textContent))")
    assert [[cell.replace(",", "") for cell in cells] for cells in shown] == [[str(one[key]) for key in ("index", "sent", "ok")] for one in shards]
    assert row["load"].endswith(", by 2 workers")
    hands.on_a_phone_at_night()
    hands.fits()
    hands.shoot("shards-phone")
