"""The short form of `scripts/soak.sh siege --daemon`: who attacks is refused, counted and gone, honest clients and a job feel nothing of it."""
import contextlib
import socket
import time

from besieged import BesiegedDaemon
from served import over_tcp, until

SLOW = [b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{", b"",
        b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n" * 4]
CROWD = 900  # nearly twice as many as it takes at once
HOSTILE, SEED = 700, 1


def test_attacks_and_hostile_requests_harm_neither_the_daemon_nor_its_job():
    server = BesiegedDaemon(rate=200)
    try:
        time.sleep(0.5)
        before = server.descriptors()
        crowd = []
        for number in range(CROWD):
            one = server.connect()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                one.sendall(SLOW[number % len(SLOW)])
            crowd.append(one)
            if number % 100 == 0:
                assert over_tcp(server.port, "GET", server.path, **server.headers)[0].status == 200
        until(lambda: server.stats()["connections_open"] <= 500)  # who made room has gone by the loop's next turn
        assert server.stats()["connections_refused"] >= CROWD - 500
        asked = server.hostile(SEED)
        assert asked.run(HOSTILE, lambda: server.process.poll() is None) == []
        assert set(asked.statuses) >= {200, 400, 404, 405, 415}, asked.statuses
        for one in crowd:
            one.close()
        until(lambda: server.stats()["connections_open"] <= 1)
        until(lambda: server.daemon.ask("GET", "/api/v1/queue")[1]["queued"] == [] and server.descriptors() <= before)
    finally:
        wrongs = server.stop()
    assert wrongs == [], "\n".join(wrongs)
