"""What must hold in every scenario, whatever it is about. Each check yields what is wrong, in words."""
import copy
import json
import os
import re

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


def check_schema(ran):
    with open(ran.schema, encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in list(validator.iter_errors(ran.result))[:5]:
        yield f"schema: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"


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
    said = ran.result["totals"]["sent"] + ran.result["totals"]["retried"]
    if ran.server_count > said or (how == "exact" and ran.server_count != said):
        yield f"brunt says that it sent {said} requests, the server counted {ran.server_count}"


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
        for check in (check_identities, check_schema, check_latencies, check_events):
            yield from (f"{run['dir']}: {finding}" for finding in check(one))


def check_sanitizers(ran):
    for name, text in (("stdout", ran.stdout), ("stderr", ran.stderr), ("the server's log", ran.server_text)):
        found = SANITIZER.search(text)
        if found:
            yield f"{name} reports: {text[found.start():found.start() + 1500]}"


def check_processes(ran):
    for session in filter(None, (ran.session, ran.server_session)):
        for left in process.left_behind(session):
            yield f"left behind: {left}"


WITH_RESULT = [check_identities, check_schema, check_latencies, check_server_count, check_exit_code, check_events, check_runs]
ALWAYS = [check_sanitizers, check_processes]


def findings(ran):
    for check in ALWAYS + (WITH_RESULT if ran.result is not None else []):
        yield from check(ran)
