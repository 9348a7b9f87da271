"""What must hold in every scenario, whatever it is about. Each check yields what is wrong, in words."""
import copy
import json
import os
import re
import time
import xml.etree.ElementTree

import jsonschema

import process

SANITIZER = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|SUMMARY: \w+Sanitizer|CHECK failed")


def identities(totals, where):
    scheduled, sent = totals["scheduled"], totals["sent"]
    if scheduled != sent + totals["dropped"] + totals["unsent"]:
        yield f"{where}: scheduled ≠ sent + dropped + unsent: {totals}"
    if sent != totals["ok"] + totals["failed"] + totals["unfinished"]:
        yield f"{where}: sent ≠ ok + failed + unfinished: {totals}"
    for count, classes in (("failed", "failures"), ("unsent", "unsent_reasons"), ("dropped", "dropped_reasons")):
        if classes in totals and sum(totals[classes].values()) != totals[count]:
            yield f"{where}: {count} is {totals[count]}, its classes {totals[classes]}"
        for name, n in totals[classes].items() if "failed_in" in totals else ():
            if sum(totals["failed_in"].get(name, {}).values()) != n:
                yield f"{where}: of {n} {name} the phases are {totals['failed_in'].get(name)}"


def check_identities(ran):
    yield from identities(ran.result["totals"], "totals")
    for name, request in ran.result["requests"].items():
        yield from identities(request["totals"], f"requests.{name}")
    for count in ("scheduled", "sent", "dropped", "unsent", "ok", "failed", "unfinished", "retried", "bytes_sent", "bytes_received"):
        parts = sum(request["totals"][count] for request in ran.result["requests"].values())
        if parts != ran.result["totals"][count]:
            yield f"the requests add up to {parts} {count}, the totals say {ran.result['totals'][count]}"
    sessions = ran.result.get("sessions", {"started": 0})
    if sessions["started"] != sum(count for end, count in sessions.items() if end != "started"):
        yield f"sessions: started is not what became of them: {sessions}"
    for level in ran.result["levels"]:
        yield from identities({k: v for k, v in level.items() if k != "failures"} | {"scheduled": level["requests"]}, f"levels.{level['index']}")
        classes = sum(level["failures"].values())
        if classes != level["failed"] + level["dropped"] + level["unsent"]:
            yield f"levels.{level['index']}: the classes of failure add up to {classes}: {level}"


def check_backends(ran):
    """What came of the requests by address is what came of them. Where a process was killed, what it had under way is
    nobody's."""
    rows = [row for backend in ran.result.get("backends", []) for row in backend["addresses"]]
    totals = ran.result["totals"]
    for count in ("ok", "failed") if any(row["connects"] for row in rows) else ():
        if sum(row[count] for row in rows) != totals[count]:
            yield f"backends: {count} adds up to {sum(row[count] for row in rows)}, the totals say {totals[count]}: {rows}"
    if sum(row["connects"] for row in rows) not in (0, totals.get("connects")):
        yield f"backends: connects of {rows}, the totals say {totals.get('connects')}"


def against_schema(path, document):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in list(validator.iter_errors(document))[:5]:
        yield f"schema: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def check_schema(ran):
    yield from against_schema(ran.schema, ran.result)


def check_latencies(ran):
    """A distribution's figures are in order, and a response is the sum of its parts. The last percentiles may be above the
    maximum by what a bucket is wide, 1/1024: they are the upper end of one, the maximum is exact."""
    latency = ran.result["latency_ns"]
    for name, figures in latency.items():
        row = [figures.get(key) for key in ("min", "p50", "p90", "p95", "p99", "p999", "max")]
        row = [value for value in row if value is not None]
        row = [min(value, row[-1]) if value <= row[-1] * (1 + 1 / 1024) else value for value in row]
        if figures["count"] and (row != sorted(row) or row[0] < 0):
            yield f"latency_ns.{name} is out of order: {figures}"
    totals = ran.result["totals"]
    if latency.get("response", {}).get("count") and latency["response"]["count"] > totals["ok"]:
        yield f"latency_ns.response counts {latency['response']['count']} of {totals['ok']} successes"
    if totals["ok"] and totals["ok"] == totals["scheduled"] == latency.get("response", {}).get("count"):
        parts = sum(latency[name]["mean"] for name in ("lateness", "queue", "service"))
        if abs(parts - latency["response"]["mean"]) > 5000 + 0.005 * parts:
            yield f"lateness + queue + service have a mean of {parts}, response one of {latency['response']['mean']}"


def check_server_count(ran):
    how = ran.expect.get("server", "exact")
    if how == "unknown" or ran.server_count is None:
        if how != "unknown":
            yield "the server could not say how many requests it got; say `server: unknown` where that is right"
        return
    said = sum(ran.result["totals"][count] for count in ("sent", "retried", "redirected"))
    if ran.server_count > said or (how == "exact" and ran.server_count != said):
        yield f"brunt says that it sent {said} requests, the server counted {ran.server_count}"


def check_servers_complaint(ran):
    """A server that asserts what it is sent has a say too."""
    for one in filter(None, (ran.server, ran.beside)):
        if one.complaint:
            yield one.complaint


def check_exit_code(ran):
    if ran.result["verdict"]["exit_code"] != ran.exit:
        yield f"result.json says exit {ran.result['verdict']['exit_code']}, it was {ran.exit}"


def read_events(folder, wrong):
    """The events of one run; what is wrong with them as a whole is added to the list."""
    path = os.path.join(folder, "events.ndjson")
    if not os.path.exists(path):
        wrong.append(f"no events.ndjson in {folder}")
        return []
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if lines.pop() != "":
        wrong.append("events.ndjson does not end with a whole line")
    events = [json.loads(line) for line in lines]
    kinds = [event.get("event") for event in events]
    if kinds[:1] != ["run"] or kinds[-1:] != ["end"]:
        wrong.append(f"events go from {kinds[:1]} to {kinds[-1:]}, not from run to end")
    return events


def check_events(ran):
    """The intervals hold all arrivals: those of an experiment's runs lie in the runs' own directories."""
    wrong = []
    events = read_events(ran.out, wrong)
    for run in ran.result.get("experiment", {}).get("runs", []):
        if run["was_run"]:
            events += read_events(os.path.join(ran.out, run["dir"]), wrong)
    yield from wrong
    scheduled = sum(level.get("counts", {}).get("scheduled", 0) for event in events if event["event"] == "interval"
                    for level in event["levels"])
    if scheduled != ran.result["totals"]["scheduled"]:
        yield f"the intervals hold {scheduled} arrivals, the totals {ran.result['totals']['scheduled']}"


def check_runs(ran):
    """Each run of an experiment has a result of its own, as good as any, and together they sent what the whole did."""
    runs = [run for run in ran.result.get("experiment", {}).get("runs", []) if run["was_run"]]
    if "experiment" in ran.result and sum(run["scheduled"] for run in runs) != ran.result["totals"]["scheduled"]:
        yield f"the runs do not add up to {ran.result['totals']['scheduled']} arrivals: {runs}"
    for run in runs:
        one = copy.copy(ran)
        one.out = os.path.join(ran.out, run["dir"])
        with open(os.path.join(one.out, "result.json"), encoding="utf-8") as file:
            one.result = json.load(file)
        for check in (check_identities, check_backends, check_schema, check_latencies, check_events):
            yield from (f"{run['dir']}: {finding}" for finding in check(one))


def runs_of_suite(ran):
    """(its row, a Ran of it) of each run that came to its end."""
    for row in ran.suite["rows"]:
        path = os.path.join(ran.out, row["dir"] or "", "result.json")
        if row["dir"] is None or not os.path.exists(path):
            continue
        one = copy.copy(ran)
        one.out = os.path.dirname(path)
        with open(path, encoding="utf-8") as file:
            one.result = json.load(file)
        yield row, one


def check_suite_rows(ran):
    """What the rows say is what their runs say, each run is as good as any, and the counts are the rows'."""
    for row, one in runs_of_suite(ran):
        verdict = one.result["verdict"]
        if (row["status"], row["requests"]) != (verdict["status"], one.result["totals"]["scheduled"]) and \
                not (row["status"] == "inconclusive" and verdict["status"] in ("unreachable", "interrupted")):
            yield f"{row['name']} is told as {row}, its result says {verdict}"
        for check in (check_identities, check_backends, check_schema, check_latencies, check_events):
            yield from (f"{row['dir']}: {finding}" for finding in check(one))
    for name, rows in [(None, ran.suite["rows"])] + [(c["name"], [r for r in ran.suite["rows"] if r["category"] == c["name"]])
                                                     for c in ran.suite["categories"]]:
        told = ran.suite if name is None else next(c for c in ran.suite["categories"] if c["name"] == name)
        counts = {status: sum(row["status"] == status for row in rows) for status in told["counts"] if status != "total"}
        judged = counts["pass"] + counts["fail"]
        if told["counts"] != counts | {"total": len(rows)} or told["passed"] != (counts["pass"] / judged if judged else None):
            yield f"of {name or 'all'} the suite tells {told['counts']} and {told['passed']}, its rows are {counts}"


def check_suite_requests(ran):
    sent = sum(one.result["totals"]["sent"] + one.result["totals"]["retried"] + one.result["totals"]["redirected"] for _, one in runs_of_suite(ran))
    how = ran.expect.get("server", "exact")
    if how != "unknown" and (ran.server_count is None or ran.server_count > sent or (how == "exact" and ran.server_count != sent)):
        yield f"the runs say that they sent {sent} requests, the server counted {ran.server_count}"


def check_runs_of_it(ran):
    """Runs of a suite, and the sides of a split, have sessions of their own, and end with it."""
    if not ran.session:
        return
    mark = f"--suite {ran.session} "
    for wait_s in (0.2, 0.5, 1, 2, 4, None):
        left = [line for line in process.command_lines() if mark in line]
        if not left:
            return
        if wait_s is None:
            yield f"left behind: {left}"
        else:
            time.sleep(wait_s)


def check_suite_verdict(ran):
    yield from against_schema(os.path.join(os.path.dirname(ran.schema), "suite.schema.json"), ran.suite)
    if ran.exit != "timeout" and ran.exit >= 0 and ran.suite["verdict"]["exit_code"] != ran.exit:
        yield f"suite.json says exit {ran.suite['verdict']['exit_code']}, it was {ran.exit}"


JUNIT_TAGS = {"pass": [None], "fail": ["failure", "skipped"], "inconclusive": ["error"], "skip": ["skipped"], "not_run": ["skipped", "error"]}


def check_suite_junit(ran):
    """Somebody else's parser finds the rows in junit.xml, and its counts are those of its elements."""
    path = os.path.join(ran.out, "junit.xml")
    if not os.path.exists(path):
        if ran.exit != -9:  # killed: it is written at the end
            yield "no junit.xml"
        return
    root = xml.etree.ElementTree.parse(path).getroot()
    cases = {case.get("name"): case for case in root.iter("testcase")}
    verdict = cases.pop("verdict", None)
    if verdict is None or (len(verdict) == 0) != (ran.exit == 0) or any(case.find("failure") is not None for case in cases.values()) and ran.exit == 0:
        yield f"junit.xml is not red where, and only where, the exit code {ran.exit} is not 0"
    for row in ran.suite["rows"]:
        case = cases.pop(row["name"], None)
        tag = case[0].tag if case is not None and len(case) else None
        if case is None or tag not in JUNIT_TAGS[row["status"]] or (tag and case[0].get("message") != row["reason"]):
            yield f"junit.xml tells {row['name']}, {row['status']}, as {tag}: {case is not None and case.attrib}"
    if cases:
        yield f"junit.xml has {list(cases)} beside the rows"
    for suite in [root] + root.findall("testsuite"):
        for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(suite.get(key)) != sum(1 for _ in suite.iter(tag)):
                yield f"junit.xml: {suite.get('name')} counts {suite.get(key)} {key}"


def check_sanitizers(ran):
    for name, text in (("stdout", ran.stdout), ("stderr", ran.stderr), ("the server's log", ran.server_text)):
        found = SANITIZER.search(text)
        if found:
            yield f"{name} reports: {text[found.start():found.start() + 1500]}"


def check_processes(ran):
    """What was told to end may take its time on a busy machine, but it does end."""
    for wait_s in (0.1, 0.5, 1, 2, 4, None):
        left = [one for session in filter(None, (ran.session, ran.server_session, ran.beside and ran.beside.session)) for one in process.left_behind(session)]
        if not left or wait_s is None:
            yield from (f"left behind: {one}" for one in left)
            return
        time.sleep(wait_s)


WITH_RESULT = [check_identities, check_backends, check_schema, check_latencies, check_server_count, check_exit_code, check_events, check_runs]
def check_suite_page(ran):
    """The page of them all is there, and whatever it leads to."""
    if ran.exit in (-9, "timeout"):  # killed: it is written at the end
        return
    if not os.path.exists(os.path.join(ran.out, "suite.html")):
        yield "no suite.html"
        return
    for row, one in runs_of_suite(ran):
        if not os.path.exists(os.path.join(one.out, "report.html")):
            yield f"{row['name']} has no report.html, to which suite.html leads"


WITH_SUITE = [check_suite_page, check_suite_rows, check_suite_requests, check_suite_verdict, check_suite_junit]
ALWAYS = [check_sanitizers, check_processes, check_runs_of_it, check_servers_complaint]


def findings(ran):
    for check in ALWAYS + (WITH_RESULT if ran.result is not None else []) + (WITH_SUITE if ran.suite is not None else []):
        yield from check(ran)
