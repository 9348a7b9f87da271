import shutil

import pytest

from machines import Agent, Leader, NatsServer, Target


class House:
    """One nats-server, one target, whatever agents and leaders a test wants; all of it ended after the test."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.nats = NatsServer(folder)
        self.target = Target(folder)
        self.processes += [self.target.process]

    def agents(self, *names, **options):
        agents = [Agent(self.folder, name, self.nats, **options) for name in names]
        self.processes += [agent.process for agent in agents]
        return agents

    def profile(self, load, more=""):
        path = self.folder / "profile.yaml"
        path.write_text(f"name: shared\ntarget: {{url: '{self.target.url}', connections: 16}}\nload: {load}\n"
                        f"requests: [{{name: root, get: /}}]\npacing: relaxed\ngenerator: {{lateness_p99: 30s}}\n{more}")
        return path

    def lead(self, load, shards, more="", flags=()):
        leader = Leader(self.folder, self.profile(load, more), self.nats, shards, flags=flags)
        self.processes.append(leader.process)
        return leader

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        self.nats.process.kill()


@pytest.fixture
def house(tmp_path):
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed (Debian: nats-server)")
    house = House(tmp_path)
    yield house
    house.close()
