"""A job of `brunt serve` that agents share over NATS."""
import json
import subprocess

import pytest

from machines import BRUNT, PATIENCE_S, Process, until
from unix_http import Connection


class Served:
    def __init__(self, house):
        self.socket = house.folder / "b.sock"
        config = house.folder / "brunt.yaml"
        config.write_text(f"listen: unix:{self.socket}\ndata: {house.folder}/data\nnats: {house.nats.url}\nceilings: {{shards: 2}}\n")
        self.process = Process([BRUNT, "serve", "--config", config], house.folder / "serve.log")
        house.processes.append(self.process)
        until(lambda: "listening" in self.process.said(), "the daemon")

    def ask(self, method, path, body=None):
        connection = Connection(self.socket, PATIENCE_S)
        connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def skipped_without_a_daemon():
    probe = subprocess.run([BRUNT, "serve", "--config", "/dev/null/none"], capture_output=True, text=True, check=False)
    return "no SQLite" in probe.stderr


@pytest.mark.skipif(skipped_without_a_daemon(), reason="this brunt has no daemon")
def test_agents_of_a_job_are_told_side_by_side_with_their_clocks(house):
    house.agents("w1", "w2")
    served = Served(house)
    profile = house.profile("{steady: {rate: 100/s, for: 3s}}").read_text()

    status, said = served.ask("POST", "runs", {"yaml": profile, "shards": 3})
    assert status == 403 and "ceilings.shards" in said
    status, said = served.ask("POST", "runs", {"yaml": profile, "shards": 2})
    assert status == 201, said
    run = json.loads(said)["id"]
    _, stream = served.ask("GET", f"runs/{run}/events")  # to its end
    told = [json.loads(block.partition("data: ")[2])["shards"] for block in stream.split("\n\n") if "event: shards\n" in block]
    assert told, stream[:4000]
    assert [(shard["name"], shard["lost"]) for shard in told[-1]] == [("w1", False), ("w2", False)]
    assert all(abs(shard["clock"]["offset_s"]) <= shard["clock"]["error_s"] for shard in told[-1]), "it is the same clock"
    until(lambda: json.loads(served.ask("GET", f"runs/{run}")[1])["state"] == "ended", "the run's end")
    result = json.loads(served.ask("GET", f"runs/{run}/result")[1])
    assert [shard["sent"] for shard in result["shards"]] == [150, 150]
    assert result["totals"]["ok"] == 300 == house.target.count()
