#!/usr/bin/env python3
"""Holds the statistics of comparisons against many real runs (README.md); for scripts/soak.sh."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

LIMIT_S = 120
NEEDED = 0.85  # of the runs

# claim: mean service times of the two arms, and what one run must say
CLAIMS = {
    "same": (5.0, 5.0, lambda rows: not any(row["significant"] for row in gated(rows))),
    "slower": (5.0, 6.25, lambda rows: row_of(rows, "response.p50")["status"] == "regression"),
    "interval": (5.0, 5.5, lambda rows: holds(row_of(rows, "response.p50"), 0.1)),
}


def gated(rows):
    return [row for row in rows if row["gated"]]


def row_of(rows, metric):
    return next(row for row in rows if row["metric"] == metric)


def holds(row, change):
    low, high = row["ci_rel"]
    return low <= change <= high


class Target:
    """A simulated server whose median service time is so many milliseconds."""

    def __init__(self, brunt, milliseconds, seed):
        self.process = subprocess.Popen(
            [brunt, "target", "--port", "0", "--service-time", f"lognormal:{milliseconds}ms:0.5", "--seed", str(seed)],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def profile_of(first, second, seed, seconds):
    return {"name": "soak", "seed": seed, "idle_baseline": 0, "generator": {"lateness_p99": "50ms"},
            "output": {"interval": "250ms"},
            "target": {"url": first, "timeout": "5s", "connections": 100},
            "load": {"steady": {"rate": "200/s", "for": f"{seconds}s"}, "spacing": "poisson", "warmup": "500ms"},
            "requests": [{"name": "root", "get": "/"}], "repeats": 4,
            "arms": {"a": {"set": {"target.url": first}}, "b": {"set": {"target.url": second}}}}


def run_once(brunt, claim, seed, seconds):
    """The rows of one comparison."""
    first_ms, second_ms, _ = CLAIMS[claim]
    targets = [Target(brunt, first_ms, 2 * seed), Target(brunt, second_ms, 2 * seed + 1)]
    try:
        with tempfile.TemporaryDirectory(prefix="brunt-soak-") as folder:
            path = os.path.join(folder, "soak.yaml")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(profile_of(targets[0].url, targets[1].url, seed, seconds), file)
            ran = subprocess.run([brunt, "run", path, "--json", "--quiet", "--out", os.path.join(folder, "out")],
                                 capture_output=True, text=True, timeout=LIMIT_S, check=False)
            if not ran.stdout:
                sys.exit(f"soak: exit {ran.returncode}: {ran.stderr[-500:]}")
            return json.loads(ran.stdout)["comparison"]
    finally:
        for target in targets:
            target.stop()


def line_of(rows):
    p50 = row_of(rows, "response.p50")
    low, high = p50["ci_rel"]
    beyond = [row["metric"] for row in gated(rows) if row["significant"]]
    return f"P50 {p50['delta_rel']:+.1%} ({low:+.1%} … {high:+.1%})  {p50['status']}  beyond noise: {', '.join(beyond) or 'nothing'}"


def soak(brunt, claim, runs, seconds):
    as_claimed = regressions = 0
    began = time.monotonic()
    for i in range(runs):
        rows = run_once(brunt, claim, 1000 + i, seconds)
        is_so = CLAIMS[claim][2](rows)
        as_claimed += is_so
        regressions += any(row["status"] == "regression" for row in gated(rows))
        print(f"{claim} {i + 1:3}/{runs}  {'as claimed' if is_so else 'NOT       '}  {line_of(rows)}", flush=True)
    is_good = as_claimed >= NEEDED * runs and not (claim == "same" and regressions > 0)
    print(f"{claim}: {as_claimed} of {runs} as claimed, {regressions} regressions, in {time.monotonic() - began:.0f} s: "
          f"{'holds' if is_good else 'DOES NOT HOLD'}", flush=True)
    return is_good


def main():
    parser = argparse.ArgumentParser(prog="soak.sh", description=__doc__)
    parser.add_argument("claims", nargs="*", help="same, slower, interval; all where none is named")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3, help="of each of a run's eight blocks")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = set(arguments.claims) - set(CLAIMS)
    if unknown:
        parser.error(f"no such claim: {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    brunt = os.path.abspath(arguments.brunt)
    results = [soak(brunt, claim, arguments.runs, arguments.seconds) for claim in arguments.claims or CLAIMS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
