"""Servers that break the rules, or bend them: each behaviour answers one request and says whether the connection lives on.

They run as threads of the harness and count the requests that they read completely, so that they are witnesses too.
"""
import re
import socket
import struct
import threading
import time

import data_peers
import h2_peers
import llm_peers
import metrics_peers
import request_peers
import session_peers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HELD = threading.Event()  # never set: what waits for it waits until the peer is closed


class Request:
    def __init__(self, peer, connection, number, head):
        self.peer, self.connection, self.number, self.head = peer, connection, number, head
        self.method, self.path = head.split(b"\r\n")[0].decode().split()[:2]

    def send(self, *pieces, pause_s=0):
        for piece in pieces:
            self.connection.sendall(piece)
            if pause_s:
                time.sleep(pause_s)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def plain(request):
    request.send(OK)
    return True


def connection_close(request):
    """Says that it closes, and leaves the closing to the client: who sends a second request was not listening."""
    request.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    return True


def chunked_trailers(request):
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n",
                 b"5;note=x\r\nhel", b"lo\r\n", b"1\r\n!\r\n0\r\nX-Su", b"m: 6\r\n\r\n", pause_s=0.001)
    return True


def close_delimited(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"as long as it lasts", pause_s=0.001)
    return False


def extra_bytes(request):
    request.send(OK + b"nobody asked for this")
    return True


def extra_response(request):
    """A second answer that belongs to no request: taken for the next request's, it would shift all that follow."""
    request.send(OK + b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
    return True


def truncated(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    return False


def truncated_chunk(request):
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    return False


def bad_status_line(request):
    request.send(b"HTTP/1.1 two hundred\r\nContent-Length: 2\r\n\r\nok")
    return True


def bad_chunk_size(request):
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")
    return True


def two_lengths(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!")
    return True


def length_and_chunked(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    return True


def huge_headers(request):
    line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
    request.send(b"HTTP/1.1 200 OK\r\n", line * 2000, b"Content-Length: 2\r\n\r\nok")
    return True


def interim(request):
    request.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", OK, pause_s=0.001)
    return True


def head(request):
    assert request.method == "HEAD"
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    return True


def no_body(request):
    """204 and 304 end with their headers, whatever those say (RFC 9112 §6.3)."""
    if request.number % 2:
        request.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    else:
        request.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n")
    return True


def byte_by_byte(request):
    request.send(*[OK[i:i + 1] for i in range(len(OK))])
    return True


def stall(request):
    request.peer.held.wait()
    return False


def stall_in_body(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly")
    return stall(request)


def trickle(request):
    """A byte every 50 ms: always alive, never done within the timeout."""
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not request.peer.held.wait(0.05):
        request.send(b"x")
    return False


def reset(request):
    request.reset()
    return False


def full_house(request):
    """Serves four connections, slowly, and never takes another: the kernel drops whoever knocks."""
    time.sleep(0.1)
    request.send(OK)
    return True


full_house.connections_max = 4


def stale_keepalive(request):
    """Answers the first request of a connection and resets at the second: a keep-alive that had run out."""
    if request.number == 0:
        return plain(request)
    return reset(request)


def echo_body(request):
    """What came in goes out, so that `expect.body` can judge what the server received."""
    length = int(re.search(rb"content-length: *(\d+)", request.head.lower()).group(1))
    body = request.head.split(b"\r\n\r\n", 1)[1][:length]
    request.peer.bodies.add(body)
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return True


def wants_token(request):
    """Lets in whoever knows both secrets."""
    lines = request.head.split(b"\r\n")
    if b"Authorization: Bearer s3cret-of-environment" in lines and b"X-Key: s3cret-of-file" in lines:
        return plain(request)
    request.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    return True


def wants_what_flags_say(request):
    """Content with the request that run_url.yaml asks for, to the byte."""
    head, body = request.head.split(b"\r\n\r\n", 1)
    line, *fields = head.split(b"\r\n")
    wanted = {b'X-Kind: a: "b"', b"Content-Type: text/plain"}
    if line == b"PUT /things?of=all HTTP/1.1" and wanted <= set(fields) and body == b'he said "hi\\n"':
        return plain(request)
    request.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    return True


def misdirected_unless(request, host):
    if b"Host: " + host in request.head.split(b"\r\n"):
        return plain(request)
    request.send(b"HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n")
    return True


def wants_own_host(request):
    """Whoever means another server is told so."""
    return misdirected_unless(request, f"127.0.0.1:{request.peer.port}".encode())


def wants_shop_host(request):
    return misdirected_unless(request, b"shop.example:8088")


UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


def ready_later(request):
    """/health says that it is ready 700 ms after it was first asked; before that nothing else is answered well either."""
    request.send(OK if request.peer.age_s() > 0.7 else UNAVAILABLE)
    return True


def sick_for_a_while(request):
    """/health says 503 from 1 to 2 s after the first request; everything else is always well."""
    is_sick = request.path == "/health" and 1 < request.peer.age_s() < 2
    request.send(UNAVAILABLE if is_sick else OK)
    return True


BEHAVIOURS = {f.__name__: f for f in (
    plain, connection_close, chunked_trailers, close_delimited, extra_bytes, extra_response, truncated, truncated_chunk,
    bad_status_line, bad_chunk_size, two_lengths, length_and_chunked, huge_headers, interim, head, no_body, byte_by_byte,
    stall, stall_in_body, trickle, reset, stale_keepalive, echo_body,
    wants_token, wants_what_flags_say, wants_own_host, wants_shop_host, ready_later, sick_for_a_while, full_house)} | data_peers.BEHAVIOURS | h2_peers.BEHAVIOURS | llm_peers.BEHAVIOURS | metrics_peers.BEHAVIOURS | request_peers.BEHAVIOURS | session_peers.BEHAVIOURS


class Peer:
    """Listens on loopback (v4, v6 or a unix socket) and answers every request by one behaviour. `accepts=False`: never
    accepts, so that the kernel's queue fills and the next connect hangs."""

    def __init__(self, behaviour, family="v4", unix_path=None, accepts=True, tls=None):
        self.behave = BEHAVIOURS[behaviour] if accepts else None
        self.tls = tls
        self.requests = self.connections = 0
        self.connections_max = getattr(self.behave, "connections_max", None)
        self.bodies = set()  # what echo_body received
        self.book = session_peers.Book()
        self.first_s = None  # when age_s was first asked for
        self.held = threading.Event()
        self.lock = threading.Lock()
        kind = {"v4": socket.AF_INET, "v6": socket.AF_INET6, "unix": socket.AF_UNIX}[family]
        self.listener = socket.socket(kind, socket.SOCK_STREAM)
        self.listener.bind(unix_path if family == "unix" else ("::1" if family == "v6" else "127.0.0.1", 0))
        self.listener.listen(512 if accepts and self.connections_max is None else 0)
        self.port = 0 if family == "unix" else self.listener.getsockname()[1]
        self.url = {"v4": f"http://127.0.0.1:{self.port}", "v6": f"http://[::1]:{self.port}",
                    "unix": f"http://unix:{unix_path}:/"}[family]
        if tls:
            self.url = f"https://127.0.0.1:{self.port}"
        if accepts:
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while self.connections != self.connections_max:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            serve = self.serve_tls if self.tls else self.serve
            threading.Thread(target=serve, args=(connection, self.connections - 1), daemon=True).start()

    def serve_tls(self, raw, of_peer):
        try:
            connection = self.tls.accept(self, raw, of_peer)
        except OSError:
            connection = None  # the client did not like it, or left
        if connection:
            self.serve(connection, of_peer)
        raw.close()

    def serve(self, connection, of_peer):
        with connection:
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if getattr(self.behave, "speaks_h2", False):
                    h2_peers.serve(self, self.behave, connection)
                elif self.answer_all(connection) and self.tls:
                    self.tls.end(connection, of_peer)
            except OSError:
                return  # the client went away, which some behaviours provoke

    def answer_all(self, connection):
        """True: the peer ends the connection; False: the client did."""
        pending, number, is_alive = b"", 0, True
        while is_alive:
            pending, head_bytes = self.read_request(connection, pending)
            if head_bytes is None:
                return False
            with self.lock:
                self.requests += 1
            is_alive = self.behave(Request(self, connection, number, head_bytes))
            number += 1
        return True

    @staticmethod
    def read_request(connection, pending):
        """(what follows it, the next request with its body); (…, None) at the end."""
        while True:
            head_end = pending.find(b"\r\n\r\n")
            if head_end >= 0:
                length = re.search(rb"content-length: *(\d+)", pending[:head_end].lower())
                total = head_end + 4 + (int(length.group(1)) if length else 0)
                if len(pending) >= total:
                    return pending[total:], pending[:total]
            more = connection.recv(65536)
            if not more:
                return pending, None
            pending += more

    def age_s(self):
        with self.lock:
            self.first_s = self.first_s or time.monotonic()
        return time.monotonic() - self.first_s

    def close(self):
        self.held.set()
        self.listener.close()
