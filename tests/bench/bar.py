"""The rows of the bar, each computed from the results: what is asked, what was measured, and whether that meets it."""
from figures import LABELS
from section_relaxed import WRK2_TO_FLOOR_TICK
from section_scale import NULL_REQUESTS
from section_streams import APART, MUXED, TOGETHER
from section_wrapped import H2, H2_TLS, TLS

WRK_TO_WRK2 = 139.9 / 123.7  # requests per second, published side by side
MB = 1e6
CLOSED = [(64, "wrk", 1.15), (64, "h2load", 1.4), (256, "wrk", 1.25), (10000, "wrk", 1.1), (64, "floor", 0.95),
          (256, "floor", 0.95), (10000, "floor", 0.95)]
WRAPPED = [(TLS, "wrk", 1.1), (H2, "h2load", 1), (H2_TLS, "h2load", 1)]


def row(what, bar, measured, met, note=""):
    """met None: not measured."""
    return {"what": what, "bar": bar, "measured": measured, "met": met, "note": note}


def rows(results):
    """Of the sections that were run."""
    parts = [("closed", closed), ("wrapped", wrapped), ("lateness", lateness), ("accuracy", accuracy), ("relaxed", relaxed),
             ("record", record), ("scale", memory), ("scale", cost), ("start", start), ("streams", streams)]
    return [made for section, part in parts if section in results for made in part(results)]


def dig(results, *path):
    for key in path:
        if not isinstance(results, dict) or results.get(key) is None:
            return None
        results = results[key]
    return results


def warned(made, *cells):
    """The same rows; where rounds that counted were disturbed, the note says so."""
    disturbed = [cell for cell in cells if cell and cell.get("disturbed")]
    for one in made:
        if disturbed and one["met"] is not None:
            one["note"] += "; disturbed" if one["note"] else "disturbed"
    return made


def at_least(what, value, bar, unit, note=""):
    if value is None:
        return row(what, f"≥ {bar:g} {unit}", "not measured", None, note)
    return row(what, f"≥ {bar:g} {unit}", f"{value:.2f} {unit}", value >= bar, note)


def at_most(what, value, bar, unit, note="", scale=1):
    if value is None:
        return row(what, f"≤ {bar:g} {unit}", "not measured", None, note)
    return row(what, f"≤ {bar:g} {unit}", f"{value / scale:.3g} {unit}", value / scale <= bar, note)


def closed(results):
    made = []
    for connections, peer, bar in CLOSED:
        cells = dig(results, "closed", str(connections)) or {}
        times = dig(cells, peer, "brunt_is_times")
        name = "the floor" if peer == "floor" else peer
        rows_of_pair = [at_least(f"requests/s, {connections:,} connections", times, bar, "× " + name)]
        if (connections, peer) == (64, "wrk"):
            rows_of_pair.append(at_least("requests/s, 64 connections", times and times * WRK_TO_WRK2, 1.3, "× wrk2",
                                         f"derived: wrk is {WRK_TO_WRK2:.3f} × wrk2, as published"))
        made += warned(rows_of_pair, cells.get("brunt"), cells.get(peer))
    return made


def wrapped(results):
    """Of a whole core each, see section_wrapped."""
    made = []
    for case, peer, bar in WRAPPED:
        cells = dig(results, "wrapped", case) or {}
        times, rate = (dig(cells, peer, key) for key in ("brunt_is_times_per_core", "brunt_is_times"))
        note = "" if rate is None else f"by the rate, which may be the server's, {rate:.2f} ×"
        made += warned([at_least(f"requests/s of a core, {case}", times, bar, "× " + peer, note)], cells.get("brunt"),
                       cells.get(peer))
    return made


def lateness(results):
    made = []
    for rate in (1000, 10000, 50000):
        cell = dig(results, "lateness", str(rate), "brunt")
        for key, by in (("seen_lateness", "by the server's stamps"), ("lateness", "by its own count")):
            what = f"lateness at {rate:,}/s, {by}"
            p50 = at_most(what + ", P50", dig(cell, "median", key, "p50"), 3, "µs", scale=1e3)
            made += warned([p50, lateness_p99(what + ", P99", cell, key)], cell)
    return made


def lateness_p99(what, cell, key):
    made = at_most(what, dig(cell, "median", key, "p99"), 50, "µs", scale=1e3)
    times = dig(cell, "p99_is_times_floor", key)
    if times is not None:
        made["bar"] += " or ≤ 1.5 × the floor"
        made["note"] = f"{times:.2f} × the floor"
        made["met"] = made["met"] or times <= 1.5
    return made


def accuracy(results):
    made = []
    for name, cells in (results.get("accuracy") or {}).items():
        for figure, what in (("response", "from due to answer"), ("service", "in the server")):
            cell = cells.get("brunt", {})
            made += warned([off_row(f"reported against true {what}, {name}", cell, figure)], cell)
    return made


def off_row(what, cell, figure):
    off, true = dig(cell, "median", figure + "_off"), dig(cell, "median", "true_" + figure)
    if not off:
        return row(what, "within 2% or 100 µs", "not measured", None)
    said = ", ".join(f"{LABELS[p]} {off[p] / 1e3:+.0f} of {true[p] / 1e3:.0f} µs" for p in LABELS)
    return row(what, "within 2% or 100 µs", said, all(cell[figure + "_within"][p] for p in LABELS))


def relaxed(results):
    cells = dig(results, "relaxed", "20000") or {}
    note = f"derived: wrk2 is {WRK2_TO_FLOOR_TICK:.2f} × the floor on a 1 ms tick, as published"
    often, seldom = (dig(cells, f"brunt {tick}", "cpu_is_times_wrk2_derived") for tick in ("250us", "1ms"))
    p50_off_ns = dig(cells, "brunt 250us", "p50_off_ns")
    error_ns = None if p50_off_ns is None else abs(p50_off_ns)
    made = [at_most("relaxed, 250 µs ticks: CPU per request", often, 1.1, "× wrk2", note),
            at_most("relaxed, 250 µs ticks: P50 error", error_ns, 130, "µs", scale=1e3),
            at_most("relaxed, 1 ms ticks: CPU per request", seldom, 0.85, "× wrk2", note)]
    return warned(made, *(cells.get(name) for name in ("brunt 250us", "brunt 1ms", "floor 1ms")))


def record(results):
    return [at_most("recording one exchange", dig(results, "record", "ns"), 50, "ns")]


def memory(results):
    made = []
    for connections, bar in ((64, 15), (10000, 45)):
        used = dig(results, "scale", str(connections), "brunt", "median", "max_rss_bytes")
        made.append(at_most(f"memory, {connections:,} connections", used, bar, "MB", scale=MB))
    said = dig(results, "scale", "null")
    is_whole = said.get("requests") == NULL_REQUESTS
    made.append(row("memory, 50,000 in flight and 10⁹ requests on the virtual clock", "constant", said["summary"],
                    said["is_constant"] if is_whole else None, said.get("note", "" if is_whole else "not all of them")))
    return made


def cost(results):
    grown = dig(results, "scale", "cost_64_to_10000")
    made = at_most("CPU per request, 10,000 connections against 64", grown, 1.5, "×")
    return warned([made], *(dig(results, "scale", connections, "brunt") for connections in ("64", "10000")))


def start(results):
    took = dig(results, "start", "trivial", "brunt", "median", "first_request_ns")
    return [at_most("exec to the first request", took, 20, "ms", scale=1e6)]


def streams(results):
    ns = dig(results, "streams", "parse", "ns")
    muxed, cell, lockstep = (dig(results, "streams", how, "brunt") for how in (MUXED, APART, TOGETHER))
    together_ns = dig(lockstep, "median", "loop_lag", "p99")
    beside = f"; {TOGETHER}: {together_ns / 1e6:.3g} ms" if together_ns is not None else ""
    return [at_least("SSE events parsed and stamped on one core", ns and 1e3 / ns, 1, "million/s"),
            *carried("2,000 streams at 50 tokens/s over HTTP/2: loop lag P99", muxed),
            *carried("2,000 streams at 50 tokens/s, a connection each: loop lag P99", cell, beside)]


def carried(what, cell, beside=""):
    made = at_most(what, dig(cell, "median", "loop_lag", "p99"), 1, "ms", streams_note(dig(cell, "median") or {}) + beside, scale=1e6)
    return warned([made], cell)


def streams_note(medians):
    used, late_ns = dig(medians, "used", "generator"), dig(medians, "server", "late", "p99")
    parts = [f"{medians['tokens_per_s']:,.0f} tokens/s" if medians.get("tokens_per_s") else None,
             f"{used:.0%} of a core" if used else None,
             f"the server {late_ns / 1e3:,.0f} µs late at P99" if late_ns is not None else None]
    return ", ".join(part for part in parts if part)
