#!/usr/bin/env python3
"""clang-tidy over every source of src/, by the build's compile_commands.json.

    clang_tidy.py BUILD_DIR [SUBSTRING]     only the sources whose path holds SUBSTRING
    clang_tidy.py BUILD_DIR --quick         all of them, without clang-analyzer-*, which takes most of the time: what every
                                            test run does; do the other before a change lands

A source that passed is not looked at again until it, a header, its command or .clang-tidy changes.
"""
import concurrent.futures
import glob
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def hash_of(paths, *texts):
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for path in paths:
        with open(path, "rb") as file:
            digest.update(file.read() + b"\0")
    return digest.hexdigest()


def check(entry, build, cache, common, checks):
    """(source, what clang-tidy says; empty where all is well)"""
    source = entry["file"]
    passed = os.path.join(cache, hash_of([source], entry["command"], common, *checks))
    if os.path.exists(passed):
        return source, ""
    done = subprocess.run(["clang-tidy", "--quiet", *checks, "-p", build, source], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        open(passed, "w", encoding="utf-8").close()
        return source, ""
    return source, done.stdout or done.stderr


def main():
    build = os.path.realpath(sys.argv[1])
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    checks = ["--checks=-clang-analyzer-*"] if wanted == "--quick" else []
    wanted = "" if checks else wanted
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = [entry for entry in json.load(file)
                   if entry["file"].startswith(ROOT + "/src/") and wanted in entry["file"]]
    headers = sorted(glob.glob(ROOT + "/src/**/*.h", recursive=True) + glob.glob(ROOT + "/src/**/*.def", recursive=True))
    common = hash_of([os.path.join(ROOT, ".clang-tidy"), *headers])
    cache = os.path.join(build, "clang-tidy-passed")
    os.makedirs(cache, exist_ok=True)

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, said in pool.map(lambda entry: check(entry, build, cache, common, checks), entries):
            if said:
                bad += 1
                print(f"{os.path.relpath(source, ROOT)}:\n{said}")
    print(f"clang-tidy: {len(entries)} sources, {bad} with findings")
    return 1 if bad or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
