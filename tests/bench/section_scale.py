"""Memory and cost per request against connections, and whatever is bigger than sockets allow: the null protocol."""
import json
import os
import subprocess

from peers import Load
from rounds import interleave, paired

CONNECTIONS = (64, 256, 1000, 4000, 10000)
QUICK = (64, 10000)
NULL_REQUESTS = 1_000_000_000


def measure(bench):
    cases, brunt = {}, {}
    for connections in QUICK if bench.is_quick else CONNECTIONS:
        bench.say(f"scale, {connections} connections")
        cells = interleave(bench, [bench.brunt_peer()], lambda _: Load(connections, 1 if connections < 4000 else 2))
        cases[str(connections)] = cells
        brunt[connections] = cells["brunt"]
    cases["cost_64_to_10000"] = paired(brunt, 10000, 64, lambda row: row["steady_cpu_us_per_request"])
    cases["null"] = run_null(bench)
    return cases


def run_null(bench):
    """50,000 in flight and 10⁹ requests on the virtual clock; --quick sends fewer, which does not show the bar."""
    requests = 20_000_000 if bench.is_quick else NULL_REQUESTS
    bench.say(f"null protocol, {requests:,} requests on the virtual clock")
    command = [os.path.join(bench.programs, "bench_null"), str(requests)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=bench.seconds_left() + 1, check=False)
    except subprocess.TimeoutExpired:
        return {"summary": "not measured", "note": "the time was up"}
    if done.returncode != 0:
        return {"summary": "not measured", "note": f"bench_null: exit {done.returncode}: {done.stderr[-300:]}"}
    return json.loads(done.stdout)
