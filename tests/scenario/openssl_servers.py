"""openssl s_server, one per connection, in the order of a scenario's list, behind a relay:

    server:
      s_server:
        - {certificate: expired, hears: certificate expired}
        - {flags: -tls1_2, spoiled: {of: client, kind: data, nth: 1, by: flip}, hears: bad record mac}

certificate: as tls_peers.py makes them; flags: more of s_server's; hears: what its log says when it is over, or it is a complaint;
says: what it sends when the request has come, piece by piece, in place of serving the files `ok` and `large` (s_server -HTTP);
spoiled: what relay.py does."""
import os
import re
import subprocess
import threading
import time

import process
import relay
import tls_peers

READY_S, END_S = 20, 5
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60000  # several records


class Server:
    """One s_server, which serves one connection and ends."""

    def __init__(self, row, number, folder):
        self.hears, self.says = row.get("hears"), row.get("says")
        name = row.get("certificate", "good")
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-cert", f"{name}.pem", "-key", f"{name}.key",
                   "-no-CAfile", "-no-CApath", "-no-CAstore",  # reading the system's takes longer than all the rest
                   *row.get("flags", "").split(), *([] if self.says else ["-HTTP"])]
        self.log = os.path.join(folder, f"s_server.{number}.log")
        with open(self.log, "wb") as log:
            # s_server sends what it reads, and where nothing is to be sent it must not come to its end.
            ours, theirs = os.pipe()
            self.stdin = theirs
            self.process = process.start(command, stdin=ours, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
            os.close(ours)
        if self.says:
            threading.Thread(target=self.say, daemon=True).start()

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def port(self):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"^ACCEPT \S+:(\d+)$", self.text(), re.MULTILINE):
                return int(found[1])
            time.sleep(0.01)
        raise RuntimeError(f"s_server did not become ready:\n{self.text()}")

    def say(self):
        while "\n\n" not in self.text() and self.process.poll() is None:
            time.sleep(0.01)
        try:
            for piece in self.says:
                os.write(self.stdin, piece.encode())
                time.sleep(0.05)  # read as a whole: one that begins with P or K is an order (s_server(1), connected commands)
        except OSError:
            pass  # it has ended, and its log says why

    def complaint(self, number):
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return f"s_server {number} still waits for its connection, or its end: {self.text()[-400:]}"
        if self.hears and not re.search(self.hears, self.text()):
            return f"s_server {number} should have heard {self.hears!r}: {self.text()[-800:]}"
        return None

    def stop(self):
        process.end(self.process)
        if self.stdin is not None:
            os.close(self.stdin)
            self.stdin = None


class OpensslServers:
    pid = session = name = cgroup = complaint = None

    def __init__(self, spec, folder):
        rows = spec["s_server"]
        tls_peers.make_certificates(folder, {row.get("certificate", "good") for row in rows})
        for name, content in (("ok", OK), ("large", LARGE)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        self.servers = []
        try:
            self.servers += [Server(row, k, folder) for k, row in enumerate(rows)]
            self.relay = relay.Relay([(server.port(), row.get("spoiled")) for server, row in zip(self.servers, rows)])
        except BaseException:
            for server in self.servers:
                server.stop()
            raise
        self.port = self.relay.port
        self.url = f"https://127.0.0.1:{self.port}"

    def finish(self):
        """None: what was spoiled on its way s_server never saw."""
        complaints = [server.complaint(k) for k, server in enumerate(self.servers)]
        if self.relay.connections > len(self.servers):
            complaints.append(f"{self.relay.connections} connections were made, {len(self.servers)} expected")
        self.complaint = "; ".join(filter(None, complaints)) or None
        self.stop()

    def stop(self):
        self.relay.close()
        for server in self.servers:
            server.stop()
