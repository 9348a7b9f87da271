"""Through a proxy: tinyproxy writes down what it was asked for, the server who came; a scripted one answers as no proxy
should."""
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import pytest

PORT, PROXY_PORT = 8090, 8091
TARGET, PROXY = "127.0.0.1", "127.0.0.9"
LOAD = {"steady": {"rate": "40/s", "for": "500ms"}}


@pytest.fixture(scope="module")
def tinyproxy(network, tmp_path_factory):
    """Of one user, and tunnels to one port alone."""
    if shutil.which("tinyproxy") is None:
        pytest.skip("tinyproxy is not installed (Debian: tinyproxy-bin)")
    folder = tmp_path_factory.mktemp("tinyproxy")
    log = folder / "log"
    (folder / "conf").write_text(f'Port {PROXY_PORT}\nListen {PROXY}\nTimeout 60\nMaxClients 1000\nLogFile "{log}"\nLogLevel Connect\n'
                                 f"BasicAuth anna s3cretx\nConnectPort {PORT}\nConnectPort 1\n")
    process = subprocess.Popen(["tinyproxy", "-d", "-c", folder / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((PROXY, PROXY_PORT)) == 0:
                break
        assert time.monotonic() < deadline and process.poll() is None, "tinyproxy is not ready"
        time.sleep(0.02)
    yield log
    process.kill()
    process.wait()


def through(user="anna:s3cret%78@", **more):
    return {"url": f"http://shop.test:{PORT}", "proxy": {"url": f"http://{user}{PROXY}:{PROXY_PORT}", **more}}


@pytest.fixture
def named(network, tmp_path_factory):
    """A name that the proxy alone has to know."""
    hosts = tmp_path_factory.mktemp("hosts") / "hosts"
    hosts.write_text(f"{TARGET} shop.test\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    yield
    subprocess.run(["umount", "/etc/hosts"], check=True)


@pytest.fixture
def shop(named, witness):
    yield witness(TARGET, PORT)


@pytest.fixture
def talker(named):
    """python3-websockets at the shop's place."""
    program = pathlib.Path(__file__).parents[2] / "scenario" / "programs" / "sockets.py"
    process = subprocess.Popen(["/usr/bin/python3", program, str(PORT)], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while socket.socket().connect_ex((TARGET, PORT)) != 0:
        assert time.monotonic() < deadline and process.poll() is None, "python3-websockets is not ready"
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()


def test_http_asks_the_proxy_for_whole_urls(tinyproxy, shop, brunt):
    ran = brunt(through(), LOAD).wait()
    assert ran.result["totals"]["ok"] == len(shop.heads) == 20, ran.stdout + ran.stderr
    assert set(shop.fields("Host")) == {f"shop.test:{PORT}"}
    assert f"GET http://shop.test:{PORT}/ HTTP/1.1" in tinyproxy.read_text()
    assert list(ran.addresses) == [f"{PROXY}:{PROXY_PORT}"]


def test_a_tunnel_carries_what_it_is_asked_for(tinyproxy, shop, brunt):
    ran = brunt(through(tunnel=True), LOAD).wait()
    assert ran.result["totals"]["ok"] == len(shop.heads) == 20, ran.stdout + ran.stderr
    assert not shop.fields("Via") and not shop.fields("Proxy-Authorization")
    assert shop.heads[0].startswith("GET / HTTP/1.1")
    assert f"CONNECT shop.test:{PORT} HTTP/1.1" in tinyproxy.read_text()


def test_websocket_needs_no_word_to_go_through_a_tunnel(tinyproxy, talker, brunt):
    def tunnels():
        return tinyproxy.read_text().count(f"CONNECT shop.test:{PORT} HTTP/1.1")
    before = tunnels()
    target = {**through(), "url": f"ws://shop.test:{PORT}/talk?of=brunt", "connections": 2}
    ran = brunt(target, LOAD, requests=[{"name": "echo", "body": "message ${seq}", "expect": {"body": "message ${seq}"}}]).wait()
    totals = ran.result["totals"]
    assert totals["ok"] == 20 and totals["status"] == {"101": 20}, ran.stdout + ran.stderr
    assert totals["connects"] == tunnels() - before >= 1
    talker.terminate()
    assert talker.communicate()[0].split()[-1] == "20"


def test_what_the_proxy_refuses_is_not_put_down_to_the_target(tinyproxy, shop, brunt):
    """407 for a tunnel and for a request; 403 for a port that it opens no tunnel to."""
    elsewhere = through(tunnel=True)
    elsewhere["url"] = "http://shop.test:22"
    nobody = through(tunnel=True)
    nobody["url"] = "http://shop.test:1"
    cases = ((through("", tunnel=True), "unsent_reasons", "proxy_refused", "tunnel", "407 Proxy Authentication Required"),
             (through(""), "failures", "proxy_auth", "answer", "407"),
             (elsewhere, "unsent_reasons", "proxy_refused", "tunnel", "403 "),
             (nobody, "unsent_reasons", "proxy_refused", "tunnel", "500 Unable to connect"))
    started = [brunt(target, LOAD) for target, *_ in cases]
    for ran, (_, kind, name, phase, words) in zip(started, cases):
        ran.wait()
        totals = ran.result["totals"]
        assert totals[kind] == {name: totals["scheduled"]} and totals["ok"] == 0, (name, ran.stdout + ran.stderr)
        assert totals["failed_in"][name] == {phase: totals["scheduled"]}
        assert words in " ".join(ran.stdout.split()), ran.stdout
        # A level that our own side spoiled is void, and says nothing of the target.
        assert {level["status"] for level in ran.result["levels"]} == {"INVALID"} and ran.process.returncode == 3, ran.stdout
        assert "failed at the proxy" in ran.stdout
    assert not shop.heads


class Scripted:
    """Answers every CONNECT with these bytes."""

    def __init__(self, answer, port):
        self.answer = answer
        self.listener = socket.create_server((PROXY, port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.recv(65536)
            if self.answer is not None:
                connection.sendall(self.answer)
                connection.close()


def test_what_is_no_answer_opens_no_tunnel(network, brunt):
    answers = (b"", b"no proxy here\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nand more", b"HTTP/1.1 200 " + b"x" * 20000, None)
    proxies = [Scripted(answer, PROXY_PORT + 1 + i) for i, answer in enumerate(answers)]
    started = [brunt({"url": "http://127.0.0.1:1", "timeout": "1s", "connect_timeout": "500ms",
                      "proxy": {"url": f"http://{PROXY}:{PROXY_PORT + 1 + i}", "tunnel": True}}, LOAD) for i in range(len(answers))]
    for ran, answer in zip(started, answers):
        ran.wait()
        assert ran.result["totals"]["failed_in"] == {"proxy_failed": {"tunnel": ran.result["totals"]["scheduled"]}}, (answer, ran.stdout)
    for proxy in proxies:
        proxy.listener.close()


def test_a_proxy_that_cannot_reach_the_target_says_so_of_the_target(network, brunt):
    proxy = Scripted(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nsorry", PROXY_PORT + 9)
    ran = brunt({"url": "https://127.0.0.1:1", "proxy": f"http://{PROXY}:{PROXY_PORT + 9}"}, LOAD).wait()
    assert ran.result["totals"]["failed_in"] == {"proxy_gateway": {"tunnel": ran.result["totals"]["scheduled"]}}, ran.stdout
    assert ran.result["failure_words"] == {"proxy_gateway": "503 Service Unavailable"}
    proxy.listener.close()


def test_only_what_a_proxy_says_of_itself_is_put_down_to_it(network, witness, brunt):
    """By RFC 9209; a 502 without a word may be of somebody behind it, and so may whatever comes through a tunnel."""
    answers = ((b"502 Bad Gateway", b"", "status"), (b"504 Gateway Timeout", b"Proxy-Status: near.test; error=connection_timeout\r\n", "status"),
               (b"500 Internal Server Error", b"Proxy-Status: near.test; error=proxy_internal_error\r\n", "proxy_error"),
               (b"403 Forbidden", b"Via: 1.1 near.test\r\nProxy-Status: near.test; error=http_request_denied\r\n", "proxy_error"))
    proxies = [Scripted(b"HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n" % (status, field), PROXY_PORT + 10 + i)
               for i, (status, field, _) in enumerate(answers)]
    started = [brunt({"url": "http://shop.test:1", "proxy": f"http://{PROXY}:{PROXY_PORT + 10 + i}"}, LOAD) for i in range(len(answers))]
    for ran, (_, _, name) in zip(started, answers):
        totals = ran.wait().result["totals"]
        assert totals["failed_in"] == {name: {"answer": 20}}, (name, ran.stdout + ran.stderr)
        is_void = {level["status"] for level in ran.result["levels"]} == {"INVALID"}
        assert is_void == (name == "proxy_error"), ran.stdout
    for proxy in proxies:
        proxy.listener.close()


def test_what_comes_through_a_tunnel_is_the_targets(tinyproxy, brunt):
    target = Scripted(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Status: x; error=proxy_internal_error\r\nContent-Length: 0\r\n\r\n", PORT)
    through_it = through(tunnel=True)
    through_it["url"] = f"http://{PROXY}:{PORT}"
    ran = brunt(through_it, LOAD).wait()
    assert ran.result["totals"]["failed_in"] == {"status": {"answer": 20}}, ran.stdout + ran.stderr
    target.listener.close()


def test_no_proxy_at_all_is_told_as_that(network, brunt):
    ran = brunt({"url": "http://127.0.0.1:1", "proxy": f"http://{PROXY}:2"}, LOAD).wait()
    assert ran.process.returncode == 4 and "the proxy could not be reached" in ran.stdout, ran.stdout
