"""From exec to the first request of a trivial profile, by the server kernel's receive stamp."""
from peers import Load
from rounds import interleave


def measure(bench):
    bench.say("time to the first request")
    cells = interleave(bench, [bench.brunt_peer()], lambda _: Load(1, 0.1, 100), rounds=10, has_log=True, look=look)
    return {"trivial": cells}


def look(row, seen, _load):
    row["first_request_ns"] = min(seen.arrivals) - row["started_at_ns"]
