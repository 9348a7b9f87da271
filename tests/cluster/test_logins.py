"""Who is let in by a token, or by credentials (nkeys and JWT), and that nobody else is."""
import shutil

import pytest

from machines import BRUNT, Agent, Leader, NatsServer, Process, Target
from nkeys import ACCOUNT, Key, Operator


@pytest.fixture
def target(tmp_path):
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed (Debian: nats-server)")
    target = Target(tmp_path)
    yield target
    target.process.kill()


def check_logins(folder, target, server, right, wrong):
    """A load from an agent and a leader that have the right login, none for whoever has the wrong one."""
    profile = folder / "profile.yaml"
    profile.write_text(f"name: shared\ntarget: {{url: '{target.url}'}}\nload: {{steady: {{rate: 100/s, for: 1s}}}}\n"
                       "requests: [{name: root, get: /}]\npacing: relaxed\ngenerator: {lateness_p99: 30s}\n")
    agent = Agent(folder, "w1", server, flags=["--allow", "127.0.0.0/8", *right])
    try:
        leader = Leader(folder, profile, server, 1, flags=right)
        assert leader.wait() == 0, leader.process.said() + agent.process.said()
        for number, flags in enumerate((wrong, [])):
            refused = Process([BRUNT, "agent", "--nats", server.url, "--name", "x", *flags], folder / f"refused{number}.log")
            assert refused.child.wait(timeout=20) == 4, refused.said()
            assert "does not let us in" in refused.said()
        assert target.count() == 100
    finally:
        agent.process.kill()


def test_a_token_lets_in(tmp_path, target):
    for name, text in (("right", "s3cret token\n"), ("wrong", "s3cret tokem\n")):
        (tmp_path / name).write_text(text)
    server = NatsServer(tmp_path, more='authorization {token: "s3cret token"}\n')
    try:
        check_logins(tmp_path, target, server, ["--nats-token-file", tmp_path / "right"], ["--nats-token-file", tmp_path / "wrong"])
    finally:
        server.process.kill()


def test_credentials_let_in(tmp_path, target):
    operator = Operator()
    (tmp_path / "right.creds").write_text(operator.creds("brunt"))
    (tmp_path / "wrong.creds").write_text(operator.creds("brunt", Key(ACCOUNT)))  # of an account that the operator does not know
    server = NatsServer(tmp_path, more=operator.config())
    try:
        check_logins(tmp_path, target, server, ["--nats-creds", tmp_path / "right.creds"], ["--nats-creds", tmp_path / "wrong.creds"])
    finally:
        server.process.kill()
