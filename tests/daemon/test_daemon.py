"""brunt serve, as its users meet it: over its socket, with real jobs, and killed at bad moments. BRUNT names the binary."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
import yaml

from conftest import fixture_daemon, fixture_target  # noqa: F401  for those who take them from here
from served import BRUNT, WAIT_S, Daemon, free_port, over_tcp, profile, until  # noqa: F401

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "src", "daemon")


def test_submitted_watched_downloaded(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 2))
    events = list(daemon.events(run))
    kinds = [kind for kind, _ in events]
    assert kinds[0] == "state" and events[0][1]["state"] == "queued"
    assert kinds.index("run") < kinds.index("figures") < kinds.index("end")
    assert events[-1] == ("state", {"state": "ended", "position": None})
    told = sum(data["scheduled"] for kind, data in events if kind == "figures")
    assert told == 40
    row = daemon.ended(run)
    status, result = daemon.ask("GET", f"/api/v1/runs/{run}/result")
    assert status == 200 and result["totals"]["scheduled"] == 40
    assert (row["status"], row["exit_code"]) == (result["verdict"]["status"], result["verdict"]["exit_code"])
    for file in row["files"]:
        status, content = daemon.ask("GET", f"/api/v1/runs/{run}/files/{file['path']}?download")
        size = os.path.getsize(os.path.join(daemon.data, "runs", run, "results", file["path"]))
        assert status == 200 and size == file["bytes"]
        assert isinstance(content, dict) or len(content) == size
    listed = daemon.ask("GET", "/api/v1/runs")[1]
    assert [r["id"] for r in listed["runs"]] == [run] and listed["next"] is None
    assert daemon.ask("DELETE", f"/api/v1/runs/{run}")[0] == 204
    assert daemon.ask("GET", f"/api/v1/runs/{run}")[0] == 404
    assert os.listdir(os.path.join(daemon.data, "runs")) == []


def test_runs_of_one_target_wait_for_each_other(daemon, target):
    daemon.start()
    first, second = daemon.submit(profile=profile(target, 60)), daemon.submit(profile=profile(target, 1))
    until(lambda: daemon.run(first)["state"] == "running")
    queue = daemon.ask("GET", "/api/v1/queue")[1]
    assert [r["id"] for r in queue["running"]] == [first]
    assert [(r["id"], r["position"]) for r in queue["queued"]] == [(second, 1)]
    assert daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile(target), "on_busy": "refuse"}))[0] == 409
    assert daemon.ask("DELETE", f"/api/v1/runs/{first}")[0] == 409
    assert daemon.ask("POST", f"/api/v1/runs/{first}/stop", '{"how": "drain"}')[0] == 202
    assert daemon.ended(first)["status"] in ("pass", "inconclusive", "interrupted")
    status, row = daemon.ask("POST", f"/api/v1/runs/{first}/stop")  # what is wanted is so
    assert status == 200 and (row["id"], row["state"], row["status"]) == (first, "ended", daemon.run(first)["status"])
    assert daemon.ask("POST", "/api/v1/runs/nobody/stop")[0] == 404
    assert daemon.ended(second)["status"] in ("pass", "inconclusive")


def test_a_killed_daemon_loses_nothing_that_was_finished(daemon, target):
    daemon.start()
    done = daemon.submit(profile=profile(target, 1))
    before = daemon.ended(done)
    under_way, waits = daemon.submit(profile=profile(target, 60)), daemon.submit(profile=profile(target, 1))
    until(lambda: daemon.run(under_way)["state"] == "running")
    daemon.kill()
    daemon.start()
    assert daemon.ended(under_way)["status"] == "interrupted"
    assert daemon.ended(waits)["status"] in ("pass", "inconclusive")
    after = daemon.run(done)
    assert {**after, "elapsed_s": None} == {**before, "elapsed_s": None}
    assert daemon.ask("GET", f"/api/v1/runs/{done}/result")[0] == 200


def test_a_run_that_outlives_its_daemon_has_not_ended_while_it_is_there(daemon, target):
    """It stands still for as long as its daemon is killed and begins anew, and so cannot end when it is told to."""
    daemon.start()
    run = daemon.submit(profile=profile(target, 60))
    until(lambda: daemon.run(run)["state"] == "running")
    with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children", encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGSTOP)
    try:
        daemon.kill()
        daemon.start()
        seen = [(daemon.run(run)["state"], time.sleep(0.05))[0] for _ in range(20)]
    finally:
        os.kill(pid, signal.SIGCONT)
    assert set(seen) == {"running"}
    assert daemon.ended(run)["status"] == "interrupted" and not os.path.exists(f"/proc/{pid}")


def test_a_killed_job_is_no_more_than_a_killed_job(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 60))
    until(lambda: daemon.run(run)["state"] == "running")
    with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children", encoding="ascii") as file:
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGKILL)
    row = daemon.ended(run)
    assert (row["status"], row["exit_code"]) == ("crashed", 137)
    assert daemon.ask("GET", "/healthz")[0] == 200
    assert daemon.ended(daemon.submit(profile=profile(target, 1)))["exit_code"] is not None


def test_sigterm_keeps_what_runs_and_what_waits(daemon, target):
    daemon.start()
    runs, waits = daemon.submit(profile=profile(target, 60)), daemon.submit(profile=profile(target, 1))
    # A process that is just being born has nothing to keep yet.
    until(lambda: os.path.exists(os.path.join(daemon.data, "runs", runs, "results.partial")))
    time.sleep(0.5)
    daemon.stop()
    daemon.start()
    row = daemon.run(runs)
    assert row["status"] == "interrupted" and "result.json" in [f["path"] for f in row["files"]]
    assert daemon.ended(waits)["status"] in ("pass", "inconclusive")


HOSTILE = [
    # (body, kind, status, line, words)
    ('{"name": "../../etc/passwd"}', "application/json", 400, 1, "name"),
    ('{"name": "nobody"}', "application/json", 404, None, "no profile"),
    ('{"yaml": "a: b", "name": "x"}', "application/json", 400, 1, "exactly one"),
    ('{\n"profil": {}}', "application/json", 400, 1, "exactly one"),
    ('{"profile": {"target": "http://127.0.0.1:1",\n "before": "id"}}', "application/json", 400, 2, "command"),
    ('{"profile": {"target": "http://127.0.0.1:1",\n\n "laod": {}}}', "application/json", 400, 3, "did you mean 'load'"),
    ('{"yaml": "target: http://h\\nload: {steady: {rate: 5/s, for: 1s}}\\nextends: /etc/passwd"}', "application/json", 400, 3, "file"),
    ("target: ${env:HOME}\n", "application/yaml", 400, 1, "environment"),
    ("target: http://127.0.0.1:1\nrequests:\n - {name: a, post: /, body_file: /etc/shadow}\n", "application/yaml", 400, 3, "file"),
    ("a: &a [x]\nb: &b [*a, *a, *a, *a]\n" + "".join(f"c{i}: &c{i} [{'*b, ' * 9}*b]\n" for i in range(400)), "application/yaml", 400, None, ""),
    ("[" * 5000, "application/yaml", 400, None, ""),
    ("[" * 5000, "application/json", 400, 1, ""),
    ('{"yaml": "\\u0000"}', "application/json", 400, 1, "JSON"),
    ("target: \xff\xfe", "application/yaml", 400, None, ""),
    ("name=x", "application/x-www-form-urlencoded", 415, None, "application/json"),
    ('{"name": "x"}', "text/plain", 415, None, "application/json"),
]


def test_hostile_input_is_refused_by_its_line_and_harms_no_run(daemon, target):
    daemon.start()
    run = daemon.submit(profile=profile(target, 5))
    for body, kind, expected, line, words in HOSTILE:
        status, problem = daemon.ask("POST", "/api/v1/runs", body.encode("latin-1"), kind)
        assert status == expected, (body[:80], status, problem)
        if words is not None:
            assert problem["status"] == expected and words in problem["detail"], (body[:80], problem)
        if line is not None:
            assert problem["errors"][0]["line"] == line, (body[:80], problem)
    for head, status in (("Content-Length: 16777216", 413), ("X: " + "x" * 60000, 431), ("Content-Length: -1", 400)):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(daemon.socket)
            raw.sendall(f"POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode())
            assert raw.recv(4096).startswith(f"HTTP/1.1 {status}".encode()), head
    for path in ("/api/v1/runs/..%2f..%2fetc", "/api/v1/runs/%00", f"/api/v1/runs/{run}/files/..%2f..%2fjob.json",
                 f"/api/v1/runs/{run}/files/../job.json", "/api/v1/nothing", "/api/v1/runs?limit=0x", "/api/v1/runs?state=x"):
        assert daemon.ask("GET", path)[0] in (400, 404), path
    row = daemon.ended(run)
    assert daemon.ask("GET", f"/api/v1/runs/{run}/result")[1]["totals"]["scheduled"] == 100
    assert row["status"] in ("pass", "inconclusive")
    assert [r["id"] for r in daemon.ask("GET", "/api/v1/runs")[1]["runs"]] == [run]


def test_targets_that_are_not_allowed_are_not_loaded(daemon):
    daemon.start()
    status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile("http://192.0.2.1:80")}))
    if status == 201:  # not known before names are looked up
        assert daemon.ended(problem["id"])["status"] in ("unreachable", "refused")
    else:
        assert status == 403


def test_the_operators_profiles_may_do_what_sent_ones_may_not(daemon, target):
    daemon.write("profiles/nightly.yaml", yaml.safe_dump(profile(target, 1, before="true", name="nightly")))
    daemon.write("profiles/broken.yaml", "target: x y\n")
    daemon.start()
    profiles = {p["name"]: p for p in daemon.ask("GET", "/api/v1/profiles")[1]["profiles"]}
    assert profiles["nightly"]["kind"] == "run" and profiles["broken"]["kind"] == "broken"
    run = daemon.submit(name="nightly", set={"load.steady.rate": "10/s"})
    assert daemon.ended(run)["profile"] == "nightly"
    assert daemon.ask("GET", f"/api/v1/runs/{run}/result")[1]["totals"]["scheduled"] == 10
    assert daemon.ask("POST", "/api/v1/runs", '{"name": "nightly", "set": {"target.command": "id"}}')[0] == 400


def test_secrets_of_the_operators_profiles_go_nowhere_else(daemon, target):
    daemon.write("secret", "s3cret")
    secret = profile(target, 1, name="secret", requests=[{"name": "root", "get": "/", "headers": {"X-Key": "${file:../secret}"}}])
    daemon.write("profiles/secret.yaml", yaml.safe_dump(secret))
    daemon.write("profiles/all.yaml", yaml.safe_dump({"name": "all", "suite": ["secret.yaml"]}))
    daemon.start()
    elsewhere = "http://127.0.0.1:9"
    for name, setting in (("secret", {"target.url": elsewhere}), ("secret", {"target": elsewhere}), ("secret", {"probe": elsewhere}),
                          ("secret", {"arms.b.set.target": elsewhere}), ("secret", {"output.push.url": elsewhere}),
                          ("secret", {"scrape.url": elsewhere}), ("all", {"set.target": elsewhere})):
        status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"name": name, "set": setting}))
        assert status == 400, (setting, problem)
        if name == "secret" and not next(iter(setting)).startswith(("arms", "scrape", "output")):
            assert "secrets" in problem["detail"], problem
    assert daemon.ended(daemon.submit(name="secret", set={"load.steady.rate": "10/s"}))["status"] in ("pass", "inconclusive")


def test_stop_everything_until_it_is_resumed(daemon, target):
    daemon.start()
    first, second = daemon.submit(profile=profile(target, 60)), daemon.submit(profile=profile(target, 60))
    until(lambda: daemon.run(first)["state"] == "running")
    assert daemon.ask("POST", "/api/v1/stop", '{"reason": "maintenance"}')[1]["stop_reason"] == "maintenance"
    assert daemon.ended(second)["status"] == "cancelled"
    assert daemon.ended(first)["status"] in ("interrupted", "crashed")
    daemon.stop()
    daemon.start()
    assert daemon.ask("GET", "/api/v1/info")[1]["stop_reason"] == daemon.ask("GET", "/api/v1/queue")[1]["stop_reason"] == "maintenance"
    assert daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile(target)}))[0] == 503
    assert daemon.ask("POST", "/api/v1/resume", "{}")[0] in (200, 415)
    assert daemon.ask("POST", "/api/v1/resume")[0] == 200
    assert daemon.ask("GET", "/api/v1/info")[1]["stop_reason"] is None
    assert daemon.ended(daemon.submit(profile=profile(target, 1)))["status"] in ("pass", "inconclusive")


def test_clients_submit_list_stop_and_watch(daemon, target):
    daemon.start()
    daemon.write("mine.yaml", yaml.safe_dump(profile(target, 1)))
    done = daemon.client("submit", os.path.join(daemon.folder, "mine.yaml"), "--set", "load.steady.rate=10/s", "--wait")
    run = done.stdout.split("\n")[0]
    assert done.returncode == daemon.run(run)["exit_code"], done.stderr
    assert re.search(r"ok 10\b", done.stdout)
    listing = daemon.client("jobs").stdout
    assert run in listing and "ended" in listing
    assert json.loads(daemon.client("jobs", run, "--json").stdout)["id"] == run
    long = daemon.client("submit", os.path.join(daemon.folder, "mine.yaml"), "--set", "load.steady.for=60s").stdout.strip()
    until(lambda: daemon.run(long)["state"] == "running")
    assert daemon.client("stop", long).returncode == 0
    watched = daemon.client("watch", long, "--json")
    assert watched.returncode == daemon.ended(long)["exit_code"]
    assert daemon.client("stop", "20200101T000000Z-000000").returncode != 0
    assert "no profile" in daemon.client("submit", "nobody").stderr


def test_over_tcp_a_token_says_who_may_what(daemon, target):
    port = free_port()
    tokens = {role: role * 10 for role in ("view", "run", "admin")}
    daemon.write("tokens", "".join(f"{role} {role} plain:{token}\n" for role, token in tokens.items()))
    os.chmod(os.path.join(daemon.folder, "tokens"), 0o600)
    daemon.configure(listen=["unix:" + daemon.socket, f"127.0.0.1:{port}"], tokens="tokens")
    daemon.start()
    bearer = {role: {"Authorization": "Bearer " + token} for role, token in tokens.items()}
    wish = json.dumps({"profile": profile(target)})

    def status(method, path, body=None, **headers):
        return over_tcp(port, method, path, body, **headers)[0].status

    assert status("GET", "/healthz") == 200
    assert status("GET", "/api/v1/runs") == 401
    asked = subprocess.run([BRUNT, "jobs", "--server", f"http://127.0.0.1:{port}"], capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert asked.returncode != 0 and "this needs a token" in asked.stderr and "--token-file" in asked.stderr
    assert status("GET", "/api/v1/runs", Authorization="Bearer " + "x" * 40) == 401
    assert status("GET", "/api/v1/runs", **bearer["view"]) == 200
    assert status("POST", "/api/v1/runs", wish, Content_Type="application/json", **bearer["view"]) == 403
    assert status("GET", "/api/v1/runs", Host="evil.example", **bearer["view"]) == 421
    assert status("GET", "/api/v1/runs", Origin="http://evil.example", **bearer["view"]) == 403
    assert status("POST", "/api/v1/runs", wish, Content_Type="text/plain", **bearer["run"]) == 415
    answer, text = over_tcp(port, "POST", "/api/v1/runs", wish, Content_Type="application/json", **bearer["run"])
    assert answer.status == 201
    assert daemon.ended(json.loads(text)["id"])["submitted_by"] == "run"
    assert status("POST", "/api/v1/resume", **bearer["run"], Content_Type="application/json") == 403
    # The page: a token once, then a cookie, which works from our own origin alone.
    ours = f"http://127.0.0.1:{port}"
    answer, _ = over_tcp(port, "POST", "/api/v1/session", json.dumps({"token": tokens["run"]}), Content_Type="application/json", Origin=ours)
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    session = {"Cookie": cookie.split(";")[0]}
    assert status("GET", "/api/v1/runs", **session) == 200
    assert status("POST", "/api/v1/runs", wish, Content_Type="application/json", **session) == 403
    assert status("POST", "/api/v1/runs", wish, Content_Type="application/json", Origin=ours, **session) == 201
    assert status("DELETE", "/api/v1/session", Origin=ours, **session) == 204
    assert status("GET", "/api/v1/runs", **session) == 401
    assert status("GET", "/") == 200
    with open(os.path.join(daemon.data, "audit.log"), encoding="utf-8") as file:
        log = [json.loads(line) for line in file]
    assert {"run.submit", "login", "refused"} <= {line["action"] for line in log}
    assert not any(token in json.dumps(log) for token in tokens.values())
    # Withdrawn: at the next SIGHUP it is worth nothing.
    daemon.write("tokens", f"admin admin plain:{tokens['admin']}\n")
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: status("GET", "/api/v1/runs", **bearer["view"]) == 401)
    assert status("GET", "/api/v1/runs", **bearer["admin"]) == 200


def test_schedules_are_listed_run_now_and_paused(daemon, target):
    daemon.write("profiles/nightly.yaml", yaml.safe_dump(profile(target, 1)))
    daemon.configure(schedules={"nightly": {"profile": "nightly", "cron": "0 2 * * *", "time_zone": "Europe/Berlin",
                                            "set": {"load.steady.rate": "10/s"}}})
    daemon.start()

    def nightly():
        return daemon.ask("GET", "/api/v1/schedules")[1]["schedules"][0]

    assert [at[10:] in ("T00:00:00Z", "T01:00:00Z") for at in nightly()["next_at"]] == [True] * 3
    status, run = daemon.ask("POST", "/api/v1/schedules/nightly/run")
    assert status == 201 and run["submitted_by"] == "local"
    daemon.ended(run["id"])
    assert daemon.ask("GET", f"/api/v1/runs/{run['id']}/result")[1]["totals"]["scheduled"] == 10
    assert daemon.ask("POST", "/api/v1/schedules/nightly/pause")[1]["is_paused"]
    daemon.ask("GET", "/api/v1/runs")  # behind it at the desk: it is written
    daemon.kill()
    daemon.start()
    assert nightly()["is_paused"] and nightly()["next_at"] == []
    assert not daemon.ask("POST", "/api/v1/schedules/nightly/resume")[1]["is_paused"]
    assert daemon.ask("POST", "/api/v1/schedules/nobody/run")[0] == 404


def test_ceilings_hold_for_everybody(daemon, target):
    daemon.configure(ceilings={"rate": "10/s", "duration": "1h"})
    daemon.write("profiles/fast.yaml", yaml.safe_dump(profile(target)))
    daemon.start()
    for wish in ({"profile": profile(target)}, {"name": "fast"}):
        status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps(wish))
        assert status == 403 and "ceiling" in problem["detail"]
    assert daemon.ask("GET", "/api/v1/runs")[1]["runs"] == []


def test_metrics_are_what_promtool_expects(daemon):
    daemon.start()
    status, text = daemon.ask("GET", "/metrics")
    assert status == 200
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def test_systemd_is_told_and_its_socket_taken(daemon):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = os.path.join(daemon.folder, "notify")
    told.bind(path)
    told.settimeout(WAIT_S)
    daemon.start({"NOTIFY_SOCKET": path})
    assert told.recv(4096) == b"READY=1"
    daemon.process.send_signal(signal.SIGHUP)
    assert told.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert told.recv(4096) == b"READY=1"
    daemon.stop()
    assert told.recv(4096) == b"STOPPING=1"
    told.close()
    assert not os.path.exists(daemon.socket)
    if shutil.which("systemd-socket-activate") is None:
        pytest.skip("systemd-socket-activate is not here")
    daemon.process = subprocess.Popen(["systemd-socket-activate", "-l", daemon.socket, BRUNT, "serve", "--config",
                                       os.path.join(daemon.folder, "brunt.yaml")], stderr=subprocess.DEVNULL)
    until(lambda: os.path.exists(daemon.socket))
    until(daemon.answers)


def test_two_daemons_share_no_directory(daemon):
    daemon.start()
    other = subprocess.run([BRUNT, "serve", "--config", os.path.join(daemon.folder, "brunt.yaml")], capture_output=True, text=True,
                           timeout=WAIT_S, check=False)
    assert other.returncode == 2 and "another daemon" in other.stderr


def test_the_document_matches_the_routes(daemon):
    daemon.start()
    document = yaml.safe_load(daemon.ask("GET", "/api/v1/openapi.yaml")[1])
    with open(os.path.join(SOURCE, "routes.def"), encoding="utf-8") as file:
        rows = re.findall(r'^ROUTE\((\w+),\s*"([^"]+)",\s*(\w+),\s*(\w+),\s*(\w+)\)', file.read(), re.M)
    routes = {(method, path): (name, role.lower(), body) for method, path, name, role, body in rows}
    described = {}
    for path, item in document["paths"].items():
        base = item.get("servers", document["servers"])[0]["url"].rstrip("/")
        for method in ("get", "post", "put", "delete"):
            if method in item:
                operation = item[method]
                content = operation.get("requestBody", {})
                if "$ref" in content:
                    content = document["components"]["requestBodies"][content["$ref"].split("/")[-1]]
                types = content.get("content", {})
                body = "NONE" if not types else "PROFILE" if "application/yaml" in types else "JSON"
                if operation.get("x-served", True):
                    described[method.upper(), base + path] = operation["operationId"], operation["x-role"], body
                else:
                    assert (method.upper(), base + path) not in routes
    assert routes == described
