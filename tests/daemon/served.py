"""A daemon of one's own, in a folder of its own, asked over its unix socket. BRUNT names the binary."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

import yaml
from unix_http import Connection

BRUNT = os.environ.get("BRUNT", "build/dev/brunt")
WAIT_S = 60  # for what must come; how soon it does says nothing here


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        self.socket = os.path.join(folder, "b.sock")
        self.data = os.path.join(folder, "data")
        self.process = None
        os.makedirs(os.path.join(folder, "profiles"))
        self.configure()

    def configure(self, **more):
        config = {"listen": "unix:" + self.socket, "data": self.data, "profiles": "profiles"} | more
        self.write("brunt.yaml", yaml.safe_dump(config))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, env=None):
        self.process = subprocess.Popen(
            [BRUNT, "serve", "--config", os.path.join(self.folder, "brunt.yaml")],
            stderr=open(os.path.join(self.folder, "stderr"), "ab"), env=dict(os.environ) | (env or {}))
        until(lambda: os.path.exists(self.socket) and self.answers())
        return self

    def answers(self):
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, kind="application/json"):
        connection = Connection(self.socket, WAIT_S)
        connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if answer.headers.get_content_subtype() in ("json", "problem+json") and text else text

    def submit(self, **wish):
        status, run = self.ask("POST", "/api/v1/runs", json.dumps(wish))
        assert status == 201, run
        return run["id"]

    def run(self, run):
        return self.ask("GET", f"/api/v1/runs/{run}")[1]

    def ended(self, run):
        until(lambda: self.run(run)["state"] == "ended")
        return self.run(run)

    def events(self, run):
        """(kind, data) of the whole stream, to its end."""
        connection = Connection(self.socket, WAIT_S)
        connection.request("GET", f"/api/v1/runs/{run}/events")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
        kind = None
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            if name == "data":
                yield kind, json.loads(value)
        connection.close()

    def client(self, *args, **more):
        return subprocess.run([BRUNT, *args, "--server", "unix:" + self.socket], capture_output=True, text=True,
                              timeout=WAIT_S, check=False, **more)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(WAIT_S) == 0
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8") as file:
            said = file.read()
        assert "Sanitizer" not in said and "runtime error" not in said and "CHECK" not in said, said


def until(holds):
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def profile(target, seconds=1, **more):
    """One that a loaded machine does not spoil."""
    return {"name": "api", "target": target, "load": {"steady": {"rate": "20/s", "for": f"{seconds}s"}}, "idle_baseline": 0,
            "generator": {"lateness_p99": "10s"}} | more


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def over_tcp(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, text


class Target:
    """A simulated server, which writes down each request that reached it."""

    def __init__(self, truth, *flags):
        self.truth = truth
        self.process = subprocess.Popen([BRUNT, "target", "--port", "0", "--truth", self.truth, *flags], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stdout.readline())[0]

    def stop(self):
        """How many requests reached it."""
        self.process.terminate()
        self.process.wait(WAIT_S)
        self.process.stdout.close()
        with open(self.truth, encoding="ascii") as file:
            return sum(not line.startswith("#") for line in file)
