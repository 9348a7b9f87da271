"""Where connections come from, and how many are there before the load: as the server sees it, and the kernel's ports."""
import subprocess

PORT = 8081
TEN_PORTS = "40000 40009"


def test_connections_come_from_each_source_in_turn(witness, brunt):
    four, six = witness("127.0.0.1", PORT), witness("::1", PORT)
    subprocess.run(["ip", "-6", "addr", "replace", "fd00::7/128", "dev", "lo"], check=True)
    sources = ["127.0.0.2", "127.0.5.0/30", "fd00::7"]
    ran = brunt({"url": f"http://127.0.0.1:{PORT}", "source_addresses": sources, "requests_per_connection": 1},
                {"steady": {"rate": "60/s", "for": "500ms"}}).wait()
    assert ran.result["totals"]["ok"] == 30, ran.stdout + ran.stderr
    assert {source: four.sources.count(source) for source in set(four.sources)} == {"127.0.0.2": 10, "127.0.5.1": 10, "127.0.5.2": 10}
    ran = brunt({"url": f"http://[::1]:{PORT}", "source_addresses": sources}, {"steady": {"rate": "20/s", "for": "500ms"}}).wait()
    assert ran.result["totals"]["ok"] == 10 and set(six.sources) == {"fd00::7"}, ran.stdout + ran.stderr


def test_each_source_has_ports_of_its_own(network, witness, brunt):
    """A range of ten ports and 25 connections at once: three sources have the ports for them, one has not."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", "r+", encoding="ascii") as limit:
        usual = limit.read()
        limit.seek(0)
        limit.write(TEN_PORTS)
        limit.flush()
        load = {"concurrency": {"users": 25, "iterations": 25}}
        server = witness("127.0.0.1", PORT + 1, holds=25)
        three = brunt({"url": f"http://127.0.0.1:{PORT + 1}", "source_addresses": ["127.0.0.2", "127.0.0.3", "127.0.0.4"]}, load).wait()
        assert three.result["totals"]["ok"] == 25 and len(server.sources) == 25, three.stdout + three.stderr
        assert three.result["generator"]["ports_limit"] == 30
        witness("127.0.0.1", PORT + 2)
        one = brunt({"url": f"http://127.0.0.1:{PORT + 2}", "source_addresses": "127.0.0.2", "prefetch": 25}, load).wait()
        assert one.result["totals"]["prefetch_failed"] == 15, one.stdout + one.stderr
        limit.seek(0)
        limit.write(usual)


def test_what_is_no_source_is_refused_before_anything_is_sent(witness, brunt):
    server = witness("127.0.0.1", PORT + 3)
    for source, words in (("192.0.2.1", "192.0.2.1 is no address of this machine"), ("::1", "none of them is of the family")):
        ran = brunt({"url": f"http://127.0.0.1:{PORT + 3}", "source_addresses": source}, {"steady": {"rate": "20/s", "for": "500ms"}}).wait()
        assert ran.process.returncode == 2 and words in ran.stderr, ran.stdout + ran.stderr
    assert not server.heads


def test_connections_are_there_before_the_first_request(witness, brunt):
    """The witness holds its answers back until all forty are there, where the load's ten requests alone would open no more than ten."""
    witness("127.0.0.1", PORT + 4, holds=40)
    ran = brunt({"url": f"http://127.0.0.1:{PORT + 4}", "connections": 40, "prefetch": True}, {"steady": {"rate": "20/s", "for": "500ms"}}).wait()
    totals = ran.result["totals"]
    assert (totals["ok"], totals["connects"], totals["prefetch"], totals["prefetch_failed"]) == (10, 40, 40, 0), ran.stdout
