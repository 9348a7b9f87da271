"""bench_streamer streams as real servers do, says how late it was itself, and is judged by other people's clients."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "say something"}]})
REQUEST = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n" + BODY).encode()
END = b"\r\n0\r\n\r\n"
MS = 1_000_000


@pytest.fixture
def start(start_program):
    return lambda *options: start_program("bench_streamer", *options)


def events_of(body):
    """The data of each SSE event; that of the last one, which is no JSON, as it is."""
    pieces = body.decode().split("\n\n")
    assert pieces.pop() == "" and all(piece.startswith("data: ") for piece in pieces)
    data = [piece.removeprefix("data: ") for piece in pieces]
    return [json.loads(text) for text in data[:-1]] + data[-1:]


def check_answer(body, tokens):
    """So many tokens, why it ended, what was used, and that it is done: all of it and in this order."""
    *chunks, finish, usage, done = events_of(body)
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks] == [" token"] * tokens
    assert finish["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "length"}
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] == tokens
    assert done == "[DONE]"


def ask(connection):
    connection.request("POST", "/v1/chat/completions", BODY, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.getheader("Content-Type") == "text/event-stream"
    return answer.read()


def test_every_answer_on_a_kept_connection_has_all_its_tokens_and_its_end(start):
    server = start("--tokens", "25", "--gap", "1ms")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(3):
        check_answer(ask(connection), 25)
    connection.close()
    said = server.stop()
    assert (said["requests"], said["streams"], said["sent"], said["peak"]) == (3, 3, 75, 1)
    assert said["late"]["count"] == 75 + 3


def test_answer_of_a_single_token(start):
    server = start("--tokens", "1")
    check_answer(ask(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)), 1)


def curl(server, *options):
    return subprocess.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "30", "--data", BODY, *options,
                           f"http://127.0.0.1:{server.port}/v1/chat/completions"], capture_output=True, check=True).stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_finds_nothing_wrong_with_an_answer_over_http2(start_program):
    server = start_program("bench_streamer_h2", "--tokens", "25", "--gap", "5ms")
    check_answer(curl(server, "--http2-prior-knowledge"), 25)
    said = server.stop()
    assert (said["requests"], said["streams"], said["sent"], said["peak"], said["late"]["count"]) == (1, 1, 25, 1, 26)


def answers_of(connection, streams):
    """{stream: its body}, of requests that are all made before anything is read, by python3-h2's rules of what is allowed."""
    h2 = pytest.importorskip("h2.connection").H2Connection()
    bodies = {stream: b"" for stream in streams}
    h2.initiate_connection()
    for stream in streams:
        h2.send_headers(stream, [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", "x")])
        h2.send_data(stream, BODY.encode(), end_stream=True)
    open_ones = set(streams)
    while open_ones:
        connection.sendall(h2.data_to_send())
        for event in h2.receive_data(connection.recv(65536)):
            name = type(event).__name__
            if name == "ResponseReceived":
                assert (b":status", b"200") in event.headers and (b"content-type", b"text/event-stream") in event.headers
            elif name == "DataReceived":
                bodies[event.stream_id] += event.data
                h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif name == "StreamEnded":
                open_ones.remove(event.stream_id)
            else:
                assert name not in ("StreamReset", "ConnectionTerminated"), event
    return bodies


def test_streams_of_one_connection_are_all_whole_and_at_once(start_program):
    server = start_program("bench_streamer_h2", "--tokens", "25", "--gap", "20ms")
    with server.connect() as connection:
        for body in answers_of(connection, range(1, 41, 2)).values():
            check_answer(body, 25)
    said = server.stop()
    assert (said["requests"], said["streams"], said["sent"], said["peak"]) == (20, 20, 500, 20)
    assert said["late"]["count"] == 20 * 26


def test_who_hangs_up_over_http2_ends_his_streams_and_nobody_elses(start_program):
    server = start_program("bench_streamer_h2", "--tokens", "20", "--gap", "20ms")
    for _ in range(2):
        with server.connect() as gone:
            pytest.raises(TimeoutError, answers_of, Hasty(gone), [1, 3, 5])
        with server.connect() as connection:  # by the same descriptor
            check_answer(answers_of(connection, [1])[1], 20)
    said = server.stop()
    assert (said["requests"], said["streams"]) == (8, 2)


class Hasty:
    """A connection whose user goes after the first bytes."""

    def __init__(self, connection):
        self.connection, self.sendall, self.has_read = connection, connection.sendall, 0

    def recv(self, most):
        self.has_read += 1
        if self.has_read > 3:
            raise TimeoutError
        return self.connection.recv(most)


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_finds_nothing_wrong_with_the_framing(start):
    server = start("--tokens", "10", "--gap", "1ms")
    check_answer(curl(server), 10)


def read_chunks(connection, arrived=None):
    """The chunks of one answer; into `arrived`, when each was there."""
    file = connection.makefile("rb")
    while file.readline() != b"\r\n":
        pass
    while True:
        length = int(file.readline(), 16)
        chunk = file.read(length)
        assert len(chunk) == length and file.readline() == b"\r\n"
        if length == 0:
            return
        if arrived is not None:
            arrived.append(time.monotonic_ns())
        yield chunk


def test_each_token_is_a_chunk_of_its_own_and_leaves_no_sooner_than_its_gap(start):
    server = start("--tokens", "5", "--gap", "40ms")
    with server.connect() as connection:
        arrived, began = [], time.monotonic_ns()
        connection.sendall(REQUEST)
        chunks = list(read_chunks(connection, arrived))
    assert all(chunk.count(b"data: ") == 1 for chunk in chunks) and len(chunks) == 5 + 3
    due = [began + min(n, 5) * 40 * MS for n in range(8)]
    assert all(at >= wanted for at, wanted in zip(arrived, due))


def test_streams_together_move_at_multiples_of_the_gap(start):
    gap = 200 * MS
    server = start("--tokens", "3", "--gap", "200ms", "--together")
    for phase in (0.05, 0.5):
        with server.connect() as connection:
            arrived = []
            time.sleep((gap - time.monotonic_ns() % gap + phase * gap) / 1e9)
            before = time.monotonic_ns() // gap
            connection.sendall(REQUEST)
            list(read_chunks(connection, arrived))
        assert all(at // gap >= before + 1 + n for n, at in enumerate(arrived[:4]))


def test_streams_apart_begin_at_once(start):
    server = start("--tokens", "1", "--gap", "5s")
    with server.connect() as connection:
        began = time.monotonic()
        connection.sendall(REQUEST)
        assert b"token" in next(read_chunks(connection))
        assert time.monotonic() - began < 4


def test_says_how_late_it_was_when_it_was_held_up(start):
    server = start("--tokens", "20", "--gap", "50ms")
    with server.connect() as connection:
        connection.sendall(REQUEST)
        chunks = read_chunks(connection)
        next(chunks)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        server.process.send_signal(signal.SIGCONT)
        assert len(list(chunks)) == 19 + 3
    late = server.stop()["late"]
    # It was stopped before half of its tokens were due, and all that were due meanwhile left together afterwards.
    assert late["max"] >= 1450 * MS and late["p50"] >= 1000 * MS
    assert late["p50"] <= late["p99"] <= late["p999"] <= late["max"]


def test_a_token_that_finds_no_room_is_late_and_not_lost(start):
    tokens = 40_000
    server = start("--tokens", str(tokens), "--gap", "1us")
    with server.connect() as connection:
        connection.sendall(REQUEST)
        time.sleep(1)  # all of them are due by now, and more than the sockets hold
        body = b"".join(read_chunks(connection))
    check_answer(body, tokens)
    said = server.stop()
    assert said["sent"] == tokens and said["late"]["count"] == tokens + 1 and said["late"]["max"] >= 500 * MS


def test_pipelined_requests_are_answered_one_after_the_other(start):
    server = start("--tokens", "4", "--gap", "5ms")
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(REQUEST), 7):
            for piece in (REQUEST[:cut], REQUEST[cut:] + REQUEST, REQUEST):
                connection.sendall(piece)
                time.sleep(0.001)
            got = b""
            while got.count(END) < 3:
                got += connection.recv(65536)
            *answers, rest = got.split(END)
            assert [answer.count(b" token") for answer in answers] == [4, 4, 4] and rest == b""
    assert server.stop()["peak"] == 1


def test_who_hangs_up_leaves_no_trace_in_the_stream_that_has_its_descriptor_next(start):
    server = start("--tokens", "3", "--gap", "300ms")
    for _ in range(2):
        with server.connect() as connection:
            connection.sendall(REQUEST)
            connection.recv(1)
        time.sleep(0.1)
        with server.connect() as connection:
            arrived, began = [], time.monotonic_ns()
            connection.sendall(REQUEST)
            assert len(list(read_chunks(connection, arrived))) == 3 + 3
        assert all(at >= began + min(n, 3) * 300 * MS for n, at in enumerate(arrived))
    said = server.stop()
    assert (said["requests"], said["streams"], said["peak"]) == (4, 2, 1)


def test_many_at_once_are_all_whole(start):
    server = start("--tokens", "30", "--gap", "20ms")
    bodies = []

    def read_one():
        bodies.append(ask(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)))

    readers = [threading.Thread(target=read_one) for _ in range(20)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    for body in bodies:
        check_answer(body, 30)
    said = server.stop()
    assert len(bodies) == said["streams"] == said["requests"] == 20 and 1 < said["peak"] <= 20


def test_refuses_what_it_cannot_do():
    program = os.path.join(os.environ.get("BENCH_PROGRAMS", ""), "bench_streamer")
    if not os.path.exists(program):
        pytest.skip("BENCH_PROGRAMS names no build")
    for options in (["--gap", "0"], ["--tokens", "0"], ["--port", "70000"], ["--gap", "20"], ["more"]):
        assert subprocess.run([program, *options], capture_output=True, timeout=30, check=False).returncode == 2
