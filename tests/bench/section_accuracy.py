"""Reported latency against the truth, which is the server's own log of the same run: how long each request stayed there,
and what it took from when the schedule wanted it."""
from figures import PERCENTILES, is_within, medians, percentiles, responses_ns
from peers import Floor, H2load, Hey, Load, Wrk
from rounds import interleave, pairs

RATE = 5000
OWN_CONNECTIONS, PEER_CONNECTIONS = 4000, 50  # ours: enough that none is waited for while the server stands still


def scenarios(is_quick):
    """name → (what the server does, how long)"""
    return {"constant 2 ms": (["--delay", "2ms"], 1 if is_quick else 2),
            "2% stalled 100 ms": (["--stall", "2%:100ms"], 1 if is_quick else 2),
            "stop of 500 ms": (["--freeze", "500ms/2s" if is_quick else "500ms/5s"], 3 if is_quick else 6)}


def measure(bench):
    cases = {}
    for name, (options, seconds) in scenarios(bench.is_quick).items():
        bench.say(f"accuracy, {name}")
        peers = [bench.brunt_peer("precise"), Floor(bench.programs)]
        if not bench.is_quick:
            peers += bench.present([H2load(), Hey(), Wrk()])
        cells = interleave(bench, peers, lambda peer: load_of(peer, seconds), server_options=options, has_log=True,
                           look=look)
        for peer, cell in cells.items():
            cell["open_loop_truth"] = medians([exact["true_response"] for _, exact in pairs(cells, peer, "floor")])
            for figure in ("response", "service"):
                cell[figure + "_within"] = within(cell["median"], figure)
        cases[name] = cells
    return cases


def load_of(peer, seconds):
    if not peer.can_rate:
        return Load(PEER_CONNECTIONS, seconds, has_latency=True)
    connections = OWN_CONNECTIONS if peer.name in ("brunt", "floor") else PEER_CONNECTIONS
    return Load(connections, seconds, RATE, has_latency=True)


def look(row, seen, load):
    """service: what the generator says without its own waiting, where it tells them apart. Without a rate none is due."""
    row["true_service"] = seen.residence()
    if load.rate:
        row["true_response"] = percentiles(responses_ns(seen.arrivals, seen.residences, load.rate))
    for figure, reported in (("response", row.get("latency")), ("service", row.get("service"))):
        if reported and "true_" + figure in row:
            row[figure + "_off"] = {p: reported[p] - row["true_" + figure][p] for p, _ in PERCENTILES}


def within(median, figure):
    """The median of the rounds' errors against the bar, percentile by percentile."""
    off, true = median.get(figure + "_off", {}), median.get("true_" + figure, {})
    return {p: is_within(true[p] + off[p], true[p]) for p in off}
