"""The rows of the bar, each computed from the results: what is asked, what was measured, and whether that meets it."""
from figures import LABELS, PERCENTILES
from section_relaxed import WRK2_TO_FLOOR_TICK

WRK_TO_WRK2 = 139.9 / 123.7  # requests per second, published side by side
MB = 1e6


def row(what, bar, measured, met, note=""):
    """met None: not measured."""
    return {"what": what, "bar": bar, "measured": measured, "met": met, "note": note}


def rows(results):
    """Of the sections that were run."""
    parts = {"closed": [closed], "lateness": [lateness], "accuracy": [accuracy], "relaxed": [relaxed], "record": [record],
             "scale": [memory, cost], "start": [start]}
    made = [made for name, functions in parts.items() if name in results for function in functions for made in function(results)]
    return made + (streams() if len(results) == len(parts) else [])


def dig(results, *path):
    for key in path:
        if not isinstance(results, dict) or results.get(key) is None:
            return None
        results = results[key]
    return results


def at_least(what, value, bar, unit, note=""):
    if value is None:
        return row(what, f"≥ {bar:g} {unit}", "not measured", None, note)
    return row(what, f"≥ {bar:g} {unit}", f"{value:.2f} {unit}", value >= bar, note)


def at_most(what, value, bar, unit, note="", scale=1):
    if value is None:
        return row(what, f"≤ {bar:g} {unit}", "not measured", None, note)
    return row(what, f"≤ {bar:g} {unit}", f"{value / scale:.3g} {unit}", value / scale <= bar, note)


def closed(results):
    def times(connections, peer):
        return dig(results, "closed", str(connections), peer, "brunt_is_times")

    made = [at_least("requests/s, 64 connections", times(64, "wrk"), 1.15, "× wrk")]
    wrk = times(64, "wrk")
    made.append(at_least("requests/s, 64 connections", wrk and wrk * WRK_TO_WRK2, 1.3, "× wrk2",
                         f"derived: wrk is {WRK_TO_WRK2:.3f} × wrk2, as published"))
    made.append(at_least("requests/s, 64 connections", times(64, "h2load"), 1.4, "× h2load"))
    made.append(at_least("requests/s, 256 connections", times(256, "wrk"), 1.25, "× wrk"))
    made.append(at_least("requests/s, 10,000 connections", times(10000, "wrk"), 1.1, "× wrk"))
    for connections in (64, 256, 10000):
        made.append(at_least(f"requests/s, {connections:,} connections", times(connections, "floor"), 0.95, "× the floor"))
    return made


def lateness(results):
    made = []
    for rate in (1000, 10000, 50000):
        cell = dig(results, "lateness", str(rate), "brunt")
        for key, by in (("seen_lateness", "by the server's stamps"), ("lateness", "by its own count")):
            what = f"lateness at {rate:,}/s, {by}"
            made.append(at_most(what + ", P50", dig(cell, "median", key, "p50"), 3, "µs", scale=1e3))
            made.append(lateness_p99(what + ", P99", cell, dig(cell, "median", key, "p99"), key == "seen_lateness"))
    return made


def lateness_p99(what, cell, p99, is_seen):
    made = at_most(what, p99, 50, "µs", scale=1e3)
    times = dig(cell, "p99_is_times_floor")
    if is_seen and times is not None:
        made["bar"] += " or ≤ 1.5 × the floor"
        made["note"] = f"{times:.2f} × the floor"
        made["met"] = made["met"] or times <= 1.5
    return made


def accuracy(results):
    made = []
    for name, cells in (results.get("accuracy") or {}).items():
        cell = cells.get("brunt", {})
        off, true = dig(cell, "median", "off_ns") or {}, dig(cell, "median", "true")
        said = ", ".join(f"{LABELS[p]} {off[p] / 1e3:+.0f} of {true[p] / 1e3:.0f} µs" for p, _ in PERCENTILES if p in off)
        within = cell.get("within") or {}
        made.append(row(f"reported against true, {name}", "within 2% or 100 µs", said or "not measured",
                        len(within) == len(PERCENTILES) and all(within.values()) if off else None))
    return made


def relaxed(results):
    cells = dig(results, "relaxed", "20000") or {}
    note = f"derived: wrk2 is {WRK2_TO_FLOOR_TICK:.2f} × the floor on a 1 ms tick, as published"
    return [at_most("relaxed, 250 µs ticks: CPU per request", dig(cells, "brunt 250us", "cpu_is_times_wrk2_derived"), 1.1, "× wrk2", note),
            at_most("relaxed, 250 µs ticks: P50 error", dig(cells, "brunt 250us", "p50_off_ns"), 130, "µs", scale=1e3),
            at_most("relaxed, 1 ms ticks: CPU per request", dig(cells, "brunt 1ms", "cpu_is_times_wrk2_derived"), 0.85, "× wrk2", note)]


def record(results):
    return [at_most("recording one exchange", dig(results, "record", "ns"), 50, "ns")]


def memory(results):
    made = [at_most(f"memory, {connections:,} connections", dig(results, "scale", str(connections), "brunt", "median", "max_rss_bytes"),
                    bar, "MB", scale=MB) for connections, bar in ((64, 15), (10000, 45))]
    said = dig(results, "scale", "null")
    made.append(row("memory, 10⁹ requests on the virtual clock", "constant", said.get("summary", str(said)) if said else "not measured",
                    said.get("is_constant") if said else None, "" if said else "this build has no bench_null"))
    return made


def cost(results):
    return [at_most("CPU per request, 10,000 connections against 64", dig(results, "scale", "cost_64_to_10000"), 1.5, "×")]


def start(results):
    return [at_most("exec to the first request", dig(results, "start", "trivial", "brunt", "median", "first_request_ns"), 20, "ms", scale=1e6)]


def streams():
    return [row("SSE events/s on one core; loop lag with 2,000 streams", "≥ 1,000,000/s; P99 ≤ 1 ms", "not measured", None,
                "brunt has no SSE reader yet")]
