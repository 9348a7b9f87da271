"""Streams of events last no longer than what opened them; who may still watch goes on where his ended."""
import http.client
import json
import os
import subprocess
import threading

import pytest

from served import BRUNT, WAIT_S, free_port, over_tcp, profile, until
from test_reload import reload

TOKENS = {name: name[0] * 40 for name in ("alice", "bob")}


class Stream:
    """Reads the events of a path from a thread, as long as there are any."""

    def __init__(self, port, path, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200
        self.heard, self.has_ended = 0, False
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.answer:
            self.heard += line.startswith(b"event: ")
        self.has_ended = True  # and whole: a chunked body that breaks off raises


class Served:
    def __init__(self, daemon, target):
        self.daemon, self.port = daemon, free_port()
        daemon.configure(listen=["unix:" + daemon.socket, f"127.0.0.1:{self.port}"], tokens="tokens")
        self.allow(alice="view", bob="view")
        daemon.start()
        self.run = daemon.submit(profile=profile(target, 60))
        until(lambda: daemon.run(self.run)["state"] == "running")

    def allow(self, **roles):
        self.daemon.write("tokens", "".join(f"{name} {role} plain:{TOKENS[name]}\n" for name, role in roles.items()))
        os.chmod(os.path.join(self.daemon.folder, "tokens"), 0o600)

    def stream(self, name=None, path=None, **headers):
        more = {"Authorization": "Bearer " + TOKENS[name]} if name else {}
        return Stream(self.port, path or f"/api/v1/runs/{self.run}/events", **more, **headers)

    def log_in(self, name):
        body = json.dumps({"token": TOKENS[name]})
        answer, _ = over_tcp(self.port, "POST", "/api/v1/session", body, Content_Type="application/json", Origin=f"http://127.0.0.1:{self.port}")
        assert answer.status == 200
        return answer.headers["Set-Cookie"].split(";")[0]

    def goes_on(self, stream):
        heard = stream.heard
        until(lambda: stream.heard > heard)
        return not stream.has_ended

    def stop(self):
        self.daemon.ask("POST", f"/api/v1/runs/{self.run}/stop", '{"how": "kill"}')
        self.daemon.ended(self.run)


@pytest.fixture(name="served")
def fixture_served(daemon, target):
    made = Served(daemon, target)
    yield made
    made.stop()


@pytest.mark.parametrize("left", [{"bob": "view"}, {"alice": "run", "bob": "view"}])
def test_a_stream_ends_when_its_token_is_gone_or_another(served, left):
    cookie = served.log_in("alice")
    ending = [served.stream("alice"), served.stream("alice", "/api/v1/events"), served.stream(Cookie=cookie)]
    staying = [served.stream("bob"), served.stream(Cookie=served.log_in("bob"))]
    served.allow(**left)
    reload(served.daemon)
    until(lambda: all(stream.has_ended for stream in ending))
    assert all(served.goes_on(stream) for stream in staying)
    status = 200 if "alice" in left else 401
    assert over_tcp(served.port, "GET", "/api/v1/runs", Authorization="Bearer " + TOKENS["alice"])[0].status == status


def test_a_stream_ends_when_its_session_does(served):
    cookie, other = served.log_in("alice"), served.log_in("alice")
    ending, staying = served.stream(Cookie=cookie), [served.stream(Cookie=other), served.stream("alice")]
    assert over_tcp(served.port, "DELETE", "/api/v1/session", Cookie=cookie, Origin=f"http://127.0.0.1:{served.port}")[0].status == 204
    until(lambda: ending.has_ended)
    assert all(served.goes_on(stream) for stream in staying)


def test_who_may_still_watch_goes_on_where_his_stream_ended(served):
    path = os.path.join(served.daemon.folder, "mine")
    with open(path, "w", encoding="ascii") as file:
        file.write(TOKENS["alice"])
    watching = subprocess.Popen([BRUNT, "watch", served.run, "--json", "--server", f"http://127.0.0.1:{served.port}", "--token-file", path],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    figures = figures_of(watching.stdout)
    seen = [next(figures)]
    served.allow(alice="run", bob="view")  # by which streams of alice's end
    other = served.stream("alice")
    reload(served.daemon)
    until(lambda: other.has_ended)
    seen += [next(figures), next(figures)]  # there are none where it went away with its stream
    served.stop()
    seen += list(figures)
    assert seen == sorted(set(seen))
    assert watching.wait(WAIT_S) == served.daemon.run(served.run)["exit_code"] and watching.stderr.read() == ""


def figures_of(lines):
    """When each event of figures was, as they come."""
    for line in lines:
        event = json.loads(line)
        if event.get("event") == "figures":
            yield event["at_ns"]
