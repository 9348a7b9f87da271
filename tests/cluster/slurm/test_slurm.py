"""One load by three nodes of Slurm, by the shipped script; and what becomes of it when one of them dies."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pytest

from slurm import Slurm, why_not

BRUNT = os.path.abspath(os.environ["BRUNT"])
SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "packaging" / "slurm" / "brunt.sbatch"

pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"no Slurm here: {why_not()}")


@pytest.fixture
def slurm():
    """In a place that munged's own user can reach."""
    with tempfile.TemporaryDirectory(prefix="brunt-slurm-") as folder:
        one = Slurm(folder)
        yield one
        one.close()


@pytest.fixture
def target(tmp_path):
    """brunt target, and how many requests it has had in the end."""
    truth = tmp_path / "truth"
    with subprocess.Popen([BRUNT, "target", "--listen", "127.0.0.1", "--port", "0", "--truth", str(truth)], stdout=subprocess.PIPE, text=True) as process:
        url = re.search(r"http://\S+", process.stdout.readline()).group()

        def count():
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            return len([line for line in truth.read_text().splitlines() if line and line[0].isdigit()])

        yield url, count
        if process.poll() is None:
            process.kill()


def write_profile(folder, url, seconds):
    path = folder / "profile.yaml"
    path.write_text(json.dumps({"name": "slurm", "target": {"url": url}, "load": {"steady": {"rate": "300/s", "for": f"{seconds}s"}, "spacing": "poisson"},
                                "generator": {"lateness_p99": "60s", "loop_gap": "60s"}, "requests": [{"name": "root", "get": "/"}]}))
    return path


def wait_for(job, slurm, seconds=120):
    until = time.monotonic() + seconds
    while slurm.run("squeue", "-h", "-j", job).stdout.strip():
        assert time.monotonic() < until, slurm.logs()
        time.sleep(0.5)


def submit(slurm, folder, profile, ahead=5):
    ran = slurm.run("sbatch", "--parsable", "--nodes=3", f"--output={folder}/job.out", f"--chdir={folder}", SCRIPT,
                    BRUNT=BRUNT, PROFILE=str(profile), RESULTS=str(folder / "results"), START_AHEAD=str(ahead))
    assert ran.returncode == 0, ran.stderr + slurm.logs()
    return ran.stdout.strip()


def whole_of(folder):
    return json.loads((folder / "results" / "all" / "result.json").read_text())


def test_three_nodes_send_what_the_target_counts(slurm, target, tmp_path):
    url, count = target
    job = submit(slurm, tmp_path, write_profile(tmp_path, url, 5))
    wait_for(job, slurm)
    said = (tmp_path / "job.out").read_text()
    whole = whole_of(tmp_path)
    shards = [json.loads((tmp_path / "results" / str(i) / "result.json").read_text()) for i in range(3)]
    assert whole["verdict"]["exit_code"] == 0, said
    assert whole["totals"]["sent"] + whole["totals"]["retried"] == count() > 1200
    assert whole["totals"]["sent"] == sum(shard["totals"]["sent"] for shard in shards)
    assert [row["lost"] for row in whole["shards"]] == [False] * 3
    print("began late by", [f"{row['skew_s'] * 1e3:.1f} ms" for row in whole["shards"]])
    ran = slurm.run("scontrol", "show", "job", job)
    assert re.search(r"ExitCode=0:0", ran.stdout), ran.stdout


def test_a_killed_node_is_noticed_though_srun_returns_0(slurm, target, tmp_path):
    url, _ = target
    job = submit(slurm, tmp_path, write_profile(tmp_path, url, 12))
    journals = [tmp_path / "results" / f"{i}.partial" / "events.ndjson" for i in range(3)]
    until = time.monotonic() + 60
    while not all(path.exists() and path.read_text().count('"event":"interval"') >= 3 for path in journals):
        assert time.monotonic() < until, slurm.logs()
        time.sleep(0.1)
    # The node on which the batch script itself runs is not the one to go.
    batch = slurm.run("squeue", "-h", "-j", job, "-o", "%B").stdout.strip()
    slurm.kill_node(next(node for node in reversed(slurm.nodes) if node != batch))
    wait_for(job, slurm, 180)
    said = (tmp_path / "job.out").read_text()
    print(re.search(r"srun: exit \d+", said).group())
    whole = whole_of(tmp_path)
    assert whole["verdict"]["exit_code"] == 3 and whole["verdict"]["status"] == "inconclusive", said
    assert [row["lost"] for row in whole["shards"]].count(True) == 1
    lost = next(row for row in whole["shards"] if row["lost"])
    assert f"shard {lost['index']}/3 was killed" in whole["verdict"]["reasons"][0]
    totals = whole["totals"]
    assert totals["sent"] == totals["ok"] + totals["failed"] + totals["unfinished"]
    assert sum(row["sent"] for row in whole["shards"]) == totals["sent"]


def test_an_array_is_a_load_too(slurm, target, tmp_path):
    """Each task of it is a job by itself; that they begin together is --start-at's matter."""
    url, count = target
    profile = write_profile(tmp_path, url, 3)
    ran = slurm.run("sbatch", "--parsable", "--array=1-5:2", f"--output={tmp_path}/task-%a.out", "--wrap",
                    f"exec {BRUNT} run {profile} --shard env --start-at {int(time.time()) + 8} --quiet --out {tmp_path}/results/$SLURM_ARRAY_TASK_ID")
    assert ran.returncode == 0, ran.stderr
    wait_for(ran.stdout.strip(), slurm)
    dirs = [tmp_path / "results" / str(i) for i in (1, 3, 5)]
    ran = slurm.run(BRUNT, "merge", "--expect", "3", *dirs, "--quiet", "--out", tmp_path / "results" / "all")
    assert ran.returncode == 0, ran.stdout + ran.stderr + "".join(path.read_text() for path in tmp_path.glob("task-*.out"))
    assert whole_of(tmp_path)["totals"]["sent"] == count() > 700
