"""The bench's servers are judges, so they are judged first. $BENCH_PROGRAMS: where the programs were built."""
import json
import os
import signal
import socket
import subprocess

import pytest

PROGRAMS = os.environ.get("BENCH_PROGRAMS")


class Started:
    """A server that listens, until stop(), which returns what it says of itself in the end."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen([os.path.join(PROGRAMS, program), *options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return json.loads(said)


@pytest.fixture
def start_program():
    if not PROGRAMS:
        pytest.skip("BENCH_PROGRAMS names no build")
    servers = []

    def start(program, *options):
        servers.append(Started(program, *options))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
