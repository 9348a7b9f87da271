"""Reported latency against the truth: how long each request really stayed in the server, by the server's own log."""
from figures import PERCENTILES, is_within, medians
from peers import Floor, H2load, Hey, Load, Wrk
from rounds import interleave, pairs

RATE = 5000
OWN_CONNECTIONS, PEER_CONNECTIONS = 4000, 50  # ours: enough that no request waits for one while the server stands still


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
        cells = interleave(bench, peers, lambda peer: load_of(peer, seconds), server_options=options, has_log=True, look=look)
        for peer in cells:
            judge(cells, peer)
        cases[name] = cells
    return cases


def load_of(peer, seconds):
    if not peer.can_rate:
        return Load(PEER_CONNECTIONS, seconds, has_latency=True)
    own = peer.name in ("brunt", "floor")
    return Load(OWN_CONNECTIONS if own else PEER_CONNECTIONS, seconds, RATE, has_latency=True)


def look(row, seen):
    row["true"] = seen.residence()
    reported = row.get("latency", {})
    row["off_ns"] = {p: reported[p] - row["true"][p] for p, _ in PERCENTILES if reported.get(p) is not None}


def judge(cells, peer):
    """The medians of the rounds' errors, and whether each percentile is within the bar; beside them, for those who send less
    while the server stands still, what an exact schedule met in the same round."""
    cell = cells[peer]
    off, true = cell["median"].get("off_ns", {}), cell["median"].get("true", {})
    cell["within"] = {p: is_within(true[p] + off[p], true[p]) for p in off}
    exact = [other["true"] for _, other in pairs(cells, peer, "floor")]
    cell["open_loop_truth"] = medians(exact)
