"""A few of the kills of `scripts/soak.sh kills`, and one more."""
import contextlib
import os
import signal
import time

import pytest

import witness
from kills import Kills
from served import WAIT_S, Target, profile, until

TRIES = 20
KILLS, SEED, MOST = 5, 3, 3


def test_what_is_finished_outlives_kills_and_what_is_not_is_said_to_be(daemon, tmp_path):
    targets = [Target(os.path.join(tmp_path, name)) for name in ("one", "two")]
    kills = Kills(daemon.start(), targets, SEED, MOST)
    try:
        for number in range(1, KILLS + 1):
            wrongs, line = kills.once(number)
            assert wrongs == [], line
        wrongs, line = kills.finish()
        assert wrongs == [], line
    finally:
        for target in targets:
            target.stop()


def finishing(data, run):
    """The process that makes a result of what a run that was killed had written."""
    return next((pid for pid, line in commands() if f"{data}/runs/{run}/results.partial" in line and "report" in line), None)


def commands():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            yield int(pid), file.read().split("\0")


def held(daemon, target):
    """A run that was killed, and who finishes it, stopped in the middle of writing."""
    for _ in range(TRIES):  # it takes but some ms
        run = daemon.submit(profile=profile(target.url, 60))
        partial = f"{daemon.data}/runs/{run}/results.partial"
        until(lambda: daemon.run(run)["state"] == "running" and os.path.exists(partial + "/run.hlog"))  # pylint: disable=cell-var-from-loop
        job = next(pid for pid, of in witness.processes_of(daemon.data).items() if of == run)
        os.kill(job, signal.SIGKILL)
        pid, deadline = None, time.monotonic() + WAIT_S
        while pid is None and os.path.exists(partial) and time.monotonic() < deadline:
            pid = finishing(daemon.data, run)
        while os.path.exists(partial) and not os.path.exists(partial + "/report.html") and time.monotonic() < deadline:
            pass
        with contextlib.suppress(TypeError, ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            if os.path.exists(partial + "/report.html") and not os.path.exists(partial + "/result.json"):
                return run, pid
        daemon.ended(run)
    pytest.skip("who finishes a run was always done before it could be stopped")


def test_who_finished_a_run_for_a_daemon_that_was_killed_writes_no_more(daemon, tmp_path):
    target = Target(os.path.join(tmp_path, "truth"))
    try:
        run, pid = held(daemon.start(), target)
        daemon.kill()
        daemon.start()
        row = daemon.ended(run)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        until(lambda: not os.path.exists(f"/proc/{pid}"))
        folder = os.path.join(daemon.data, "runs", run)
        assert "made of what it had written" in row["reason"]
        assert sorted(name for name in os.listdir(folder) if name.startswith("results")) == ["results"]
        assert list(witness.result_wrong(os.path.join(folder, "results"), True)) == []
    finally:
        target.stop()
