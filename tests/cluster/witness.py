"""An HTTP server that only counts: who came, and when, by CLOCK_MONOTONIC. One line per request on stdout would cost more than the
request, so that it writes what it knows to a file when it is asked to (SIGUSR1) and at its end (SIGTERM).

    witness.py ADDRESS PORT FILE
"""
import asyncio
import json
import os
import signal
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Peer(asyncio.Protocol):
    seen = {}

    def connection_made(self, transport):
        self.transport = transport
        self.who = transport.get_extra_info("peername")[0]
        self.rest = b""

    def data_received(self, data):
        now_ns = time.monotonic_ns()
        self.rest += data
        n = self.rest.count(b"\r\n\r\n")
        self.rest = self.rest.rpartition(b"\r\n\r\n")[2]
        known = Peer.seen.setdefault(self.who, {"requests": 0, "first_ns": now_ns})
        known["requests"] += n
        known["last_ns"] = now_ns
        self.transport.write(ANSWER * n)


def write(path):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump({"at_ns": time.monotonic_ns(), "peers": Peer.seen}, file)
    os.rename(path + ".new", path)


async def main(address, port, path):
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.add_signal_handler(signal.SIGUSR1, write, path)
    loop.add_signal_handler(signal.SIGTERM, over.set_result, None)
    await loop.create_server(Peer, address, int(port), backlog=1024)
    print("ready", flush=True)
    await over
    write(path)


asyncio.run(main(*sys.argv[1:]))
