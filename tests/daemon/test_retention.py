"""Which results brunt serve lets go, and that nothing claims what is not there, whenever it is killed."""
import os
import shutil
import signal
import sqlite3

import pytest

from served import profile, until


def run_ended(daemon, target, name, seconds=1):
    run = daemon.submit(profile=profile(target, seconds, name=name, load={"steady": {"rate": "20/s", "count": 5}}))
    daemon.ended(run)
    return run


def kept(daemon):
    return set(os.listdir(os.path.join(daemon.data, "runs")))


def reload(daemon):
    daemon.process.send_signal(signal.SIGHUP)


def test_the_newest_of_each_name_are_kept_and_the_others_stay_in_the_history(daemon, target):
    daemon.configure(retention={"runs": 2})
    daemon.start()
    runs = [run_ended(daemon, target, name) for name in ("a", "b", "a", "a")]
    until(lambda: kept(daemon) == {runs[1], runs[2], runs[3]})
    rows = {row["id"]: row for row in daemon.ask("GET", "/api/v1/runs")[1]["runs"]}
    assert set(rows) == set(runs) and rows[runs[0]]["status"] is not None and rows[runs[0]]["figures"]
    assert [rows[run]["has_files"] for run in runs] == [False, True, True, True]
    assert daemon.run(runs[0])["files"] == [] and daemon.ask("GET", f"/api/v1/runs/{runs[0]}/result")[0] == 404
    assert daemon.ask("GET", f"/api/v1/runs/{runs[3]}/result")[0] == 200


def test_what_is_kept_by_age_and_by_size_and_never_what_runs(daemon, target):
    daemon.start()
    runs = [run_ended(daemon, target, name) for name in ("a", "b", "c")]
    going = daemon.submit(profile=profile(target, 60))
    until(lambda: daemon.run(going)["state"] == "running")
    with sqlite3.connect(os.path.join(daemon.data, "brunt.db"), timeout=60) as db:
        db.execute("UPDATE runs SET bytes = 1000 WHERE state = 3")
        db.execute("UPDATE runs SET ended_ns = 1 WHERE id = ?", (runs[1],))
    db.close()
    daemon.configure(retention={"for": "30d", "size": "2KB"})
    reload(daemon)
    # b by its age, and so a may stay.
    until(lambda: kept(daemon) == {runs[0], runs[2], going})
    daemon.configure(retention={"size": "1B"})
    reload(daemon)
    until(lambda: kept(daemon) == {runs[2], going})  # the newest that ended stays, whatever it takes
    assert daemon.run(going)["state"] == "running"


def test_baselines_are_not_taken(daemon, target):
    daemon.start()
    run = run_ended(daemon, target, "a")
    baselines = os.path.join(daemon.data, "baselines", "good", run)
    shutil.copytree(os.path.join(daemon.data, "runs", run, "results"), baselines)
    run_ended(daemon, target, "a")
    daemon.configure(retention={"runs": 1})
    reload(daemon)
    until(lambda: run not in kept(daemon))
    assert os.path.exists(os.path.join(baselines, "result.json"))


@pytest.mark.parametrize("is_noted", (True, False))
def test_killed_between_the_row_and_the_files_it_claims_nothing(daemon, target, is_noted):
    daemon.start()
    runs = [run_ended(daemon, target, "a") for _ in range(2)]
    daemon.kill()
    if is_noted:  # as the first half of it leaves things
        with sqlite3.connect(os.path.join(daemon.data, "brunt.db")) as db:
            db.execute("UPDATE runs SET has_files = 0 WHERE id = ?", (runs[0],))
        db.close()
    else:
        daemon.configure(retention={"runs": 1})
    daemon.start()
    until(lambda: kept(daemon) == {runs[1]})
    assert not daemon.run(runs[0])["has_files"] and daemon.run(runs[1])["has_files"]
