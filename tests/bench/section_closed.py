"""Closed loop: the most requests per second that one core sends, against connections. The server does the counting."""
from peers import Ab, Floor, H2load, Hey, Httperf, Load, Siege, Wrk
from rounds import interleave, paired

CONNECTIONS = (1, 64, 256, 1000, 10000)
QUICK = (64, 256, 10000)


def measure(bench):
    cases = {}
    for connections in QUICK if bench.is_quick else CONNECTIONS:
        peers = bench.present([bench.brunt_peer(), Floor(bench.programs), Wrk(), H2load()])
        if connections == 64 and not bench.is_quick:
            peers += bench.present([Hey(), Ab(), Httperf(), Siege()])
        bench.say(f"closed loop, {connections} connections")
        seconds = (1 if bench.is_quick else 2) + (1 if connections == 10000 else 0)
        cells = interleave(bench, peers, lambda _: Load(connections, seconds))
        for name, cell in cells.items():
            cell["brunt_is_times"] = paired(cells, "brunt", name, lambda row: row["rate_per_s"])
        cases[str(connections)] = cells
    return cases
