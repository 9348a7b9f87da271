"""Ways on which no connection comes about, as the kernel makes them: each is counted under its class, and as connecting."""
import subprocess

import pytest

LOAD = {"steady": {"rate": "20/s", "for": "500ms"}}


@pytest.mark.parametrize("kind, address", [("blackhole", "10.99.0.1"), ("unreachable", "10.99.0.2"), ("prohibit", "10.99.0.3")])
def test_a_route_that_leads_nowhere_is_no_internal_error(network, witness, brunt, kind, address):
    """Beside a backend that answers, so that the run goes on."""
    subprocess.run(["ip", "route", "replace", kind, f"{address}/32"], check=True)
    server = witness("127.0.0.1", 8100)
    ran = brunt({"urls": ["http://127.0.0.1:8100", f"http://{address}:8100"]}, LOAD).wait()
    totals = ran.result["totals"]
    assert (totals["ok"], totals["unsent_reasons"]) == (5, {"unreachable": 5}), ran.stdout + ran.stderr
    assert totals["failed_in"] == {"unreachable": {"connect": 5}} and len(server.heads) == 5
    assert ran.addresses[f"{address}:8100"]["connects_failed"] == 5
