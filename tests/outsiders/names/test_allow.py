"""--allow: whom a run may connect to is decided where it connects, after the name was looked up. Who was not to be reached
says so himself: nobody came."""
import time

import pytest

PORT = 8095
ALLOWED, FOREIGN = "127.0.4.1", "127.0.4.2"


def steady(rate, time_s):
    return {"steady": {"rate": f"{rate}/s", "for": f"{time_s}s"}}


@pytest.mark.parametrize("flags", [(), ("--workers", "2")])
def test_a_name_that_is_rebound_meanwhile_leads_nowhere(name_server, witness, brunt, flags):
    allowed, foreign = witness(ALLOWED, PORT), witness(FOREIGN, PORT)
    name_server.know("rebound.test", ALLOWED)
    ran = brunt({"url": f"http://rebound.test:{PORT}", "dns_refresh": "1s", "requests_per_connection": 1}, steady(100, 4),
                ["--allow", f"{ALLOWED},10.0.0.0/8", *flags])
    while not allowed.heads:
        time.sleep(0.01)
    name_server.know("rebound.test", FOREIGN)
    ran.wait()
    assert "refused_by_policy" in ran.result["totals"]["unsent_reasons"], ran.stdout + ran.stderr
    refused = ran.result["totals"]["unsent_reasons"]["refused_by_policy"]
    assert refused > 0 and foreign.sources == []
    assert ran.result["totals"]["ok"] == len(allowed.heads) == 400 - refused
    assert ran.process.returncode == 3, ran.stdout  # nothing that the target could be blamed for
    assert f"{FOREIGN}:{PORT}" in ran.stdout


def test_a_name_with_an_address_that_is_not_allowed_is_refused_before_anything_is_sent(name_server, witness, brunt):
    servers = [witness(address, PORT) for address in (ALLOWED, FOREIGN)]
    name_server.know("both.test", ALLOWED, FOREIGN)
    ran = brunt({"url": f"http://both.test:{PORT}"}, steady(10, 1), ["--allow", ALLOWED]).wait()
    assert ran.process.returncode == 2 and ran.result is None
    assert f"{FOREIGN}:{PORT} is not in the operator's allowlist" in ran.stderr
    assert not any(server.sources for server in servers)


def test_a_listed_name_does_not_lead_to_loopback(name_server, witness, brunt):
    server = witness(ALLOWED, PORT)
    name_server.know("listed.test", ALLOWED)
    ran = brunt({"url": f"http://listed.test:{PORT}"}, steady(10, 1), ["--allow", "listed.test"]).wait()
    assert ran.process.returncode == 2 and "wants an entry of its own" in ran.stderr and server.sources == []


def test_the_authors_own_addresses_are_no_names(name_server, witness, brunt):
    server = witness(ALLOWED, PORT)
    ran = brunt({"url": f"http://listed.test:{PORT}", "connect_to": [f"{ALLOWED}:{PORT}"]}, steady(10, 1), ["--allow", "listed.test"]).wait()
    assert ran.process.returncode == 2 and "is not in the operator's allowlist" in ran.stderr and server.sources == []


def test_a_proxy_may_only_be_asked_for_what_is_listed(name_server, witness, brunt):
    proxy = witness(ALLOWED, PORT)
    target = {"url": "http://169.254.169.254/latest", "proxy": f"http://{ALLOWED}:{PORT}"}
    ran = brunt(target, steady(10, 1), ["--allow", ALLOWED]).wait()
    assert ran.process.returncode == 2 and "169.254.169.254" in ran.stderr and proxy.sources == []


@pytest.mark.parametrize("more", [
    {"probe": [{"url": f"http://{FOREIGN}:{PORT}/health", "every": "200ms"}]},
    {"at": [{"at": "100ms", "url": f"http://{FOREIGN}:{PORT}/chaos"}]},
    {"ready": {"url": f"http://{FOREIGN}:{PORT}/ready", "within": "5s"}},
    {"output": {"push": {"influx": f"http://{FOREIGN}:{PORT}/write"}}},
], ids=["probe", "action", "ready", "push"])
def test_nothing_beside_the_load_goes_elsewhere_either(name_server, witness, brunt, more):
    allowed, foreign = witness(ALLOWED, PORT), witness(FOREIGN, PORT)
    ran = brunt({"url": f"http://{ALLOWED}:{PORT}"}, steady(10, 1), ["--allow", ALLOWED], **more).wait()
    assert ran.process.returncode == 2 and f"{FOREIGN}:{PORT} is not in the operator's allowlist" in ran.stderr, ran.stderr
    assert foreign.sources == [] and allowed.sources == []


def test_what_is_allowed_is_as_without_a_list(name_server, witness, brunt):
    server = witness(ALLOWED, PORT)
    name_server.know("fine.test", ALLOWED)
    ran = brunt({"url": f"http://fine.test:{PORT}"}, steady(40, 0.5), ["--allow", f"fine.test:{PORT},127.0.4.0/24:{PORT}"]).wait()
    assert ran.process.returncode == 0 and ran.result["totals"]["ok"] == len(server.heads) == 20, ran.stdout
