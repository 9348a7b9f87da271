"""Checks of what a run writes beside result.json, named under `also:` of scenarios; each yields what is wrong, in words."""
import csv
import json
import os
import subprocess
import xml.etree.ElementTree


def read_truth(path):
    """How many requests `brunt target --truth` logged."""
    with open(path, encoding="ascii") as file:
        return sum(line.replace(",", " ").split()[0].isdigit() for line in file if line.strip())


def reports_say_what_the_result_says(ran):
    """What was asked for is there and no more; brunt report makes the rest, and the same, of the journal."""
    result = json.loads(open(os.path.join(ran.out, "result.json"), encoding="utf-8").read())
    wanted = {"report.md", "series.csv", "levels.csv", "junit.xml", "brunt.prom", "otlp.json"}
    there = set(os.listdir(ran.out))
    if not wanted <= there or {"brunt.lp", "response.hgrm"} & there:
        yield f"the results are {sorted(there)}"
        return
    with open(os.path.join(ran.out, "series.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for column in ("scheduled", "ok", "failed"):
        if sum(int(row[column]) for row in rows) != result["totals"][column]:
            yield f"series.csv has {[row[column] for row in rows]} {column}, the totals {result['totals'][column]}"
    suite = xml.etree.ElementTree.parse(os.path.join(ran.out, "junit.xml")).getroot().find("testsuite")
    failed = sorted(case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None)
    if failed != ["error_rate < 1%", "fail"]:
        yield f"junit.xml has these failed: {failed}"
    folder = os.path.join(ran.folder, "again")
    done = subprocess.run([ran.brunt, "report", ran.out, "--format", "influx,hgrm,levels.csv", "--out", folder],
                          capture_output=True, text=True, timeout=20, check=False)
    if done.returncode != 0 or sorted(os.listdir(folder)) != ["brunt.lp", "levels.csv", "response.hgrm", "service.hgrm", "ttft.hgrm"]:
        yield f"brunt report --out: exit {done.returncode}: {done.stderr[:300]}"
        return
    lines = open(os.path.join(folder, "brunt.lp"), encoding="utf-8").read().splitlines()
    if not any(line.startswith(f"brunt_requests,profile={result['name']},outcome=ok value={result['totals']['ok']} ") for line in lines):
        yield f"brunt.lp does not tell the {result['totals']['ok']} requests that were answered well"


def logged_requests(ran):
    with open(os.path.join(ran.out, "requests.ndjson"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def requests_log_holds_each_request(ran):
    """One line per scheduled request: the outcomes add up to the totals, the times are in order, and what was sent is what
    the target saw."""
    with open(os.path.join(ran.out, "result.json"), encoding="utf-8") as file:
        result = json.load(file)
    lines, totals = logged_requests(ran), result["totals"]
    outcomes = {name: sum(line["outcome"] == name for line in lines) for name in
                ("ok", "failed", "unfinished", "dropped", "unsent")}
    if outcomes != {name: totals[name] for name in outcomes} or len(lines) != totals["scheduled"]:
        yield f"{len(lines)} lines: {outcomes}, the totals are {totals}"
    if len(lines) != result["requests_log"]["written"]:
        yield f"{len(lines)} lines, {result['requests_log']} in the result"
    for line in lines:
        times = [line[name] for name in ("due_ns", "taken_ns", "sent_ns", "first_byte_ns", "last_byte_ns") if line[name] is not None]
        if times != sorted(times) or (line["outcome"] == "ok" and len(times) != 5):
            yield f"times are out of order: {line}"
            return
    if {line["request"] for line in lines} != {"say-hi", "other"} or not any(line["level"] == "warmup" for line in lines):
        yield "a request's name or the warm-up is missing"
    if len({(line["k"], line["request"]) for line in lines}) != len(lines):
        yield "an arrival is there twice"
    seen = read_truth(os.path.join(ran.folder, "truth"))
    sent = sum(line["sent_ns"] is not None for line in lines)
    if seen != sent:
        yield f"the target saw {seen} requests, the log holds {sent} that were sent"
    p50 = sorted(line["last_byte_ns"] - line["due_ns"] for line in lines if line["outcome"] == "ok" and line["level"] != "warmup")
    p50 = p50[len(p50) // 2]
    if abs(p50 - result["latency_ns"]["response"]["p50"]) > 0.02 * p50:
        yield f"the median of the lines is {p50} ns, the result's {result['latency_ns']['response']['p50']}"


def requests_log_is_within_its_most(ran):
    with open(os.path.join(ran.out, "result.json"), encoding="utf-8") as file:
        result = json.load(file)
    lines, log = logged_requests(ran), result["requests_log"]
    if os.path.getsize(os.path.join(ran.out, "requests.ndjson")) > 65536:
        yield "it is larger than it may be"
    if any(line["outcome"] == "ok" for line in lines):
        yield "a request that ended well is in it"
    if not 200 <= len(lines) == log["written"]:
        yield f"{len(lines)} lines, {log['written']} in the result"
    if log["written"] + log["beyond"] + log["dropped"] != result["totals"]["failed"]:
        yield f"{log} does not add up to the {result['totals']['failed']} that failed"
