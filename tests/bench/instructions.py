#!/usr/bin/env python3
"""Instructions per operation of what a request passes through, by callgrind: the one figure of speed that repeats.

    instructions.py MICRO COMPILER            fails where a count is off the committed one by more than 3%
    instructions.py MICRO COMPILER --update   commits to what is counted now

MICRO is a release's bench_micro, COMPILER what built it, such as "GNU 12.2.0 lto": another one counts differently, and
then there is nothing to compare with (exit 77). Two runs of different length take the start-up out."""
import json
import os
import re
import shutil
import subprocess
import sys

COMMITTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
NAMES = ("record", "schedule", "parse", "sse")
SHORT, LONG = 20_000, 60_000
TOLERANCE = 0.03
SKIPPED = 77


def instructions(micro, name, count):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", micro, name, str(count)],
                          capture_output=True, text=True, check=False, timeout=300)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"instructions: callgrind on {name}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return int(collected.group(1))


def per_operation(micro, name):
    return (instructions(micro, name, LONG) - instructions(micro, name, SHORT)) / (LONG - SHORT)


def read_committed():
    with open(COMMITTED, encoding="utf-8") as file:
        return json.load(file)


def write_committed(compiler, counted):
    committed = read_committed() if os.path.exists(COMMITTED) else {}
    committed[compiler] = {name: round(count, 1) for name, count in counted.items()}
    with open(COMMITTED, "w", encoding="utf-8") as file:
        json.dump(committed, file, indent=1, sort_keys=True)
        file.write("\n")


def compare(counted, committed):
    """Prints a line each; True where all are within the tolerance. Fewer is news as well: commit to it."""
    is_good = True
    for name, count in counted.items():
        change = count / committed[name] - 1
        is_near = abs(change) <= TOLERANCE
        is_good = is_good and is_near
        verdict = "" if is_near else "  OFF"
        print(f"{name:10} {count:8.1f} instructions, committed {committed[name]:8.1f}, {change:+.1%}{verdict}")
    return is_good


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    micro, compiler, wants_update = sys.argv[1], sys.argv[2], "--update" in sys.argv[3:]
    if not shutil.which("valgrind"):
        print("instructions: valgrind is not installed")
        return SKIPPED
    if not wants_update and compiler not in read_committed():
        print(f"instructions: nothing committed for {compiler}")
        return SKIPPED
    counted = {name: per_operation(micro, name) for name in NAMES}
    if wants_update:
        write_committed(compiler, counted)
        return 0
    return 0 if compare(counted, read_committed()[compiler]) else 1


if __name__ == "__main__":
    sys.exit(main())
