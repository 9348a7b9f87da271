"""bench_server knows of each request when it came and when it was answered; what it knows is true."""
import array
import json
import os
import socket
import subprocess
import threading
import time

import pytest

PROGRAMS = os.environ.get("BENCH_PROGRAMS", "")
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 15\r\n\r\nHello, world!\r\n"

@pytest.fixture
def start(start_program):
    return lambda *options: start_program("bench_server", *options)


def read_responses(connection, n):
    got = bytearray()
    while len(got) < n * len(RESPONSE):
        piece = connection.recv(65536)
        assert piece, "the server hung up"
        got += piece
    assert got == RESPONSE * n


def test_request_cut_anywhere_is_one_request(start):
    server = start()
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(REQUEST)):
            connection.sendall(REQUEST[:cut])
            time.sleep(0.002)
            connection.sendall(REQUEST[cut:])
            read_responses(connection, 1)
    assert server.stop()["requests"] == len(REQUEST) - 1


def test_carriage_returns_that_end_nothing_are_not_counted(start):
    server = start()
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\r\nA: \r\r\n\rB\r\n\r\r\n\r\n")
        read_responses(connection, 1)
    assert server.stop()["requests"] == 1


def test_pipelined_requests_are_all_answered_even_to_a_slow_reader(start):
    server = start()
    n = 100_000
    with server.connect() as connection:
        sender = threading.Thread(target=connection.sendall, args=(REQUEST * n,))
        sender.start()
        time.sleep(0.3)  # more is owed by now than the socket holds
        read_responses(connection, n)
        sender.join()
    assert server.stop()["answers"] == n


def read_log(path):
    entries = array.array("q")
    with open(path, "rb") as file:
        entries.frombytes(file.read())
    return list(zip(entries[::2], entries[1::2]))


@pytest.mark.timing
def test_log_knows_arrival_and_delay(start, tmp_path):
    log = tmp_path / "log"
    server = start("--delay", "20ms", "--log", str(log))
    with server.connect() as connection:
        for _ in range(5):
            before = time.monotonic_ns()
            connection.sendall(REQUEST)
            sent = time.monotonic_ns()
            read_responses(connection, 1)
            assert time.monotonic_ns() - before >= 20_000_000
            time.sleep(0.01)
    server.stop()
    entries = read_log(log)
    assert len(entries) == 5
    assert before - 1000 <= entries[-1][0] <= sent
    for arrival, done in entries:
        assert 20_000_000 <= done - arrival < 30_000_000


def test_pipelined_answers_keep_their_order_under_stalls(start, tmp_path):
    log = tmp_path / "log"
    server = start("--stall", "20%:50ms", "--log", str(log))
    with server.connect() as connection:
        connection.sendall(REQUEST * 100)
        read_responses(connection, 100)
    server.stop()
    entries = read_log(log)
    late = [done - arrival >= 50_000_000 for arrival, done in entries]
    assert len(entries) == 100 and late.count(True) > 50 and late == sorted(late)


def test_stalls_hit_their_share_of_requests(start, tmp_path):
    log = tmp_path / "log"
    server = start("--stall", "10%:5ms", "--log", str(log))
    with server.connect() as connection:
        for _ in range(1000):
            connection.sendall(REQUEST)
            read_responses(connection, 1)
    server.stop()
    late = sum(done - arrival >= 5_000_000 for arrival, done in read_log(log))
    assert 60 <= late <= 140  # 100 ± 4 standard deviations


@pytest.mark.timing
def test_nothing_is_answered_in_a_freeze(start, tmp_path):
    log = tmp_path / "log"
    server = start("--freeze", "200ms/500ms", "--log", str(log))
    with server.connect() as connection:
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            connection.sendall(REQUEST)
            read_responses(connection, 1)
    server.stop()
    entries = read_log(log)
    first = entries[0][0]
    into = [(done - first) % 500_000_000 for _, done in entries]
    assert max(into) < 301_000_000
    assert sum(done - arrival > 190_000_000 for arrival, done in entries) == 2


def test_counts_what_the_floor_sends_and_when(start):
    server = start()
    said = subprocess.run([os.path.join(PROGRAMS, "bench_floor"), "--port", str(server.port), "--rate", "2000",
                           "--duration", "500ms"], capture_output=True, text=True, check=True, timeout=30)
    floor, seen = json.loads(said.stdout), server.stop()
    assert floor["sent"] == floor["answered"] == seen["requests"] == sum(seen["requests_by_bucket"]) == 1000
    assert seen["connections"] == 64 and 10 <= len(seen["requests_by_bucket"]) <= 12
