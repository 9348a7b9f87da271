#!/usr/bin/env python3
"""Besieges an HTTP server of brunt's (README.md); for scripts/soak.sh siege. slowhttptest attacks it, beside connections that say
nothing, bodies without end and bytes that are no HTTP, while an honest client goes on asking: it must be answered every time, what
attacks must be counted and gone in the end, and one siege more must need neither more memory nor more descriptors. --daemon: of
`brunt serve` instead of `brunt target`, with hostile requests to its API, too, and a job that runs meanwhile and must not feel any of it."""
import argparse
import contextlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time

CONNECTIONS = 400  # that the server takes at once
IDLE = 10_000
GROWTH_MOST = 1 << 20  # from the last siege but one to the last: pools have their size by then
GONE_WITHIN_S = 45  # a head has 10 s, a body 30
SLOW = {  # slowhttptest's modes
    "slow heads": ["-H", "-i", "3"],
    "slow bodies": ["-B", "-i", "3", "-s", "8192"],
    "ranges": ["-R"],
    "slow reads": ["-X", "-n", "1", "-z", "32", "-k", "3", "-w", "10", "-y", "20"],
}


class Server:
    """`brunt target`, or whatever serves at a URL as a process of ours; its counts."""
    path, headers = "/stats", {}  # what an honest client asks for
    more_attacks = ()
    summary = "it ended with exit status 0"

    def __init__(self, brunt):
        self.process = subprocess.Popen([brunt, "target", "--port", "0", "--connections", str(CONNECTIONS), "--response-size", "200000"],
                                        stdout=subprocess.PIPE, text=True)
        self.host, port = re.fullmatch(r"listening on http://(.*):(\d+)\n", self.process.stdout.readline()).groups()
        self.port = int(port)

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def stats(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        connection.request("GET", "/stats")
        said = json.loads(connection.getresponse().read())
        connection.close()
        return said

    def memory(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss_Anon:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        """[what was wrong all the while]"""
        self.process.terminate()
        status = self.process.wait(timeout=20)
        return [f"it ended with exit status {status}"] if status else []


class Honest:
    """A client that keeps its connection, as somebody would who works."""

    def __init__(self, server):
        self.server, self.asked, self.answered, self.slowest_s = server, 0, 0, 0.0
        self.is_in, self.is_over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        self.is_in.wait(20)  # before anybody else: the target keeps its places for whoever has them

    def run(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=10)
        while not self.is_over.wait(0.02):
            began = time.monotonic()
            self.asked += 1
            try:
                connection.request("GET", self.server.path, headers=self.server.headers)
                answer = connection.getresponse()
                self.answered += answer.status == 200 and len(answer.read()) > 0
                self.is_in.set()
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            except (OSError, http.client.HTTPException):
                connection.close()
        connection.close()

    def stop(self):
        self.is_over.set()
        self.thread.join()


def slow_attack(server, flags, seconds):
    done = subprocess.run(["slowhttptest", *flags, "-c", str(CONNECTIONS // 2), "-r", "200", "-l", str(seconds), "-p", "3", "-u",
                           f"http://{server.host}:{server.port}/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds + 60, check=False)
    return done.returncode == 0


def idle_attack(server, _flags, seconds):
    """As many connections as we may open, and not a word."""
    open_ones = []
    with contextlib.suppress(OSError):
        for _ in range(IDLE):
            open_ones.append(server.connect())
    time.sleep(min(seconds, 3))
    for one in open_ones:
        one.close()
    return len(open_ones) >= IDLE or f"only {len(open_ones)} connections: this process may not open more"


def rude_attack(server, _flags, _seconds):
    """What is too large, and what is no HTTP: each is told so, or hung up on."""
    rng = random.Random(1)
    pieces = [b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", b"GET /" + b"x" * 200_000,
              b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
              b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
              b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 2_000_000,
              b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100_000]
    for _ in range(100):
        pieces.append(rng.randbytes(rng.randrange(1, 4000)))
    unanswered = 0
    for piece in pieces:
        said = b""
        with server.connect() as s, contextlib.suppress(OSError):
            s.settimeout(0.2 if len(piece) < 5000 else 10)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(piece)
            said = s.recv(4096)
        unanswered += len(piece) >= 5000 and not re.match(rb"HTTP/1.1 4\d\d ", said)
    return unanswered <= 1 or f"{unanswered} were not told"  # a reset may overtake the answer


def wait_until_gone(server):
    deadline = time.monotonic() + GONE_WITHIN_S
    while server.stats()["connections_open"] > 1:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def siege(server, seconds):
    """[(what, whether it held, in words)] of one round."""
    attacks = [(name, slow_attack, flags) for name, flags in SLOW.items()] + [("10,000 idle", idle_attack, None), ("rude", rude_attack, None)]
    attacks += server.more_attacks
    for name, attack, flags in attacks:
        before, honest = server.stats(), Honest(server)
        came = attack(server, flags, seconds)
        honest.stop()
        gone, after = wait_until_gone(server), server.stats()
        why = ("" if gone else "; THEIRS ARE STILL OPEN") + ("" if came is True else f"; {came or 'slowhttptest failed'}")
        is_good = came is True and gone and honest.answered == honest.asked > 0
        yield is_good, (f"{name:12} {honest.answered} of {honest.asked} honest requests answered, the slowest in {honest.slowest_s * 1000:.0f} ms; "
                        f"{after['expired'] - before['expired']} expired, {after['malformed'] - before['malformed']} refused as malformed, "
                        f"{after['connections_refused'] - before['connections_refused']} connections refused{why}")


def main():
    parser = argparse.ArgumentParser(prog="soak.sh siege", description=__doc__)
    parser.add_argument("--seconds", type=int, default=15, help="of each attack by slowhttptest (15)")
    parser.add_argument("--rounds", type=int, default=3, choices=range(2, 100), metavar="N", help="sieges, one after the other (3)")
    parser.add_argument("--daemon", action="store_true", help="brunt serve, with a job that runs")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if shutil.which("slowhttptest") is None:
        sys.exit("siege: slowhttptest is not installed (Debian: slowhttptest)")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server, results, memory, descriptors = open_server(os.path.abspath(arguments.brunt), arguments.daemon), [], [], []
    try:
        for number in range(1, arguments.rounds + 1):
            for is_good, line in siege(server, arguments.seconds):
                print(f"siege {number}  {'held' if is_good else 'FELL'}  {line}", flush=True)
                results.append(is_good)
            memory.append(server.memory())
            descriptors.append(server.descriptors())
        is_flat = memory[-1] - memory[-2] <= GROWTH_MOST and descriptors[-1] <= descriptors[-2]
        print(f"siege    {'held' if is_flat else 'FELL'}  memory after each: {', '.join(f'{bytes / 2**20:.2f} MiB' for bytes in memory)} "
              f"(the last {memory[-1] / memory[-2]:.3f} x the one before); descriptors: {', '.join(map(str, descriptors))}")
        results.append(is_flat)
    finally:
        wrongs = server.stop()
        results.append(not wrongs)
        print("\n".join(f"siege    {'FELL'}  {wrong}" for wrong in wrongs) or f"siege    held  {server.summary}")
    sys.exit(0 if all(results) else 1)


def open_server(brunt, is_daemon):
    if not is_daemon:
        return Server(brunt)
    os.environ["BRUNT"] = brunt
    sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", name) for name in ("daemon", "machine")]
    from besieged import BesiegedDaemon  # which looks at BRUNT
    return BesiegedDaemon()


if __name__ == "__main__":
    main()
