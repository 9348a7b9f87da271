"""What lies between a client and its servers: the first connection goes to the first of them, and so on. Over TLS one record may
be spoiled on its way: {of: server, kind: data, nth: 2, by: flip}."""
import socket
import struct
import threading

KINDS = {"alert": 21, "handshake": 22, "data": 23}
HEAD = 5  # bytes before a record's own: its kind, version and length (RFC 8446 §5.1)


def pieces(connection, are_records):
    """What comes, as it comes, or the records of TLS, whole; at the end what is left over, which is none."""
    pending = b""
    while more := connection.recv(65536):
        pending += more
        while are_records and len(pending) >= HEAD and len(pending) >= (whole := HEAD + int.from_bytes(pending[3:5], "big")):
            yield pending[:whole]
            pending = pending[whole:]
        if not are_records:
            yield pending
            pending = b""
    if pending:
        yield pending


def flip(record, to, _):
    """A bit of it: what was to be read cannot be."""
    to.sendall(record[:-1] + bytes([record[-1] ^ 1]))
    return True


def cut(record, to, _):
    """Half of it comes, and then the connection is closed."""
    to.sendall(record[:len(record) // 2])
    to.shutdown(socket.SHUT_RDWR)
    return False


def reset(record, to, _):
    """Half of it comes, and then the connection is reset: see Passage.end."""
    to.sendall(record[:len(record) // 2])
    to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    to.shutdown(socket.SHUT_RD)
    return False


def hold(record, to, is_over):
    """Half of it comes, and then nothing."""
    to.sendall(record[:len(record) // 2])
    is_over.wait()
    return False


SPOILERS = {f.__name__: f for f in (flip, cut, reset, hold)}


class Relay:
    def __init__(self, ways):
        """ways: (port, what is spoiled or None) per connection."""
        self.ways, self.connections, self.is_over = ways, 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.connections > len(self.ways):
                client.close()
                continue
            port, spoiled = self.ways[self.connections - 1]
            Passage(client, socket.create_connection(("127.0.0.1", port)), spoiled, self.is_over)

    def close(self):
        self.is_over.set()
        self.listener.close()


class Passage:
    """One connection on both of its sides. They are closed when nobody reads them any more: before, a close would wait for
    the reader, and its reset with it."""

    def __init__(self, client, server, spoiled, is_over):
        self.sides, self.is_over, self.lock, self.readers = (client, server), is_over, threading.Lock(), 2
        for name, from_, to in (("client", client, server), ("server", server, client)):
            of_it = spoiled if spoiled and spoiled["of"] == name else None
            threading.Thread(target=self.carry, args=(from_, to, of_it), daemon=True).start()

    def carry(self, from_, to, spoiled):
        try:
            is_cut_short = not self.carry_records(from_, to, spoiled)
        except OSError:
            is_cut_short = False  # one of them went away: the other is told as if it had said so
        try:
            if is_cut_short:
                from_.shutdown(socket.SHUT_RDWR)
            else:
                to.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.end()

    def carry_records(self, from_, to, spoiled):
        """False: it was cut short."""
        left = spoiled["nth"] if spoiled else 0
        for piece in pieces(from_, spoiled is not None):
            is_meant = spoiled is not None and piece[0] == KINDS[spoiled["kind"]]
            left -= is_meant
            if not is_meant or left != 0:
                to.sendall(piece)
            elif not SPOILERS[spoiled["by"]](piece, to, self.is_over):
                return False
        return True

    def end(self):
        with self.lock:
            self.readers -= 1
            is_last = self.readers == 0
        for side in self.sides if is_last else ():
            side.close()
