"""What a daemon knows of the runs that were: reports, baselines, comparisons, trends, and schedules made by the API. Judged by brunt's own
commands on the same directories, by jsonschema, by Python's statistics and zoneinfo, and by whoever kills it."""
import datetime
import json
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse
import zoneinfo

import pytest
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "dashboard"))
import contract  # noqa: E402

from served import BRUNT, WAIT_S, Daemon, profile, until  # noqa: E402

CONTRACT = contract.Contract()
SCHEMAS = os.path.join(os.path.dirname(__file__), "..", "..", "results")
NOBODY = "20200101T000000Z-000000"


def ask(daemon, method, path, body=None):
    """(status, answer), the answer held to the document."""
    status, answer = daemon.ask(method, path, json.dumps(body) if body is not None else None)
    if isinstance(answer, dict):
        CONTRACT.check_answer(CONTRACT.operation_of(method, path), status, answer)
    return status, answer


def refused(daemon, method, path, status, words, body=None):
    found, problem = daemon.ask(method, path, body if isinstance(body, (str, type(None))) else json.dumps(body))
    assert found == status and words in problem["detail"], (path, found, problem)
    CONTRACT.fits({"$ref": "#/components/schemas/problem"}, problem)


def results(daemon, run):
    return os.path.join(daemon.data, "runs", run, "results")


def brunt(*args):
    return subprocess.run([BRUNT, *args], capture_output=True, timeout=WAIT_S, check=False)


@pytest.fixture(scope="module", name="two")
def fixture_two(target, tmp_path_factory):
    """A daemon with two runs that ended, the second one slower in nothing but its seed."""
    folder = str(tmp_path_factory.mktemp("two"))
    daemon = Daemon(folder)
    daemon.write("profiles/api.yaml", yaml.safe_dump(profile(target, 1)))
    daemon.start()
    daemon.done = [daemon.ended(daemon.submit(profile=profile(target, 1)))["id"] for _ in range(2)]
    yield daemon
    daemon.stop()


def test_every_format_of_reports_is_what_brunt_report_prints(two):
    run = two.done[0]
    for name in ask(two, "GET", "/api/v1/info")[1]["formats"] + ["levels.csv", "service.hgrm"]:
        printed = brunt("report", results(two, run), "--format", name)
        for _ in range(2):  # made, then found
            status, text = two.ask("GET", f"/api/v1/runs/{run}/reports/{name}")
            assert status == 200, (name, text)
            if isinstance(text, dict):
                assert text == json.loads(printed.stdout), name
            else:
                assert text == printed.stdout, name
    kept = os.listdir(os.path.join(two.data, "runs", run, "reports"))
    assert "csv" in kept and "html" not in kept  # which the run itself had written
    assert two.ask("GET", f"/api/v1/runs/{run}/reports/md")[1] == brunt("report", results(two, run), "--format", "markdown").stdout


def test_a_kept_report_is_whole_and_is_used(two):
    run = two.done[1]
    before = two.ask("GET", f"/api/v1/runs/{run}/reports/junit")[1]
    path = os.path.join(two.data, "runs", run, "reports", "junit")
    with open(path, "rb") as file:
        assert file.read() == before
    with open(path, "ab") as file:
        file.write(b"<!-- kept -->")
    assert two.ask("GET", f"/api/v1/runs/{run}/reports/junit")[1] == before + b"<!-- kept -->"


def test_reports_that_are_none_are_refused(two):
    run = two.done[0]
    refused(two, "GET", f"/api/v1/runs/{run}/reports/pdf", 404, "there are html, json")
    refused(two, "GET", f"/api/v1/runs/{NOBODY}/reports/html", 404, "there is no run")
    refused(two, "GET", f"/api/v1/runs/{run}/reports/..%2fprofile.yaml", 404, "")
    refused(two, "GET", f"/api/v1/runs/{run}/reports/{'x' * 200}", 404, "")
    refused(two, "GET", f"/api/v1/runs/..%2f..%2f/reports/html", 404, "")


def test_a_run_becomes_a_baseline_that_runs_are_judged_by(two, target):
    first, second = two.done
    status, row = ask(two, "PUT", "/api/v1/baselines/good", {"run": first})
    assert status == 200 and (row["name"], row["runs"], row["profile"]) == ("good", 1, "api")
    with open(os.path.join(results(two, first), "result.json"), encoding="utf-8") as file:
        result = json.load(file)
    assert row["figures"]["p95"] == result["latency_ns"]["response"]["p95"]
    refused(two, "PUT", "/api/v1/baselines/good", 409, "replace", {"run": second})
    assert ask(two, "PUT", "/api/v1/baselines/good", {"run": second, "replace": True})[0] == 200
    listed = brunt("baseline", "list", "--baselines", os.path.join(two.data, "baselines")).stdout.decode()
    assert "good" in listed
    if two.run(first)["exit_code"] == two.run(second)["exit_code"] == 0:
        assert ask(two, "PUT", "/api/v1/baselines/rolls", {"run": first, "rolling": 2})[1]["runs"] == 1
        assert ask(two, "PUT", "/api/v1/baselines/rolls", {"run": second, "rolling": 2})[1]["runs"] == 2
        figures = [two.run(one)["figures"]["p95"] for one in (first, second)]
        rolls = [one for one in ask(two, "GET", "/api/v1/baselines")[1]["baselines"] if one["name"] == "rolls"][0]
        assert rolls["figures"]["p95"] == pytest.approx(statistics.median(figures))
    refused(two, "POST", "/api/v1/runs", 404, "no baseline 'nobody'", {"profile": profile(target, 1), "baseline": "nobody"})
    judged = two.submit(profile=profile(target, 1), baseline="good")
    assert two.ended(judged)["baseline"] == "good"
    assert two.ask("GET", f"/api/v1/runs/{judged}/result")[1]["comparison"]
    assert ask(two, "DELETE", "/api/v1/baselines/good")[0] == 204
    refused(two, "DELETE", "/api/v1/baselines/good", 404, "no baseline")
    assert "good" not in [one["name"] for one in ask(two, "GET", "/api/v1/baselines")[1]["baselines"]]


def test_baselines_that_are_none_are_refused(two):
    run = two.done[0]
    for name, body, status, words in [("x.yaml", {"run": run}, 400, "not a baseline's name"), ("x", {"run": NOBODY}, 404, "no run"),
                                      ("x", {}, 400, "run"), ("x", {"run": run, "forse": True}, 400, "forse"), ("x", [], 400, "object"),
                                      ("x", {"run": "../../etc"}, 400, "no run's id"), ("x", {"run": run, "rolling": 10**30}, 400, "rolling"),
                                      ("x", {"run": run, "rolling": -1}, 400, "rolling"), ("x", '{"run"', 400, ""), ("..%2fx", {"run": run}, 404, ""),
                                      (".x", {"run": run}, 404, ""), ("y" * 65, {"run": run}, 404, "")]:
        refused(two, "PUT", f"/api/v1/baselines/{name}", status, words, body)
    for name in ("nobody", "..", "x.json", "%2e%2e"):
        assert two.ask("DELETE", f"/api/v1/baselines/{name}")[0] == 404
    assert os.path.isdir(os.path.join(two.data, "runs"))


def test_a_comparison_is_what_brunt_compare_says(two):
    base, current = two.done
    status, said = two.ask("GET", f"/api/v1/compare?base={base}&current={current}")
    assert status == 200
    with open(os.path.join(SCHEMAS, "comparison.schema.json"), encoding="utf-8") as file, open(os.path.join(SCHEMAS, "schema.json"), encoding="utf-8") as parts:
        import jsonschema
        schema, rest = json.load(file), json.load(parts)
        resolver = jsonschema.RefResolver("schema.json", rest, {"schema.json": rest})
        jsonschema.Draft202012Validator(schema, resolver=resolver).validate(said)
    printed = json.loads(brunt("compare", results(two, base), results(two, current), "--format", "json").stdout)
    assert said == printed
    for name, flag in (("html", "html"), ("md", "markdown")):
        status, text = two.ask("GET", f"/api/v1/compare?base={base}&current={current}&format={name}")
        assert status == 200 and text == brunt("compare", results(two, base), results(two, current), "--format", flag).stdout
    assert ask(two, "PUT", "/api/v1/baselines/base", {"run": base, "replace": True})[0] == 200
    against = two.ask("GET", f"/api/v1/compare?base=baseline:base&current={current}")[1]
    assert against["comparison"] == printed["comparison"]
    several = two.ask("GET", f"/api/v1/compare?base={base},{current}&current={current},{base}")[1]
    printed = brunt("compare", results(two, base), results(two, current), "--", results(two, current), results(two, base), "--format", "json")
    assert several == json.loads(printed.stdout)


def test_comparisons_that_are_none_are_refused(two):
    run = two.done[0]
    for query, status, words in [(f"base={run}", 400, "current"), ("", 400, "base"), (f"base={run}&current=baseline:nobody", 404, "no baseline"),
                                 (f"base={run}&current={NOBODY}", 404, "no run"), (f"base={run}&current=../../etc", 400, "neither"),
                                 (f"base={run}&current=baseline:..%2f..", 400, "neither"), (f"base={run}&current={run}&format=pdf", 400, "format"),
                                 (f"base={run}&current={run}&force=perhaps", 400, "force"), (f"base={run}&current={','.join([run] * 9)}", 400, "more than"),
                                 (f"base={run}&current={run}&format={'x' * 300}", 400, "longer"), (f"base={run}&current=%00", 400, "no text"),
                                 (f"base=-x&current={run}", 404, "no run")]:
        refused(two, "GET", f"/api/v1/compare?{query}", status, words)


def test_runs_that_are_not_alike_are_compared_by_force_alone(two, target):
    other = two.ended(two.submit(profile=profile(target, 2, load={"steady": {"rate": "30/s", "for": "1s"}})))["id"]
    refused(two, "GET", f"/api/v1/compare?base={two.done[0]}&current={other}", 409, "")
    assert two.ask("GET", f"/api/v1/compare?base={two.done[0]}&current={other}&force=true")[0] == 200
    with open(os.path.join(results(two, other), "events.ndjson"), "r+", encoding="utf-8") as journal:
        journal.write("?")  # and is none that could be read again
    refused(two, "PUT", "/api/v1/baselines/broken", 409, "events.ndjson", {"run": other})
    assert "broken" not in [one["name"] for one in ask(two, "GET", "/api/v1/baselines")[1]["baselines"]]


# --- schedules ---

WISH = {"profile": "api", "cron": "0 2 * * *", "time_zone": "Europe/Berlin", "set": {"load.steady.rate": "10/s"}, "missed": "once"}


def test_a_schedule_made_by_the_api_outlives_the_daemon(daemon, target):
    daemon.write("profiles/api.yaml", yaml.safe_dump(profile(target, 1)))
    daemon.configure(schedules={"theirs": {"profile": "api", "cron": "0 3 * * *"}})
    daemon.start()
    status, row = ask(daemon, "PUT", "/api/v1/schedules/nightly", WISH)
    assert status == 200 and (row["origin"], row["cron"], row["missed"], row["set"]) == ("api", "0 2 * * *", "once", WISH["set"])
    at = datetime.datetime.fromisoformat(row["next_at"][0].replace("Z", "+00:00")).astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
    assert (at.hour, at.minute) == (2, 0)
    assert daemon.ask("POST", "/api/v1/schedules/nightly/pause")[1]["is_paused"]
    daemon.ask("GET", "/api/v1/runs")  # behind it at the desk
    daemon.kill()
    daemon.start()
    rows = {one["name"]: one for one in ask(daemon, "GET", "/api/v1/schedules")[1]["schedules"]}
    assert sorted(rows) == ["nightly", "theirs"] and rows["theirs"]["origin"] == "file"
    assert rows["nightly"] == {**row, "last": None, "is_paused": True, "next_at": []}
    status, run = daemon.ask("POST", "/api/v1/schedules/nightly/run")
    assert status == 201
    daemon.ended(run["id"])
    assert daemon.ask("GET", f"/api/v1/runs/{run['id']}/result")[1]["totals"]["scheduled"] == 10
    status, row = ask(daemon, "PUT", "/api/v1/schedules/nightly", {"profile": "api", "every": "6h", "time_zone": "UTC"})
    assert status == 200 and row["every"] == "6h" and row["cron"] is None and row["is_paused"]
    refused(daemon, "PUT", "/api/v1/schedules/theirs", 409, "operator's file", WISH)
    refused(daemon, "DELETE", "/api/v1/schedules/theirs", 409, "operator's file")
    assert daemon.ask("DELETE", "/api/v1/schedules/nightly", "{}")[0] == 204
    refused(daemon, "DELETE", "/api/v1/schedules/nightly", 404, "no schedule")
    daemon.kill()
    daemon.start()
    assert [one["name"] for one in daemon.ask("GET", "/api/v1/schedules")[1]["schedules"]] == ["theirs"]


def test_what_a_schedule_of_the_api_missed_is_made_up_for(daemon, target):
    daemon.write("profiles/api.yaml", yaml.safe_dump(profile(target, 1)))
    daemon.start()
    assert ask(daemon, "PUT", "/api/v1/schedules/nightly", WISH)[0] == 200
    daemon.stop()
    with sqlite3.connect(os.path.join(daemon.data, "brunt.db")) as ledger:  # two nights ago it was looked at last
        changed = ledger.execute("UPDATE notes SET text = json_set(text, '$.looked_ns', CAST(json_extract(text, '$.looked_ns') - 172800000000000 AS TEXT))"
                                 " WHERE kind = 'schedule' AND name = 'nightly'").rowcount
    assert changed == 1
    daemon.start()
    until(lambda: daemon.ask("GET", "/api/v1/runs?state=ended")[1]["runs"])
    (run,) = daemon.ask("GET", "/api/v1/runs")[1]["runs"]
    assert run["submitted_by"] == "schedule:nightly"
    (row,) = ask(daemon, "GET", "/api/v1/schedules")[1]["schedules"]
    assert row["last"] == run and row["started"] == 1


SCHEDULES_REFUSED = [
    # (name, body, status, line, words)
    ("n", {**WISH, "cron": "61 * * * *"}, 400, 1, "cron"),
    ("n", '{"profile": "api",\n\n "cron": "0 25 * * *"}', 400, 3, "cron"),
    ("n", {**WISH, "every": "6h"}, 400, 1, "one of cron"),
    ("n", {**WISH, "time_zone": "Mars/Olympus"}, 400, 1, "time_zone"),
    ("n", {**WISH, "time_zone": "../../etc/passwd"}, 400, 1, "time_zone"),
    ("n", {**WISH, "missed": "twice"}, 400, 1, "missed"),
    ("n", {**WISH, "jitter": "48h"}, 400, 1, "jitter"),
    ("n", {**WISH, "profile": "nobody"}, 400, None, "no profile"),
    ("n", {**WISH, "profile": "../x"}, 400, None, ""),
    ("n", {**WISH, "set": {"load.steady.rate": "fast"}}, 400, None, "rate"),
    ("n", {**WISH, "set": {"target.command": "id"}}, 400, None, "command"),
    ("n", {**WISH, "baseline": "nobody"}, 400, None, "no baseline"),
    ("n", {"cron": "0 2 * * *"}, 400, 1, "profile"),
    ("n", {**WISH, "prfile": "x"}, 400, 1, "prfile"),
    ("n", [], 400, 1, "object"),
    ("n", "[" * 3000, 400, 1, "JSON"),
    ("n", "", 400, None, ""),
    ("n", {**WISH, "cron": "0 2 * * *" + " " * 70000}, 413, None, "larger"),
    ("..%2fn", WISH, 404, None, ""),
    (".n", WISH, 404, None, ""),
    ("n" * 65, WISH, 404, None, ""),
]


def test_schedules_that_are_none_are_refused_by_their_line(daemon, target):
    daemon.write("profiles/api.yaml", yaml.safe_dump(profile(target, 1)))
    daemon.start()
    for name, body, status, line, words in SCHEDULES_REFUSED:
        text = body if isinstance(body, str) else json.dumps(body)
        found, problem = daemon.ask("PUT", f"/api/v1/schedules/{name}", text)
        assert found == status and words in problem["detail"], (name, text[:200], found, problem)
        if line is not None:
            assert problem["errors"][0]["line"] == line, (text[:200], problem)
    assert daemon.ask("GET", "/api/v1/schedules")[1]["schedules"] == []


# --- history ---

DAYS, PER_DAY, STEP = 40, 2, 25  # the target became slower on the 25th day
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def add_run(daemon, i, at, figures, status="pass"):
    """Into the ledger, as a daemon leaves it."""
    run = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ") + f"-{i:06x}"
    with sqlite3.connect(os.path.join(daemon.data, "brunt.db")) as ledger:
        number = ledger.execute(
            "INSERT INTO runs (id, name, submitted_by, target, load, state, submitted_ns, started_ns, ended_ns, planned_ns, pid, pid_start,"
            " status, exit_code, has_files, bytes) VALUES (?, 'shop', 'schedule:nightly', 't', 'l', 3, ?, ?, ?, 0, 0, 0, ?, 0, 0, 0)",
            (run, at * 10**9, at * 10**9, (at + 60) * 10**9, status)).lastrowid
        ledger.executemany("INSERT INTO figures VALUES (?, ?, ?)", [(number, name, value) for name, value in figures.items()])
    return run


def past(daemon):
    """Runs of forty days: [(wall s, p95, id)] of those that tell something."""
    chance = random.Random(7)
    start = int(datetime.datetime.now(BERLIN).replace(hour=0, minute=30, second=0, microsecond=0).timestamp()) - DAYS * 86400
    rows = []
    for i in range(DAYS * PER_DAY):
        at = start + i // PER_DAY * 86400 + i % PER_DAY * 82800
        p95 = (50e6 if i // PER_DAY < STEP else 65e6) + chance.gauss(0, 1e6)
        status = "inconclusive" if i % 17 == 16 else "pass"
        run = add_run(daemon, i, at, {"p95": p95 if status == "pass" else 1e12, "error_rate": 0.0}, status)
        if status == "pass":
            rows.append((at, p95, run))
    return rows


@pytest.fixture(name="shop")
def fixture_shop(daemon):
    daemon.start()
    daemon.stop()
    daemon.rows = past(daemon)
    return daemon.start()


def groups(rows, key):
    found = {}
    for at, value, _ in rows:
        found.setdefault(key(datetime.datetime.fromtimestamp(at, BERLIN)), []).append(value)
    return found


PERIODS = {"day": lambda at: at.date(), "week": lambda at: (at - datetime.timedelta(days=at.weekday())).date(),
           "month": lambda at: at.date().replace(day=1), "quarter": lambda at: at.date().replace(day=1, month=(at.month - 1) // 3 * 3 + 1)}


def test_trends_are_medians_of_days_weeks_and_months(shop):
    for by, key in PERIODS.items():
        status, trend = ask(shop, "GET", f"/api/v1/trends?name=shop&metric=p95&by={by}&time_zone=Europe/Berlin")
        assert status == 200 and trend["time_zone"] == "Europe/Berlin"
        expected = groups(shop.rows, key)
        assert len(trend["points"]) == len(expected)
        for point, (day, values) in zip(trend["points"], expected.items()):
            at = datetime.datetime.fromisoformat(point["at"].replace("Z", "+00:00")).astimezone(BERLIN)
            assert (at.date(), at.hour, point["runs"]) == (day, 0, len(values))
            assert point["value"] == pytest.approx(statistics.median(values)) and (point["min"], point["max"]) == (min(values), max(values))
        assert trend["last"] == trend["points"][-1]["value"]


def test_a_step_in_a_figures_history_is_found_and_dated(shop):
    status, trend = ask(shop, "GET", "/api/v1/trends?name=shop&metric=p95&goal=80ms")
    assert status == 200
    assert [(point["value"], point["run"]) for point in trend["points"]] == [(value, run) for _, value, run in shop.rows]
    (change,) = trend["change_points"]
    true = next(i for i, (_, value, _) in enumerate(shop.rows) if value > 60e6)
    found = next(i for i, (_, _, run) in enumerate(shop.rows) if run == change["run"])
    assert abs(found - true) <= 1 and change["is_worse"]
    assert change["before"] == pytest.approx(50e6, rel=0.02) and change["after"] == pytest.approx(65e6, rel=0.02)
    since = statistics.median(value for _, value, _ in shop.rows[found:])
    assert trend["last"] == pytest.approx(since) and trend["headroom"] == pytest.approx(1 - since / 80e6)
    (name,) = ask(shop, "GET", "/api/v1/history")[1]["names"]
    assert (name["name"], name["runs"], name["metrics"]) == ("shop", DAYS * PER_DAY, ["p95", "error_rate"])
    assert [step["run"] for step in name["steps"]] == [change["run"]]
    assert name["last"]["number"] == DAYS * PER_DAY
    assert ask(shop, "GET", "/api/v1/history")[1]["names"] == [name]
    add_run(shop, DAYS * PER_DAY, int(time.time()), {"p99": 70e6})
    (name,) = ask(shop, "GET", "/api/v1/history")[1]["names"]
    assert (name["runs"], name["metrics"]) == (DAYS * PER_DAY + 1, ["p95", "p99", "error_rate"])


def test_a_trend_report_of_the_main_figures_is_json_or_markdown(shop):
    status, report = ask(shop, "GET", "/api/v1/trends/shop?by=month&time_zone=Europe/Berlin")
    assert status == 200 and [figure["metric"] for figure in report["figures"]] == ["p95", "error_rate"]
    with_runs = [(period["runs"], period["median"]) for period in report["figures"][0]["periods"] if period["runs"]]
    expected = groups(shop.rows, PERIODS["month"]).values()
    assert with_runs == [(len(values), pytest.approx(statistics.median(values))) for values in expected]
    status, text = shop.ask("GET", "/api/v1/trends/shop?format=md")
    assert status == 200 and text.decode().startswith("# shop, by week") and "became worse" in text.decode()


def test_trends_are_cut_by_time_and_number(shop):
    middle = shop.rows[30][0]
    stamp = urllib.parse.quote(datetime.datetime.fromtimestamp(middle, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    after = ask(shop, "GET", f"/api/v1/trends?name=shop&metric=p95&from={stamp}")[1]["points"]
    before = ask(shop, "GET", f"/api/v1/trends?name=shop&metric=p95&to={stamp}")[1]["points"]
    assert (len(before), len(after)) == (30, len(shop.rows) - 30)
    newest = ask(shop, "GET", "/api/v1/trends?name=shop&metric=p95&limit=3")[1]["points"]
    assert [point["run"] for point in newest] == [run for _, _, run in shop.rows[-3:]]


def test_trends_that_are_none_are_refused(shop):
    for query, status, words in [("metric=p95", 400, "name"), ("name=shop", 400, "metric"), ("name=shop&metric=p94", 400, "p94"),
                                 ("name=nobody&metric=p95", 404, "no runs"), ("name=..%2f&metric=p95", 400, "name"),
                                 ("name=shop&metric=p95&by=century", 400, "by"), ("name=shop&metric=p95&by=" + "x" * 99, 400, "longer"),
                                 ("name=shop&metric=p95&limit=0", 400, "limit"), ("name=shop&metric=p95&limit=99999999999999999999", 400, "limit"),
                                 ("name=shop&metric=p95&from=yesterday", 400, "from"), ("name=shop&metric=p95&goal=fast", 400, "goal"),
                                 ("name=shop&metric=p95&baseline=nobody", 404, "no baseline"), ("name=shop&metric=p95&time_zone=..%2f..%2fetc%2fpasswd", 400, "time_zone")]:
        refused(shop, "GET", f"/api/v1/trends?{query}", status, words)
    refused(shop, "GET", "/api/v1/trends/nobody", 404, "no runs")
    refused(shop, "GET", "/api/v1/trends/shop?format=pdf", 400, "format")


def test_a_trend_is_held_against_its_baseline(two):
    run = two.done[0]
    if two.run(run)["status"] not in ("pass", "fail"):
        pytest.skip("this machine was too busy for a run that tells something")
    assert ask(two, "PUT", "/api/v1/baselines/mark", {"run": run, "replace": True})[0] == 200
    trend = ask(two, "GET", "/api/v1/trends?name=api&metric=p95&baseline=mark")[1]
    assert trend["baseline"] == two.run(run)["figures"]["p95"]
    assert trend["against"] == pytest.approx(trend["last"] / trend["baseline"] - 1)


# --- killed ---

def children(daemon):
    with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def test_a_run_that_was_killed_has_a_result_of_what_it_had_written(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 60))
    journal = os.path.join(daemon.data, "runs", run, "results.partial", "events.ndjson")
    until(lambda: os.path.exists(journal) and open(journal, encoding="utf-8").read().count('"event":"interval"') >= 2)
    for pid in children(daemon):
        os.kill(pid, signal.SIGKILL)
    row = daemon.ended(run)
    assert (row["status"], row["exit_code"]) == ("crashed", 137) and "made of what it had written" in row["reason"]
    status, result = daemon.ask("GET", f"/api/v1/runs/{run}/result")
    assert status == 200 and result["verdict"]["status"] == "interrupted"
    assert 0 < result["totals"]["scheduled"] == result["totals"]["sent"] + result["totals"]["dropped"] + result["totals"]["unsent"]
    assert row["figures"]["p95"] == result["latency_ns"]["response"]["p95"]
    assert sorted(os.listdir(os.path.join(daemon.data, "runs", run))) == ["job.json", "profile.yaml", "results"]
    assert daemon.ask("GET", f"/api/v1/runs/{run}/reports/html")[0] == 200


def test_daemon_and_run_killed_leave_an_interrupted_run_with_a_result(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 60))
    journal = os.path.join(daemon.data, "runs", run, "results.partial", "events.ndjson")
    until(lambda: os.path.exists(journal) and open(journal, encoding="utf-8").read().count('"event":"interval"') >= 2)
    pids = children(daemon)
    for pid in [daemon.process.pid, *pids]:
        os.kill(pid, signal.SIGSTOP)  # so that neither hears of the other's end
    for pid in [*pids, daemon.process.pid]:
        os.kill(pid, signal.SIGKILL)
    daemon.process.wait()
    daemon.start()
    row = daemon.ended(run)
    assert row["status"] == "interrupted" and row["figures"]["p95"] > 0
    assert daemon.ask("GET", f"/api/v1/runs/{run}/result")[1]["verdict"]["status"] == "interrupted"


def test_killed_while_it_saves_and_reports_it_leaves_nothing_torn(two):
    run = two.done[0]
    for i in range(4):
        for method, path, body in (("GET", f"/api/v1/runs/{run}/reports/otlp", None), ("PUT", f"/api/v1/baselines/torn{i}", json.dumps({"run": run}))):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(two.socket)
                body = (body or "").encode()
                raw.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.01 * i)
        two.kill()
        two.start()
    assert two.ask("GET", f"/api/v1/runs/{run}/reports/otlp")[0] == 200
    for one in ask(two, "GET", "/api/v1/baselines")[1]["baselines"]:
        assert brunt("baseline", "show", one["name"], "--baselines", os.path.join(two.data, "baselines")).returncode == 0, one
