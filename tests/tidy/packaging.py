#!/usr/bin/env python3
"""The man page and the completions know every command and every flag, and no others.

    packaging.py BUILD_DIR     installs the build into a folder of its own and compares what came with `brunt help COMMAND`
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

FLAG = re.compile(r"--[a-z][a-z-]+")
COMMANDS = os.path.join(os.path.dirname(__file__), "..", "..", "src", "cmd", "commands.def")
PROFILES = os.path.join(os.path.dirname(__file__), "..", "..", "profiles")
EVERYWHERE = {"--help", "--version"}
FILES = {
    "man page": "share/man/man1/brunt.1",
    "bash completion": "share/bash-completion/completions/brunt",
    "zsh completion": "share/zsh/site-functions/_brunt",
    "fish completion": "share/fish/vendor_completions.d/brunt.fish",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def flags_in(name, text):
    if name == "man page":
        text = text.replace("\\-", "-")
    if name == "fish completion":
        text = re.sub(r"(?m)^(complete .*) -l ([a-z-]+)", r"\1 --\2", text)
    return set(FLAG.findall(text))


def compare(prefix):
    brunt = os.path.join(prefix, "bin", "brunt")
    commands = set(re.findall(r"^COMMAND\((\w+)\)", read(COMMANDS), re.M))
    known = set(EVERYWHERE)
    for command in sorted(commands):
        done = run(brunt, "help", command)
        known |= set(FLAG.findall(done.stdout))
        if done.returncode != 0:
            yield f"brunt help {command}: exit {done.returncode}"
    for name, path in FILES.items():
        text = read(os.path.join(prefix, path))
        given = flags_in(name, text)
        yield from (f"{name} lacks {flag}" for flag in sorted(known - given - EVERYWHERE))
        yield from (f"{name} has {flag}, which brunt does not know" for flag in sorted(given - known))
        yield from (f"{name} lacks the command {command}" for command in sorted(commands) if not re.search(rf"\b{command}\b", text))


def lint(prefix):
    if shutil.which("man"):
        yield from run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
                       os.path.join(prefix, FILES["man page"])).stderr.splitlines()
    for shell, name in (("bash", "bash completion"), ("zsh", "zsh completion"), ("fish", "fish completion")):
        if shutil.which(shell):
            yield from run(shell, "-n", os.path.join(prefix, FILES[name])).stderr.splitlines()
    for profile in sorted(os.listdir(PROFILES)):  # those that were not installed are not valid either
        if profile.endswith(".yaml"):
            done = run(os.path.join(prefix, "bin", "brunt"), "check", os.path.join(prefix, "share/brunt/profiles", profile))
            if done.returncode != 0:
                yield f"{profile}: {done.stderr.strip()}"


def main():
    prefix = tempfile.mkdtemp(prefix="brunt-install-")
    try:
        done = run("cmake", "--install", sys.argv[1], "--prefix", prefix)
        found = [done.stderr] if done.returncode != 0 else list(compare(prefix)) + list(lint(prefix))
    finally:
        shutil.rmtree(prefix)
    print("\n".join(found) or "installs, and its man page and completions are right")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
