#!/usr/bin/env python3
"""Runs one scenario (README.md): starts its server, runs brunt against it, and holds what came out against what was expected.

    scenario.py FILE --brunt BINARY [--work DIR] [--keep]     exit 0 as expected, 1 not, 77 cannot run here
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import always  # noqa: E402
import drive  # noqa: E402
import matcher  # noqa: E402
import process  # noqa: E402
import server  # noqa: E402
import specials  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "machine"))
import calm  # noqa: E402

SCENARIO_KEYS = {"about", "timing", "server", "beside", "run", "expect"}
RUN_KEYS = {"profile", "url", "shipped", "padding", "set", "args", "command", "script", "stdout", "signals", "control", "under", "timeout", "env", "files", "earlier"}
EXPECT_KEYS = {"exit", "result", "suite", "stdout", "stderr", "server", "also"}


class Ran:
    """What a run left: its exit status, texts, result.json, and what the server says about it."""

    def __init__(self, spec, folder, brunt):
        self.expect, self.folder, self.brunt = spec["expect"], folder, brunt
        self.is_timed = spec.get("timing", False)
        self.out = os.path.join(folder, "results", "run")
        self.schema = os.path.join(ROOT, "results", "schema.json")
        self.beside = self.beside_count = self.server_alone = None  # a second server, where the scenario has one
        self.server = self.server_count = self.server_session = self.session = self.result = self.suite = None
        self.stdout = self.stderr = self.server_text = ""
        self.exit = self.took_s = None
        self.lacks = []  # witnesses that this machine does not have: all else holding, the scenario counts as skipped


def fill(text, ran):
    """Puts the server's address and the scenario's folders where a scenario names them."""
    s = ran.server
    marks = [("@URL@", s.url), ("@PORT@", s.port), ("@PID@", s.pid), ("@NAME@", s.name), ("@OUT@", ran.out),
             ("@DIR@", ran.folder), ("@BRUNT@", ran.brunt), ("@BUILD@", os.path.dirname(ran.brunt)),
             ("@PROGRAMS@", server.PROGRAMS)]
    if ran.beside:
        marks += [("@URL2@", ran.beside.url), ("@PORT2@", ran.beside.port)]
    if s.cgroup:
        marks += [("@CGROUP@", s.cgroup.path), ("@UNIT@", s.cgroup.name), ("@CONTAINER@", s.cgroup.container)]
    for mark, value in marks:
        text = text.replace(mark, str(value))
    return text


def complete(profile, ran):
    """A profile's text, from a mapping that says only what its scenario is about. Unless that is the generator itself
    (`generator: {}`: its defaults hold), no scenario is void because the machine is busy or slow."""
    profile = dict(profile)
    if "suite" in profile:
        return yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=1000)
    profile.setdefault("name", "scenario")
    profile.setdefault("generator", {"lateness_p99": "50ms" if ran.is_timed else "30s"})
    target = profile.get("target", {})
    profile["target"] = target if "urls" in target else {"url": "@URL@", **target}
    if not {"scenarios", "flow"} & profile.keys():
        profile.setdefault("requests", [{"name": "root", "get": "/"}])
    text = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=1000)
    return re.sub(r"'(@[A-Z]+@)'", r"\1", text)  # a number once it is filled in


def write_file(name, content, ran):
    """Text is filled in; bytes (!!binary) are what they are; a mapping is a profile; a list is a text and how many times."""
    path = os.path.join(ran.folder, name)
    content = complete(content, ran) if isinstance(content, dict) else content
    content = (content[0] * content[1]).encode() if isinstance(content, list) else content
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else fill(content, ran).encode())
    return path


def write_profile(run, ran):
    profile = run["profile"]
    path = write_file("profile.yaml", profile, ran)
    with open(path, "ab") as file:
        file.write(b"# padding\n" * (process.bytes_of(run.get("padding", 0)) // 10))
    return path


def settings_of(run, ran):
    """`set:` as flags; what complete() says of a profile's generator holds of a shipped one too."""
    settings = {"generator.lateness_p99": "50ms" if ran.is_timed else "30s", **run.get("set", {})}
    flags = []
    for path, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        flags += ["--set", fill(f"{path}={text}", ran)]
    return flags


def command_of(run, ran):
    args = [fill(str(arg), ran) for arg in run.get("args", [])]
    command = run.get("command", "run")
    if "script" in run:
        return [os.path.join(ROOT, run["script"]), *args, "--out", ran.out]
    if command in ("run", "stress") and "--out" not in args:
        args += ["--out", ran.out]
    if "control" in run:
        args += ["--control", drive.make_fifo(ran.folder)]
    if "shipped" in run:
        return [ran.brunt, command, os.path.join(ROOT, "profiles", run["shipped"]), *settings_of(run, ran), *args]
    if "url" in run:
        return [ran.brunt, command, fill(run["url"], ran), *args]
    return [ran.brunt, command, write_profile(run, ran), *args]


def run_brunt(run, ran):
    for name, content in run.get("files", {}).items():
        write_file(name, content, ran)
    # NO_COLOR is for whoever reads a pipe; a terminal is to show what it shows to people.
    plain = {} if run.get("stdout") == "tty" else {"NO_COLOR": "1"}
    env = {**os.environ, **plain, "BRUNT": ran.brunt, **{name: fill(value, ran) for name, value in run.get("env", {}).items()}}
    if run.get("stdout") == "tty":  # whatever this test's own output wants
        env.pop("NO_COLOR", None)
        env["TERM"] = "xterm"
    drive.drive(command_of(run, ran), run, ran, env)


def run_earlier(run, ran):
    """A run before the one that the scenario is about, for that to be compared with; it must pass."""
    if "earlier" not in run:
        return
    out, earlier = os.path.join(ran.folder, "earlier"), run["earlier"]
    if "shipped" not in earlier:
        earlier = {"profile": earlier}
    done = subprocess.run([*command_of({**earlier, "args": ["--quiet", "--out", out]}, ran)], capture_output=True, text=True,
                          timeout=90, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the earlier run: exit {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}")


def collect(ran):
    def read(name):
        path = os.path.join(ran.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    ran.stdout, ran.stderr, ran.server_text = read("stdout"), read("stderr"), read("server.log")
    for kind in ("result", "suite"):
        path = os.path.join(ran.out, kind + ".json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                setattr(ran, kind, json.load(file))


def unlike(expected, actual):
    for path, wanted in expected.items():
        found = matcher.at(path, actual)
        if not matcher.matches(wanted, found):
            yield f"{path} is {json.dumps(found)[:600]}, expected {json.dumps(wanted, ensure_ascii=False)}"


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
    elif "suite" in expect:
        yield from unlike(expect["suite"], ran.suite) if ran.suite is not None else ["no suite.json"]
    elif ran.result is None:
        yield "no result.json"
    else:
        yield from unlike(wanted, ran.result)
    for name in expect.get("also", []):
        yield from specials.lookup(name)(ran)


def check_keys(spec):
    for given, known in ((spec, SCENARIO_KEYS), (spec["run"], RUN_KEYS), (spec["expect"], EXPECT_KEYS)):
        if set(given) - known:
            raise SystemExit(f"unknown keys in the scenario: {sorted(set(given) - known)}")


def start_beside(spec, folder, ran):
    if "beside" not in spec:
        return
    own = os.path.join(folder, "beside")
    os.mkdir(own)
    ran.beside = server.start(spec["beside"], own, ran.brunt, os.path.join(HERE, "nginx"))


def finish_beside(ran):
    """What both servers counted is held against what was sent."""
    if ran.beside:
        ran.server_alone, ran.beside_count = ran.server_count, ran.beside.finish()
        is_known = ran.server_count is not None and ran.beside_count is not None
        ran.server_count = ran.server_count + ran.beside_count if is_known else None


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
            start_beside(spec, folder, ran)
            run_earlier(spec["run"], ran)
            run_brunt(spec["run"], ran)
            ran.server_count = ran.server.finish()
            finish_beside(ran)
        finally:
            ran.server.stop()
            if ran.beside:
                ran.beside.stop()
        collect(ran)
        return ran, list(always.findings(ran)), list(unexpected(ran))
    finally:
        if tmpfs:
            tmpfs.remove()


def tell(ran, broken, unexpected_ones, machine):
    """The exit code for what is not as it should be. What must always hold holds on any machine; what was expected may not
    come on one that was taken away meanwhile."""
    for finding in unexpected_ones + broken:
        print(f"NOT AS EXPECTED: {finding}")
    print(f"-- stdout\n{ran.stdout[-4000:]}\n-- stderr\n{ran.stderr[-4000:]}\n-- all of it is in {ran.folder}")
    if (broken and ran.exit != "timeout") or not machine.is_disturbed():
        return 1
    print(f"{'TO BE TRIED AGAIN' if calm.TRIES_LEFT else 'SKIPPED'}: {machine}")
    return 1 if calm.TRIES_LEFT else 77


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
        with calm.Calm(calm.OF_TIMES if spec.get("timing") else calm.OF_SECONDS) as machine:
            ran, broken, unexpected_ones = play(spec, folder, os.path.abspath(args.brunt))
    except process.CannotRun as why:
        print(f"SKIPPED: {why}")
        shutil.rmtree(folder, ignore_errors=True)
        return 77
    if broken or unexpected_ones:
        return tell(ran, broken, unexpected_ones, machine)
    if not args.keep:
        shutil.rmtree(folder)
    for lack in ran.lacks:
        print(f"SKIPPED: all else is as expected, but {lack}")
    return 77 if ran.lacks else 0


if __name__ == "__main__":
    sys.exit(main())
