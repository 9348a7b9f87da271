"""Runs to be compared: of the null protocol, which sends nothing and answers after a set time, so that no network and no
server's mood is in them. A closed loop of one user: what the machine steals makes it slower, never late."""
import concurrent.futures
import functools
import json
import os
import pathlib
import subprocess

import pytest

BRUNT = os.path.abspath(os.environ["BRUNT"])


def brunt(*arguments, env=None, **options):
    return subprocess.run([BRUNT, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **(env or {})}, **options)


def profile_of(service="4ms", seconds=3, **more):
    return {"name": "compared", "target": {"url": "http://127.0.0.1:1", "http": "null", "null_service": service, **more.pop("target", {})},
            "output": {"interval": "100ms"}, "generator": {"lateness_p99": "60s", "loop_gap": "60s"},
            "load": {"concurrency": {"users": 1, "for": f"{seconds}s"}}, "requests": [{"name": "buy", "get": "/"}], **more}


def run(folder, name, profile, *flags, expected=(0,), env=None):
    path = pathlib.Path(folder) / f"{name}.yaml"
    path.write_text(json.dumps(profile))
    ran = brunt("run", path, "--quiet", "--out", pathlib.Path(folder) / name, *flags, env=env)
    assert ran.returncode in expected, ran.stdout + ran.stderr
    return pathlib.Path(folder) / name


def side_by_side(*calls):
    """What each gives. Runs sleep nearly all of the time, and how long they take is not what is looked at."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Two of the same, one that takes fifty times as long (of the same profile: how long is told by the environment), and such
    as are not alike."""
    folder = tmp_path_factory.mktemp("runs")
    usual = profile_of("${env:SERVICE}")
    fast, slow, slowest = ({"SERVICE": time} for time in ("2ms", "100ms", "250ms"))
    steps = {**usual, "load": {"steps": {"from": "20/s", "by": "20/s", "every": "500ms", "to": "60/s"}}, "break_when": {"also": ["p50 > 200ms"]}}
    first_to_last = {  # of which one is newer than the other
        "a": (usual, fast),
        "b": (usual, fast),
        "c": (usual, fast),
    }
    others = {
        "slower": (usual, slow),
        "v1": ({**usual, "target": {**usual["target"], "version": "1.0"}}, fast),
        "v2": ({**usual, "target": {**usual["target"], "version": "1.1"}}, fast),
    }
    more = {
        "missed": ({**usual, "slo": ["p50 < 1ms"]}, fast),
        "two_users": ({**usual, "load": {"concurrency": {"users": 2, "for": "1s"}}}, fast),
        "stepped": (steps, fast),
        "broke": (steps, slowest),
        "short": (profile_of("4ms", 1, compare={"gate": ["p99"]}, load={"concurrency": {"users": 1, "iterations": 20}}), {}),
    }

    def one_after_the_other(of):
        return {name: run(folder, name, profile, expected=(1,) if name == "missed" else (0,), env=env) for name, (profile, env) in of.items()}
    made = side_by_side(*(functools.partial(one_after_the_other, of) for of in (first_to_last, others, more)))
    return {name: folder for lane in made for name, folder in lane.items()}


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BRUNT_BASELINES", str(tmp_path / "store"))
    return tmp_path / "store"
