#!/usr/bin/env python3
"""Runs one scenario (README.md): starts its server, runs brunt against it, and holds what came out against what was expected.

    scenario.py FILE --brunt BINARY [--work DIR] [--keep]     exit 0 as expected, 1 not, 77 cannot run here
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import always  # noqa: E402
import matcher  # noqa: E402
import process  # noqa: E402
import server  # noqa: E402
import specials  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
SCENARIO_KEYS = {"about", "timing", "server", "run", "expect"}
RUN_KEYS = {"profile", "args", "command", "stdout", "signals", "under", "timeout", "env"}
EXPECT_KEYS = {"exit", "result", "stdout", "stderr", "server", "also"}


class Ran:
    """What a run left: its exit status, texts, result.json, and what the server says about it."""

    def __init__(self, spec, folder, brunt):
        self.expect, self.folder, self.brunt = spec["expect"], folder, brunt
        self.is_timed = spec.get("timing", False)
        self.out = os.path.join(folder, "results", "run")
        self.schema = os.path.join(ROOT, "results", "schema.json")
        self.server = self.server_count = self.server_session = self.session = self.result = None
        self.stdout = self.stderr = self.server_text = ""
        self.exit = None


def fill(text, ran):
    """Puts the server's address and the scenario's folders where a scenario names them."""
    s = ran.server
    for mark, value in (("@URL@", s.url), ("@PORT@", s.port), ("@PID@", s.pid), ("@OUT@", ran.out), ("@DIR@", ran.folder),
                        ("@BRUNT@", ran.brunt)):
        text = text.replace(mark, str(value))
    return text


def write_profile(profile, ran):
    path = os.path.join(ran.folder, "profile.yaml")
    if isinstance(profile, dict):
        profile = dict(profile)
        profile.setdefault("name", "scenario")
        # Unless it is about the generator, a scenario must not be void because the machine is busy or slow.
        profile.setdefault("generator", {"lateness_p99": "50ms" if ran.is_timed else "30s"})
        profile["target"] = {"url": "@URL@", **profile.get("target", {})}
        if "scenarios" not in profile:
            profile.setdefault("requests", [{"name": "root", "get": "/"}])
        profile = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=1000)
        profile = re.sub(r"'(@[A-Z]+@)'", r"\1", profile)  # a number once it is filled in
    with open(path, "w", encoding="utf-8") as file:
        file.write(fill(profile, ran))
    return path


def stdout_of(run, folder):
    """Where brunt's stdout goes: a file, or a device that is always full."""
    return open("/dev/full" if run.get("stdout") == "full" else os.path.join(folder, "stdout"), "wb")


def send_signals(child, signals, began):
    for row in signals:
        while time.monotonic() - began < row["after"] and child.poll() is None:
            time.sleep(0.01)
        if child.poll() is None:
            child.send_signal(getattr(signal, "SIG" + row["send"]))


def run_brunt(spec, ran):
    run = spec["run"]
    under = dict(run.get("under", {}), stdout=run.get("stdout"))
    args = [fill(str(arg), ran) for arg in run.get("args", [])]
    command = [ran.brunt, run.get("command", "run"), write_profile(run["profile"], ran), *args]
    if run.get("command", "run") == "run" and "--out" not in args:
        command += ["--out", ran.out]
    env = {**os.environ, "NO_COLOR": "1", **run.get("env", {})}

    neighbours = process.start_neighbours(under.get("neighbours", 0), under.get("cpus"))
    began = time.monotonic()
    try:
        with stdout_of(run, ran.folder) as out, open(os.path.join(ran.folder, "stderr"), "wb") as err:
            is_head = run.get("stdout") == "head"  # a pipe that is read one line far and closed, as head -1 does
            child = process.start(command, under, stdout=subprocess.PIPE if is_head else out, stderr=err, env=env,
                                  cwd=ran.folder)
            ran.session = child.pid
            if is_head:
                child.stdout.readline()
                child.stdout.close()
            send_signals(child, run.get("signals", []), began)
            try:
                ran.exit = child.wait(max(run.get("timeout", 90) - (time.monotonic() - began), 1))
            except subprocess.TimeoutExpired:
                process.end(child, 2)
                ran.exit = "timeout"
    finally:
        for neighbour in neighbours:
            process.end(neighbour)


def collect(ran):
    def read(name):
        path = os.path.join(ran.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    ran.stdout, ran.stderr, ran.server_text = read("stdout"), read("stderr"), read("server.log")
    path = os.path.join(ran.out, "result.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            ran.result = json.load(file)


def unexpected(ran):
    expect = ran.expect
    if not matcher.matches(expect.get("exit", 0), ran.exit):
        yield f"exit {ran.exit}, expected {expect.get('exit', 0)}"
    for name in ("stdout", "stderr"):
        wanted = expect.get(name, [])
        for pattern in [wanted] if isinstance(wanted, str) else wanted:
            if not matcher.matches(pattern, getattr(ran, name)):
                yield f"{name} does not match {pattern!r}"
    wanted = expect.get("result", {})
    if wanted == "none":
        if ran.result is not None:
            yield "a result was written where none should be"
    elif ran.result is None:
        yield "no result.json"
    else:
        for path, expected in wanted.items():
            actual = matcher.at(path, ran.result)
            if not matcher.matches(expected, actual):
                yield f"{path} is {json.dumps(actual)[:600]}, expected {json.dumps(expected, ensure_ascii=False)}"
    for name in expect.get("also", []):
        yield from specials.lookup(name)(ran)


def check_keys(spec):
    for given, known in ((spec, SCENARIO_KEYS), (spec["run"], RUN_KEYS), (spec["expect"], EXPECT_KEYS)):
        if set(given) - known:
            raise SystemExit(f"unknown keys in the scenario: {sorted(set(given) - known)}")


def play(spec, folder, brunt):
    ran = Ran(spec, folder, brunt)
    tmpfs = None
    space = spec["run"].get("under", {}).get("space")
    try:
        if space:
            tmpfs = process.Tmpfs(os.path.join(folder, "results"), space)
        ran.server = server.start(spec.get("server"), folder, brunt, os.path.join(HERE, "nginx"))
        try:
            ran.server_session = ran.server.session
            run_brunt(spec, ran)
            ran.server_count = ran.server.finish()
        finally:
            ran.server.stop()
        collect(ran)
        return ran, list(unexpected(ran)) + list(always.findings(ran))
    finally:
        if tmpfs:
            tmpfs.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--brunt", required=True)
    parser.add_argument("--work", default=tempfile.gettempdir())
    parser.add_argument("--keep", action="store_true", help="keep what the run left even where all is well")
    args = parser.parse_args()

    with open(args.file, encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    check_keys(spec)
    name = os.path.splitext(os.path.basename(args.file))[0]
    os.makedirs(args.work, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=name + "-", dir=os.path.abspath(args.work))
    print(f"{name}: {spec['about']}")
    try:
        ran, wrong = play(spec, folder, os.path.abspath(args.brunt))
    except process.CannotRun as why:
        print(f"SKIPPED: {why}")
        shutil.rmtree(folder, ignore_errors=True)
        return 77
    for finding in wrong:
        print(f"NOT AS EXPECTED: {finding}")
    if wrong:
        print(f"-- stdout\n{ran.stdout[-4000:]}\n-- stderr\n{ran.stderr[-4000:]}\n-- all of it is in {folder}")
    elif not args.keep:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
