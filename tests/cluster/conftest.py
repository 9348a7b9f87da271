import json
import pathlib
import shutil
import signal
import sys
import time

import pytest

import names
from machines import Agent, Leader, NatsServer, Process, Target, until

HERE = pathlib.Path(__file__).parent


def pytest_addoption(parser):
    parser.addoption("--runs", type=int, default=3, help="random schedules of faults")
    parser.addoption("--seed", type=int, default=1, help="the first of them")


class House:
    """One nats-server, one target, whatever agents and leaders a test wants; all of it ended after the test."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.nats = NatsServer(folder)
        self.target = Target(folder)
        self.processes += [self.target.process]

    def agents(self, *names_of, **options):
        agents = [Agent(self.folder, name, self.nats, **options) for name in names_of]
        self.processes += [agent.process for agent in agents]
        return agents

    def profile(self, load, more=""):
        path = self.folder / "profile.yaml"
        path.write_text(f"name: shared\ntarget: {{url: '{self.target.url}', connections: 16, prefetch: 3}}\nload: {load}\n"
                        f"requests: [{{name: root, get: /}}]\npacing: relaxed\ngenerator: {{lateness_p99: 30s}}\n{more}")
        return path

    def lead(self, load, shards, more="", flags=(), name="result"):
        leader = Leader(self.folder, self.profile(load, more), self.nats, shards, flags=flags, name=name)
        self.processes.append(leader.process)
        return leader

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        self.nats.process.kill()


class Witness:
    """witness.py: an HTTP server that counts by address."""

    def __init__(self, folder, address, prefix):
        self.file, self.url = folder / "witness.json", f"http://{address}:8080"
        self.process = Process([sys.executable, HERE / "witness.py", address, 8080, self.file], folder / "witness.log", prefix,
                               stdout=-1, text=True)
        assert self.process.child.stdout.readline() == "ready\n", self.process.said()

    def peers(self):
        """address → {requests, first_ns, last_ns}, as of now."""
        asked_ns = time.monotonic_ns()
        self.process.signal(signal.SIGUSR1)
        until(lambda: self.file.exists() and json.loads(self.file.read_text())["at_ns"] > asked_ns, "the witness")
        return json.loads(self.file.read_text())["peers"]

    def count(self):
        return sum(peer["requests"] for peer in self.peers().values())


class Machines(House):
    """The same with an address for each: nats, web (the target), lead, w1, w2, w3, in namespaces of their own."""

    def __init__(self, folder, network):
        self.folder, self.processes, self.network = folder, [], network
        self.nats = NatsServer(folder, network.address("nats"), network.prefix("nats"))
        self.target = Witness(folder, network.address("web"), network.prefix("web"))
        self.processes.append(self.target.process)

    def agents(self, *names_of, **options):
        agents = [Agent(self.folder, name, self.nats, self.network.prefix(name), **options) for name in names_of]
        self.processes += [agent.process for agent in agents]
        return agents

    def lead(self, load, shards, more="", flags=(), name="result"):
        leader = Leader(self.folder, self.profile(load, more), self.nats, shards, self.network.prefix("lead"), flags, name)
        self.processes.append(leader.process)
        return leader


@pytest.fixture
def house(tmp_path):
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed (Debian: nats-server)")
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture(scope="session")
def network():
    why = names.why_not() or (None if shutil.which("nats-server") else "nats-server is not installed (Debian: nats-server)")
    if why is not None:
        pytest.skip(why)
    network = names.Network(["nats", "web", "lead", "w1", "w2", "w3"])
    yield network
    network.close()


@pytest.fixture
def machines(tmp_path, network):
    machines = Machines(tmp_path, network)
    yield machines
    machines.close()
    for name in ("nats", "lead", "w1", "w2", "w3"):
        network.mend(name)
