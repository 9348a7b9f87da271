#!/usr/bin/env python3
"""Kills a daemon, its jobs, or both, at random moments, and looks at what is left (README.md); for scripts/soak.sh kills."""
import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(prog="soak.sh kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many (100)")
    parser.add_argument("--seed", type=int, default=1, help="of victims, moments and runs (1)")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ["BRUNT"] = os.path.abspath(arguments.brunt)
    sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("daemon", "machine")]
    from kills import Kills  # which looks at BRUNT
    from served import Daemon, Target

    folder, began, bad = tempfile.mkdtemp(prefix="brunt-kills-"), time.monotonic(), 0
    targets = [Target(os.path.join(folder, name)) for name in ("one", "two")]
    daemon = Daemon(folder)
    kills = Kills(daemon.start(), targets, arguments.seed)
    try:
        for number in range(1, arguments.kills + 1):
            wrongs, line = kills.once(number)
            bad += bool(wrongs)
            print("\n      WRONG: ".join([line] + wrongs), flush=True)
        wrongs, line = kills.finish()
        bad += bool(wrongs)
        print("\n      WRONG: ".join([f"kills: seed {arguments.seed}, {line}; {bad} times something was wrong; in {time.monotonic() - began:.0f} s"] + wrongs))
    finally:
        daemon.stop()
        for target in targets:
            target.stop()
    if not bad:
        shutil.rmtree(folder)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
