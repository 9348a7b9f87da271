"""Shards as plain processes, as a scheduler starts them, and what brunt merge makes of their results."""
import json
import os
import pathlib
import subprocess
import time

import pytest

BRUNT = os.path.abspath(os.environ["BRUNT"])
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "results" / "schema.json"


def brunt(*arguments, env=None, **options):
    return subprocess.run([BRUNT, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **(env or {})}, **options)


def null_profile(**more):
    """Sends nothing and is answered after a set time: no network, and no server's mood."""
    return {"name": "merged", "target": {"url": "http://127.0.0.1:1", "http": "null", "null_service": "4ms"},
            "output": {"interval": "100ms"}, "generator": {"lateness_p99": "60s", "loop_gap": "60s"},
            "load": {"steady": {"rate": "300/s", "for": "1s"}, "spacing": "poisson"}, "requests": [{"name": "one", "get": "/"}], **more}


def start(folder, profile, shard, *flags, env=None):
    """A shard under way; its results lie in folder/INDEX."""
    path = pathlib.Path(folder) / "profile.yaml"
    if not path.exists(): # others may be reading it
        path.write_text(json.dumps(profile))
    index = shard.split("/", maxsplit=1)[0]
    return subprocess.Popen([BRUNT, "run", path, "--quiet", "--shard", shard, "--out", str(path.parent / index), *map(str, flags)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})


def end(process, expected=(0,)):
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode in expected, f"exit {process.returncode}: {stdout}{stderr}"
    return stderr


def start_up_s(folder, profile, n):
    """How long n programs take on this machine to begin and read the profile."""
    path = folder / "profile.yaml"
    path.write_text(json.dumps(profile))
    begun = time.monotonic()
    for process in [subprocess.Popen([BRUNT, "check", path], stdout=subprocess.DEVNULL) for _ in range(n)]:
        process.wait(60)
    return time.monotonic() - begun


def send(folder, profile, n, *flags, expected=(0,)):
    """All n shards of the profile, at once; their directories."""
    folder.mkdir(parents=True, exist_ok=True)
    at = f"{time.time() + 1.5 + 5 * start_up_s(folder, profile, n):.3f}"
    for process in [start(folder, profile, f"{i}/{n}", "--start-at", at, *flags) for i in range(n)]:
        end(process, expected)
    return [folder / str(i) for i in range(n)]


def result_of(folder):
    return json.loads((pathlib.Path(folder) / "result.json").read_text())


@pytest.fixture(scope="session")
def sent(tmp_path_factory):
    """Three shards of a load that passes, and three of another one."""
    folder = tmp_path_factory.mktemp("sent")
    return {"dirs": send(folder / "usual", null_profile(slo=["p95 < 60s"]), 3),
            "others": send(folder / "others", null_profile(load={"steady": {"rate": "600/s", "for": "1s"}}), 3)}
