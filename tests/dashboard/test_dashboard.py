"""The dashboard in a browser, against a daemon of recorded runs: what is seen at a glance, live, and by the keyboard; what is asked, and
what never happens whatever a name says. The daemon that answers holds both to src/daemon/openapi.yaml."""
import csv
import json
import time

import pytest

import browser
import fixture
from conftest import HOSTILE

PHONE = 390

pytestmark = pytest.mark.skipif(browser.find() is None, reason="no Chromium is installed")

INK = """[...document.querySelectorAll("canvas")].map((canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), colours = new Set();
    for (let i = 0; i < data.length; i += 12)
        if (data[i + 3] > 40)
            colours.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
    return [canvas.closest("figure").querySelector("h3").textContent, colours.size, canvas.getAttribute("aria-label").length];
})"""


def trend_of(name, values, drop_at=None, baseline=250.0):
    points = [{"at": f"2026-01-{i + 1:02}T02:00:00Z", "run": f"202601{i + 1:02}T020000Z-00000{i % 10}", "runs": 1, "value": value, "status": "pass" if value > 200 else "fail"} for i, value in enumerate(values)]
    changes = [] if drop_at is None else [{"metric": "max_sustainable_rate", "at": points[drop_at]["at"], "run": points[drop_at]["run"], "before": values[0], "after": values[drop_at],
                                           "change": values[drop_at] / values[0] - 1, "is_worse": True}]
    return {"name": name, "metric": "max_sustainable_rate", "unit": "per_s", "higher_is_better": True, "by": "run", "points": points, "change_points": changes, "baseline": baseline}


def alert_of(number, **more):
    return {"number": number, "rule": "errors-rising", "severity": "critical", "state": "firing", "since": "2026-01-01T01:00:00Z", "ended_at": None, "run": None, "name": None,
            "text": "error_rate is 12%", "value": 0.12, "threshold": 0.05, "acknowledged": None, **more}


def live_run(daemon, name="breaks", held_at=None):
    row = daemon.add(fixture.row_of(7, "live-one", None, hours_ago=0))
    daemon.events[row["id"]] = list(fixture.recorded(name))
    if held_at is not None:
        daemon.holds[row["id"]] = held_at
    return row


def kept(name):
    return json.loads((fixture.HERE / "data" / f"{name}.json").read_text(encoding="utf-8"))


def test_at_nine_it_is_seen_what_failed_and_since_when_it_is_worse(daemon, page, chromium):
    daemon.add(fixture.row_of(2, "stress", "fail", reason="breaks at 200/s, 250/s was wanted"))
    daemon.add(fixture.row_of(1, "smoke", "pass"))
    values = [250.0] * 6 + [190.0] * 4
    daemon.trends["stress", "max_sustainable_rate"] = trend = trend_of("stress", values, 6)
    daemon.add(*[fixture.row_of(-i, "stress", "pass", hours_ago=24 * i + 30) for i in range(1, 4)])
    daemon.steps["stress"] = trend["change_points"]
    page.open(height=800)
    page.wait_for("1 of 2 passed", "#night")
    assert "stress failed" in page.text("#night") and "breaks at 200/s" in page.text("#night")
    card = page.text(".run-card")
    assert "stress" in card and "fell by 24%" in card and "7 Jan" in card and "250/s to 190/s" in card, card
    assert chromium.evaluate("document.querySelector('.run-card .spark .worse') !== null && document.querySelector('.run-card .spark .base') !== null")
    assert chromium.evaluate("document.querySelector('.run-card').getBoundingClientRect().bottom <= innerHeight"), "it takes scrolling to see it"
    assert "Run again" in card


def test_a_live_run_fills_in_its_levels_and_draws_its_charts(daemon, page, chromium):
    row = live_run(daemon, held_at=30)
    page.open(f"runs/{row['id']}")
    page.wait_for("RUNNING", "#verdict")
    chromium.wait_until("document.querySelectorAll('.ladder li').length >= 2")
    chromium.wait_until("document.querySelectorAll('canvas').length >= 5")
    assert "P95" in page.text("#verdict") and "Generator" in page.text("#verdict")
    before = chromium.evaluate("[document.querySelectorAll('.ladder li').length, run.series.rows.length]")
    del daemon.holds[row["id"]]
    page.wait_for("BROKEN", "#levels")
    chromium.wait_until(f"document.querySelectorAll('.ladder li').length > {before[0]} && run.series.rows.length > {before[1]}")
    time.sleep(1.2)  # charts are drawn about once a second
    drawn = chromium.evaluate(INK)
    assert {"Response time", "Load", "In flight", "Errors by class", "Target: CPU", "Target: memory", "Generator: lateness"} <= {title for title, _, _ in drawn}
    assert all(colours > 3 and label > 30 for _, colours, label in drawn), drawn
    assert chromium.evaluate("charts.list[0].chart.data.datasets[0].data.length === run.series.rows.length")


def test_objectives_are_green_yellow_or_red_while_it_runs(daemon, page, chromium):
    row = daemon.add(fixture.row_of(7, "lit", None, hours_ago=0))
    bound = {"op": "<=", "unit": "ns", "wanted": 80e6, "wanted_to": None, "above_timeout": False}
    slos = [{**bound, "expr": "p50 <= 80ms", "stretch": None, "value": 20e6, "status": "pass"}, {**bound, "expr": "p90 <= 80ms", "stretch": None, "value": 79e6, "status": "pass"},
            {**bound, "expr": "p95 <= 80ms (stretch 40ms)", "stretch": 40e6, "value": 60e6, "status": "stretch"},
            {**bound, "expr": "p99 <= 80ms", "stretch": None, "value": None, "above_timeout": True, "status": "fail"}, {**bound, "expr": "p99.9 <= 80ms", "stretch": None, "value": None, "status": "na"}]
    daemon.events[row["id"]] = [("figures", {"at_ns": i * 10**9, "ok": 1, "scheduled": 1, "slos": slos}) for i in range(1, 4)]
    daemon.holds[row["id"]] = 3
    page.open(f"runs/{row['id']}")
    page.wait_for("p99.9", "#lights")
    lights = chromium.evaluate("[...document.querySelectorAll('.light')].map(e => [e.classList[1], e.innerText.replace(/\\s+/g, ' ')])")
    assert [tone for tone, _ in lights] == ["of-good", "of-warn", "of-warn", "of-bad", "of-mute"], lights
    assert "20ms" in lights[0][1] and "within a tenth" in lights[1][1] and "above the timeout" in lights[3][1], lights


def test_a_run_that_ends_shows_its_verdict_and_says_it_aloud(daemon, page, chromium):
    row = live_run(daemon, held_at=20)
    daemon.results[row["id"]] = kept("breaks")
    page.open(f"runs/{row['id']}")
    page.wait_for("RUNNING", "#verdict")
    del daemon.holds[row["id"]]
    page.wait_for("FAILED", "#verdict")
    page.wait_for("Sustains", "#verdict")
    assert "breaks at" in page.text("#verdict")
    assert chromium.evaluate("document.getElementById('said').getAttribute('aria-live')") == "polite"
    chromium.wait_until("document.getElementById('said').textContent.includes('live-one')")
    assert chromium.evaluate("[...document.querySelectorAll('#verdict a')].map(a => a.textContent)").count("Open the report") == 1
    assert chromium.evaluate("document.title").startswith("failed: live-one")


def test_of_a_run_that_has_ended_nothing_is_watched(daemon, page, chromium):
    row = daemon.add(fixture.row_of(3, "over", "fail"))
    daemon.results[row["id"]] = kept("breaks")
    page.open(f"runs/{row['id']}")
    page.wait_for("Sustains", "#verdict")
    page.wait_for("is drawn in its report", "#time")
    assert not [path for path, _ in daemon.resumed if path.endswith(f"{row['id']}/events")]


def test_a_broken_link_is_taken_up_behind_the_last_event(daemon, page, chromium):
    row = live_run(daemon, held_at=40)
    page.open(f"runs/{row['id']}")
    events = daemon.events[row["id"]]
    rows = [sum(kind == "figures" for kind, _ in some) for some in (events[:40], events)]
    chromium.wait_until(f"run && run.series.rows.length === {rows[0]}")
    daemon.cut()
    del daemon.holds[row["id"]]
    chromium.wait_until(f"run.series.rows.length === {rows[1]}")
    told = [last for path, last in daemon.resumed if path.endswith(f"{row['id']}/events")]
    assert told[0] is None and int(told[1]) == 40, told
    times = chromium.evaluate("run.series.rows.map(row => row[0])")
    assert times == sorted(set(times)), "a row was told twice"


def test_a_run_of_any_length_takes_as_much_room(daemon, page, chromium):
    row = live_run(daemon)
    many = [("level", {"level": i, "start_ns": i * 10 * 10**9, "end_ns": (i + 1) * 10 * 10**9, "offered": 100.0}) for i in range(800)]
    daemon.events[row["id"]] = [one for i in range(8000) for one in (
        ([many[i // 10]] if i % 10 == 0 else []) + [("figures", {"at_ns": (i + 1) * 10**9, "level": i // 10, "offered": 100.0, "scheduled": 100, "ok": 99, "failed": 1, "failures": {"timeout": 1}, "p95_ns": 5e6 + i,
                                                    "target": {"cpu": 0.5}})] + ([("finding", {"at_ns": i * 10**9, "onset_ns": 0, "rule": "r", "mode": "timeout", "text": f"n {i}"})] if i % 50 == 0 else []))]
    page.open(f"runs/{row['id']}")
    chromium.wait_until("run && run.series.rows.length > 0 && run.series.rows.at(-1)[0] === 8000", timeout_s=60)
    assert chromium.evaluate("run.series.rows.length") <= 901
    assert chromium.evaluate("run.result.levels.length") <= 401 and page.text("#levels").count("are left out here") == 1
    assert chromium.evaluate("document.querySelectorAll('#notes li').length") <= 100
    # Nothing is lost in the joining: what was counted is still the same, and times are the worst.
    at = chromium.evaluate("Object.fromEntries(run.series.columns.map((name, i) => [name, i]))")
    assert chromium.evaluate(f"run.series.rows.reduce((sum, row) => sum + row[{at['ok']}], 0)") == 99 * 8000
    assert chromium.evaluate(f"run.series.rows.at(-1)[{at['p95_ns']}]") == 5e6 + 7999
    steps = chromium.evaluate("run.series.rows.slice(1).map((row, i) => row[0] - run.series.rows[i][0])")
    assert max(steps) <= 2 * min(steps[:-1]), "rows are of unlike lengths"


def test_names_that_wish_the_reader_ill_are_text(daemon, page, chromium):
    daemon.add(fixture.row_of(2, "evil", "fail", reason=HOSTILE, target=HOSTILE, load=HOSTILE, submitted_by=HOSTILE))
    row = daemon.add(fixture.row_of(3, "evil", None, reason=HOSTILE, target=HOSTILE, load=HOSTILE, submitted_by=HOSTILE))
    daemon.alerts[1] = alert_of(1, rule=HOSTILE, text=HOSTILE + "\u202e", name=HOSTILE)
    daemon.profiles = [{"name": "evil", "kind": "broken", "target": HOSTILE, "load": HOSTILE, "problem": HOSTILE}]
    daemon.events[row["id"]] = [("level", {"level": 0, "start_ns": 0, "end_ns": 10**9, "offered": 10.0}),
                                *[("figures", {"at_ns": i * 10**8, "level": 0, "ok": 1, "scheduled": 1, "failures": {HOSTILE: 2}, "scraped": {HOSTILE: 1.0 + i}}) for i in range(1, 9)],
                                ("judged", {"level": 0, "status": HOSTILE, "findings": [{"text": HOSTILE}]}), ("finding", {"at_ns": 1, "onset_ns": 1, "rule": HOSTILE, "mode": HOSTILE, "text": HOSTILE}),
                                ("action", {"at_ns": 1, "name": HOSTILE, "state": "running", "text": HOSTILE}), ("run", {"id": row["id"], "name": HOSTILE, "requests": [], "slos": [{"expr": HOSTILE, "op": "<", "unit": "ns", "value": 1}]})]
    for place in ("", f"runs/{row['id']}", "history", "alerts", "start", "compare", "schedule", HOSTILE.replace("'", "")):
        page.open(place)
        chromium.wait_until("document.getElementById('view').innerText.length > 20")
        if place == f"runs/{row['id']}":
            page.wait_for("<script>", "#levels")
        assert chromium.evaluate("document.querySelectorAll('img, iframe, object, main script, main style').length") == 0
        assert chromium.evaluate("document.scripts.length") == 2
        assert "\u202e" not in page.text()


def test_text_cannot_become_elements_whoever_tries(daemon, page, chromium):
    page.open()
    refused = chromium.evaluate("(() => { try { document.getElementById('view').innerHTML = '<b>x</b>'; return false; } catch (error) { return error instanceof TypeError; } })()")
    assert refused
    chromium.evaluate("(() => { const script = document.createElement('script'); try { script.textContent = 'top.pwned = 3'; document.body.append(script); } catch (error) { /* as it should */ } })()")
    chromium.evaluate("fetch('http://127.0.0.1:1/x').catch(() => {})")
    page.excuse("Content Security Policy", "TrustedHTML", "TrustedScript", "trusted", "asked for http://127.0.0.1:1/", "ContentSecurityPolicy")
    assert any("Content Security Policy" in one for one in chromium.complaints(daemon.url))


def test_whoever_is_not_known_logs_in_and_comes_where_he_wanted(daemon, page, chromium):
    row = daemon.add(fixture.row_of(4, "wanted", "pass"))
    page.open(f"runs/{row['id']}", is_known=False)
    chromium.wait_until("document.activeElement?.id === 'token'")
    assert "session" not in page.text("main")
    page.type("#token", "not-a-token-of-anybody")
    page.key("Enter", "\r", windowsVirtualKeyCode=13)
    page.wait_for("not known here", ".problem")
    page.type("#token", fixture.TOKEN)
    page.key("Enter", "\r", windowsVirtualKeyCode=13)
    page.wait_for("PASSED", "#verdict")
    page.excuse("DocumentCookie")  # the next line
    assert chromium.evaluate("document.cookie") == "", "a script can read the cookie"
    assert fixture.TOKEN not in chromium.evaluate("document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")


def test_a_session_that_is_over_leads_to_the_login(daemon, page, chromium):
    page.open()
    page.wait_for("Nothing was run", "#night")
    page.excuse("401")
    daemon.sessions.clear()
    page.go("history")
    chromium.wait_until("document.activeElement?.id === 'token'")
    assert "Your session is over" in page.text("main")
    assert chromium.evaluate("document.querySelector('#bar').childElementCount") == 0
    daemon.cut()  # its stream is closed, and asks for nothing any more
    asked = len([one for one in daemon.resumed if one[0].endswith("/events")])
    time.sleep(1.0)
    assert len([one for one in daemon.resumed if one[0].endswith("/events")]) == asked


def test_what_the_host_takes_of_the_generator_is_told_beside_its_lateness(daemon, page):
    row = live_run(daemon, held_at=60)
    said = [[kind, json.loads(json.dumps(data))] for kind, data in daemon.events[row["id"]]]
    for kind, data in said:
        if kind == "figures":
            data["generator"]["stolen"] = 0.124
    daemon.events[row["id"]] = said
    page.open(f"runs/{row['id']}")
    page.wait_for("its host took a CPU away for 12.4%", "#verdict")


def test_a_stop_asks_before_it_is_done(daemon, page, chromium):
    row = live_run(daemon, held_at=20)
    page.open(f"runs/{row['id']}")
    page.click("#verdict button", "Stop")
    page.wait_for("Stop live-one?", "dialog")
    page.key("Escape", windowsVirtualKeyCode=27)
    chromium.wait_until("document.querySelector('dialog') === null")
    assert not [one for one in daemon.asked if one[1].endswith("/stop")]
    page.click("#verdict button", "Stop")
    page.click("dialog button", "Stop it")
    page.wait_for("INTERRUPTED", "#verdict")
    assert [one for one in daemon.asked if one[1].endswith("/stop")] == [("POST", f"/api/v1/runs/{row['id']}/stop")]


def test_who_stops_what_has_ended_while_he_was_asked_is_told_so(daemon, page):
    row = live_run(daemon, held_at=20)
    page.open(f"runs/{row['id']}")
    page.click("#verdict button", "Stop")
    page.wait_for("Stop live-one?", "dialog")
    row.update(state="ended", status="pass", exit_code=0)
    page.click("dialog button", "Stop it")
    page.wait_for("live-one had ended by then")
    assert "was told to stop" not in page.text()


def test_everything_is_stopped_by_one_button_and_let_go_on_by_an_admin(daemon, page, chromium):
    page.open()
    page.click("#bar button", "Stop everything")
    page.type("dialog input", "maintenance")
    page.click("dialog button", "Stop everything")
    page.wait_for("Everything is stopped", "#bar")
    assert daemon.is_stopped
    page.click("#bar button", "Lift the stop")
    chromium.wait_until("!document.querySelector('#bar').innerText.includes('Everything is stopped')")


def test_who_may_only_look_is_offered_nothing_else(daemon, page, chromium):
    daemon.role = "view"
    row = live_run(daemon, held_at=20)
    daemon.alerts[1] = alert_of(1)
    for place in ("", f"runs/{row['id']}", "alerts", "schedule", "start"):
        page.open(place)
        chromium.wait_until("document.getElementById('view').innerText.length > 20")
        buttons = chromium.evaluate("[...document.querySelectorAll('button')].map(b => b.textContent)")
        assert not [name for name in buttons if any(word in name for word in ("Stop", "Start", "Acknowledge", "Delete", "Save"))], (place, buttons)


def test_what_is_wrong_with_a_profile_is_shown_at_its_line(daemon, page, chromium):
    page.open("start")
    page.click("input[value=yaml]")
    page.type("#yaml", "name: x\ntarget: {url: http://127.0.0.1:1}\nload:\n  steady: {rate: 50/z, for: 1s}\n")
    page.excuse("400")
    page.wait_for("'50/z' is not a rate", "#problems")  # while one types
    assert chromium.evaluate("[...document.querySelectorAll('.numbers .wrong')].map(e => e.textContent.trim())") == ["4"]
    page.click("#problems button", "line 4")
    assert chromium.evaluate("(() => { const e = document.activeElement; return e.value.slice(e.selectionStart, e.selectionEnd); })()").startswith("50/z")
    page.click("form button", "Start")
    time.sleep(0.3)
    assert chromium.evaluate("location.hash") == "#/start" and daemon.submission is None
    page.type("#yaml", "name: x\ntarget: {url: http://127.0.0.1:1}\n")
    page.wait_for("steps from 50/s", ".start")
    page.click("form button", "Start")
    page.wait_for("my-run", "#verdict")
    assert daemon.submission == {"yaml": "name: x\ntarget: {url: http://127.0.0.1:1}\n"}


def test_a_profile_is_started_by_its_name_with_settings(daemon, page, chromium):
    daemon.profiles = [{"name": "stress", "kind": "run", "target": "127.0.0.1:8080", "load": "steps", "planned_s": 60}, {"name": "other", "kind": "run"}]
    page.open("start?profile=stress")
    page.type("#set", "load.steps.to=100/s")
    page.click("form button", "Start")
    page.wait_for("stress", "#verdict")
    assert daemon.submission == {"name": "stress", "set": {"load.steps.to": "100/s"}}


def test_where_every_profile_is_broken_one_is_written(daemon, page, chromium):
    daemon.profiles = [{"name": "bad", "kind": "broken", "problem": "bad.yaml:3:1: unknown key"}]
    page.open("start")
    page.click("form button", "Start")
    page.wait_for("my-run", "#verdict")
    assert "name: my-run" in daemon.submission["yaml"]


def test_a_nightly_schedule_is_made_paused_and_removed(daemon, page, chromium):
    daemon.profiles = [{"name": "stress", "kind": "run"}]
    page.open("schedule")
    page.type("#schedule-name", "nightly")
    page.type("#cron", "0 2 *")
    page.excuse("400")
    page.click("#schedule-form button", "Save")
    page.wait_for("is no cron expression", "#schedule-form")
    page.type("#cron", "0 2 * * *")
    page.click("#schedule-form button", "Save")
    page.wait_for("every night at 02:00", "table")
    assert daemon.schedules["nightly"]["cron"] == "0 2 * * *"
    page.click("table button", "Pause")
    page.wait_for("paused", "table")
    page.click("table button", "Remove")
    page.click("dialog button", "Remove it")
    page.wait_for("Nothing is scheduled")


def test_a_schedule_that_is_changed_keeps_what_the_form_has_no_field_for(daemon, page, chromium):
    daemon.profiles = [{"name": "stress", "kind": "run"}]
    wish = {"profile": "stress", "cron": "0 2 * * *", "set": {"load.steady.rate": "50/s"}, "workers": 3, "shards": 2}  # no agents are allowed any more
    daemon.schedule_save({"name": "nightly"}, wish)
    page.open("schedule")
    page.click("table button", "Change")
    page.type("#cron", "0 3 * * *")
    page.click("#schedule-form button", "Save")
    page.wait_for("0 3 * * *", "table")
    assert {key: daemon.schedules["nightly"][key] for key in wish} == wish | {"cron": "0 3 * * *"}
    page.click("table button", "Change")
    page.type("#workers", "2")
    page.type("#cron", "0 4 * * *")
    page.click("#schedule-form button", "Save")
    page.wait_for("0 4 * * *", "table")
    assert daemon.schedules["nightly"]["workers"] == 2


def test_an_alert_that_fires_is_counted_and_acknowledged(daemon, page, chromium):
    page.open()
    page.wait_for("Nothing was run", "#night")
    daemon.alerts[5] = alert_of(5)
    daemon.change("alert", daemon.alerts[5])
    page.wait_for("errors-rising", "#firing")
    chromium.wait_until("document.querySelector('#bar .count')?.textContent === '1'")
    assert "errors-rising" in page.text("#said") or chromium.evaluate("document.getElementById('said').textContent.includes('errors-rising')")
    page.click("#firing button", "Acknowledge")
    page.type("dialog input", "known since Monday")
    page.click("dialog button", "Acknowledge")
    chromium.wait_until("document.querySelector('#bar .count') === null && document.querySelector('#firing') === null")
    assert daemon.alerts[5]["acknowledged"]["note"] == "known since Monday"


def test_the_history_shows_a_trend_with_its_baseline_and_its_step(daemon, page, chromium):
    daemon.add(*[fixture.row_of(i, "stress", "pass", hours_ago=24 * (9 - i)) for i in range(8)])
    daemon.trends["stress", "max_sustainable_rate"] = trend_of("stress", [250.0] * 5 + [190.0] * 5, 5)
    page.open("history?name=stress")
    chromium.wait_until("document.querySelectorAll('canvas').length === 1")
    assert "fell by 24% on 6 Jan" in page.text("main")
    (_, colours, label), = chromium.evaluate(INK)
    assert colours > 4 and label > 40
    chromium.evaluate("[...document.querySelectorAll('td input')].slice(0, 2).forEach(box => box.click())")
    page.wait_for("Compare the two", "#runs")
    href = chromium.evaluate("[...document.querySelectorAll('#runs a')].find(a => a.textContent.startsWith('Compare')).getAttribute('href')")
    older, newer = sorted(daemon.runs.values(), key=lambda row: row["number"])[-2:]
    assert href == f"#/compare?base={older['id']}&current={newer['id']}"


def test_a_comparison_is_told_as_a_report_tells_it(daemon, page, chromium):
    daemon.comparison = kept("comparison")
    rows = [daemon.add(fixture.row_of(i, "stress", "pass", hours_ago=10 - i)) for i in range(2)]
    daemon.baselines["good"] = {"name": "good", "saved_at": None, "runs": 1, "profile": "stress"}
    page.open(f"compare?base=baseline%3Agood&current={rows[1]['id']}")
    page.wait_for("Regressions")
    chromium.wait_until("document.querySelectorAll('canvas').length >= 1")
    assert chromium.evaluate("document.getElementById('side-base').value") == "baseline:good"
    assert "p95" in page.text("#comparison")
    assert "baseline good (2026-11-23 01:12:06 UTC" in page.text("#comparison") and "results/" not in page.text("main")


def test_runs_are_exported_so_that_no_spreadsheet_calculates_with_them(daemon, page, chromium):
    daemon.add(fixture.row_of(1, "stress", "fail", reason='=HYPERLINK("http://evil")', target='a "quoted", one'))
    page.open("history")
    page.wait_for("stress", "#runs")
    chromium.evaluate("save = (name, type, text) => { window.saved = [name, type, text]; }")
    page.click("#runs button", "Export as CSV")
    chromium.wait_until("Boolean(window.saved)")
    name, kind, text = chromium.evaluate("window.saved")
    lines = text.split("\r\n")
    assert (name, kind) == ("runs.csv", "text/csv") and lines[0].startswith("id,name,state") and lines[-1] == ""
    record = dict(zip(*csv.reader(lines[:2])))
    assert record["reason"] == """'=HYPERLINK("http://evil")""" and record["target"] == 'a "quoted", one' and float(record["p95"]) == 41e6


def test_a_target_is_watched_without_load(daemon, page, chromium):
    daemon.watched = "pid 42"
    daemon.events["monitor"] = [("figures", {"at_ns": i * 10**9, "target": {"cpu": 0.1 * i, "memory": 1e6 * i}, "scraped": {"queue_depth": 3.0 + i}}) for i in range(1, 9)]
    page.open("monitor")
    page.wait_for("queue_depth")
    chromium.wait_until("document.querySelectorAll('canvas').length === 3")
    assert "pid 42" in page.text("main") and "11" in page.text(".tiles")
    daemon.problems = ["no process is there any more"]
    page.open("monitor")
    page.wait_for("no process is there any more", "header.warn")


def test_all_of_it_is_reached_by_the_keyboard(daemon, page, chromium):
    daemon.add(fixture.row_of(2, "stress", "fail"))
    page.open()
    page.wait_for("stress", "#profiles")
    reached = []
    for _ in range(40):
        page.key("Tab", windowsVirtualKeyCode=9)
        reached.append(chromium.evaluate("document.activeElement.textContent.trim()"))
        outlined = chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outlined != "none" or chromium.evaluate("document.activeElement === document.body"), reached
    assert {"Skip to the content", "Overview", "History", "Start", "Stop everything", "stress", "Report", "Run again"} <= set(reached), reached
    chromium.evaluate("[...document.querySelectorAll('#bar nav a')].find(a => a.textContent === 'History').focus()")
    page.key("Enter", "\r", windowsVirtualKeyCode=13)
    page.wait_for("History", "h1")
    assert chromium.evaluate("document.activeElement.id") == "view"


def test_what_is_held_by_the_keyboard_stays_while_figures_come(daemon, page, chromium):
    row = live_run(daemon, held_at=20)
    daemon.pause_s = 0.02
    page.open(f"runs/{row['id']}")
    chromium.wait_until("run && run.series.rows.length > 5")
    chromium.evaluate("(() => { const b = [...document.querySelectorAll('#verdict button')][0]; b.focus(); window.held = b; })()")
    daemon.holds[row["id"]] = len(daemon.events[row["id"]]) - 1
    page.wait_for("BROKEN", "#levels")
    assert chromium.evaluate("document.activeElement === window.held && window.held.isConnected"), "a click would fall between two pictures"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(daemon, page, chromium, scheme):
    row = live_run(daemon)
    daemon.results[row["id"]] = kept("breaks")
    daemon.add(fixture.row_of(2, "a-name-that-is-as-long-as-names-may-be-which-is-sixty-four-chars", "fail"))
    daemon.profiles = [{"name": "stress", "kind": "run", "load": "steps from 50/s by 50/s to 400/s, and then for a long time the same", "planned_s": 60}]
    daemon.alerts[1] = alert_of(1)
    for place in ("", f"runs/{row['id']}", *(["history?name=stress", "start", "schedule", "alerts", "compare", "monitor"] if scheme == "light" else [])):
        page.open(place, width=PHONE, height=800, scheme=scheme)
        chromium.wait_until("document.getElementById('view').innerText.length > 10")
        time.sleep(0.2)
        assert chromium.evaluate("document.documentElement.scrollWidth") <= PHONE, place
    assert (sum(map(int, chromium.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)"))) < 150) == (scheme == "dark")


def test_nothing_moves_for_whom_that_is_too_much(daemon, page, chromium):
    row = live_run(daemon, held_at=20)
    page.open(f"runs/{row['id']}")
    chromium.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    chromium.wait_until("document.querySelector('.ladder .live svg') !== null")
    assert chromium.evaluate("getComputedStyle(document.querySelector('.ladder .live svg')).animationName") == "none"
    assert chromium.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_what_one_part_cannot_answer_takes_no_other_along(daemon, page, chromium):
    daemon.add(fixture.row_of(2, "stress", "fail"))
    daemon.schedules_list = lambda _ask, _body: (_ for _ in ()).throw(fixture.Problem(503, "the store is not there"))
    page.excuse("503")
    page.open()
    page.wait_for("the store is not there", "#told")
    page.wait_for("stress", "#night")


def test_a_daemon_that_is_gone_is_told_and_found_again(daemon, page, chromium):
    page.open()
    page.wait_for("Nothing was run", "#night")
    page.excuse("ERR_", "Failed to load")
    chromium.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    try:
        daemon.cut()
        page.wait_for("no link", "#bar")
        page.go("history")
        page.wait_for("cannot be reached", "#told")
    finally:
        chromium.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    daemon.add(fixture.row_of(9, "meanwhile", "pass"))
    page.go("")
    page.wait_for("meanwhile", "#profiles")
    chromium.wait_until("!document.querySelector('#bar').innerText.includes('no link')", timeout_s=30)
