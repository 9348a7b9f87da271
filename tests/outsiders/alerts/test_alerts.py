"""Whoever is told of alerts says what arrived: Python's http.server and hmac, a shell, and a real Prometheus Alertmanager."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import pytest

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()


def tell(kind, what, steps, *secret, tries=3):
    done = subprocess.run(["timeout", "-k", "5", "40", os.environ["TELL"], kind, what, *secret], input=steps, capture_output=True, text=True, check=False,
                          env={**os.environ, "TRIES": str(tries)})
    assert done.returncode in (0, 1), done.stderr
    if done.returncode:
        return done.stdout.strip()
    told, failed, lost, waiting, *last = done.stdout.splitlines()
    return {"told": int(told), "failed": int(failed), "lost": int(lost), "waiting": int(waiting), "last": last[0] if last else ""}


@contextlib.contextmanager
def hook(statuses=(200,)):
    """Answers with these, the last one for good; None: says nothing. Yields its URL and what came."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, dict(self.headers), body, time.monotonic()))
            status = statuses[min(len(came), len(statuses)) - 1]
            if status is None:
                time.sleep(1)
            else:
                self.send_response(status)
                self.end_headers()

        def log_message(self, format, *args):  # pylint: disable=redefined-builtin
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?of=brunt", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_is_told_in_json():
    with hook() as (url, came):
        said = tell("webhook", url, "fire 7 checkout\nrecover 7 checkout\n")
    assert said == {"told": 2, "failed": 0, "lost": 0, "waiting": 0, "last": ""}
    (path, headers, fired, _), (_, _, recovered, _) = came
    assert path == "/hook?of=brunt" and headers["Content-Type"] == "application/json"
    assert "webhook-signature" not in headers
    alert = json.loads(fired)
    assert alert["event"] == "alert.fired" and alert["number"] == 7 and alert["severity"] == "critical"
    assert (alert["rule"], alert["name"], alert["value"], alert["threshold"]) == ("slow", "checkout", 1.5e9, None)
    assert alert["text"] == 'p95 is 1.50s (p95 > 1s): "quoted", <b>marked</b>, $(echo x), ü'
    assert alert["ended_at"] is None and alert["since"] < alert["fired_at"]
    assert json.loads(recovered)["event"] == "alert.recovered" and json.loads(recovered)["ended_at"]


@pytest.mark.parametrize("secret,key", ((SECRET, b"twenty-four bytes of key"), ("any text", b"any text")))
def test_its_signature_is_pythons(secret, key):
    with hook((503, 200)) as (url, came):
        assert tell("webhook", url, "fire 7 checkout\n", secret)["told"] == 1
    assert len(came) == 2
    for _, headers, body, _ in came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        version, _, signature = headers["webhook-signature"].partition(",")
        assert version == "v1"
        assert hmac.compare_digest(base64.b64decode(signature), hmac.new(key, signed, hashlib.sha256).digest())
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30
    # Tried again it is the same message, at another time.
    assert came[0][1]["webhook-id"] == came[1][1]["webhook-id"] == "alert-7-fired"


def test_what_fails_is_tried_again_later_and_in_order():
    with hook((500, None, 204)) as (url, came):
        said = tell("webhook", url, "fire 7 checkout\nfire 8 login\n")
    assert said["told"] == 2 and said["failed"] == 2 and said["lost"] == 0
    assert [json.loads(body)["number"] for _, _, body, _ in came] == [7, 7, 7, 8]
    assert came[1][3] - came[0][3] > 0.7 and came[2][3] - came[1][3] > came[1][3] - came[0][3]


def test_what_is_never_taken_is_given_up_and_said():
    with hook((400, 200)) as (url, came):
        said = tell("webhook", url, "fire 7 checkout\nfire 8 login\n")
    assert said == {"told": 1, "failed": 1, "lost": 1, "waiting": 0, "last": "it answered 400"}
    assert [json.loads(body)["number"] for _, _, body, _ in came] == [7, 8]


def test_nobody_there_is_counted():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        said = tell("webhook", f"http://127.0.0.1:{closed.getsockname()[1]}/", "fire 7 checkout\n", tries=2)
    assert said["lost"] == 1 and said["failed"] == 2 and "refused" in said["last"]


def test_a_command_is_told_by_its_environment(tmp_path):
    out = tmp_path / "said"
    script = f"env -0 | grep -z ^BRUNT_ALERT_ >> {out}; printf '\\n' >> {out}"
    assert tell("command", script, "fire 7 checkout\nrecover 7 checkout\n")["told"] == 2
    fired, recovered = (
        dict(pair.split("=", 1) for pair in line.split("\0") if pair) for line in out.read_text(encoding="utf-8").rstrip("\n").split("\n")
    )
    assert fired["BRUNT_ALERT_EVENT"] == "fired" and recovered["BRUNT_ALERT_EVENT"] == "recovered"
    assert fired["BRUNT_ALERT_NAME"] == "checkout" and fired["BRUNT_ALERT_SEVERITY"] == "critical"
    assert fired["BRUNT_ALERT_VALUE"] == "1500000000" and fired["BRUNT_ALERT_THRESHOLD"] == ""
    assert "$(echo x)" in fired["BRUNT_ALERT_TEXT"]  # nobody has expanded it
    assert json.loads(fired["BRUNT_ALERT_JSON"])["number"] == 7


def test_a_command_that_fails_or_hangs_is_ended_and_counted(tmp_path):
    said = tell("command", "exit 3", "fire 7 checkout\n", tries=1)
    assert said["lost"] == 1 and said["last"] == "ended with exit status 3"
    pid = tmp_path / "pid"
    said = tell("command", f"echo $$ > {pid}; exec sleep 60", "fire 7 checkout\n", tries=1)
    assert said["failed"] == 1 and "took too long" in said["last"]
    assert not os.path.exists(f"/proc/{int(pid.read_text())}")


@pytest.mark.parametrize("kind,what,secret,why", (
    ("webhook", "/path", (), "webhook: write a URL"),
    ("webhook", "nonsense", (), "webhook: write a URL"),
    ("webhook", "http://127.0.0.1:1/", ("whsec_***",), "secret: after 'whsec_' comes base64"),
    ("command", "true", ("x",), "only what a webhook is sent is signed"),
))
def test_what_is_wrong_is_said(kind, what, secret, why):
    assert why in tell(kind, what, "", *secret)


@contextlib.contextmanager
def alertmanager():
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("there is no Alertmanager (Debian: prometheus-alertmanager)")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        config = os.path.join(folder, "config.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                ["timeout", "-k", "5", "60", program, f"--config.file={config}", f"--storage.path={folder}", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline and process.poll() is None
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(timeout=20)


def alerts_of(url):
    with urllib.request.urlopen(url + "api/v2/alerts", timeout=5) as answer:
        return {a["labels"]["name"]: a for a in json.load(answer)}


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_alertmanager_holds_what_fires_and_lets_go_of_what_recovered():
    with alertmanager() as url:
        assert tell("alertmanager", url, "fire 7 checkout\nfire 8 login\n")["told"] == 2
        held = alerts_of(url)
        assert set(held) == {"checkout", "login"}
        alert = held["checkout"]
        assert alert["labels"] == {"alertname": "slow", "severity": "critical", "name": "checkout", "job": "brunt"}
        assert alert["annotations"]["number"] == "7" and "quoted" in alert["annotations"]["summary"]
        assert alert["status"]["state"] in ("active", "unprocessed")
        # Without another word it would be over after three reminders.
        assert 0 < when(alert["endsAt"]) - time.time() < 3.5
        assert when(alert["startsAt"]) < time.time() - 8

        assert tell("alertmanager", url, "fire 7 checkout\nfire 8 login\nrecover 7 checkout\n")["told"] == 3
        assert set(alerts_of(url)) == {"login"}

        # Reminded every second, it outlives the end that it was told at first.
        ends = when(alerts_of(url)["login"]["endsAt"])
        assert tell("alertmanager", url, "fire 8 login\nwait 2500\n")["failed"] == 0
        assert when(alerts_of(url)["login"]["endsAt"]) > ends + 1
