"""Checks that one scenario needs and no YAML could say. Named under `also:`; each yields what is wrong, in words."""
import json
import math
import os
import re
import subprocess
import sys
import time

import yaml

import always
import data_specials
import llm_specials
import metrics_specials
import names_specials
import profile_specials
import report_specials
import split_specials

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


SHOWN = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))


def kept_profile(ran):
    """(what `--save` left, what `brunt check` has against it)"""
    path = os.path.join(ran.folder, "kept.yaml")
    checked = subprocess.run([ran.brunt, "check", path], capture_output=True, text=True, timeout=20, check=False)
    if checked.returncode != 0:
        return {}, [f"brunt check refuses what was kept: {checked.stderr}"]
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file), []


def profile_was_kept(ran):
    """What `--save` left is a profile like any other, and the one that was run."""
    kept, complaints = kept_profile(ran)
    yield from complaints
    if kept.get("requests") != [{"name": "root", "get": "/items?of=all"}] or kept["target"]["url"] != ran.server.url:
        yield f"it does not ask for what it was told to: {kept}"
    elif kept["target"].get("watch") != {"port": int(ran.server.port)}:
        yield "the server is of this machine, and is not watched"


def profile_of_url_was_kept(ran):
    kept, complaints = kept_profile(ran)
    yield from complaints
    if kept.get("requests") != [{"name": "root", "put": "/things?of=all", "body": "he said \"hi\\n\"",
                                 "headers": {"X-Kind": "a: \"b\"", "Content-Type": "text/plain"}}]:
        yield f"it does not ask for what the flags say: {kept}"
    if kept.get("load") != {"steady": {"rate": "40/s", "for": "1s"}} or kept.get("slo") != ["error_rate < 1%"]:
        yield f"its load or its objective are not those of the flags: {kept}"


def profile_of_gentle_run_was_kept(ran):
    kept, complaints = kept_profile(ran)
    yield from complaints
    if kept.get("load") != {"steady": {"rate": "10/s", "for": "30s"}}:
        yield f"it is not gentle: {kept}"


def nothing_was_kept(ran):
    if os.path.exists(os.path.join(ran.folder, "kept.yaml")):
        yield "a profile was kept that cannot be run"


def peer_is_content(ran):
    """A peer that knows its sessions heard from each of them what it should."""
    book = ran.server.peer.book
    yield from book.complaints[:3]
    if not book.sessions:
        yield "no session came to the peer"


# How long a session thinks after each path, and how much longer a thread on a busy machine may take to see it.
THOUGHT_S = {"/a": (0.4, 0.4), "/b": (0.1, 0.3)}
SEEN_LATER_S = 0.15


def peer_saw_thinking(ran):
    sessions = list(ran.server.peer.book.sessions.values())
    shortest, longest = math.inf, 0
    for requests in sessions:
        for (path, _, answered_s), (_, came_s, _) in zip(requests, requests[1:]):
            gap_s, (least_s, most_s) = came_s - answered_s, THOUGHT_S[path]
            # The answer is written after it is stamped, and due counts from its arrival.
            if not least_s - 0.002 <= gap_s <= most_s + SEEN_LATER_S:
                yield f"after {path} a session thought for {gap_s:.3f} s, not {least_s} to {most_s}"
            if path == "/b":
                shortest, longest = min(shortest, gap_s), max(longest, gap_s)
    if not shortest < 0.14 or not longest > 0.26:
        yield f"uniform:100ms..300ms lay between {shortest:.3f} and {longest:.3f} s"
    paths = {tuple(path for path, _, _ in requests) for requests in sessions}
    wanted = ("/a", "/b", "/b", "/b", "/c")
    if any(path != wanted[:len(path)] for path in paths) or wanted not in paths:
        yield f"sessions went {paths}"


def compare_to_truth(name, truths, figures):
    """Percentiles within 2% or 100 µs of what the server logged."""
    truths = sorted(truths)
    for key, q in SHOWN:
        truth, said = percentile(truths, q), figures[key]
        print(f"  {name} {key}: truth {truth / 1000:.0f} µs, brunt {said / 1000:.0f} µs")
        if abs(said - truth) > max(0.02 * truth, 100_000):
            yield f"{name} {key}: brunt says {said} ns, the server {truth} ns"


def matches_truth(ran):
    """Service is what passed between a request's arrival and its answer. Response is what passed since it was due: request k
    of a steady load was due k / rate after the first one, which was due when the least late of all says."""
    rows = sorted(read_truth(os.path.join(ran.folder, "truth")))
    latency = ran.result["latency_ns"]
    if len(rows) != latency["service"]["count"]:
        yield f"the truth log holds {len(rows)} requests, brunt measured {latency['service']['count']}"
        return
    step_ns = 1e9 / ran.result["rate"]["offered_per_s"]
    start_ns = min(arrival - k * step_ns for k, (arrival, _) in enumerate(rows))
    yield from compare_to_truth("service", [done - arrival for arrival, done in rows], latency["service"])
    yield from compare_to_truth("response", [done - start_ns - k * step_ns for k, (_, done) in enumerate(rows)],
                                latency["response"])


def read_generations(path):
    """Of each answer that `brunt target --llm --truth` logged: arrival, finish, prompt and completion tokens, and when each
    token was handed to the kernel."""
    with open(path, encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if len(fields) > 10 and fields[0].isdigit():
                yield {"arrival": int(fields[0]), "finish": fields[6], "prompt": int(fields[7]), "completion": int(fields[8]),
                       "tokens": [int(times.split(":")[1]) for times in fields[11:]]}


OFF_MAX_NS = 200_000


def compare_streams(name, truths, figures):
    """Percentiles up to P99 within 0.2 ms of what the server logged."""
    truths = sorted(truths)
    for key, q in SHOWN[:4]:
        truth, said = percentile(truths, q), figures[key]
        print(f"  {name} {key}: truth {truth / 1000:.0f} µs, brunt {said / 1000:.0f} µs")
        # Three significant digits: what a histogram bucket spans is no error of the measurement.
        if abs(said - truth) > OFF_MAX_NS + truth / 1000:
            yield f"{name} {key}: brunt says {said} ns, the server {truth} ns"


def streams_match_truth(ran):
    """TTFT in the server is what passed between a request's arrival and its first token's departure, ITL what passed between
    two departures; tokens are counted exactly. Answers that the end of the run cut short are in neither."""
    answers = [a for a in read_generations(os.path.join(ran.folder, "truth")) if a["finish"] in ("stop", "length")]
    latency, tokens = ran.result["latency_ns"], ran.result["tokens"]
    for key, truth in (("answers", len(answers)), ("prompt", sum(a["prompt"] for a in answers)),
                       ("completion", sum(a["completion"] for a in answers))):
        print(f"  {key}: truth {truth}, brunt {tokens[key]}")
        if tokens[key] != truth:
            yield f"tokens.{key}: brunt says {tokens[key]}, the server {truth}"
    yield from compare_streams("ttft_service", [a["tokens"][0] - a["arrival"] for a in answers], latency["ttft_service"])
    gaps = [later - sooner for a in answers for sooner, later in zip(a["tokens"], a["tokens"][1:])]
    yield from compare_streams("itl", gaps, latency["itl"])
    per_token = [(a["tokens"][-1] - a["tokens"][0]) // (a["completion"] - 1) for a in answers]
    yield from compare_streams("tpot", per_token, latency["tpot"])


READER_COLUMNS = ("count", "min", "p50", "p90", "p95", "p99", "p999", "max")


def hdr_readers(ran):
    """The Java and the JavaScript HdrHistogram read run.hlog and find what result.json says. Each prints one line per tag:
    the tag, then READER_COLUMNS in ns; exit 77 means that it is not to be had here."""
    for name in ("read_java.sh", "read_js.sh"):
        done = subprocess.run([os.path.join(OUTSIDERS, "hdr", name), os.path.join(ran.out, "run.hlog")],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            yield from compare_reader(name, done.stdout, ran.result["latency_ns"])
        elif done.returncode == 77:
            ran.lacks.append(done.stderr.strip().rpartition("\n")[2])
        else:
            yield f"{name} failed: {done.stderr[-1000:]}"


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


def folder_of_journal(ran):
    """Where a run that was killed left its events.ndjson; None: nowhere."""
    return next((folder for folder, _, names in os.walk(ran.folder) if "events.ndjson" in names), None)


def journal_is_readable(ran):
    """What a killed run leaves: whole lines, the run's own first, and the intervals until then."""
    folder = folder_of_journal(ran)
    if folder is None:
        yield f"no events.ndjson was left in {ran.folder}"
        return
    with open(os.path.join(folder, "events.ndjson"), encoding="utf-8") as file:
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


def stdout_is_suite(ran):
    """--json prints suite.json and nothing else."""
    try:
        printed = json.loads(ran.stdout)
    except ValueError:
        yield f"stdout is not one JSON document: {ran.stdout[:200]}"
        return
    if printed != ran.suite:
        yield "what --json printed is not what suite.json holds"


def suite_is_reported(ran):
    """brunt report prints what is left of a suite, and the one that it has not run says so."""
    done = subprocess.run([ran.brunt, "report", ran.out], capture_output=True, text=True, timeout=20, check=False)
    for row in ran.suite["rows"]:
        if done.returncode != 0 or row["name"] not in done.stdout or (row["reason"] or "")[:40] not in done.stdout:
            yield f"brunt report ends with {done.returncode} and says nothing of {row}: {done.stdout}{done.stderr}"
    again = subprocess.run([ran.brunt, "report", os.path.join(ran.out, "suite.json"), "--format", "json"], capture_output=True,
                           text=True, timeout=20, check=False)
    if again.returncode != 0 or json.loads(again.stdout) != ran.suite:
        yield f"brunt report --format json does not print suite.json: {again.stdout[:500]}{again.stderr}"


def connection_per_request(ran):
    """Each response ended its connection, so that there were as many connections as requests."""
    peer = ran.server.peer
    if peer.connections != peer.requests:
        yield f"{peer.requests} requests came over {peer.connections} connections"


def one_connection(ran):
    peer = ran.server.peer
    if peer.connections != 1:
        yield f"{peer.requests} requests came over {peer.connections} connections, not one"


def five_per_connection(ran):
    peer = ran.server.peer
    if peer.connections * 5 != peer.requests:
        yield f"{peer.requests} requests came over {peer.connections} connections, not five over each"


def body_is_the_file(ran):
    with open(os.path.join(ran.folder, "body.bin"), "rb") as file:
        body = file.read()
    if ran.server.peer.bodies != {body}:
        yield f"{body!r} was to arrive, {ran.server.peer.bodies} did"


def arrivals(ran):
    """When each request arrived at the server, in seconds since the first one."""
    at = sorted(arrival for arrival, _ in read_truth(os.path.join(ran.folder, "truth")))
    return [(t - at[0]) / 1e9 for t in at]


def no_catch_up(ran):
    """200/s: what came within any 100 ms is about 20 requests, before the gap, after it and across it."""
    at = arrivals(ran)
    most = max(sum(1 for other in at if t <= other < t + 0.1) for t in at)
    if most > 60:
        yield f"{most} requests came within 100 ms, where 20 were due"
    widest = max(b - a for a, b in zip(at, at[1:]))
    if widest < 1.8:
        yield f"the longest pause was {widest:.3f} s: the generator never stood still"


def arrivals_follow_the_trace(ran):
    wanted = [0, 0.25, 0.5, 0.5, 0.5, 1, 2]
    at = arrivals(ran)
    if len(at) != len(wanted) or any(abs(a - b) > 0.1 for a, b in zip(at, wanted)):
        yield f"requests arrived at {at}, the trace says {wanted}"


def stdout_is_events(ran):
    with open(os.path.join(ran.out, "events.ndjson"), encoding="utf-8") as file:
        if ran.stdout != file.read():
            yield f"stdout is not what events.ndjson holds: {ran.stdout[:300]}"


def no_secret_is_told(ran):
    """Not in the results, nor in what was printed; where it came from may be told."""
    said = {"stdout": ran.stdout, "stderr": ran.stderr}
    for folder, _, names in os.walk(ran.out):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                said[name] = file.read()
    if "events.ndjson" not in said or "result.json" not in said:
        yield f"the results hold only {sorted(said)}"
    for name, text in said.items():
        if "s3cret" in text:
            yield f"{name} tells the secret: …{text[max(text.index('s3cret') - 80, 0):][:160]}…"


def killed_run_is_reported(ran):
    """What was measured until the last whole interval, as a report for people and as a result whose sums hold."""
    for form, holds in (("text", "interrupted|killed"), ("markdown", "interrupted"), ("csv", "at_s,level(.|\n)*level,start_s"),
                        ("junit", "<error "), ("hgrm", "#.Max "), ("prometheus", "interrupted.*1$"), ("influx", "^brunt_interval"),
                        ("otlp", "resourceMetrics"), ("html", "</html>"), ("json", "brunt/result/1")):
        done = subprocess.run([ran.brunt, "report", folder_of_journal(ran) or ran.out, "--format", form],
                              capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0 or not re.search(holds, done.stdout, re.I | re.M):
            yield f"report --format {form}: exit {done.returncode}: {done.stdout[:300]} {done.stderr[:300]}"
            return
    rebuilt = json.loads(done.stdout)
    yield from always.identities(rebuilt["totals"], "rebuilt totals")
    if not 300 <= rebuilt["totals"]["scheduled"] <= 700:
        yield f"3 s of 200/s were measured, the report counts {rebuilt['totals']['scheduled']}"


def lines_of(ran, name):
    path = os.path.join(ran.folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def hooks_came_in_order(ran):
    """before, then what is beside the load, then after, in every run, and nothing of one reaches into the next."""
    wanted = [f"{hook}-{arm}" for arm in "abab" for hook in ("before", "after")]
    got = [line for line in lines_of(ran, "log") if not line.startswith("beat")]
    if got != wanted:
        yield f"the hooks ran as {got}"


def after_followed_each_before(ran):
    got = lines_of(ran, "log")
    if not got or got != ["before", "after"] * (len(got) // 2):
        yield f"the hooks ran as {got}"


def beats_end_with_the_load(ran):
    """Ten beats a second, for as long as the load lasts, and not one more once brunt has ended."""
    beats = len(lines_of(ran, "beats"))
    time.sleep(0.5)
    if beats != len(lines_of(ran, "beats")):
        yield "what ran beside the load runs still"
    if not 10 <= beats <= 25:
        yield f"{beats} beats came, where the load lasted 2 s"


def cap_stood_for_a_while(ran):
    """What a shell read in the cgroup's own file: 2 cores, a tenth of one for some 2 s, 2 cores again."""
    quotas = [int(word) for word in lines_of(ran, "seen") if word != "100000" or int(word) < 100000]
    runs = [quotas[i] for i in range(len(quotas)) if i == 0 or quotas[i] != quotas[i - 1]]
    if runs != [200000, 10000, 200000]:
        yield f"the quota was {runs} µs in turn"
    if not 8 <= quotas.count(10000) <= 25:
        yield f"it was capped in {quotas.count(10000)} of {len(quotas)} looks, ten a second"


def memory_cap_was_lifted(ran):
    limits = {int(word) for word in lines_of(ran, "seen")}
    if limits != {256 << 20, 128 << 20}:
        yield f"the limits while the load went on were {limits}"
    if [int(word) for word in lines_of(ran, "afterwards")] != [256 << 20]:
        yield f"afterwards the limit was {lines_of(ran, 'afterwards')}"


ESCAPE = re.compile(r"\x1b\[([\d;?]*)([A-Za-z])")


def screen_after(text):
    """The lines that a terminal shows in the end, of a text that moves up, erases and colours, and does nothing else."""
    lines, row = [""], 0
    for part in re.split(r"(\x1b\[[\d;]*[A-Za-z]|\n)", text):
        move = ESCAPE.fullmatch(part)
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif move and move[2] == "A":
            row -= int(move[1] or 1)
        elif move and move[2] == "J":
            lines[row:] = [""]
        elif not move:
            lines[row] += part.replace("\r", "")
    return lines


def live_view_is_alive(ran):
    """Each frame erases the one before; the last one is gone when the report is there, and so is all colour."""
    frames, seconds = ran.stdout.count("\x1b[J"), ran.result["duration_s"]
    if not 2 * seconds <= frames <= 30 * seconds:
        yield f"{frames} frames were drawn in {seconds:.1f} s"
    escapes = ESCAPE.findall(ran.stdout)
    unknown = {last for _, last in escapes} - {"A", "J", "m"}
    if unknown or any("?" in first for first, _ in escapes):
        yield f"sequences that change the terminal for good: {unknown}"
    if escapes[-1:] != [("0", "m")]:
        yield f"the last colour is not switched off: {escapes[-1:]}"
    if "sent for" not in ran.stdout:
        yield "no frame says what was sent"
    left = [line for line in screen_after(ran.stdout) if "sent for" in line]
    if left:
        yield f"of the view there stays on the screen: {left[:3]}"


def lookup(name):
    for module in (sys.modules[__name__], data_specials, llm_specials, metrics_specials, names_specials, profile_specials, report_specials, split_specials):
        if hasattr(module, name):
            return getattr(module, name)
    raise SystemExit(f"specials.py and its like hold no {name}")
