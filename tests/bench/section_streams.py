"""Streamed answers: how many SSE events one core parses and stamps, and how 2,000 streams at 50 tokens/s are carried. The
server is `brunt target --llm`: 20 engines, each of whose streams move in one step, and whose steps of 20 ms begin one after
the other, as those of a fleet of machines do. Beside it, for what it is worth, one engine that moves all 2,000 in lockstep:
then they come as fast as one core can write, and the reader has as long for each as the server took to write it."""
import json
import os
import shutil
import subprocess
import tempfile
import time

from figures import median
from machine import STEAL_MAX, Steal
from processes import GENERATOR_CORE, SERVER_CORE, Launched

STREAMS, STEP_MS, TOKENS = 2000, 20, 100
ENGINES = 20
LIMIT_S = 60


def measure(bench):
    bench.say("SSE parsing")
    parsed = parse(bench)
    return {"parse": parsed, "carry": several(bench, ENGINES), "lockstep": several(bench, 1)}


def several(bench, engines):
    bench.say(f"{STREAMS:,} streams at {1000 // STEP_MS} tokens/s, of {engines} engine{'s' if engines > 1 else ''}")
    rounds = [carry(bench, engines) for _ in range(bench.rounds)]
    calm = [row for row in rounds if "error" not in row and not row["is_disturbed"]]
    counted = calm if 2 * len(calm) >= len(rounds) else [row for row in rounds if "error" not in row]
    figures = ("lag_p50_ns", "lag_p99_ns", "lag_max_ns", "tokens_per_s", "cpu", "itl_p50_ns", "itl_p99_ns", "coalesced")
    return {"rounds": rounds, "disturbed": bool(counted) and not calm,
            "errors": [row["error"] for row in rounds if "error" in row],
            "median": {name: median([row[name] for row in counted]) for name in figures} if counted else None}


def parse(bench):
    program = os.path.join(bench.programs, "bench_micro")
    command = ["taskset", "-c", str(GENERATOR_CORE), program, "sse", "1M"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


def profile_of(url, seconds):
    """So many answers begin in a second that 2,000 are under way."""
    rate = STREAMS * 1000 // (STEP_MS * TOKENS)
    return {"name": "streams", "idle_baseline": 0, "target": {"url": url, "connections": 2 * STREAMS, "timeout": "30s"},
            "load": {"steady": {"rate": f"{rate}/s", "for": f"{seconds}s"}, "warmup": "4s"},
            "requests": [{"name": "chat", "llm": {"api": "openai-chat", "model": "brunt", "prompt": "twelve words or so",
                                                  "max_tokens": TOKENS}}]}


def carry(bench, engines):
    folder = tempfile.mkdtemp(prefix="brunt-bench-")
    try:
        return carry_in(bench, folder, engines, 5 if bench.is_quick else 10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def carry_in(bench, folder, engines, seconds):
    target = Launched(bench.launcher, SERVER_CORE, LIMIT_S, [
        bench.brunt, "target", "--llm", "--port", "0", "--workers", str(engines), "--max-batch", str(2 * STREAMS), "--step", f"{STEP_MS}ms",
        "--step-per-sequence", "0", "--prefill", "0", "--prefill-per-token", "0"], folder, "target")
    steal = Steal()
    try:
        url = wait_for_url(target)
        with open(os.path.join(folder, "streams.yaml"), "w", encoding="utf-8") as file:
            json.dump(profile_of(url, seconds), file)
        generator = Launched(bench.launcher, GENERATOR_CORE, LIMIT_S,
                             [bench.brunt, "run", "streams.yaml", "--json", "--quiet", "--out", "out"], folder, "generator")
        cost = generator.wait()
    finally:
        target.terminate()
    row = {"steal": round(steal.share(), 4), "exit": cost["exit"]}
    row["is_disturbed"] = row["steal"] > STEAL_MAX
    try:
        row.update(figures_of(json.loads(generator.stdout())))
    except (ValueError, KeyError, TypeError) as error:
        row["error"] = f"exit {cost['exit']}, {error}: {generator.stderr()[-300:]}"
    bench.say(f"  loop lag P99 {row.get('lag_p99_ns', 0) / 1e3:.0f} us, {row.get('tokens_per_s', 0):.0f} tokens/s, "
              f"{row.get('error') or ('disturbed' if row['is_disturbed'] else '')}")
    return row


def figures_of(result):
    lag, itl, tokens = result["generator"]["loop_lag_ns"], result["latency_ns"]["itl"], result["tokens"]
    totals = result["totals"]
    row = {"lag_p50_ns": lag["p50"], "lag_p99_ns": lag["p99"], "lag_max_ns": lag["max"], "tokens_per_s": tokens["per_s"],
           "cpu": result["generator"]["cpu"], "itl_p50_ns": itl["p50"], "itl_p99_ns": itl["p99"],
           "coalesced": tokens["coalesced"] / tokens["chunks"], "streams": result["in_flight"]["peak"]}
    if totals["failed"] + totals["unsent"] > 0:
        row["error"] = f"{totals['failed'] + totals['unsent']} of {totals['scheduled']} answers failed"
    elif row["streams"] < STREAMS:
        row["error"] = f"only {row['streams']} streams at once"
    return row


def wait_for_url(target):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        said = target.stdout()
        if "\n" in said:
            return said.split()[-1]
        time.sleep(0.005)
    raise RuntimeError("the target does not listen: " + target.stderr())
