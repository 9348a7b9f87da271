"""Between the page and a real `brunt serve` on its unix socket, which no browser can reach: whatever src/daemon/routes.def has is asked there,
and held to the contract; who asks, and what the daemon does not have yet, the fixture answers."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import fixture

ROUTES = pathlib.Path(__file__).resolve().parents[2] / "src" / "daemon" / "routes.def"
START_S = 30


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class RealDaemon(fixture.Daemon):
    def __init__(self, page, brunt, folder):
        self.folder, self.socket = folder, str(folder / "brunt.sock")
        self.real = set(re.findall(r'^ROUTE\(\w+, +"[^"]+", +(\w+),', ROUTES.read_text(encoding="utf-8"), re.MULTILINE))
        self.real = {name for name in self.real if not name.startswith("session_")}
        if "schedule_save" not in self.real:  # who makes schedules lists them
            self.real = {name for name in self.real if not name.startswith("schedule")}
        (folder / "brunt.yaml").write_text(f"listen: unix:{self.socket}\ndata: {folder}/data\nprofiles: {folder}/profiles\n", encoding="utf-8")
        with open(folder / "stderr", "wb") as log:
            self.process = subprocess.Popen(["timeout", "-k", "5", "120", brunt, "serve", "--config", folder / "brunt.yaml"], stderr=log)
        deadline = time.monotonic() + START_S
        while not os.path.exists(self.socket):
            assert time.monotonic() < deadline, (folder / "stderr").read_text(encoding="utf-8")
            time.sleep(0.05)
        super().__init__(page, BridgeHandler)

    def close(self):
        super().close()
        self.process.terminate()
        self.process.wait(timeout=30)

    def ask(self, method, target, body=None, headers=()):
        connection = UnixConnection(self.socket)
        connection.request(method, target, body=None if method == "GET" else json.dumps(body), headers={"Content-Type": "application/json", **dict(headers)})
        return connection.getresponse()

    def history(self, ask, body):
        """Of the real runs, as long as the daemon itself does not say it."""
        self.runs = {row["id"]: row for row in json.loads(self.ask("GET", "/api/v1/runs?limit=100").read())["runs"]}
        return super().history(ask, body)


class BridgeHandler(fixture.Handler):
    def act(self, operation, parts, body):
        daemon = self.daemon
        if operation["operationId"] not in daemon.real:
            return super().act(operation, parts, body)
        if not self.is_known():
            raise fixture.Problem(401, "no token")
        last = self.headers.get("Last-Event-ID")
        answer = daemon.ask(self.command, self.path, body, {"Last-Event-ID": last} if last else {})
        media = answer.getheader("Content-Type") or "text/plain"
        if media.startswith("text/event-stream"):
            return self.pass_on(answer)
        data = answer.read()
        if media.endswith("json"):
            daemon.contract.check_answer(operation, answer.status, json.loads(data))
        return self.send(answer.status, media, data)

    def pass_on(self, answer):
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        kind = None
        with contextlib.suppress(OSError):
            while line := answer.readline():
                if line.startswith(b"event:"):
                    kind = line[6:].strip()
                elif line.startswith(b"data:") and kind == b"figures":
                    self.daemon.contract.check_figures({key: value for key, value in json.loads(line[5:]).items() if key != "event"})
                self.wfile.write(line)
                if line == b"\n":
                    self.wfile.flush()
