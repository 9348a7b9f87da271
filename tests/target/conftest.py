"""Real `brunt target` processes on loopback. BRUNT names the binary; each process is bounded in time and ended by pid."""

import collections
import http.client
import json
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

BRUNT = os.environ.get("BRUNT", str(ROOT / "build" / "release" / "brunt"))
STARTS_WITHIN_S = 20
ENDS_WITHIN_S = 20

Line = collections.namedtuple("Line", "arrival done status connection modelled")
Answer = collections.namedtuple(
    "Answer", "arrival done status connection modelled dialect finish prompt completion cached id tokens")
Token = collections.namedtuple("Token", "modelled handed")


def answer_of(line):
    """One line of the truth log of --llm."""
    fields = line.split()
    tokens = [Token(*map(int, field.split(":"))) for field in fields[11:]]
    return Answer(*map(int, fields[:5]), fields[5], fields[6], *map(int, fields[7:10]), fields[10], tokens)


class Target:
    def __init__(self, directory, *flags, listen=(), preexec=None):
        self.truth_path = directory / "truth.log"
        words = [BRUNT, "target", *(listen or ("--port", "0")), "--truth", str(self.truth_path), *map(str, flags)]
        self.errors = open(directory / "stderr", "w+")
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=self.errors, text=True, preexec_fn=preexec)
        self.url = self._ready()
        found = re.fullmatch(r"https?://(.*):(\d+)", self.url)
        self.host, self.port = (found[1].strip("[]"), int(found[2])) if found else (None, None)

    def _ready(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(STARTS_WITHIN_S), "not ready in time"
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line + self.said()
        return line.removeprefix("listening on ").strip()

    def said(self):
        self.errors.flush()
        return pathlib.Path(self.errors.name).read_text()

    def connect(self, timeout=10):
        s = socket.create_connection((self.host, self.port), timeout=timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def get(self, path="/", method="GET", body=None, headers=None):
        c = http.client.HTTPConnection(self.host, self.port, timeout=10)
        c.request(method, path, body=body, headers=headers or {})
        r = c.getresponse()
        got = r.status, r.read()
        c.close()
        return got

    def stats(self):
        status, body = self.get("/stats")
        assert status == 200
        return json.loads(body)

    def stop(self):
        """The exit status after SIGTERM, or whatever it ended with before."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        return self.process.wait(timeout=ENDS_WITHIN_S)

    def truth(self):
        return [Line(*map(int, line.split())) for line in self.truth_path.read_text().splitlines()]

    def answers(self):
        return [answer_of(line) for line in self.truth_path.read_text().splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=ENDS_WITHIN_S)
        self.process.stdout.close()
        self.errors.close()


@pytest.fixture
def start(tmp_path):
    running = []

    def start_target(*flags, **more):
        running.append(Target(tmp_path, *flags, **more))
        return running[-1]

    yield start_target
    for target in running:
        target.close()


GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


def drive(target, per_s, seconds, wait_s=10):
    """Open loop on as many keep-alive connections as are needed. Returns {status: count}; 0 is a connection that ended."""
    selector = selectors.DefaultSelector()
    idle, busy, statuses = [], {}, collections.Counter()
    count, sent, start = int(per_s * seconds), 0, time.monotonic()

    def finish(s, keeps):
        selector.unregister(s)
        del busy[s]
        idle.append(s) if keeps else s.close()

    def read(s):
        try:
            chunk = s.recv(65536)
        except OSError:
            chunk = b""
        busy[s] += chunk
        if not chunk:
            statuses[0] += 1
            finish(s, False)
            return
        head, end, body = busy[s].partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if end and len(body) >= int(length[1]):
            statuses[int(head.split()[1])] += 1
            finish(s, b"Connection: close" not in head)

    while sent < count or busy:
        now = time.monotonic() - start
        if now > seconds + wait_s:
            break
        while sent < count and sent / per_s <= now:
            s = idle.pop() if idle else target.connect()
            s.sendall(GET)
            busy[s] = b""
            selector.register(s, selectors.EVENT_READ)
            sent += 1
        pause = max(0, start + sent / per_s - time.monotonic()) if sent < count else 0.1
        for key, _ in selector.select(pause):
            read(key.fileobj)
    for s in [*idle, *busy]:
        s.close()
    selector.close()
    return statuses


@pytest.fixture
def send():
    """send(target, bytes) on a fresh connection: everything that comes back until the target closes or is silent."""

    def send_bytes(target, data, until=None, timeout=5):
        with target.connect(timeout) as s:
            s.sendall(data)
            got = b""
            try:
                while until is None or until not in got:
                    chunk = s.recv(65536)
                    if not chunk:
                        break
                    got += chunk
            except socket.timeout:
                got += b"<silence>"
            return got

    return send_bytes
