"""What a firewall and a link do to connections, as nftables and tc make them: refused, dropped and rejected connects each have
their class, what is dropped later has its phase, and a link that is slow is neither."""
import collections
import shutil
import socket
import subprocess
import threading
import time

import pytest

BODY = b"x" * 400_000
LOAD = {"steady": {"rate": "20/s", "for": "500ms"}}


def nft(text):
    return subprocess.run(["nft", "-f", "-"], input=text, text=True, capture_output=True, check=False)


@pytest.fixture
def firewall(network):
    """firewall(rules): what comes in is looked at by them."""
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed (Debian: nftables)")

    def set_rules(*rules):
        made = nft("table inet brunt {\nchain in {\ntype filter hook input priority 0;\n" + "\n".join(rules) + "\n}\n}\n")
        if made.returncode != 0:
            pytest.skip(f"this kernel takes no such rule: {made.stderr.strip()}")
    yield set_rules
    nft("delete table inet brunt")


@pytest.fixture
def link(network):
    """link(what tc makes of the loopback)."""
    def make(*words):
        made = subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", *words], text=True, capture_output=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"this kernel has no {words[0]}: {made.stderr.strip()}")
    yield make
    subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], capture_output=True, check=False)


class Speaker:
    """Answers each request with its head, and then with a long body."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while b"\r\n\r\n" in connection.recv(65536):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY))
                    time.sleep(0.02)
                    connection.sendall(BODY)
            except OSError:
                pass


@pytest.fixture
def speaker(network):
    made = []

    def make(port):
        made.append(Speaker(port))
    yield make
    for one in made:
        one.listener.close()


@pytest.mark.parametrize("verdict, failure", [
    ("drop", "connect_timeout"), ("reject with tcp reset", "connect_refused"),
    ("reject with icmpx type port-unreachable", "connect_refused"), ("reject with icmpx type host-unreachable", "unreachable"),
    ("reject with icmpx type admin-prohibited", "unreachable")])
def test_what_a_firewall_says_is_the_class_of_a_connect(firewall, witness, brunt, verdict, failure):
    """Beside a backend that answers, so that the run goes on."""
    firewall(f"tcp dport 8111 {verdict}")
    server = witness("127.0.0.1", 8110)
    ran = brunt({"urls": ["http://127.0.0.1:8110", "http://127.0.0.1:8111"], "connect_timeout": "300ms"}, LOAD).wait()
    totals = ran.result["totals"]
    assert (totals["ok"], totals["unsent_reasons"]) == (5, {failure: 5}), ran.stdout + ran.stderr
    assert totals["failed_in"] == {failure: {"connect": 5}} and len(server.heads) == 5


def test_packets_that_are_lost_later_have_the_phase_they_were_lost_in(firewall, speaker, brunt):
    """Of one server nothing that is long arrives, of the other nothing arrives at all once it is connected."""
    firewall("tcp sport 8112 meta length > 1000 drop", "tcp sport 8113 tcp flags & (syn | rst) == 0 meta length > 60 drop")
    speaker(8112)
    speaker(8113)
    target = {"urls": ["http://127.0.0.1:8112", "http://127.0.0.1:8113"], "timeout": "2s"}
    ran = brunt(target, LOAD, break_when={"timeout_rate": False, "error_rate": False}).wait()
    failed_in = ran.result["totals"]["failed_in"]
    by_phase = collections.Counter(failed_in.pop("timeout")) + collections.Counter(failed_in.pop("generator_stall", {}))  # of a busy machine
    assert by_phase == {"body": 5, "headers": 5} and not failed_in, ran.stdout + ran.stderr


def test_a_link_that_delays_is_no_lateness_of_ours(link, witness, brunt):
    """Each packet takes 50 ms longer: two of them make a connect, and two more an answer."""
    link("netem", "delay", "50ms")
    server = witness("127.0.0.1", 8114)
    ran = brunt({"url": "http://127.0.0.1:8114"}, LOAD).wait()
    latency = ran.result["latency_ns"]
    assert ran.result["totals"]["ok"] == len(server.heads) == 10, ran.stdout + ran.stderr
    assert latency["connect"]["min"] >= 100_000_000 and latency["service"]["min"] >= 100_000_000
    assert latency["lateness"]["min"] < 50_000_000


def test_a_slow_link_is_waited_for(link, speaker, brunt):
    """A megabyte a second, but for 128 KB at once, and 400 KB per answer: none can take less, and none fails."""
    link("tbf", "rate", "8mbit", "burst", "128kb", "latency", "1s")
    speaker(8115)
    ran = brunt({"url": "http://127.0.0.1:8115", "timeout": "30s"}, {"concurrency": {"users": 2, "iterations": 4}}).wait()
    assert ran.result["totals"]["ok"] == 4, ran.stdout + ran.stderr
    assert ran.result["latency_ns"]["service"]["min"] >= 200_000_000
