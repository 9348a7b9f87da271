"""Jobs whose load is shared out: by processes of the daemon's machine (tests/cluster has agents)."""
import json
import os
import subprocess

import pytest

from served import BRUNT, WAIT_S, Target, profile

CPUS = len(os.sched_getaffinity(0))


@pytest.fixture(name="witness")
def fixture_witness(tmp_path):
    target = Target(str(tmp_path / "truth"))
    yield target
    if target.process.poll() is None:
        target.stop()


def test_workers_of_a_job_are_told_side_by_side_and_add_up(daemon, witness):
    daemon.configure(ceilings={"workers": 3})
    daemon.start()
    run = daemon.submit(profile=profile({"url": witness.url, "connections": 8}, 3), workers=3)
    assert daemon.run(run)["load"].endswith(", by 3 workers")
    events = list(daemon.events(run))
    told = [data["shards"] for kind, data in events if kind == "shards"]
    assert told, [kind for kind, _ in events]
    assert all([shard["index"] for shard in shards] == [0, 1, 2] for shards in told)
    row = daemon.ended(run)
    assert row["exit_code"] == 0, row
    result = daemon.ask("GET", f"/api/v1/runs/{run}/result")[1]
    totals, shards = result["totals"], result["shards"]
    assert [shard["sent"] for shard in shards] == [20, 20, 20] and not any(shard["lost"] for shard in shards)
    assert result["generator"]["workers"] == 3
    assert totals["scheduled"] == totals["sent"] == totals["ok"] == 60 == witness.stop()


@pytest.mark.parametrize("wish, status, words", [
    ({"workers": CPUS + 1}, 403, "ceilings.workers"),
    ({"shards": 2}, 403, "`nats:` in brunt.yaml"),
    ({"workers": 0}, 400, "workers: write a number from 1 to 64"),
    ({"workers": "many"}, 400, "workers: write a number from 1 to 64"),
    ({"workers": 1, "shards": 1}, 400, "say one of the two"),
])
def test_more_than_the_operator_lets_is_refused(daemon, target, wish, status, words):
    daemon.start()
    answered, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile(target)} | wish))
    assert answered == status and words in json.dumps(problem), problem
    assert daemon.ask("GET", "/api/v1/runs")[1]["runs"] == []


def test_what_cannot_be_shared_out_is_refused_before_it_waits(daemon, target):
    daemon.configure(ceilings={"workers": 4})
    daemon.start()
    wish = {"profile": profile({"url": target, "connections": 3}), "workers": 4}
    answered, problem = daemon.ask("POST", "/api/v1/runs", json.dumps(wish))
    assert answered == 400 and "target.connections is 3, which is less than one for each worker" in json.dumps(problem), problem


def test_a_schedule_that_says_both_is_refused_at_the_start(daemon):
    daemon.configure(schedules={"nightly": {"profile": "api", "cron": "0 2 * * *", "workers": 2, "shards": 2}})
    served = subprocess.run([BRUNT, "serve", "--config", os.path.join(daemon.folder, "brunt.yaml")], capture_output=True, text=True, timeout=WAIT_S, check=False)
    daemon.write("stderr", "")
    assert served.returncode == 2 and "brunt.yaml:" in served.stderr and "say one of the two" in served.stderr, served.stderr


def test_a_job_that_waited_is_shared_out_after_a_restart_too(daemon, target):
    daemon.configure(ceilings={"workers": 2})
    daemon.start()
    daemon.submit(profile=profile(target, 60))
    waits = daemon.submit(profile=profile(target, 1), workers=2)
    daemon.kill()
    daemon.start()
    daemon.ended(waits)
    result = daemon.ask("GET", f"/api/v1/runs/{waits}/result")[1]
    assert len(result["shards"]) == 2


def test_schedules_and_submit_share_out_too(daemon, target):
    daemon.configure(ceilings={"workers": 2}, schedules={"nightly": {"profile": "api", "cron": "0 2 * * *", "workers": 2}})
    daemon.write("profiles/api.yaml", json.dumps(profile(target)))
    daemon.start()
    assert daemon.ask("GET", "/api/v1/schedules")[1]["schedules"][0]["workers"] == 2
    status, run = daemon.ask("POST", "/api/v1/schedules/nightly/run")
    assert status in (200, 201), run
    assert daemon.ended(run["id"])["load"].endswith(", by 2 workers")
    submitted = daemon.client("submit", "api", "--workers", "2", "--wait")
    assert submitted.returncode == 0, submitted.stderr
    assert daemon.client("submit", "api", "--workers", "none").returncode == 2
    assert daemon.client("submit", "api", "--workers", "3").returncode != 0
