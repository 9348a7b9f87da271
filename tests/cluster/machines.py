"""What a load over NATS is made of, as processes: nats-server, agents, a target that counts for itself, and who leads. All of
them are ended by their pid. Each may live in a network namespace of its own (names.py), or all in this one."""
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

import hdrlog

BRUNT = os.path.abspath(os.environ["BRUNT"])
PATIENCE_S = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(condition, what, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {patience_s} s"
        time.sleep(0.02)


class Process:
    """One child, and what it says on stderr."""

    def __init__(self, command, log, prefix=(), **options):
        self.log = log
        with open(log, "ab") as stderr:
            self.child = subprocess.Popen([*prefix, *map(str, command)], stdin=subprocess.DEVNULL, stderr=stderr,
                                          start_new_session=True, **options)

    def said(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        if self.child.poll() is None:
            os.kill(self.child.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.child.wait(timeout=PATIENCE_S)

    def end(self):
        """As its user would; what does not end is killed."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            return self.kill()


class NatsServer:
    """With JetStream, in a folder of its own: killed and started again it has what it had."""

    def __init__(self, folder, address="127.0.0.1", prefix=(), more=""):
        self.folder, self.address, self.prefix = folder, address, prefix
        self.port, self.monitor = free_port(), free_port()
        self.url = f"nats://{address}:{self.port}"
        self.config = folder / "nats.conf"
        self.config.write_text(f'listen: "{address}:{self.port}"\nhttp: "{address}:{self.monitor}"\n'
                               f'jetstream {{store_dir: "{folder}/js"}}\nping_interval: "2s"\nping_max: 2\n{more}')
        self.process = None
        self.start()

    def start(self):
        self.process = Process(["nats-server", "-c", self.config], self.folder / "nats.log", self.prefix)
        until(self.is_ready, "nats-server")

    def is_ready(self):
        assert self.process.child.poll() is None, self.process.said()
        if self.prefix:
            return "Server is ready" in self.process.said()
        with socket.socket() as s:
            return s.connect_ex((self.address, self.port)) == 0

    def restart(self, pause_s=0.0):
        self.process.kill()
        time.sleep(pause_s)
        self.process.log.write_text("")
        self.start()

    def ask(self, path):
        if self.prefix:
            asked = subprocess.run([*self.prefix, "curl", "-sf", f"http://{self.address}:{self.monitor}{path}"], check=True, capture_output=True)
            return json.loads(asked.stdout)
        with urllib.request.urlopen(f"http://{self.address}:{self.monitor}{path}", timeout=5) as answer:
            return json.load(answer)


    def count_of(self, stream):
        """Messages that it keeps of a stream: of a bucket, keys."""
        accounts = self.ask("/jsz?streams=1").get("account_details", [])
        return sum(one["state"]["messages"] for account in accounts for one in account.get("stream_detail", []) if one["name"] == stream)


class Wire:
    """A client of nats-server's that says what a test wants, by NATS's own protocol."""

    def __init__(self, nats, *subjects):
        self.socket = socket.create_connection((nats.address, nats.port), timeout=PATIENCE_S)
        self.lines = self.socket.makefile("rb")
        self.say_line('CONNECT {"verbose":false,"pedantic":false}')
        for number, subject in enumerate(subjects):
            self.say_line(f"SUB {subject} {number}")
        self.heard()

    def say_line(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def say(self, subject, message, reply=""):
        text = json.dumps(message)
        self.say_line(f"PUB {subject} {reply} {len(text.encode())}\r\n{text}")

    def next(self):
        """What the server says: a message (its subject, where an answer is awaited, what it says), or a word of its own."""
        words = self.lines.readline().decode().split()
        if words[:1] == ["MSG"]:
            text = self.lines.read(int(words[-1]) + 2)
            return words[1], words[3] if len(words) == 5 else "", json.loads(text)
        if words == ["PING"]:
            self.say_line("PONG")
        return words

    def hear(self):
        """The next message."""
        deadline = time.monotonic() + PATIENCE_S
        while not isinstance(said := self.next(), tuple):
            assert time.monotonic() < deadline, "nothing is said"
        return said

    def heard(self):
        """All messages that nats-server has by now."""
        self.say_line("PING")
        messages = []
        while (said := self.next()) != ["PONG"]:
            messages += [said] if isinstance(said, tuple) else []
        return messages

    def close(self):
        self.lines.close()
        self.socket.close()


class Target:
    """`brunt target`, an independent witness: a line of its own for every request that came."""

    def __init__(self, folder, address="127.0.0.1", prefix=(), flags=()):
        self.truth = folder / "truth"
        self.process = Process([BRUNT, "target", "--listen", address, "--port", "0", "--truth", self.truth, *flags], folder / "target.log",
                               prefix, stdout=subprocess.PIPE, text=True)
        self.url = self.process.child.stdout.readline().split()[-1]

    def arrivals_ns(self):
        """When each request came, by this machine's monotonic clock."""
        return [int(line.split()[0]) for line in self.truth.read_text().splitlines() if line and line[0].isdigit()]

    def count(self):
        """All of them: it is ended, and has written down what it saw."""
        self.process.end()
        return len(self.arrivals_ns())


class Agent:
    def __init__(self, folder, name, nats, prefix=(), flags=("--allow", "127.0.0.0/8,10.0.0.0/8")):
        self.name, self.out, self.pids = name, folder / f"agent-{name}", []
        self.process = Process([BRUNT, "agent", "--nats", nats.url, "--name", name, "--out", self.out, *flags], folder / f"leader-{name}.log", prefix)
        until(lambda: f"agent {name} at" in self.process.said() or self.process.child.poll() is not None, f"agent {name}")
        assert self.process.child.poll() is None, self.process.said()

    def events(self):
        """What it kept of the one shard that it had."""
        kept = list(self.out.glob("*/events.ndjson"))
        assert len(kept) == 1, kept
        return lines_of(kept[0])


class Leader:
    def __init__(self, folder, profile, nats, shards, prefix=(), flags=(), name="result"):
        self.out = folder / name
        self.process = Process([BRUNT, "run", profile, "--nats", nats.url, "--shards", shards, "--out", self.out, *flags], folder / f"leader-{name}.log",
                               prefix, stdout=subprocess.DEVNULL)

    def wait(self, patience_s=60):
        return self.process.child.wait(timeout=patience_s)

    def result(self):
        return json.loads((self.out / "result.json").read_text())

    def events(self):
        kept = self.out if self.out.exists() else next(self.out.parent.glob(f"{self.out.name}*"))
        return lines_of(kept / "events.ndjson")

    def until_sending(self):
        until(lambda: self.has_interval() or self.process.child.poll() is not None, "the first interval")
        assert self.process.child.poll() is None, self.process.said()

    def has_interval(self):
        try:
            return any(event["event"] == "interval" for event in self.events())
        except (StopIteration, FileNotFoundError):
            return False


def lines_of(path):
    """NDJSON, as far as it is whole."""
    whole = path.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.split("\n")] if whole else []


def merged(events, metric):
    """The histograms of all levels' intervals, added up: index → count."""
    total = {}
    for event in events:
        for level in event.get("levels", []) if event["event"] == "interval" else []:
            for index, count in hdrlog.counts_of_line(level["histograms"][metric]).items() if metric in level.get("histograms", {}) else []:
                total[index] = total.get(index, 0) + count
    return total


def counts_of(events):
    total = {}
    for event in events:
        for level in event.get("levels", []) if event["event"] == "interval" else []:
            for name, value in level["counts"].items():
                if isinstance(value, int):
                    total[name] = total.get(name, 0) + value
    return total


def all_arrived(counts, counted):
    """Whether the target counted what was sent: all of it, but perhaps not what was on its way when the load was cut off."""
    return counts["sent"] - counts.get("unfinished", 0) <= counted <= counts["sent"]


def identities_hold(counts):
    def get(name):
        return counts.get(name, 0)
    assert get("scheduled") == get("sent") + get("dropped") + get("unsent"), counts
    assert get("sent") == get("ok") + get("failed") + get("unfinished"), counts
