"""nats-server as packaging/nats-server.conf has it: TLS, a user who leads and a user who is an agent."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from machines import BRUNT, Agent, Leader, NatsServer, Process, Target, until

SHIPPED = pathlib.Path(__file__).parents[2] / "packaging" / "nats-server.conf"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Secured(NatsServer):
    def __init__(self, folder):
        ca, cert, key = folder / "ca.pem", folder / "nats.pem", folder / "nats.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=test CA", "-keyout", folder / "ca.key", "-out", ca)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", folder / "nats.csr")
        (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
        openssl("x509", "-req", "-in", folder / "nats.csr", "-CA", ca, "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", 2,
                "-extfile", folder / "san", "-out", cert)
        for role in ("agent", "leader", "wrong"):
            (folder / role).write_text(f"pass_{role}\n")
        super().__init__(folder)
        self.process.kill()
        text = SHIPPED.read_text()
        for shipped, own in (("0.0.0.0:4222", f"127.0.0.1:{self.port}"), ("/etc/brunt/nats.pem", cert), ("/etc/brunt/nats.key", key),
                             ("/var/lib/brunt/nats", folder / "js")):
            assert shipped in text
            text = text.replace(shipped, str(own))
        self.config.write_text(text)
        os.environ.update(BRUNT_AGENT_PASSWORD="pass_agent", BRUNT_LEADER_PASSWORD="pass_leader")
        self.url = f"tls://localhost:{self.port}"
        self.start()

    def flags(self, user, password=None, ca="ca.pem"):
        return ["--nats-user", user, "--nats-password-file", self.folder / (password or user), "--nats-ca", self.folder / ca]


@pytest.fixture
def secured(tmp_path):
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed (Debian: nats-server)")
    server, target = Secured(tmp_path), Target(tmp_path)
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"name: shared\ntarget: {{url: '{target.url}'}}\nload: {{steady: {{rate: 100/s, for: 1s}}}}\n"
                       "requests: [{name: root, get: /}]\npacing: relaxed\ngenerator: {lateness_p99: 30s}\n")
    yield server, target, profile
    target.process.kill()
    server.process.kill()


def refusal(folder, server, flags):
    """What an agent says that is not let in, and its exit code."""
    process = Process([BRUNT, "agent", "--nats", server.url, "--name", "x", *flags], folder / "refused.log")
    code = process.child.wait(timeout=20)
    return code, process.said()


def test_each_role_may_do_what_it_is_for_and_nothing_else(secured, tmp_path):
    server, target, profile = secured
    agents = [Agent(tmp_path, name, server, flags=["--allow", "127.0.0.0/8", *server.flags("agent")]) for name in ("w1", "w2")]
    try:
        leader = Leader(tmp_path, profile, server, 2, flags=server.flags("leader"))
        assert leader.wait() == 0, leader.process.said() + agents[0].process.said()
        assert "Permissions Violation" not in leader.process.said() + agents[0].process.said()
        assert leader.result()["totals"]["ok"] == 100

        usurper = Leader(tmp_path, profile, server, 2, flags=server.flags("agent"), name="usurper")
        assert usurper.wait() == 3
        until(lambda: all(agent.process.child.poll() is None for agent in agents), "the agents live on")
        assert target.count() == 100, "who is only an agent leads nobody"
    finally:
        for agent in agents:
            agent.process.kill()


def test_the_end_of_an_agents_connection_is_told_who_leads(secured, tmp_path):
    server, _, profile = secured
    profile.write_text(profile.read_text().replace("for: 1s", "for: 5s"))
    agents = [Agent(tmp_path, name, server, flags=["--allow", "127.0.0.0/8", *server.flags("agent")]) for name in ("w1", "w2")]
    try:
        leader = Leader(tmp_path, profile, server, 2, flags=server.flags("leader"))
        leader.until_sending()
        assert "connection to nats-server has ended" not in leader.process.said()
        agents[1].process.kill()
        assert leader.wait() == 3, leader.process.said()
        assert re.findall(r"agent (\w+) \(shard . of 2\): its connection to nats-server has ended", leader.process.said()) == ["w2"]
        assert [shard["lost"] for shard in leader.result()["shards"]] == [False, True]
    finally:
        for agent in agents:
            agent.process.kill()


def test_who_is_not_let_in_is_told_why(secured, tmp_path):
    server, _, _ = secured
    code, said = refusal(tmp_path, server, server.flags("agent", password="wrong"))
    assert code == 4 and "does not let us in" in said
    code, said = refusal(tmp_path, server, server.flags("agent", ca="nats.pem"))
    assert code == 4 and "certificate" in said.lower() + "certificate" * ("SSL" in said)
