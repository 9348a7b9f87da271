#!/usr/bin/env python3
"""Holds what comparisons and searches claim about chance against many real runs (README.md); for scripts/soak.sh."""
import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "machine"))
from calm import stolen_ticks  # noqa: E402

LIMIT_S = 1200
NEEDED = 0.85  # of the runs
SECONDS = {"search": 10, "compare": 20}
TRIES = 3  # of a run that the generator spoiled
CALM_MOST = 0.03  # taken by the host, of the five seconds before a run
PATIENCE_S = 600

# claim: mean service times of the two arms, and what one run must say
COMPARISONS = {
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
    """A simulated server."""

    def __init__(self, brunt, *flags):
        self.process = subprocess.Popen([brunt, "target", "--port", "0", *map(str, flags)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_profile(brunt, profile):
    """Its result.json."""
    with tempfile.TemporaryDirectory(prefix="brunt-soak-") as folder:
        path = os.path.join(folder, "soak.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(profile, file)
        ran = subprocess.run([brunt, "run", path, "--json", "--quiet", "--out", os.path.join(folder, "out")],
                             capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if not ran.stdout:
            sys.exit(f"soak: exit {ran.returncode}: {ran.stderr[-500:]}")
        return json.loads(ran.stdout)


def profile_of(first, second, seed, seconds):
    return {"name": "soak", "seed": seed, "idle_baseline": 0, "generator": {"lateness_p99": "50ms"},
            "output": {"interval": "250ms"},
            "target": {"url": first, "timeout": "5s", "connections": 100},
            "load": {"steady": {"rate": "200/s", "for": f"{seconds}s"}, "spacing": "poisson", "warmup": "500ms"},
            "requests": [{"name": "root", "get": "/"}], "repeats": 4,
            "arms": {"a": {"set": {"target.url": first}}, "b": {"set": {"target.url": second}}}}


def compare_once(brunt, claim, seed, seconds):
    """The rows of one comparison: whether they say what is claimed, and a line about them."""
    first_ms, second_ms, is_as_claimed = COMPARISONS[claim]
    targets = [Target(brunt, "--service-time", f"lognormal:{ms}ms:0.5", "--seed", 2 * seed + i)
               for i, ms in enumerate((first_ms, second_ms))]
    try:
        rows = run_profile(brunt, profile_of(targets[0].url, targets[1].url, seed, seconds))["comparison"]
    finally:
        for target in targets:
            target.stop()
    is_wrong = claim == "same" and any(row["status"] == "regression" for row in gated(rows))
    return is_as_claimed(rows), is_wrong, line_of(rows)


def line_of(rows):
    p50 = row_of(rows, "response.p50")
    low, high = p50["ci_rel"]
    beyond = [row["metric"] for row in gated(rows) if row["significant"]]
    return f"P50 {p50['delta_rel']:+.1%} ({low:+.1%} … {high:+.1%})  {p50['status']}  beyond noise: {', '.join(beyond) or 'nothing'}"


def kind_of_server(i, chance):
    """Flags of a server, what is asked of it, how the load is spaced, and the rate at which that truly stops to hold."""
    if i % 3 == 0:  # what is over its capacity is refused: 1% of lambda is, where lambda = C / 0.99
        capacity = round(math.exp(chance.uniform(math.log(100), math.log(1500))))
        return ("--capacity", f"{capacity}/s", "--queue", 3), ["error_rate < 1%"], "uniform", capacity / 0.99
    if i % 3 == 1:  # it queues without end, and answers less than 98% of what it is asked
        capacity = round(math.exp(chance.uniform(math.log(100), math.log(1500))))
        return ("--capacity", f"{capacity}/s"), [], "uniform", capacity / 0.98
    # One worker, exponential service, Poisson arrivals: the response time is exponential of rate mu - lambda.
    service_ms = round(chance.uniform(1, 6), 1)
    most_ms = round(service_ms * chance.uniform(8, 20))
    flags = ("--service-time", f"exponential:{service_ms}ms", "--workers", 1, "--seed", i)
    return flags, [f"p95 <= {most_ms}ms"], "poisson", 1e3 / service_ms + 1e3 * math.log(0.05) / most_ms


def search_once(brunt, _claim, seed, seconds):
    """Whether the interval of a search holds the rate at which the server truly breaks; None: the generator was the limit, so
    that it says nothing of the server."""
    flags, slos, spacing, truth = kind_of_server(seed, random.Random(seed))
    target = Target(brunt, *flags)
    try:
        result = run_profile(brunt, {
            "name": "soak", "seed": seed, "idle_baseline": 0, "generator": {"lateness_p99": "50ms"},
            "output": {"interval": "250ms"}, "target": {"url": target.url, "timeout": "5s"},
            "load": {"search": {"from": "20/s", "max": "20000/s", "every": f"{seconds}s", "settle": f"{seconds}s",
                                "confirm": f"{3 * seconds}s"}, "spacing": spacing},
            "requests": [{"name": "root", "get": "/"}], "slo": slos})
    finally:
        target.stop()
    point = result["breaking_point"]
    low, high = point["interval_per_s"]
    is_held = low is not None and low <= truth <= (high if high is not None else math.inf)
    if point["search"]["end"] == "generator":
        is_held = None
    width = f"{high / low - 1:.1%}" if low and high else "n/a"
    why = "" if is_held else "; " + "; ".join(result["verdict"]["reasons"])
    return is_held, False, (f"breaks at {truth:.1f}/s; {low or 0:.1f} to {high or math.inf:.1f} ({width}), {point['levels_tested']} levels, "
                            f"{point['failure_mode']}, {point['search']['end']}{why}")


def keep_run(brunt, folder, name, target, seed, seconds):
    """The results directory of one run of this server."""
    path, out = os.path.join(folder, "soak.yaml"), os.path.join(folder, name)
    profile = {"name": "soak", "seed": seed, "generator": {"lateness_p99": "50ms"}, "output": {"interval": "250ms"},
               "target": {"url": target.url, "timeout": "5s", "connections": 100},
               "load": {"steady": {"rate": "200/s", "for": f"{seconds}s"}, "spacing": "poisson", "warmup": "500ms"},
               "requests": [{"name": "root", "get": "/"}]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(profile, file)
    ran = subprocess.run([brunt, "run", path, "--quiet", "--out", out], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if ran.returncode not in (0, 3):
        sys.exit(f"soak: exit {ran.returncode}: {ran.stdout[-500:]} {ran.stderr[-500:]}")
    return out


def compared_alone(brunt, claim, seed, seconds):
    """Whether `brunt compare` says of three runs of one server, and one of the same or of another that is 15% slower, what is
    true; None: a run was void, so that there is nothing to compare."""
    is_slower = seed % 2 == 1
    with tempfile.TemporaryDirectory(prefix="brunt-soak-") as folder:
        runs = []
        for i, ms in enumerate((20.0, 20.0, 20.0, 23.0 if is_slower else 20.0)):
            target = Target(brunt, "--service-time", f"lognormal:{ms}ms:0.2", "--seed", 4 * seed + i)
            try:
                runs.append(keep_run(brunt, folder, f"run-{i}", target, seed, seconds))
            finally:
                target.stop()
        ran = subprocess.run([brunt, "compare", *runs[:3], "--", runs[3], "--format", "json"], capture_output=True,
                             text=True, timeout=LIMIT_S, check=False)
    if not ran.stdout:
        return None, False, ran.stderr.strip()[:200]
    rows = json.loads(ran.stdout)["comparison"]
    has_regressed = ran.returncode == 1
    is_so = row_of(rows, "response.p50")["status"] == "regression" if is_slower else not has_regressed
    return is_so, not is_slower and has_regressed, f"{'slower' if is_slower else 'same  '} exit {ran.returncode}  {line_of(rows)}"


def wait_for_calm():
    """A run that begins while the host takes CPUs away will be void: not before it has stopped to, if it does in time."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_S:
        before = stolen_ticks()
        time.sleep(5)
        stolen, ticks = (after - one for after, one in zip(stolen_ticks(), before))
        if stolen <= CALM_MOST * ticks:
            return


def tell(brunt, claim, seed, seconds):
    """One run that says something, of at most TRIES."""
    for _ in range(TRIES):
        wait_for_calm()
        is_so, is_wrong, line = CLAIMS[claim](brunt, claim, seed, seconds)
        if is_so is not None:
            break
        print(f"{claim} seed {seed}  void        {line}", flush=True)
    return is_so, is_wrong, line


CLAIMS = {**{claim: compare_once for claim in COMPARISONS}, "compare": compared_alone, "search": search_once}


def soak(brunt, claim, first, runs, seconds):
    as_claimed = wrong = void = 0
    began = time.monotonic()
    for i in range(runs):
        is_so, is_wrong, line = tell(brunt, claim, first + i, seconds)
        as_claimed += is_so is True
        void += is_so is None
        wrong += is_wrong
        if is_so is None:
            continue
        said = {True: "as claimed", False: "NOT       "}[is_so]
        print(f"{claim} {i + 1:3}/{runs}  {said}  {line}", flush=True)
    is_good = as_claimed >= NEEDED * (runs - void) and wrong == 0 and 2 * void <= runs
    print(f"{claim}: {as_claimed} of {runs - void} as claimed, {void} void, {wrong} false alarms, in {time.monotonic() - began:.0f} s: "
          f"{'holds' if is_good else 'DOES NOT HOLD'}", flush=True)
    return is_good


def main():
    parser = argparse.ArgumentParser(prog="soak.sh", description=__doc__)
    parser.add_argument("claims", nargs="*", help="same, slower, interval, compare, search; all where none is named")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1000, help="the seed of the first run; each has the next one (1000)")
    parser.add_argument("--seconds", type=float, help="of each of a comparison's eight blocks (3), of each run of compare (20), of each level of a search (10)")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = set(arguments.claims) - set(CLAIMS)
    if unknown:
        parser.error(f"no such claim: {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    brunt = os.path.abspath(arguments.brunt)
    results = [soak(brunt, claim, arguments.first, arguments.runs, arguments.seconds or SECONDS.get(claim, 3))
               for claim in arguments.claims or CLAIMS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
