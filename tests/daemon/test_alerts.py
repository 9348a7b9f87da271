"""Alerts of brunt serve, from a real job that breaks a rule to who is told of it: Python's http.server and hmac, a shell, curl, promtool and a
real Prometheus Alertmanager say what arrived."""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import urllib.request

import pytest

from served import BRUNT, WAIT_S, free_port, profile, until
from unix_http import Connection

KEY = b"twenty-four bytes of key"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Hook:
    """A webhook that says `status`; while that is None, 503. What came, and whether the daemon's own list had it by then."""

    def __init__(self, daemon):
        self.came, self.listed, self.refused, self.status = [], [], 0, 200
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
                assert self.headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
                if hook.status is None:
                    hook.refused += 1
                else:
                    alert = json.loads(body)
                    hook.listed.append(any(a["number"] == alert["number"] and (alert["event"] == "alert.fired" or a["state"] == "resolved")
                                           for a in alerts(daemon)))
                    hook.came.append((self.headers["webhook-id"], alert))
                self.send_response(hook.status or 503)
                self.end_headers()

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def said(self):
        return [alert["event"].split(".")[1] + " " + alert["rule"] for _, alert in self.came]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(name="hook")
def fixture_hook(daemon):
    hook = Hook(daemon)
    yield hook
    hook.status = 200
    daemon.stop()  # while somebody takes what it still has to tell
    hook.close()


@pytest.fixture(name="slow", scope="module")
def fixture_slow():
    """A target that takes its time."""
    process = subprocess.Popen([BRUNT, "target", "--port", "0", "--service-time", "100ms"], stdout=subprocess.PIPE, text=True)
    yield re.search(r"http://\S+", process.stdout.readline())[0]
    process.terminate()
    process.wait()
    process.stdout.close()


def alerts(daemon, query=""):
    return daemon.ask("GET", "/api/v1/alerts" + query)[1]["alerts"]


def firing(daemon):
    return alerts(daemon, "?state=firing")


RULE = {"when": "p95 > 50ms", "severity": "critical", "text": "look at the database"}


def watch(daemon, hook, rules=None, **sinks):
    daemon.configure(alerts={"shipped": False, "rules": rules or {"slow": RULE}, "sinks": {"ops": {"webhook": hook.url, "secret": SECRET}} | sinks})


@contextlib.contextmanager
def listening(daemon, events):
    """What GET /events says meanwhile: (kind, data) are added to `events`."""
    connection = Connection(daemon.socket, WAIT_S)
    connection.request("GET", "/api/v1/events")
    answer = connection.getresponse()

    def read():
        kind = None
        with contextlib.suppress(OSError, ValueError):
            for line in answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                kind = value if name == "event" else kind
                if name == "data":
                    events.append((kind, json.loads(value)))

    reader = threading.Thread(target=read)
    reader.start()
    yield
    connection.sock.shutdown(2)
    reader.join()
    connection.close()


def test_a_job_that_breaks_a_rule_is_told_to_everybody_and_so_is_its_end(daemon, hook, slow):
    out = os.path.join(daemon.folder, "said")
    watch(daemon, hook, page={"command": f"printf '%s %s %s\\n' $BRUNT_ALERT_EVENT $BRUNT_ALERT_RULE $BRUNT_ALERT_SEVERITY >> {out}"})
    daemon.start()
    events = []
    with listening(daemon, events):
        run = daemon.submit(profile=profile(slow, 3))
        daemon.ended(run)
        until(lambda: len(hook.came) == 2 and os.path.exists(out) and len(open(out, encoding="ascii").readlines()) == 2)
        until(lambda: len([kind for kind, _ in events if kind == "alert"]) == 2)
    assert hook.said() == ["fired slow", "recovered slow"] and hook.listed == [True, True]
    (fired_id, fired), (recovered_id, recovered) = hook.came
    assert (fired_id, recovered_id) == ("alert-1-fired", "alert-1-recovered")
    assert (fired["run"], fired["name"], fired["severity"], fired["advice"]) == (run, "api", "critical", "look at the database")
    assert fired["value"] > 50e6 and fired["threshold"] == 50e6 and fired["ended_at"] is None and recovered["ended_at"]
    assert open(out, encoding="ascii").read() == "fired slow critical\nrecovered slow critical\n"
    told = [data for kind, data in events if kind == "alert"]
    assert [(one["number"], one["state"]) for one in told] == [(1, "firing"), (1, "resolved")]
    assert alerts(daemon) == [told[1]] and firing(daemon) == []
    status, text = daemon.ask("GET", "/metrics")
    assert status == 200 and b'brunt_notices_told_total{sink="ops",kind="webhook"} 2\n' in text and b"brunt_alerts_firing 0\n" in text
    if shutil.which("promtool") is not None:
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=WAIT_S, check=False)
        assert done.returncode == 0, done.stderr + done.stdout


def test_who_was_told_of_an_alert_is_told_no_more_for_a_while_though_the_daemon_comes_anew(daemon, hook, slow):
    watch(daemon, hook, {"slow": RULE | {"cooldown": "1h"}})
    for n in (1, 2):
        daemon.start()
        daemon.ended(daemon.submit(profile=profile(slow, 3)))
        until(lambda: [a["state"] for a in alerts(daemon)] == ["resolved"] * n)  # pylint: disable=cell-var-from-loop
        daemon.stop()
    assert hook.said() == ["fired slow", "recovered slow"]


def test_somebody_acknowledges_what_fires(daemon, hook, slow):
    watch(daemon, hook)
    daemon.start()
    run = daemon.submit(profile=profile(slow, 60))
    until(lambda: firing(daemon))
    events = []
    with listening(daemon, events):
        done = subprocess.run(["curl", "-sS", "--unix-socket", daemon.socket, "-H", "Content-Type: application/json", "-d", '{"note": "known"}',
                               "http://brunt/api/v1/alerts/1/acknowledge"], capture_output=True, text=True, timeout=WAIT_S, check=True)
        until(lambda: any(kind == "alert" for kind, _ in events))
    row = json.loads(done.stdout)
    assert row["acknowledged"]["by"] == "local" and row["acknowledged"]["note"] == "known" and row["state"] == "firing"
    assert ("alert", row) in events
    assert alerts(daemon, "?acknowledged=true") == [row] and alerts(daemon, "?acknowledged=false") == []
    daemon.kill()
    daemon.start()
    # Who has seen it is not forgotten, and its run did not survive the daemon.
    until(lambda: daemon.run(run)["state"] == "ended" and not firing(daemon))
    assert alerts(daemon)[0]["acknowledged"] == row["acknowledged"]
    until(lambda: hook.said() == ["fired slow", "recovered slow"])
    assert hook.came[1][1]["acknowledged_by"] == "local"
    for path, body, status in (("77", None, 404), ("x", None, 404), ("1", "[", 400), ("1", '{"note": 5}', 400)):
        assert daemon.ask("POST", f"/api/v1/alerts/{path}/acknowledge", body)[0] == status, path
    for query in ("?state=x", "?acknowledged=x", "?limit=0"):
        assert daemon.ask("GET", "/api/v1/alerts" + query)[0] == 400


def test_what_fired_before_a_kill_and_was_not_told_is_told_by_the_next_life(daemon, hook, slow):
    watch(daemon, hook)
    daemon.start()
    hook.status = None
    run = daemon.submit(profile=profile(slow, 60))
    until(lambda: hook.refused > 0 and firing(daemon))
    daemon.kill()
    hook.status = 200
    daemon.start()
    until(lambda: daemon.run(run)["state"] == "ended")
    until(lambda: len(hook.came) == 2)
    assert [name for name, _ in hook.came] == ["alert-1-fired", "alert-1-recovered"]
    assert hook.came[0][1]["run"] == run and hook.came[0][1]["text"].startswith("p95 is")
    # What was told is not told again.
    until(lambda: owed(daemon) == [])
    daemon.kill()
    daemon.start()
    daemon.stop()
    assert len(hook.came) == 2


def ledger(daemon):
    return contextlib.closing(sqlite3.connect(os.path.join(daemon.data, "brunt.db"), timeout=WAIT_S))


def owed(daemon):
    with ledger(daemon) as db:
        return [name for name, in db.execute("SELECT name FROM notes WHERE kind IN ('notice', 'unjudged')")]


def test_sigterm_does_not_wait_for_a_sink_for_ever_and_it_is_told_later(daemon, hook, slow):
    watch(daemon, hook)
    daemon.start()
    hook.status = None
    daemon.ended(daemon.submit(profile=profile(slow, 2)))
    until(lambda: hook.refused > 0)
    daemon.stop()
    assert [name.split("-", 1)[1] for name in owed(daemon)] == ["fired-ops", "recovered-ops"]
    hook.status = 200
    daemon.start()
    until(lambda: hook.said() == ["fired slow", "recovered slow"])


def test_a_run_that_ended_as_the_daemon_was_killed_is_looked_at_by_the_next_life(daemon, hook, slow):
    watch(daemon, hook, {"failed": {"on": ["fail"]}})
    daemon.start()
    run = daemon.submit(profile=profile(slow, 1, slo=["p95 < 1ms"]))
    assert daemon.ended(run)["status"] == "fail"
    until(lambda: hook.said() == ["fired failed"])
    until(lambda: owed(daemon) == [])
    daemon.stop()
    # As if it had been killed before its rules looked at the run.
    with ledger(daemon) as db, db:
        db.execute("DELETE FROM alerts")
        db.execute("INSERT INTO notes VALUES ('unjudged', ?, '')", (run,))
    daemon.start()
    until(lambda: len(hook.came) == 2)
    assert hook.came[1][1]["run"] == run and firing(daemon)[0]["rule"] == "failed"
    # It fires until a run of the name passes; over a restart, too, and nobody is told again.
    daemon.kill()
    daemon.start()
    assert len(firing(daemon)) == 1
    daemon.ended(daemon.submit(profile=profile(slow, 1)))
    until(lambda: hook.said() == ["fired failed", "fired failed", "recovered failed"])
    assert firing(daemon) == []


def test_what_fired_while_a_run_lasted_ends_with_it_whenever_the_daemon_was_killed(daemon, hook, slow):
    watch(daemon, hook)
    daemon.start()
    daemon.ended(daemon.submit(profile=profile(slow, 2)))
    until(lambda: hook.said() == ["fired slow", "recovered slow"])
    daemon.stop()
    with ledger(daemon) as db, db:  # as if it had been killed before it saw the end
        db.execute("UPDATE alerts SET ended_ns = 0")
    daemon.start()
    until(lambda: hook.said() == ["fired slow", "recovered slow", "recovered slow"])
    assert firing(daemon) == []


def test_what_fired_by_a_rule_that_is_no_more_is_over_at_the_next_start(daemon, hook, slow):
    watch(daemon, hook, {"failed": {"on": ["fail"]}})
    daemon.start()
    daemon.ended(daemon.submit(profile=profile(slow, 1, slo=["p95 < 1ms"])))
    until(lambda: hook.said() == ["fired failed"])
    daemon.stop()
    watch(daemon, hook)
    daemon.start()
    until(lambda: hook.said() == ["fired failed", "recovered failed"])
    assert firing(daemon) == []


def test_a_real_alertmanager_holds_what_fires(daemon, hook, slow):
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        pytest.skip("prometheus-alertmanager is not here")
    port = free_port()
    daemon.write("am.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    url = f"http://127.0.0.1:{port}/"
    manager = subprocess.Popen([program, f"--config.file={daemon.folder}/am.yml", f"--storage.path={daemon.folder}/am", "--cluster.listen-address=",
                                f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def held():
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url + "api/v2/alerts?active=true", timeout=WAIT_S) as answer:
                return [(a["labels"]["alertname"], a["labels"]["name"]) for a in json.load(answer)]
        return None

    try:
        until(lambda: held() == [])
        watch(daemon, hook, am={"alertmanager": url})
        daemon.start()
        run = daemon.submit(profile=profile(slow, 60))
        until(lambda: held() == [("slow", "api")])
        assert daemon.ask("POST", f"/api/v1/runs/{run}/stop")[0] == 202
        until(lambda: held() == [])
    finally:
        manager.terminate()
        manager.wait(WAIT_S)


def test_a_sink_that_cannot_be_is_refused_by_its_line(daemon):
    daemon.configure(alerts={"sinks": {"ops": {"webhook": "nonsense"}}})
    daemon.write("stderr", "")
    done = subprocess.run([BRUNT, "serve", "--config", os.path.join(daemon.folder, "brunt.yaml")], capture_output=True, text=True,
                          timeout=WAIT_S, check=False)
    assert done.returncode == 2 and re.search(r"brunt.yaml:\d+:\d+: ops: webhook: write a URL", done.stderr), done.stderr


def test_users_who_are_answered_at_once_are_held_to_the_ceiling_of_the_rate(daemon, target):
    daemon.configure(ceilings={"rate": "20/s"})
    daemon.start()
    wish = profile(target, load={"concurrency": {"users": 2, "for": "60s"}})
    row = daemon.ended(daemon.submit(profile=wish))
    assert row["status"] == "interrupted" and "more than the operator's ceiling of 20/s" in row["reason"]
