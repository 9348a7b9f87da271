"""Memory and cost per request against connections, and whatever is bigger than sockets allow: the null protocol."""
import json
import os
import subprocess

from peers import Load
from rounds import interleave, paired

CONNECTIONS = (64, 256, 1000, 4000, 10000)
QUICK = (64, 10000)


def measure(bench):
    cases, brunt = {}, {}
    for connections in QUICK if bench.is_quick else CONNECTIONS:
        bench.say(f"scale, {connections} connections")
        cells = interleave(bench, [bench.brunt_peer()], lambda _: Load(connections, 3 if connections >= 4000 else 1.5))
        cases[str(connections)] = cells
        brunt[connections] = cells["brunt"]
    cases["cost_64_to_10000"] = paired(brunt, 10000, 64, lambda row: row["steady_cpu_us_per_request"])
    cases["null"] = run_null(bench)
    return cases


def run_null(bench):
    """50,000 in flight and 10⁹ requests on the virtual clock: bench_null, where the build has it, says so as JSON."""
    program = os.path.join(bench.programs, "bench_null")
    if not os.path.exists(program):
        return None
    done = subprocess.run([program], capture_output=True, text=True, timeout=bench.seconds_left() + 1, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr[-300:]}
