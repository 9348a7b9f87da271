"""The sent schedule against the ideal one, by the server kernel's receive stamps, and what the generator itself says."""
from figures import lateness_ns, percentiles
from peers import Floor, H2load, Hey, Load
from rounds import interleave, paired

RATES = (1000, 10000, 50000)
OWN_CONNECTIONS, PEER_CONNECTIONS = 64, 50  # h2load and hey divide the rate by them
SETTLE_S = 0.3  # brunt opens connections on demand: its warm-up, left out of the floor's log likewise


def measure(bench):
    cases = {}
    for rate in RATES:
        bench.say(f"lateness at {rate}/s")
        own = [bench.brunt_peer("precise"), Floor(bench.programs)]
        if not bench.is_quick:
            own += [bench.brunt_peer("relaxed", name="brunt relaxed"),
                    Floor(bench.programs, "--pacing", "timerfd", name="floor timerfd")]
        seconds = 1 if bench.is_quick else 2
        load = Load(OWN_CONNECTIONS, seconds + SETTLE_S, rate, settle_s=SETTLE_S)
        cells = interleave(bench, own, lambda _: load, has_log=True, look=look)
        others = bench.present([H2load(), Hey()])
        load = Load(PEER_CONNECTIONS, seconds, rate)  # some take whole seconds; they connect before they send
        cells.update(interleave(bench, others, lambda _: load, has_log=True, look=look,
                                rounds=1 if bench.is_quick else bench.rounds))
        cells["brunt"]["p99_is_times_floor"] = {key: paired(cells, "brunt", "floor", lambda row, key=key: row[key]["p99"])
                                                for key in ("seen_lateness", "lateness")}
        cases[str(rate)] = cells
    return cases


def look(row, seen, load):
    settled = sorted(seen.arrivals)[round(load.settle_s * load.rate):]
    row["seen_lateness"] = percentiles(lateness_ns(settled, load.rate))
    span_ns = max(seen.arrivals) - min(seen.arrivals)
    row["sent_per_s"] = (len(seen.arrivals) - 1) * 1e9 / span_ns
