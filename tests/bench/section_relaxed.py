"""Batching on ticks at 20,000/s: what it saves in CPU and what it costs in exactness."""
from figures import median
from peers import Floor, Load
from rounds import interleave, paired, pairs

RATE, CONNECTIONS = 20000, 64
# Published side by side: wrk2 12.9 µs per request where the floor with the same 1 ms tick took 10.
WRK2_TO_FLOOR_TICK = 12.9 / 10


def measure(bench):
    bench.say(f"relaxed pacing at {RATE}/s")
    peers = [bench.brunt_peer("precise", name="brunt exact"), Floor(bench.programs)]
    for tick in ("250us", "1ms"):
        peers += [bench.brunt_peer("relaxed", tick, name=f"brunt {tick}"),
                  Floor(bench.programs, "--tick", tick, name=f"floor {tick}")]
    cells = interleave(bench, peers, lambda _: Load(CONNECTIONS, 1.5 if bench.is_quick else 3, RATE), has_log=True)
    for name, cell in cells.items():
        times = paired(cells, name, "floor 1ms", lambda row: row["steady_cpu_us_per_request"])
        cell["cpu_is_times_wrk2_derived"] = times / WRK2_TO_FLOOR_TICK if times else None
        # The truth is what the same server answers to an exact schedule.
        cell["p50_off_ns"] = median([row["latency"]["p50"] - exact["latency"]["p50"]
                                     for row, exact in pairs(cells, name, "floor")])
    return {str(RATE): cells}
