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


READER_COLUMNS = ("count", "min", "p50", "p90", "p95", "p99", "p999", "max")


def hdr_readers(ran):
    """The Java and the JavaScript HdrHistogram read run.hlog and find what result.json says. Each prints one line per tag:
    the tag, then READER_COLUMNS in ns."""
    read = 0
    for name in ("read_java.sh", "read_js.sh"):
        done = subprocess.run([os.path.join(OUTSIDERS, "hdr", name), os.path.join(ran.out, "run.hlog")],
                              capture_output=True, text=True, check=False)
        if done.returncode == 77:
            print(f"  {done.stderr.strip()}")
            continue
        if done.returncode != 0:
            yield f"{name} failed: {done.stderr[-1000:]}"
            continue
        read += 1
        yield from compare_reader(name, done.stdout, ran.result["latency_ns"])
    if not read:
        raise process.CannotRun("neither the Java nor the JavaScript HdrHistogram is here")


def compare_reader(name, output, latency):
    """Counts and percentiles are equal. The ends are exact in result.json, and rounded to a bucket in a histogram."""
    rows = [line.split() for line in output.splitlines()]
    found = {row[0]: dict(zip(READER_COLUMNS, map(int, row[1:]))) for row in rows if len(row) == 1 + len(READER_COLUMNS)}
    for tag in ("response", "service", "lateness", "queue"):
        for key in READER_COLUMNS:
            theirs, ours = found.get(tag, {}).get(key), latency[tag][key]
            slack = 0.001 * ours if key in ("min", "max") else 0
            if ours is not None and (theirs is None or abs(theirs - ours) > slack):
                yield f"{name}: {tag}.{key} is {theirs}, result.json says {ours}"


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


def no_request_was_sent(ran):
    """Somebody may look whether the server accepts connections, but asks it for nothing."""
    if ran.server.peer.requests:
        yield f"{ran.server.peer.requests} requests were sent, where nothing should be"


def nothing_is_left(ran):
    """No results directory, under any name, and no trace of a command that should not have been started."""
    for path in (ran.out, ran.out + ".partial", os.path.join(ran.folder, "started")):
        if os.path.exists(path):
            yield f"{path} was left"


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
