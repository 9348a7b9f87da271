"""bench_wrapped answers over TLS and HTTP/2 as others' clients want it, and counts what they asked."""
import re
import shutil
import socket
import ssl
import struct
import subprocess

import pytest

from section_wrapped import make_certificate

BODY = b"Hello, world!\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS, PING, WINDOW_UPDATE = 1, 4, 6, 8


@pytest.fixture
def start(start_program):
    return lambda *options: start_program("bench_wrapped", *options)


@pytest.fixture
def certificate(tmp_path):
    paths = make_certificate(str(tmp_path))
    return ["--certificate", paths[0], "--key", paths[1]]


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def frames_of(data):
    """(kind, flags, stream, payload) of each."""
    made = []
    while data:
        length = int.from_bytes(data[:3], "big")
        made.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + length]))
        data = data[9 + length:]
    return made


def read_until(peer, wanted):
    data = b""
    while len(data) < wanted:
        piece = peer.recv(65536)
        assert piece, "the server left"
        data += piece
    return data


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
@pytest.mark.parametrize("is_tls, version", [(True, "1.1"), (True, "2"), (False, "2"), (False, "1.1")])
def test_curl_is_answered_in_the_version_it_asked_for(start, certificate, is_tls, version):
    server = start(*(certificate if is_tls else []), *(["--h2"] if version == "2" else []))
    how = {"1.1": "--http1.1", "2": "--http2" if is_tls else "--http2-prior-knowledge"}[version]
    url = f"{'https' if is_tls else 'http'}://127.0.0.1:{server.port}/a"
    ca = ["--cacert", certificate[1]] if is_tls else []
    done = subprocess.run(["curl", "-sS", how, *ca, "-w", "%{http_version} %{http_code}", url], capture_output=True, check=True,
                          timeout=20)
    assert done.stdout == BODY + f"{version} 200".encode()
    assert (said := server.stop())["requests"] == 1 and said["connections"] == 1


def test_frames_cut_anywhere_are_answered_alike(start):
    asked = (PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW_UPDATE, 0, 0, b"\0\0\x10\0") + frame(HEADERS, 0x5, 1, b"\x82\x86\x84") +
             frame(PING, 0, 0, b"12345678") + frame(HEADERS, 0x5, 3, b"\x82\x86\x84") + frame(SETTINGS, 1, 0))
    seen, server = [], start("--h2")
    for cut in [len(asked), *range(1, len(asked) - 1, 3)]:
        with server.connect() as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(asked), cut):
                peer.sendall(asked[at:at + cut])
            seen.append(read_until(peer, 9 + 9 + 17 + 2 * (15 + 24)))
    assert len(set(seen)) == 1
    answers = [(SETTINGS, 0, 0, b""), (WINDOW_UPDATE, 0, 0, b"\x7f\xff\0\0"), (SETTINGS, 1, 0, b"")]
    answers += [(HEADERS, 4, 1, b"\x88\x0f\x0d\x0215"), (0, 1, 1, BODY), (PING, 1, 0, b"12345678")]
    answers += [(HEADERS, 4, 3, b"\x88\x0f\x0d\x0215"), (0, 1, 3, BODY)]
    assert frames_of(seen[0]) == answers
    assert server.stop()["requests"] == 2 * len(seen)


def test_several_requests_in_one_record_are_each_answered(start, certificate):
    server = start(*certificate)
    context = ssl.create_default_context(cafile=certificate[1])
    with server.connect() as bare, context.wrap_socket(bare, server_hostname="127.0.0.1") as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        said = read_until(peer, 100 * len(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 15\r\n\r\n" + BODY))
    assert said.count(BODY) == 100
    assert server.stop()["requests"] == 100


@pytest.mark.skipif(shutil.which("h2load") is None, reason="no h2load")
def test_h2load_is_answered_as_often_as_it_asked(start):
    server = start("--h2")
    done = subprocess.run(["h2load", "-n", "5000", "-c", "4", "-m", "50", f"http://127.0.0.1:{server.port}/"], capture_output=True,
                          text=True, check=True, timeout=30)
    assert re.search(r"5000 succeeded, 0 failed", done.stdout), done.stdout
    assert server.stop()["requests"] == 5000


def test_peers_that_leave_while_they_are_answered_are_outlived(start, certificate):
    server = start(*certificate)
    context = ssl.create_default_context(cafile=certificate[1])
    for _ in range(20):
        with server.connect() as bare, context.wrap_socket(bare, server_hostname="127.0.0.1") as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            for _ in range(20):
                peer.sendall(b"GET / HTTP/1.1\r\n\r\n" * 20)
    assert server.stop()["connections"] == 20
