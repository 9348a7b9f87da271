"""Streamed answers: how many SSE events one core parses and stamps, and how 2,000 streams at 50 tokens/s are carried: each
by itself, as the streams of a fleet of machines are, so that tokens are due evenly, over HTTP/2, a hundred of them on a
connection, as behind a gateway, and over HTTP/1.1, where each has a connection of its own, and each token costs either
side a packet and its acknowledgement. Beside it, for what it is worth, all of them in lockstep over HTTP/1.1, as those of
one engine are: then they come as fast as one core can write them, and the reader has as long for each as the server took
to write it.

The server is bench_streamer or bench_streamer_h2, which says how late it was with its own sends: a round in which it was held up says nothing
about the reader."""
import json
import os
import shutil
import subprocess
import tempfile

from figures import medians
from machine import STEAL_MAX, Steal
from processes import GENERATOR_CORE, Launched
from rounds import sound
from run import LIMIT_S, WAIT_MAX, ended, watch
from server import Started

STREAMS, GAP_MS, TOKENS = 2000, 20, 100
RATE = STREAMS * 1000 // (GAP_MS * TOKENS)  # so many begin in a second that so many are under way
WARMUP_S = 4
AGAIN = 4
MUXED, APART, TOGETHER = "over HTTP/2", "each by itself", "all in lockstep"
H2_CONNECTIONS = 20
# How late the server may be at P99 before a round is disturbed. In lockstep the last one waits for all the others: there
# it must have written everything before it is all due again.
LATE_MAX_NS = {MUXED: 1_000_000, APART: 1_000_000, TOGETHER: GAP_MS * 1_000_000}


def measure(bench):
    bench.say("SSE parsing")
    return {"parse": parse(bench)} | {how: {"brunt": several(bench, how)} for how in (MUXED, APART, TOGETHER)}


def parse(bench):
    program = os.path.join(bench.programs, "bench_micro")
    command = ["taskset", "-c", str(GENERATOR_CORE), program, "sse", "1M"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


def several(bench, how):
    bench.say(f"{STREAMS:,} streams at {1000 // GAP_MS} tokens/s, {how}")
    rounds = until_calm(lambda: carry(bench, how), bench.rounds)
    rows = sound(rounds, bench.rounds)
    return {"rounds": rounds, "errors": [row["error"] for row in rounds if "error" in row], "median": medians(rows),
            "n": len(rows), "disturbed": sum(row["is_disturbed"] for row in rows)}


def until_calm(carry_once, wanted):
    """Rounds, until so many were undisturbed; those that were not are made again, to AGAIN times as many in all."""
    rounds = []
    while sum(not row["is_disturbed"] for row in rounds) < wanted and len(rounds) < AGAIN * wanted:
        rounds.append(carry_once())
        if "left_out" in rounds[-1]:
            break
    return rounds


def carry(bench, how):
    if not bench.has_time():
        return {"error": "left out: the time was up", "left_out": True, "is_disturbed": False}
    folder = tempfile.mkdtemp(prefix="brunt-bench-")
    try:
        row = carry_in(bench, folder, how, 5 if bench.is_quick else 10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bench.say("  " + summary(row))
    return row


def carry_in(bench, folder, how, seconds):
    limit_s = WARMUP_S + seconds + LIMIT_S
    server = Started(bench.programs, folder, limit_s + 5, "bench_streamer_h2" if how == MUXED else "bench_streamer",
                     ["--tokens", str(TOKENS), "--gap", f"{GAP_MS}ms", *(["--together"] if how == TOGETHER else [])])
    steal = Steal()
    try:
        with open(os.path.join(folder, "streams.yaml"), "w", encoding="utf-8") as file:
            json.dump(profile_of(server.url, seconds, how), file)
        generator = Launched(bench.launcher, GENERATOR_CORE, limit_s,
                             [bench.brunt, "run", "streams.yaml", "--json", "--quiet", "--out", "out"], folder, "generator")
        shares = watch(generator, server, WARMUP_S + seconds)
        cost = generator.wait()
    finally:
        said, _ = server.end()
    row = {"steal": round(steal.share(), 4), "exit": cost["exit"], "server": said,
           "used": {name: used for name, (used, _) in shares.items()},
           "waited": {name: waited for name, (_, waited) in shares.items()}}
    row["is_disturbed"] = is_disturbed(row, LATE_MAX_NS[how])
    try:
        row.update(figures_of(json.loads(generator.stdout())))
    except (ValueError, KeyError, TypeError) as error:
        row["error"] = f"{ended(cost)}, {error}: {generator.stderr()[-300:]}"
    return check(row)


def profile_of(url, seconds, how):
    # Twice as many as are wanted have room.
    target = ({"http": 2, "connections": H2_CONNECTIONS, "streams": 2 * STREAMS // H2_CONNECTIONS} if how == MUXED
              else {"connections": 2 * STREAMS})
    return {"name": "streams", "idle_baseline": 0, "target": {"url": url, "timeout": "30s", **target},
            "load": {"steady": {"rate": f"{RATE}/s", "for": f"{seconds}s"}, "warmup": f"{WARMUP_S}s", "spacing": "poisson"},
            "requests": [{"name": "chat", "llm": {"api": "openai-chat", "model": "bench", "prompt": "twelve words or so",
                                                  "max_tokens": TOKENS}}]}


def is_disturbed(row, late_max_ns):
    return (row["steal"] > STEAL_MAX or max(row["waited"].values(), default=0) > WAIT_MAX or
            row["server"]["late"]["p99"] > late_max_ns)


def figures_of(result):
    lag, itl, tokens, totals = (result["generator"]["loop_lag_ns"], result["latency_ns"]["itl"], result["tokens"],
                                result["totals"])
    return {"loop_lag": {name: lag[name] for name in ("p50", "p99", "p999", "max")},
            "itl": {name: itl[name] for name in ("p50", "p99", "p999", "max")}, "tokens_per_s": tokens["per_s"],
            "coalesced": tokens["coalesced"] / tokens["chunks"], "sent": totals["sent"],
            "lost": totals["failed"] + totals["unsent"], "in_flight": result["in_flight"]["avg"]}


def check(row):
    """Every answer must have arrived whole, as many as the server gave; 2,000 at once, and its lateness known of all."""
    if "error" in row:
        return row
    server = row["server"]
    if row["lost"]:
        row["error"] = f"{row['lost']} answers failed or were never asked for"
    elif row["sent"] != server["requests"]:
        row["error"] = f"says it sent {row['sent']}, the server counted {server['requests']}"
    elif row["in_flight"] < 0.95 * STREAMS:
        row["error"] = f"only {row['in_flight']:.0f} streams at once"
    elif server["late"]["count"] != server["sent"] + server["streams"]:
        row["error"] = "the server does not know of all of its sends how late they were"
    return row


def summary(row):
    if "error" in row:
        return row["error"]
    late = row["server"]["late"]
    return (f"loop lag P99 {row['loop_lag']['p99'] / 1e3:.0f} us, {row['tokens_per_s']:.0f} tokens/s; the server {late['p50'] / 1e3:.0f} /"
            f" {late['p99'] / 1e3:.0f} us late{', disturbed' if row['is_disturbed'] else ''}")
