"""The sent schedule against the ideal one, by the server kernel's receive stamps, and what the generator itself says."""
from figures import lateness_ns, percentiles
from peers import Floor, H2load, Hey, Load
from rounds import interleave, paired

RATES = (1000, 10000, 50000)
OWN_CONNECTIONS, PEER_CONNECTIONS = 64, 50  # h2load and hey divide the rate by them


def measure(bench):
    cases = {}
    for rate in RATES:
        bench.say(f"lateness at {rate}/s")
        own = [bench.brunt_peer("precise"), Floor(bench.programs)]
        if not bench.is_quick:
            own += [bench.brunt_peer("relaxed", name="brunt relaxed"),
                    Floor(bench.programs, "--pacing", "timerfd", name="floor timerfd")]
        seconds = 1 if bench.is_quick else 2
        cells = interleave(bench, own, lambda _: Load(OWN_CONNECTIONS, seconds, rate), has_log=True, look=look)
        others = bench.present([H2load(), Hey()])
        cells.update(interleave(bench, others, lambda _: Load(PEER_CONNECTIONS, seconds, rate), has_log=True, look=look,
                                rounds=1 if bench.is_quick else bench.rounds))
        cells["brunt"]["p99_is_times_floor"] = paired(cells, "brunt", "floor", lambda row: row["seen_lateness"]["p99"])
        cases[str(rate)] = cells
    return cases


def look(row, seen, load):
    row["seen_lateness"] = percentiles(lateness_ns(seen.arrivals, load.rate))
    span_ns = max(seen.arrivals) - min(seen.arrivals)
    row["sent_per_s"] = (len(seen.arrivals) - 1) * 1e9 / span_ns
