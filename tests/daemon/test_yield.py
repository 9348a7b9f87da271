"""The daemon gives way to its jobs on this machine's CPUs; what it starts for somebody is scheduled as if he had started it."""
import os
import sys

import pytest
import yaml

import witness
from served import profile, until
from test_alerts import RULE, fixture_slow  # noqa: F401

pytestmark = pytest.mark.skipif(os.sched_getscheduler(0) != os.SCHED_OTHER, reason="what runs this has another policy, which the daemon leaves as it is")


def policies(pid):
    return {os.sched_getscheduler(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")}


def test_the_daemon_takes_the_cpu_from_nobody_and_its_jobs_are_like_anybody(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 60))
    until(lambda: daemon.run(run)["state"] == "running" and witness.processes_of(daemon.data))
    pids = witness.processes_of(daemon.data)
    assert list(pids.values()) == [run]
    assert policies(daemon.process.pid) == {os.SCHED_BATCH}
    assert {policy & ~os.SCHED_RESET_ON_FORK for pid in pids for policy in policies(pid)} == {os.SCHED_OTHER}
    assert policies(daemon.process.pid) == {os.SCHED_BATCH}
    daemon.ask("POST", f"/api/v1/runs/{run}/stop", '{"how": "kill"}')
    daemon.ended(run)


def test_commands_of_alerts_are_like_anybodys(daemon, slow):
    told = os.path.join(daemon.folder, "policy")
    with open(os.path.join(daemon.folder, "tell.py"), "w", encoding="ascii") as file:
        file.write(f"import os\nopen({told!r}, 'w').write(str(os.sched_getscheduler(0)))\n")
    daemon.configure(alerts={"rules": {"slow": RULE}, "sinks": {"ops": {"command": f"{sys.executable} {daemon.folder}/tell.py"}}})
    daemon.start()
    run = daemon.submit(profile=profile(slow, 60))
    until(lambda: os.path.exists(told) and open(told, encoding="ascii").read())
    assert int(open(told, encoding="ascii").read()) == os.SCHED_OTHER
    daemon.ask("POST", f"/api/v1/runs/{run}/stop", '{"how": "kill"}')
    daemon.ended(run)
