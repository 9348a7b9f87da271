"""A server that is a process of its own: started, waited for, and ended by its pid."""
import os
import re
import subprocess
import time

import process

READY_S = 30


class ProcessServer:
    name = complaint = None

    def __init__(self, command, spec, folder):
        under = spec.get("under", {})
        self.log = os.path.join(folder, "server.log")
        self.cgroup = process.Cgroup(under) if {"memory", "quota", "as"} & set(under) else None
        with open(self.log, "wb") as log:
            self.process = process.start(command, under, self.cgroup, stdout=log, stderr=subprocess.STDOUT)
        self.pid = self.session = self.process.pid

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_until(self, is_ready):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if is_ready():
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not become ready:\n{self.text()}")

    def stop(self):
        process.end(self.process)
        if self.cgroup:
            self.cgroup.remove()


class ListeningServer(ProcessServer):
    """A program that prints "listening on URL" once it is ready."""
    url, port = None, 0

    def is_ready(self):
        found = re.search(r"listening on (http://\S+:(\d+))", self.text())
        if found:
            self.url, self.port = found[1], int(found[2])
        return found is not None
