"""Checks that one scenario needs and no YAML could say. Named under `also:`; each yields what is wrong, in words."""
import json
import math
import os
import subprocess
import sys

import process

OUTSIDERS = os.path.join(os.path.dirname(__file__), "..", "outsiders")


def read_truth(path):
    """(arrival_ns, done_ns) of each request that `brunt target --truth` logged."""
    with open(path, encoding="ascii") as file:
        for line in file:
            fields = line.replace(",", " ").split()
            if fields and fields[0].isdigit():
                yield int(fields[0]), int(fields[1])


def percentile(ordered, q):
    return ordered[max(math.ceil(q * len(ordered)) - 1, 0)]


def matches_truth(ran):
    """Percentiles within 2% or 100 µs of the server's residence times, and nothing lost on either side."""
    residences = sorted(done - arrival for arrival, done in read_truth(os.path.join(ran.folder, "truth")))
    service = ran.result["latency_ns"]["service"]
    if len(residences) != service["count"]:
        yield f"the truth log holds {len(residences)} requests, brunt measured {service['count']}"
        return
    for name, q in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)):
        truth, said = percentile(residences, q), service[name]
        print(f"  {name}: truth {truth / 1000:.0f} µs, brunt {said / 1000:.0f} µs")
        if abs(said - truth) > max(0.02 * truth, 100_000):
            yield f"{name}: brunt says {said} ns, the server {truth} ns"


def hdr_readers(ran):
    """The Java and the JavaScript HdrHistogram read run.hlog and find what result.json says. Each line of a reader's output
    is `TAG COUNT P50 P90 P95 P99 P99.9 MAX` in ns, as tests/outsiders/hdr says."""
    scripts = [os.path.join(OUTSIDERS, "hdr", name) for name in ("read_java.sh", "read_js.sh")]
    read = 0
    for script in scripts:
        done = subprocess.run([script, os.path.join(ran.out, "run.hlog")], capture_output=True, text=True, check=False)
        if done.returncode == 77:
            print(f"  skipped: {done.stderr.strip() or done.stdout.strip()}")
            continue
        if done.returncode != 0:
            yield f"{os.path.basename(script)} failed: {done.stderr[-1000:]}"
            continue
        read += 1
        yield from compare_reader(os.path.basename(script), done.stdout, ran.result["latency_ns"])
    if not read:
        raise process.CannotRun("neither the Java nor the JavaScript HdrHistogram is here")


def compare_reader(script, output, latency):
    found = {}
    for line in output.splitlines():
        found.update(reader_line(line))
    for tag in ("response", "service", "lateness"):
        if tag not in found:
            yield f"{script} found no histogram tagged {tag}: {output[:300]}"
            continue
        for key, value in found[tag].items():
            if value != latency[tag][key]:
                yield f"{script}: {tag}.{key} is {value}, result.json says {latency[tag][key]}"


def reader_line(line):
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    keys = ("count", "p50", "p90", "p95", "p99", "p999", "max")
    return {row["tag"]: {key: row[key] for key in keys if key in row}}


def journal_is_readable(ran):
    """What a killed run leaves: whole lines, the run's own first, and the intervals until then."""
    found = [os.path.join(folder, name) for folder, _, names in os.walk(ran.folder) for name in names
             if name == "events.ndjson"]
    if not found:
        yield f"no events.ndjson was left in {ran.folder}"
        return
    with open(found[0], encoding="utf-8") as file:
        lines = file.read().split("\n")
    kinds = [json.loads(line)["event"] for line in lines[:-1]]
    if lines[-1] != "":
        yield f"the journal ends within a line: {lines[-1][:200]}"
    if kinds[:1] != ["run"] or kinds.count("interval") < 2:
        yield f"the journal holds {kinds}"


def nothing_was_sent(ran):
    if ran.server.peer.connections:
        yield f"{ran.server.peer.connections} connections were made, where nothing should be sent"


def stdout_is_result(ran):
    """--json prints result.json and nothing else."""
    try:
        printed = json.loads(ran.stdout)
    except ValueError:
        yield f"stdout is not one JSON document: {ran.stdout[:200]}"
        return
    if printed != ran.result:
        yield "what --json printed is not what result.json holds"


def connection_per_request(ran):
    """Each response ended its connection, so that there were as many connections as requests."""
    peer = ran.server.peer
    if peer.connections != peer.requests:
        yield f"{peer.requests} requests came over {peer.connections} connections"


def one_connection(ran):
    peer = ran.server.peer
    if peer.connections != 1:
        yield f"{peer.requests} requests came over {peer.connections} connections, not one"


def lookup(name):
    return getattr(sys.modules[__name__], name)
