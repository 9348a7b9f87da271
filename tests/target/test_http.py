"""httpd/ from outside: what a well-behaved, a rude and a hostile client get."""

import json
import resource
import socket
import struct
import time

import pytest

GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"


def test_head_has_the_length_but_no_body(start, send):
    target = start("--response-size", 1000)
    got = send(target, b"HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Length: 1000\r\n" in got
    assert got.endswith(b"\r\n\r\n")


def test_a_connection_is_kept_and_closed_as_asked(start, send):
    target = start()
    got = send(target, GET + GET + LAST + GET)
    assert got.count(b"HTTP/1.1 200") == 3
    assert got.count(b"Connection: close") == 1
    assert send(target, b"GET / HTTP/1.0\r\n\r\n").count(b"Connection: close") == 1
    kept = send(target, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + b"GET / HTTP/1.0\r\n\r\n")
    assert kept.count(b"HTTP/1.1 200") == 2 and kept.count(b"Connection: keep-alive") == 1
    assert target.stats()["connections_accepted"] == 4


def test_pipelined_answers_come_in_order_past_every_limit(start, send):
    target = start("--service-time", "lognormal:1ms:2", "--seed", 4)
    got = send(target, b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n" + b"GET /stats HTTP/1.1\r\nHost: t\r\n\r\n" + GET * 500 + LAST)
    assert got.count(b"HTTP/1.1 200") == 503
    assert b"application/json" in got.split(b"HTTP/1.1 200")[2]
    assert target.stop() == 0
    truth = target.truth()
    assert len(truth) == 502 and len({line.connection for line in truth}) == 1


def test_a_request_may_trickle_in(start):
    target = start()
    with target.connect() as s:
        for byte in b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            s.sendall(bytes([byte]))
        assert s.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_large_answer_reaches_a_slow_reader_whole(start):
    target = start("--response-size", "20MiB")
    with target.connect() as s:
        s.sendall(LAST)
        time.sleep(0.3)
        total = 0
        while chunk := s.recv(1 << 16):
            total += len(chunk)
        assert total > 20 << 20
    assert target.stats()["answered"] == 1


def test_continue_is_said_while_the_body_is_missing(start):
    target = start()
    with target.connect() as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert s.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"abc")
        assert s.recv(4096).startswith(b"HTTP/1.1 200")
        s.sendall(b"POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        assert s.recv(4096).startswith(b"HTTP/1.1 200")


MALFORMED = {
    "binary": (b"\x00\x01\x02\x03\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two framings": (b"GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "two lengths": (b"GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\nHost: t\r\nX: a\x00b\r\n\r\n", 400),
    "chunk size": (b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "body too large": (b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n", 413),
    "length overflows": (b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    "target too long": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 414),
    "head too large": (b"GET / HTTP/1.1\r\nHost: t\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", 431),
    "unknown expectation": (b"GET / HTTP/1.1\r\nHost: t\r\nExpect: magic\r\n\r\n", 417),
    "version 2": (b"GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505),
    "tunnel": (b"CONNECT t:1 HTTP/1.1\r\nHost: t:1\r\n\r\n", 501),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed_is_refused_and_harms_nobody(start, send, case):
    data, status = MALFORMED[case]
    target = start()
    got = send(target, data)
    assert got.startswith(f"HTTP/1.1 {status} ".encode())
    assert got.count(b"HTTP/1.1") == 1 and b"Connection: close" in got
    assert target.get()[0] == 200
    stats = target.stats()
    assert stats["malformed"] == 1 and stats["requests"] == 1


def test_a_refusal_waits_for_the_answers_before_it(start, send):
    target = start("--service-time", "50ms")
    got = send(target, GET + GET + b"nonsense\r\n\r\n")
    assert [part.split()[0] for part in got.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


def test_a_client_that_shut_down_its_side_is_answered(start):
    target = start("--service-time", "50ms")
    with target.connect() as s:
        s.sendall(GET)
        s.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := s.recv(4096):
            got += chunk
        assert got.startswith(b"HTTP/1.1 200")


def test_clients_that_vanish_are_counted_and_still_occupy_the_worker(start):
    target = start("--capacity", "10/s")
    for _ in range(3):
        s = target.connect()
        s.sendall(GET)
        time.sleep(0.02)  # a reset that overtakes the request would unsay it
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    assert target.get()[0] == 200
    stats = target.stats()
    assert stats["gone"] == 3 and stats["answered"] == 1 and stats["requests"] == 4
    assert target.stop() == 0
    truth = sorted(target.truth())
    assert [line.status for line in truth] == [0, 0, 0, 200]
    # Four requests of 100 ms on one worker, although nobody waits for the first three.
    assert truth[3].modelled - truth[0].arrival == 400_000_000


def test_stats_are_neither_counted_nor_delayed(start):
    target = start("--service-time", "1m")
    began = time.monotonic()
    for _ in range(5):
        stats = target.stats()
    assert time.monotonic() - began < 2
    assert stats["requests"] == 0 and stats["answered"] == 0 and stats["capacity_per_s"] is None
    assert target.stop() == 0
    assert target.truth() == []


def test_ten_thousand_idle_connections_cost_little(start):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 10_200:
        pytest.skip(f"only {hard} descriptors allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 10_200), hard))
    target = start()
    target.get()
    sockets = []
    try:
        for _ in range(10_000):
            sockets.append(target.connect())
        assert target.stats()["connections_open"] == 10_001
        sockets[5000].sendall(GET)
        assert sockets[5000].recv(4096).startswith(b"HTTP/1.1 200")
        sockets[9999].sendall(GET)
        assert sockets[9999].recv(4096).startswith(b"HTTP/1.1 200")
        status = open(f"/proc/{target.process.pid}/status").read()
        assert int(status.split("VmRSS:")[1].split()[0]) < 64 * 1024
    finally:
        for s in sockets:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert target.stop() == 0


def test_one_connection_too_many_is_told_so(start):
    target = start("--connections", 2)
    first, second = target.connect(), target.connect()
    first.sendall(GET)
    second.sendall(GET)
    assert first.recv(4096).startswith(b"HTTP/1.1 200") and second.recv(4096).startswith(b"HTTP/1.1 200")
    with target.connect() as third:
        assert third.recv(4096).startswith(b"HTTP/1.1 503")
    first.close()
    second.close()
    time.sleep(0.1)
    assert target.stats()["connections_refused"] == 1


def test_unix_sockets_and_ipv6(start, tmp_path):
    path = tmp_path / "s.sock"
    target = start(listen=("--listen", f"unix:{path}"))
    assert target.url == f"unix:{path}" and path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"GET /stats HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        got = b""
        while chunk := s.recv(4096):
            got += chunk
    assert json.loads(got.partition(b"\r\n\r\n")[2])["connections_accepted"] == 1
    assert target.stop() == 0
    assert not path.exists()

    if socket.has_ipv6:
        try:
            target = start(listen=("--listen", "[::1]", "--port", "0"))
        except AssertionError:
            pytest.skip("no IPv6 loopback here")
        assert target.url.startswith("http://[::1]:")
        assert target.get()[0] == 200
