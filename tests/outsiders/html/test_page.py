"""A browser looks at report.html, suite.html and a comparison's page: of real runs of every kind, in one Chromium without a network."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import browser

ROOT = pathlib.Path(__file__).resolve().parents[3]
BRUNT = os.environ.get("BRUNT", str(ROOT / "build" / "release" / "brunt"))
PAGE_CEILING = 1 << 20
PHONE, DESK, PAPER = 390, 1280, 794
# This machine's noise is not what is looked at here.
CALM = {"generator": {"lateness_p99": "1s", "lateness_share": "100%", "taken_min": "0%", "client_failures_max": "100%"}, "output": {"interval": "250ms"}}
HOSTILE = '"><script>top.pwned=1</script><img src=x onerror="top.pwned=2"></script><!--'

pytestmark = pytest.mark.skipif(browser.find() is None, reason="no Chromium is installed")


class Target:
    """brunt's own simulated server."""

    def __init__(self, *flags):
        self.process = subprocess.Popen([BRUNT, "target", "--port", "0", *flags], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class HostileServer(threading.Thread):
    """Says everything that a server can say as unpleasantly as possible."""
    BODY = HOSTILE + "\x1b[2J\r\n\x1b]0;owned\x07"
    ANSWER = (f"HTTP/1.1 500 {HOSTILE}\r\nX-Evil: {HOSTILE}\r\nContent-Type: {HOSTILE}\r\nSet-Cookie: {HOSTILE}\r\n"
              f"Content-Length: {len(BODY)}\r\n\r\n{BODY}").encode("latin-1")

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        rest = b""
        with connection, contextlib.suppress(OSError):
            while more := connection.recv(65536):
                rest += more
                while b"\r\n\r\n" in rest:
                    rest = rest.split(b"\r\n\r\n", 1)[1]
                    connection.sendall(self.ANSWER)


def profile_of(name, url, load, **more):
    return {"name": name, "target": {"url": url, "timeout": "2s"}, "load": {"spacing": "poisson", **load},
            "requests": [{"name": "root", "get": "/"}], **CALM, **more}


def profiles_of(urls, pid):
    """One of each kind of run. YAML is what JSON is, and more."""
    steady = {"steady": {"rate": "60/s", "for": "2s"}}
    steps = {"steps": {"from": "50/s", "by": "75/s", "every": "1s", "to": "500/s"}}
    watched = profile_of("breaks", urls["small"], steps, slo=["p95 <= 80ms (stretch 1ms)", "error_rate < 1%"])
    watched["target"]["watch"] = {"pid": pid}
    watched["alerts"] = [{"when": "p50 > 1us", "name": "slow"}, {"when": "error_rate > 100%"}]
    watched["recommend"] = [{"when": "p50 > 1us", "text": "ask the <b>cache</b> first"}]
    chat = profile_of("streams", urls["llm"], {"steady": {"rate": "20/s", "for": "2s"}}, slo=["ttft.p50 <= 5s"])
    chat["requests"] = [{"name": "chat", "llm": {"api": "openai-chat", "model": "m", "prompt": "say it", "max_tokens": 12}}]
    users = profile_of("users", urls["fast"], {"steps": {"from": "1 users", "by": "2 users", "every": "1s", "to": "5 users"}})
    del users["load"]["spacing"]
    hostile = profile_of("hostile", urls["hostile"], steady,
                         before=f"echo {json.dumps(HOSTILE)}", at=[{"at": "500ms", "name": HOSTILE, "run": "exit 3"}])
    hostile["requests"] = [{"name": "evil", "get": "/?q=%3Cscript%3Etop.pwned=4</script>", "headers": {"X-Said": HOSTILE + "\u2028\u202e"}}]
    return {
        "breaks": watched,
        "passes": profile_of("passes", urls["fast"], {**steady, "warmup": "500ms"}, slo=["p95 <= 5s", "error_rate < 1%"]),
        "searches": profile_of("searches", urls["small"], {"search": {"from": "50/s", "max": "1000/s", "every": "1s", "settle": "1s", "width": "20%",
                               "confirm": "1s", "limit": "6s"}}),
        "arms": profile_of("arms", urls["fast"], {"steady": {"rate": "60/s", "for": "1s"}}, repeats=2,
                           arms={"old": {}, "new": {"set": {"target.url": urls["small"]}}}, slo=["improvement(p50) >= 5%"]),
        "canary": profile_of("canary", urls["fast"], {"steady": {"rate": "100/s"}}, compare={"gate": ["error_rate"]},
                             arms={"old": {}, "new": {"set": {"target.url": urls["fast"] + "/new"}}}, split={"key": "${seq}"},
                             canary={"stages": [{"percent": "30%", "hold": "1s"}, {"percent": "50%", "hold": "1s"}],
                                     "rollback_when": {"p95": "off"}, "promote": "exit 1"}),
        "matrix": profile_of("matrix", urls["fast"], {"steady": {"rate": "40/s", "for": "500ms"}}, matrix={"load.steady.rate": ["40/s", "80/s"]}),
        "streams": chat,
        "users": users,
        "invalid": {**profile_of("invalid", urls["fast"], steady), "generator": {"lateness_p99": "1ns", "lateness_share": "0%"}},
        "unreachable": profile_of("unreachable", "http://127.0.0.1:1", steady),
        "spikes": profile_of("spikes", urls["fast"], {"spike": {"base": "30/s", "peak": "90/s", "before": "1s", "during": "1s", "after": "1s"}},
                             slo=["p95 <= 5s"]),
        "killed": profile_of("killed", urls["fast"], {"steady": {"rate": "60/s", "for": "60s"}}),
        "hostile": hostile,
    }


def run_all(folder, profiles):
    """Side by side: what they measure is not what is looked at."""
    runs = {}
    for name, profile in profiles.items():
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps(profile), encoding="utf-8")
        log = open(folder / f"{name}.log", "wb")
        runs[name] = subprocess.Popen(["timeout", "-k", "5", "60", BRUNT, "run", path, "--quiet", "--out", folder / name],
                                      stdout=log, stderr=log)
        log.close()
    return runs


def compare(folder):
    """A run held against an earlier one of the same."""
    subprocess.run(["timeout", "-k", "5", "60", BRUNT, "run", folder / "passes.yaml", "--quiet", "--out", folder / "compared", "--baseline",
                    folder / "passes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    assert (folder / "compared" / "report.html").exists()


def run_suite(folder, url):
    """Profiles of every status, under names that wish the reader ill."""
    (folder / "row.yaml").write_text(json.dumps(profile_of("row", url, {"steady": {"rate": "40/s", "for": "500ms"}}, slo=["p95 <= 5s"])), encoding="utf-8")
    rows = ["row.yaml", {"profile": "row.yaml", "name": "strict", "category": HOSTILE, "set": {"slo": ["p95 <= 1us", "p50 <= 5s"]}},
            {"profile": "row.yaml", "name": "none", "only_if": f"false {json.dumps(HOSTILE)}"}, {"profile": "row.yaml", "name": "last", "needs": ["strict"]}]
    (folder / "suite.yaml").write_text(json.dumps({"name": "nightly", "suite": rows}), encoding="utf-8")
    subprocess.run(["timeout", "-k", "5", "60", BRUNT, "run", folder / "suite.yaml", "--quiet", "--out", folder / "suite"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return folder / "suite" / "suite.html"


def compare_finished(folder):
    """What brunt compare prints, of a name that wishes the reader ill."""
    result = folder / "passes" / "result.json"
    other = folder / "evil"
    other.mkdir()
    for name in ("events.ndjson", "run.hlog", "profile.yaml"):
        (other / name).write_bytes((folder / "passes" / name).read_bytes())
    told = json.loads(result.read_text(encoding="utf-8"))
    told["name"], told["target"]["version"] = HOSTILE, HOSTILE
    (other / "result.json").write_text(json.dumps(told), encoding="utf-8")
    with open(folder / "comparison.html", "wb") as page:
        subprocess.run([BRUNT, "compare", folder / "compared", other, "--force", "--format", "html"], stdout=page, check=False, timeout=60)
    return folder / "comparison.html"


def kill(runs, folder):
    """In the middle of its load; what it left is made into a page afterwards."""
    left = folder / "killed.partial"
    deadline = time.monotonic() + 20
    while not (left / "events.ndjson").exists() or (left / "events.ndjson").read_text().count('"interval"') < 5:
        assert time.monotonic() < deadline, "the run that is to be killed did not begin"
        time.sleep(0.1)
    child = subprocess.run(["ps", "-o", "pid=", "--ppid", str(runs["killed"].pid)], capture_output=True, text=True, check=True)
    os.kill(int(child.stdout.split()[0]), signal.SIGKILL)
    runs.pop("killed").wait(timeout=20)
    (folder / "killed").mkdir()
    with open(folder / "killed" / "report.html", "wb") as page:
        subprocess.run([BRUNT, "report", left, "--format", "html"], stdout=page, check=True, timeout=30)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """name → the page of that run."""
    folder = tmp_path_factory.mktemp("html")
    targets = {"small": Target("--capacity", "300/s", "--workers", "2", "--queue", "20"), "fast": Target("--service-time", "1ms"),
               "llm": Target("--llm", "--prefill", "2ms", "--step", "1ms", "--prefill-per-token", "10us", "--step-per-sequence", "100us")}
    server = HostileServer()
    try:
        urls = {**{name: target.url for name, target in targets.items()}, "hostile": server.url}
        runs = run_all(folder, profiles_of(urls, targets["small"].process.pid))
        kill(runs, folder)
        for name, process in runs.items():
            process.wait(timeout=90)
            assert (folder / name / "report.html").exists(), (name, process.returncode, (folder / f"{name}.log").read_text())
        compare(folder)
        more = {"suite": run_suite(folder, urls["fast"]), "comparison": compare_finished(folder)}
    finally:
        server.socket.close()
        for target in targets.values():
            target.end()
    return {path.parent.name: path for path in folder.glob("*/report.html")} | more


@pytest.fixture(scope="module")
def chromium():
    one = browser.Browser()
    yield one
    one.close()


KINDS = ["breaks", "passes", "searches", "arms", "canary", "matrix", "streams", "users", "invalid", "unreachable", "spikes", "killed", "hostile", "compared", "suite", "comparison"]
WORDS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE", "unreachable": "UNREACHABLE", "interrupted": "INTERRUPTED"}

# Share of a canvas's pixels that are painted; how many colours they have.
INK = """(() => [...document.querySelectorAll("canvas")].map((canvas) => {
	const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), colours = new Set();
	let painted = 0;
	for (let i = 0; i < data.length; i += 12) // every third pixel
		if (data[i + 3] > 40) {
			painted++;
			colours.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
		}
	return {title: canvas.closest("figure").querySelector("h3").textContent, painted: painted * 12 / data.length, colours: colours.size,
		label: canvas.getAttribute("aria-label")};
}))()"""


def titles(chromium):
    return [one["title"] for one in chromium.evaluate(INK)]


def shown(chromium):
    return json.loads(chromium.evaluate("document.getElementById('run').textContent"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_drawn_and_complains_of_nothing(pages, chromium, kind):
    chromium.open(pages[kind])
    assert chromium.evaluate("document.body.classList.contains('shown')"), "its script did not come to its end"
    assert chromium.complaints() == []
    result = shown(chromium)["result"]
    banner = chromium.evaluate("document.getElementById('verdict').innerText")
    assert WORDS[result["verdict"]["status"]] in banner and f"exit {result['verdict']['exit_code']}" in banner
    for chart in chromium.evaluate(INK):
        assert chart["painted"] > 0.005 and chart["colours"] > 3, chart
        assert len(chart["label"]) > 30, chart
    words = chromium.evaluate("document.querySelector('main').innerText")
    assert not [wrong for wrong in ("undefined", "NaN", "[object", "Infinity", "null") if wrong in words]
    empty = chromium.evaluate("[...document.querySelectorAll('section')].filter(s => s.innerText.trim().split('\\n').length < 2).map(s => s.id)")
    assert empty == []
    assert pages[kind].stat().st_size < PAGE_CEILING


def test_the_first_screen_answers_did_it_pass_where_does_it_break_and_why(pages, chromium):
    chromium.open(pages["breaks"], height=700)
    point = shown(chromium)["result"]["breaking_point"]
    assert point["found"], "the server of this test must break, whatever the machine does"
    assert chromium.evaluate("document.getElementById('verdict').getBoundingClientRect().bottom <= innerHeight")
    text = chromium.evaluate("document.getElementById('verdict').innerText")
    for words in (WORDS[shown(chromium)["result"]["verdict"]["status"]], "Breaks at", "Cause", point["failure_mode"].replace("_", " ")):
        assert words in text, (words, text)


def test_advice_and_alerts_are_told(pages, chromium):
    chromium.open(pages["breaks"])
    assert "ask the <b>cache</b> first" in chromium.evaluate("document.getElementById('advice').innerText")
    alerts = chromium.evaluate("document.getElementById('alerts').innerText")
    assert "slow" in alerts and "fired" in alerts and "never fired" in alerts
    chromium.open(pages["passes"])
    verdict = shown(chromium)["result"]["verdict"]
    assert f"{verdict['grade']}: {verdict['goals_met']} of " in chromium.evaluate("document.getElementById('verdict').innerText")


def test_charts_are_those_that_the_kind_of_run_has(pages, chromium):
    chromium.open(pages["breaks"])
    assert {"Response time", "Load", "In flight", "Errors by class", "Target: CPU", "Target: memory", "Generator: lateness",
            "Response time against load", "Response time by percentile"} <= set(titles(chromium))
    chromium.open(pages["searches"])
    assert "What the search tried" in titles(chromium)
    chromium.open(pages["arms"])
    assert {"How new compares", "Response time by percentile"} <= set(titles(chromium))
    assert chromium.evaluate("document.querySelector('a[href^=\"runs/\"]').getAttribute('href')") == "runs/01-old/report.html"
    chromium.open(pages["canary"])
    rows = chromium.evaluate("document.querySelector('[aria-label=Canary]').innerText")
    assert re.search(r"30%.*held promote: 'exit 1' ended with exit status 1", rows, re.DOTALL) and "not begun" in rows
    chromium.open(pages["compared"])
    assert {"How current compares", "Response time", "Load", "Response time by percentile"} <= set(titles(chromium))
    chromium.open(pages["streams"])
    assert {"Time to first token", "Between tokens", "Tokens by percentile"} <= set(titles(chromium))
    chromium.open(pages["unreachable"])
    assert titles(chromium) == [] and "the target was never reached" in chromium.evaluate("document.getElementById('page').innerText")


def test_a_suite_leads_to_the_page_of_each_run(pages, chromium):
    chromium.open(pages["suite"])
    links = chromium.evaluate("[...document.querySelectorAll('#rows a')].map(a => a.getAttribute('href'))")
    assert links == ["01-row/report.html", "02-strict/report.html"]
    assert all((pages["suite"].parent / link).exists() for link in links)
    rows = chromium.evaluate("document.getElementById('rows').innerText")
    for words in ("passed", "failed", "skipped", "not run", "missed 'p95 <= 1us'", "it needs 'strict', which failed", "1 of 2", "1 of 1", "excellent"):
        assert words in rows, (words, rows)
    assert "1 of 4 passed, 1 failed, 1 skipped, 1 not run" in chromium.evaluate("document.getElementById('verdict').innerText")
    assert chromium.evaluate("document.getElementById('verdict').getBoundingClientRect().bottom <= innerHeight")
    assert titles(chromium) == ["Where the time went"]


def test_a_suite_s_page_is_made_again_of_its_json(pages, chromium, tmp_path):
    again = tmp_path / "again.html"
    with open(again, "wb") as page:
        subprocess.run([BRUNT, "report", pages["suite"].parent, "--format", "html"], stdout=page, check=True, timeout=30)
    chromium.open(pages["suite"])
    first = shown(chromium)
    chromium.open(again)
    assert shown(chromium) == first and first["result"]["profile"]["name"] == "nightly"


def test_a_comparison_is_drawn_with_its_intervals_and_its_tolerance(pages, chromium):
    chromium.open(pages["comparison"])
    assert {"How current compares", "Response time by percentile"} <= set(titles(chromium))
    gated = [row["metric"] for row in shown(chromium)["result"]["comparison"] if row["gated"] and None not in (*row["ci_rel"], row["delta_rel"])]
    assert chromium.evaluate("charts.list[0].chart.data.labels") == gated and gated
    ticks = chromium.evaluate("charts.list[0].chart.scales.x.ticks.map(tick => tick.label)")
    assert "the same" in ticks and ticks[0].endswith("worse") and ticks[-1].endswith("better"), ticks
    assert "Regressions" in chromium.evaluate("document.getElementById('verdict').innerText")


@pytest.mark.parametrize("kind", ["hostile", "suite", "comparison"])
def test_nothing_that_anybody_said_runs_or_becomes_an_element(pages, chromium, kind):
    chromium.open(pages[kind])
    text = chromium.evaluate("document.querySelector('main').textContent")
    assert "onerror" in text, "what was said is shown"
    assert chromium.evaluate("top.pwned === undefined")
    assert chromium.evaluate("document.querySelectorAll('img, iframe, object, link, main script, main style').length") == 0
    assert chromium.evaluate("document.scripts.length") == 3
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", text)
    source = pages[kind].read_bytes()
    assert b"\x1b" not in source and b"<img" not in source and b"<!--" not in source


def test_the_policy_lets_nothing_else_run(pages, chromium):
    chromium.open(pages["passes"])
    chromium.evaluate("""(() => { const script = document.createElement('script'); script.textContent = 'top.pwned = 3';
        document.body.append(script); const image = new Image(); image.src = 'http://127.0.0.1:1/x'; document.body.append(image); })()""")
    assert chromium.evaluate("top.pwned === undefined")
    assert any("Content Security Policy" in text for text in chromium.complaints())


def test_a_level_is_marked_in_every_chart_by_the_keyboard(pages, chromium):
    chromium.open(pages["breaks"])
    before = chromium.evaluate("[...document.querySelectorAll('canvas')].map(c => c.toDataURL())")
    chromium.evaluate("document.querySelectorAll('button.level')[1].focus()")
    for kind in ("keyDown", "keyUp"):
        chromium.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    assert chromium.evaluate("document.querySelectorAll('button.level')[1].getAttribute('aria-pressed')") == "true"
    after = chromium.evaluate("[...document.querySelectorAll('canvas')].map(c => c.toDataURL())")
    changed = [title for title, a, b in zip(titles(chromium), before, after) if a != b]
    assert {"Response time", "Load", "Response time against load"} <= set(changed)


def test_a_stretch_of_time_is_looked_at_by_dragging(pages, chromium):
    chromium.open(pages["breaks"])
    box = chromium.evaluate("""(() => { const c = document.querySelector('#time canvas'); c.scrollIntoView({block: 'center', behavior: 'instant'});
        const b = c.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()""")
    y = box[1] + box[3] / 2
    chromium.wait_until_painted()
    for kind, share in (("mousePressed", 0.4), ("mouseMoved", 0.5), ("mouseMoved", 0.7), ("mouseReleased", 0.7)):
        chromium.call("Input.dispatchMouseEvent", type=kind, x=box[0] + box[2] * share, y=y, button="left", buttons=0 if kind == "mouseReleased" else 1,
                      clickCount=1)
    chromium.wait_until("charts.zoom !== null")
    lower, upper = chromium.evaluate("charts.zoom")
    whole = chromium.evaluate("timeRange()")
    assert whole[0] < lower < upper < whole[1]
    assert chromium.evaluate("charts.list.filter(e => e.chart.$isTime).every(e => e.chart.scales.x.min === charts.zoom[0])")
    chromium.evaluate("document.querySelector('.reset').click()")
    assert chromium.evaluate("charts.zoom") is None


@pytest.mark.parametrize("kind", ["breaks", "arms", "streams", "hostile", "suite", "comparison"])
def test_it_fits_a_phone(pages, chromium, kind):
    chromium.open(pages[kind], width=PHONE, height=800)
    assert chromium.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert chromium.complaints() == []


def test_it_follows_the_system_into_the_dark_and_the_reader_out_of_it(pages, chromium):
    light_of = "(() => { const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number); return r + g + b; })()"
    chromium.open(pages["breaks"], scheme="dark")
    assert chromium.evaluate(light_of) < 150
    dark = chromium.evaluate("document.querySelector('#time canvas').toDataURL()")
    chromium.evaluate("document.querySelector('nav button').click()")
    assert chromium.evaluate(light_of) > 600
    assert chromium.evaluate("document.querySelector('#time canvas').toDataURL()") != dark, "charts keep their old colours"


def test_each_chart_has_its_figures_as_a_table(pages, chromium):
    chromium.open(pages["breaks"])
    chromium.evaluate("document.querySelectorAll('figure details').forEach(d => { d.open = true; })")
    chromium.wait_until("[...document.querySelectorAll('figure')].every(f => f.querySelectorAll('details tbody tr').length > 1)")
    rows = chromium.evaluate("document.querySelectorAll('#time figure details')[0].querySelectorAll('tbody tr').length")
    assert rows == len(shown(chromium)["series"]["rows"])


def test_paper_is_white_and_as_wide_as_it_is(pages, chromium):
    chromium.open(pages["breaks"], scheme="dark")
    pdf = chromium.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True, timeout_s=30)["data"]
    assert len(pdf) > 50000
    for kind in ("breaks", "suite", "comparison"):
        chromium.open(pages[kind], width=PAPER)
        chromium.call("Emulation.setEmulatedMedia", media="print")
        chromium.wait_until(f"document.documentElement.scrollWidth <= {PAPER}")
