#!/usr/bin/env python3
"""Whether each tests/mutants/*.patch still breaks what it was written to break: it applies, and each test that must see it is there.
scripts/mutants.sh, which runs them, takes hours.

    mutants.py BUILD [ROOT]    exit 1 where one does not, by name
"""
import json
import pathlib
import re
import subprocess
import sys


def tests_of(build):
    said = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True).stdout
    return {test["name"] for test in json.loads(said)["tests"]}


def findings(root, tests):
    for patch in sorted(root.glob("tests/mutants/*.patch")):
        text = patch.read_text(encoding="utf-8")
        named = " ".join(re.findall(r"^Caught-by: *(.*)$", text, re.M)).split()
        if not named:
            yield f"{patch.name}: no line 'Caught-by: TEST'"
        yield from (f"{patch.name}: there is no test {name}" for name in named if name not in tests)
        applied = subprocess.run(["patch", "-p1", "--dry-run", "-s", "-f"], cwd=root, input=text, capture_output=True, text=True, check=False)
        if applied.returncode != 0:
            yield f"{patch.name}: it does not apply: {applied.stdout.strip()}"


def main():
    build, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    found = list(findings(root, tests_of(build)))
    print("\n".join(found + [f"mutants: {len(found)} findings"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
