"""SIGHUP: brunt.yaml is read anew as a whole, or not at all, and no running job hears of it. And the audit log: who did what is on disk before he is
told that it is done."""
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest
import yaml

from test_alerts import RULE, firing, fixture_hook, fixture_slow, watch  # noqa: F401
from served import WAIT_S, free_port, over_tcp, profile, until


def said(daemon):
    with open(os.path.join(daemon.folder, "stderr"), encoding="utf-8") as file:
        return file.read()


def reload(daemon, words="was read anew"):
    before = said(daemon).count(words)
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: said(daemon).count(words) > before)


def test_a_reload_changes_what_is_allowed_and_no_running_job(daemon, target):
    daemon.write("profiles/nightly.yaml", yaml.safe_dump(profile(target)))
    daemon.start()
    going = daemon.submit(profile=profile(target, 2))
    until(lambda: daemon.run(going)["state"] == "running")
    daemon.configure(allow=["192.0.2.0/24"], ceilings={"rate": "10/s"}, schedules={"nightly": {"profile": "nightly", "every": "24h"}},
                     queue={"at_once": 7}, listen="unix:" + daemon.socket + ".other", monitor={"watch": {"pid": 1}})
    reload(daemon)
    assert re.findall(r"(\w+): a change of it is for the next start", said(daemon)) == ["listen", "monitor"]
    status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile(target)}))
    assert status == 403 and "ceiling" in problem["detail"]
    slower = profile(target, load={"steady": {"rate": "5/s", "for": "1s"}})
    status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": slower}))
    assert status == 403 and "allowlist" in problem["detail"]
    assert [s["name"] for s in daemon.ask("GET", "/api/v1/schedules")[1]["schedules"]] == ["nightly"]
    assert daemon.ask("GET", "/api/v1/queue")[1]["at_once"] == 7
    assert daemon.ask("GET", "/api/v1/info")[1]["ceilings"]["rate_per_s"] == 10
    daemon.ended(going)
    assert daemon.ask("GET", f"/api/v1/runs/{going}/result")[1]["totals"]["ok"] == 40
    daemon.configure()
    reload(daemon)
    reload(daemon)
    assert daemon.ask("GET", "/api/v1/schedules")[1]["schedules"] == []
    assert daemon.ended(daemon.submit(profile=profile(target)))["status"] in ("pass", "inconclusive")


def test_a_file_that_is_wrong_changes_nothing_and_says_where(daemon, target):
    daemon.configure(ceilings={"rate": "10/s"}, queue={"at_once": 3})
    daemon.start()
    for wrong, where in (("ceilings: {rate: 99/s}\nqueue: {at_once: 9}\nalerts: {rules: {slow: {when: p95 >}}}\n", r"brunt.yaml:3:\d+: "),
                         ("queue: {at_once: 9}\nalerts:\n  sinks:\n    ops: {webhook: nonsense}\n", r"brunt.yaml:4:\d+: ops: webhook: "),
                         ("queue: {at_once: 9}\nallow: [10.0.0.0/8, 10.0.0.1/8]\n", r"brunt.yaml:2:\d+: allow: "),
                         ("queue: {at_once: 9}\nnames: ['no name']\n", r"brunt.yaml:2:\d+: names: "),
                         ("queue: [", r"brunt.yaml:\d+:\d+: ")):
        daemon.write("brunt.yaml", wrong)
        before = len(said(daemon))
        reload(daemon, "all stays as it was")
        assert re.search(where, said(daemon)[before:]), said(daemon)[before:]
        assert daemon.ask("GET", "/api/v1/queue")[1]["at_once"] == 3
        assert daemon.ask("GET", "/api/v1/info")[1]["ceilings"]["rate_per_s"] == 10


def test_alerts_that_are_no_more_end_and_others_begin(daemon, hook, slow):
    watch(daemon, hook)
    daemon.start()
    daemon.submit(profile=profile(slow, 60))
    until(lambda: firing(daemon))
    hook.status = None  # what waits is not lost
    watch(daemon, hook, {"slower": RULE | {"when": "p95 > 60ms"}})
    reload(daemon)
    until(lambda: [a["rule"] for a in firing(daemon)] == ["slower"])
    reload(daemon)
    hook.status = 200
    until(lambda: {"recovered slow", "fired slower"} <= set(hook.said()))
    assert hook.said()[-2:] == ["recovered slow", "fired slower"]


def test_what_was_done_is_in_the_audit_log(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target))
    daemon.ended(run)
    assert daemon.ask("DELETE", f"/api/v1/runs/{run}")[0] == 204
    status, text = daemon.ask("GET", "/api/v1/audit?limit=1")
    assert status == 200 and json.loads(text)["action"] == "run.delete" and json.loads(text)["what"] == run
    lines = [json.loads(line) for line in daemon.ask("GET", "/api/v1/audit")[1].splitlines()]
    assert [line["action"] for line in lines] == ["run.submit", "run.delete"]
    with open(os.path.join(daemon.data, "audit.log"), "ab") as log:  # more than a piece of it
        log.write(b"".join(b'{"action":"%d"}\n' % i for i in range(20000)))
    lines = [json.loads(line) for line in daemon.ask("GET", "/api/v1/audit?limit=1000")[1].splitlines()]
    assert [line["action"] for line in lines] == [str(i) for i in range(19000, 20000)]
    assert daemon.ask("GET", "/api/v1/audit?limit=1001")[0] == 400


def audit(daemon):
    return [json.loads(line) for line in daemon.ask("GET", "/api/v1/audit")[1].splitlines()]


def test_reloads_are_in_the_audit_log(daemon):
    path = os.path.join(daemon.folder, "brunt.yaml")
    daemon.start()
    reload(daemon)
    assert audit(daemon)[0] | {"at": ""} == {"at": "", "who": "brunt", "action": "reload", "what": path, "outcome": "ok"}
    daemon.write("brunt.yaml", "queue: [")
    reload(daemon, "all stays as it was")
    assert audit(daemon)[1] | {"at": "", "detail": ""} == {"at": "", "who": "brunt", "action": "reload", "what": path, "outcome": "failed", "detail": ""}
    assert "brunt.yaml:2:1: " in audit(daemon)[1]["detail"]


def hours_ago(daemon, hours):
    """The daemon, which is not there, looked at its schedule for the last time so long ago."""
    with contextlib.closing(sqlite3.connect(os.path.join(daemon.data, "brunt.db"))) as ledger, ledger:
        states = ledger.execute("SELECT name, text FROM notes WHERE kind = 'schedule'").fetchall()
        for name, text in states:
            state = json.loads(text)
            state["looked_ns"] = str(int(state["looked_ns"]) - hours * 3600 * 10**9)
            ledger.execute("UPDATE notes SET text = ? WHERE kind = 'schedule' AND name = ?", (json.dumps(state), name))
    return len(states)


def test_what_a_schedule_that_never_ran_missed_is_run_and_its_runs_are_in_the_audit_log(daemon, target):
    hourly = {"every": "1h", "missed": "once"}
    daemon.write("profiles/nightly.yaml", yaml.safe_dump(profile(target)))
    daemon.configure(schedules={"good": hourly | {"profile": "nightly"}, "bad": hourly | {"profile": "nobody"}})
    daemon.start()
    daemon.stop()
    assert hours_ago(daemon, 2) == 2
    daemon.start()
    until(lambda: len(audit(daemon)) == 3)
    lines = {name: [(line["action"], line.get("what"), line["outcome"]) for line in audit(daemon) if line["who"] == "schedule:" + name] for name in ("good", "bad")}
    assert lines == {"good": [("run.submit", "nightly", "ok")], "bad": [("run.submit", "nobody", "ok"), ("run.submit", None, "failed")]}
    run, = daemon.ask("GET", "/api/v1/runs")[1]["runs"]
    assert run["submitted_by"] == "schedule:good" and daemon.ended(run["id"])["status"] in ("pass", "inconclusive")


@contextlib.contextmanager
def traced(daemon, *more):
    """What the daemon asks the kernel for meanwhile, a line each, as strace tells it."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    path, lines = os.path.join(daemon.folder, "trace"), []
    tracer = subprocess.Popen(["strace", "-f", "-s", "200", "-e", "trace=write,writev,sendto,sendmsg,fdatasync", *more, "-o", path, "-p",
                               str(daemon.process.pid)], stderr=subprocess.PIPE, text=True)
    if "attached" not in tracer.stderr.readline():
        tracer.wait(WAIT_S)
        pytest.skip("strace may not look at other processes here")
    yield lines
    tracer.terminate()
    tracer.wait(WAIT_S)
    tracer.stderr.close()
    with open(path, encoding="utf-8") as file:
        lines.extend(file.read().splitlines())


def test_who_is_told_that_it_is_done_finds_it_on_disk(daemon):
    daemon.start()
    with traced(daemon) as lines:
        assert daemon.ask("POST", "/api/v1/resume")[0] == 200
    written = next(i for i, line in enumerate(lines) if r'\"action\":\"resume\"' in line)
    told = next(i for i, line in enumerate(lines) if "HTTP/1.1 200 OK" in line and i > written)
    assert any(re.search(r"fdatasync.*= 0$", line) for line in lines[written:told]), lines


def test_who_is_told_that_it_is_done_is_told_where_it_may_not_be_on_disk(daemon):
    daemon.start()
    with traced(daemon, "-e", "inject=fdatasync:error=EIO"):
        status, problem = daemon.ask("POST", "/api/v1/resume")
    assert status == 500 and "it was done, but the audit log" in problem["detail"]
    assert "the audit log cannot be written to its disk" in said(daemon)
    assert daemon.ask("POST", "/api/v1/resume")[0] == 200


def test_the_audit_log_is_for_admins_alone(daemon):
    port = free_port()
    daemon.write("tokens", "".join(f"{role} {role} plain:{role * 10}\n" for role in ("run", "admin")))
    os.chmod(os.path.join(daemon.folder, "tokens"), 0o600)
    daemon.configure(listen=["unix:" + daemon.socket, f"127.0.0.1:{port}"], tokens="tokens")
    daemon.start()
    for role, status in (("run", 403), ("admin", 200)):
        assert over_tcp(port, "GET", "/api/v1/audit", Authorization="Bearer " + role * 10)[0].status == status
    # A token is withdrawn although the rest of the file is wrong; without any, what listens over TCP would let nobody in.
    daemon.write("tokens", f"admin admin plain:{'admin' * 10}\n")
    daemon.write("brunt.yaml", "queue: [")
    reload(daemon, "all stays as it was")
    assert over_tcp(port, "GET", "/api/v1/runs", Authorization="Bearer " + "run" * 10)[0].status == 401
    daemon.configure()
    reload(daemon, "all stays as it was")
    assert over_tcp(port, "GET", "/api/v1/runs", Authorization="Bearer " + "admin" * 10)[0].status == 200
