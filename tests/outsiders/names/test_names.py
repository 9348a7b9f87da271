"""Where connections go is what the name server said: dnsmasq answers, and each address has a server that counts."""
import json
import signal
import time

PORT = 8080


def steady(rate, time_s):
    return {"steady": {"rate": f"{rate}/s", "for": f"{time_s}s"}}


def test_names_that_nobody_can_look_up_end_the_run_before_it_begins(name_server, brunt):
    said = {name: brunt({"url": f"http://{name}:{PORT}"}, steady(10, 1)) for name in ("nowhere.test", "failing.test", "mute.test")}
    for name, words in (("nowhere.test", "does not exist"), ("failing.test", "no name server could tell"), ("mute.test", "no name server could tell")):
        ran = said[name].wait()
        assert ran.process.returncode == 4, ran.stdout + ran.stderr
        assert name in ran.stdout and words in ran.stdout, ran.stdout
        assert ran.result["totals"]["scheduled"] == 0


def test_every_address_of_a_name_has_its_share(name_server, witness, brunt):
    addresses = [f"127.0.1.{i}" for i in range(1, 13)]
    servers = {address: witness(address, PORT) for address in addresses}
    name_server.know("many.test", *addresses)
    ran = brunt({"url": f"http://many.test:{PORT}", "requests_per_connection": 1}, steady(240, 0.5)).wait()
    assert ran.result["totals"]["ok"] == 120, ran.stdout
    for address, server in servers.items():
        assert len(server.heads) == 10
        assert ran.addresses[f"{address}:{PORT}"]["ok"] == 10
        assert set(server.fields("Host")) == {f"many.test:{PORT}"}


def test_more_addresses_than_there_is_room_for_are_told(name_server, witness, brunt):
    server = witness("0.0.0.0", PORT)
    name_server.know("crowd.test", *[f"127.0.9.{i}" for i in range(1, 71)])
    ran = brunt({"url": f"http://crowd.test:{PORT}", "requests_per_connection": 1}, steady(256, 0.5)).wait()
    assert ran.result["totals"]["ok"] == len(server.heads) == 128, ran.stdout
    assert len(ran.addresses) == 64 and {row["ok"] for row in ran.addresses.values()} == {2}
    assert "'crowd.test' stands for 70 addresses; the load goes to the first 64 of them" in ran.stderr


def test_a_name_with_ipv6_addresses_alone(name_server, witness, brunt):
    server = witness("::1", PORT)
    name_server.know("six.test", "::1")
    ran = brunt({"url": f"http://six.test:{PORT}"}, steady(40, 0.5)).wait()
    assert ran.result["totals"]["ok"] == len(server.heads) == 20, ran.stdout
    assert list(ran.addresses) == [f"[::1]:{PORT}"]


def test_a_name_that_moves_takes_its_connections_along(name_server, witness, brunt):
    """The new address gets all that is sent once it is known, and nothing fails on the way; what was idle at the old one is
    closed."""
    before, after = witness("127.0.2.1", PORT), witness("127.0.2.2", PORT)
    name_server.know("moves.test", "127.0.2.1")
    ran = brunt({"url": f"http://moves.test:{PORT}", "dns_refresh": "1s"}, steady(100, 4))
    while not before.heads:
        time.sleep(0.01)
    name_server.know("moves.test", "127.0.2.2")
    ran.wait()
    assert ran.result["totals"]["ok"] == 400 == len(before.heads) + len(after.heads), ran.stdout
    assert len(after.heads) > 0 and max(before.closed_s) < after.asked_s[-1]
    old, new = ran.addresses[f"127.0.2.1:{PORT}"], ran.addresses[f"127.0.2.2:{PORT}"]
    assert (old["ok"], old["listed"], new["ok"], new["listed"]) == (len(before.heads), False, len(after.heads), True)
    assert ran.result["backends"][0]["lookups"]["changed"] == 1
    assert "'moves.test' stands for other addresses" in ran.stderr


def test_a_name_server_that_hangs_harms_nothing(name_server, witness, brunt):
    """The load goes on to the addresses that are known, each interval is digested and written when it is over, and the end
    waits for nobody."""
    server = witness("127.0.3.1", PORT)
    name_server.know("hangs.test", "127.0.3.1")
    ran = brunt({"url": f"http://hangs.test:{PORT}", "dns_refresh": "1s"}, steady(100, 3))
    while not server.heads:
        time.sleep(0.01)
    name_server.process.send_signal(signal.SIGSTOP)
    ran.wait()
    assert ran.result["totals"]["ok"] == 300 == len(server.heads), ran.stdout
    assert ran.result["backends"][0]["lookups"]["failed"] >= 1
    assert "the addresses that were known before stay in use" in ran.stderr
    lines = [json.loads(line) for line in (ran.folder / "out" / "events.ndjson").read_text().splitlines()]
    ends = [line["end_ns"] for line in lines if line["event"] == "interval"]
    assert len(ends) >= 5 and ends == sorted(ends), ends  # 15 on a machine that is there all the time
