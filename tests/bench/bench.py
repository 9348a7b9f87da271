#!/usr/bin/env python3
"""Measures brunt beside its peers, for scripts/bench.sh. No test: figures are printed, and nothing fails on a clock."""
import argparse
import datetime
import json
import os
import sys
import time
from collections import Counter

import bar
import machine
import peers
import section_accuracy
import section_closed
import section_lateness
import section_record
import section_relaxed
import section_scale
import section_start
import section_streams
import section_wrapped
import table
from processes import raise_file_limit
from run import WAIT_MAX, Bench

SCHEMA = "brunt/bench/1"
SECTIONS = {"start": section_start, "record": section_record, "closed": section_closed, "wrapped": section_wrapped,
            "lateness": section_lateness, "accuracy": section_accuracy, "relaxed": section_relaxed, "scale": section_scale, "streams": section_streams}
AGAIN = 4  # where there is time for it: a part of the sections was asked for
BUDGET_S = {"quick": 165, "full": 1140}  # what is not measured by then is left out, and said


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench.sh", description="brunt beside its peers")
    parser.add_argument("--quick", action="store_true", help="fewer cases, medians of 3, under 3 minutes")
    parser.add_argument("--full", action="store_true", help="all of it, medians of 5, under 20 minutes (the default)")
    parser.add_argument("--only", action="append", choices=list(SECTIONS), help="this section; may be given again")
    parser.add_argument("--out", metavar="FILE.json", default="build/bench.json", help="the results; FILE.md beside it")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.quick and arguments.full:
        parser.error("--quick or --full, not both")
    return arguments


def versions_of(bench):
    known = [bench.brunt_peer(), peers.Wrk(), peers.H2load(), peers.Ab()]
    return {peer.name: peer.version() for peer in known if peer.path() or peer.name == "brunt"}


def rounds_in(results):
    """Every single run under the results, whatever the section's shape."""
    if isinstance(results, dict):
        for key, value in results.items():
            if key == "rounds":
                yield from value
            else:
                yield from rounds_in(value)


def errors_in(results, where=""):
    if isinstance(results, dict):
        for key, value in results.items():
            if key == "errors":
                for error, n in Counter(value).items():
                    yield f"{where}: {' '.join(error.split())} ({n} of its runs)"
            else:
                yield from errors_in(value, f"{where}/{key}" if where else key)


def measure(arguments):
    mode = "quick" if arguments.quick else "full"
    brunt, programs = os.path.abspath(arguments.brunt), os.path.abspath(arguments.programs)
    bench = Bench(brunt, programs, arguments.quick, BUDGET_S[mode], AGAIN if arguments.only else 1)
    bench.absent.update(peers.ABSENT)
    for name, why in peers.ABSENT.items():
        bench.say(f"{name}: {why}; left out")
    trial = bench.run(bench.brunt_peer(), peers.Load(1, 0.1, 100))
    if "error" in trial:
        sys.exit("bench: no use in measuring this brunt: " + trial["error"])
    began, results = time.monotonic(), {}
    started_at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in arguments.only or SECTIONS:
        results[name] = SECTIONS[name].measure(bench)
    runs = list(rounds_in(results))
    return {"schema": SCHEMA, "mode": mode, "rounds": bench.rounds, "started_at": started_at,
            "took_s": round(time.monotonic() - began, 1), "machine": machine.describe(), "versions": versions_of(bench),
            "absent": bench.absent, "bar": bar.rows(results), "errors": list(errors_in(results)),
            "disturbed": {"n": sum(bool(run["is_disturbed"]) for run in runs), "of": len(runs),
                          "steal": machine.STEAL_MAX, "wait": WAIT_MAX},
            "results": results}


def main():
    arguments = parse_arguments()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("bench: needs two cores, one for the generator and one for the server")
    raise_file_limit()
    report = measure(arguments)
    os.makedirs(os.path.dirname(os.path.abspath(arguments.out)), exist_ok=True)
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    text = table.markdown(report)
    with open(os.path.splitext(arguments.out)[0] + ".md", "w", encoding="utf-8") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
