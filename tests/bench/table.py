"""The results as Markdown: the machine, the bar, and a table per section."""
from figures import PERCENTILES


def markdown(report):
    lines = head(report) + bar_table(report["bar"])
    for section, title, columns in SECTIONS:
        lines += cases_table(report["results"].get(section), title, columns)
    lines += plot(report["results"].get("scale"))
    lines += null_lines((report["results"].get("scale") or {}).get("null"))
    lines += record_lines(report["results"].get("record"))
    lines += notes(report)
    return "\n".join(lines) + "\n"


def head(report):
    m = report["machine"]
    virtual = ", virtual" if m["virtual"] else ""
    return ["# brunt beside its peers", "",
            f"{m['cpu']}, {m['cores']} cores{virtual}, {m['memory_gib']} GiB · {m['kernel']} · {m['distribution']} ·"
            f" {report['started_at']}", "",
            f"One core for the generator, one for the server; medians of {report['rounds']} interleaved rounds"
            f" ({report['mode']}, {report['took_s']:.0f} s). Absolute figures are this machine's; the ratios travel.", ""]


def table(columns, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [columns, *rows]]
    return [lines[0], "|" + "---|" * len(columns), *lines[1:], ""]


def bar_table(bar):
    words = {True: "met", False: "**not met**", None: "–"}
    return ["## The bar", ""] + table(["what", "bar", "measured", "", "note"],
                                      [[r["what"], r["bar"], r["measured"], words[r["met"]], r["note"]] for r in bar])


def number(value, form="{:,.0f}"):
    return "–" if value is None else form.format(value)


def scaled(figures, name, scale):
    return None if figures.get(name) is None else figures[name] / scale


def us(figures, *names):
    """Times as "P50 / P99 …" in µs."""
    return " / ".join(number(scaled(figures, n, 1e3), "{:,.1f}") for n in names) if figures else "–"


def ms(figures, *names):
    return " / ".join(number(scaled(figures, n, 1e6), "{:,.3g}") for n in names) if figures else "–"


ALL = [name for name, _ in PERCENTILES]


def column(name, value):
    """value(cell, its medians) is the text."""
    return name, value


def cores(_cell, medians):
    used = medians.get("used", {})
    return ", ".join(number(used.get(name), "{:.0%}") for name in ("generator", "server"))


def per_core(medians):
    cost = medians.get("steady_cpu_us_per_request")
    return 1e6 / cost if cost else None


CLOSED = [column("requests/s", lambda c, m: number(m.get("rate_per_s"))),
          column("brunt is", lambda c, m: number(c.get("brunt_is_times"), "{:.2f} ×")),
          column("CPU µs/request", lambda c, m: number(m.get("steady_cpu_us_per_request"), "{:.2f}")),
          column("core, server's core", cores),
          column("memory MB", lambda c, m: number(scaled(m, "max_rss_bytes", 1e6), "{:.1f}"))]
WRAPPED = [CLOSED[0], CLOSED[1], column("requests/s of a whole core", lambda c, m: number(per_core(m))),
           column("brunt is, by core", lambda c, m: number(c.get("brunt_is_times_per_core"), "{:.2f} ×")), *CLOSED[2:]]
LATENESS = [column("sent/s", lambda c, m: number(m.get("sent_per_s"))),
            column("the server's count, P50 / P99 / max µs", lambda c, m: us(m.get("seen_lateness"), "p50", "p99", "max")),
            column("its own count, P50 / P99 / max µs", lambda c, m: us(m.get("lateness"), "p50", "p99", "max")),
            column("reported latency, P50 / P99 µs", lambda c, m: us(m.get("latency"), "p50", "p99"))]
ACCURACY = [column("reported, P50 / P99 / P99.9 / max µs", lambda c, m: us(m.get("latency"), *ALL)),
            column("true, from due to answer", lambda c, m: us(m.get("true_response"), *ALL)),
            column("true, in the server", lambda c, m: us(m.get("true_service"), *ALL)),
            column("true of an exact schedule", lambda c, m: us(c.get("open_loop_truth"), *ALL))]
RELAXED = [column("CPU µs/request", lambda c, m: number(m.get("steady_cpu_us_per_request"), "{:.1f}")),
           column("of wrk2 (derived)", lambda c, m: number(c.get("cpu_is_times_wrk2_derived"), "{:.2f} ×")),
           column("reported P50 µs", lambda c, m: us(m.get("latency"), "p50")),
           column("P50 error µs", lambda c, m: number(scaled(c, "p50_off_ns", 1e3), "{:.0f}"))]
SCALE = CLOSED[:1] + CLOSED[2:]
START = [column("exec to first request, ms", lambda c, m: number(scaled(m, "first_request_ns", 1e6), "{:.1f}"))]
STREAMS = [column("loop lag, P50 / P99 / max ms", lambda c, m: ms(m.get("loop_lag"), "p50", "p99", "max")),
           column("gap between tokens, P50 / P99 ms", lambda c, m: ms(m.get("itl"), "p50", "p99")),
           column("the server late by, P50 / P99 µs", lambda c, m: us(m.get("server", {}).get("late"), "p50", "p99")),
           column("tokens/s", lambda c, m: number(m.get("tokens_per_s"))),
           column("cores used (generator, server)", cores)]
SECTIONS = [("closed", "Closed loop, one core (connections)", CLOSED),
            ("wrapped", "Closed loop over TLS and HTTP/2, one core", WRAPPED),
            ("lateness", "Lateness of what was sent (requests/s)", LATENESS),
            ("accuracy", "Reported against true at 5,000/s", ACCURACY),
            ("relaxed", "Relaxed pacing (requests/s)", RELAXED),
            ("scale", "Against connections", SCALE),
            ("start", "Start", START),
            ("streams", "2,000 streams at 50 tokens/s", STREAMS)]


def cases_table(cases, title, columns):
    if not cases:
        return []
    made = []
    for case, peer, cell in cells_of(cases):
        flag = f"{cell['n']}" + (f" ({cell['disturbed']} disturbed)" if cell["disturbed"] else "")
        made.append([case, peer] + [value(cell, cell["median"]) for _, value in columns] + [flag])
    return [f"## {title}", ""] + table(["case", "generator"] + [name for name, _ in columns] + ["rounds"], made)


def cells_of(cases):
    """(case, generator, its cell); a section's single figures, which lie beside its cases, are passed over."""
    for case, cells in cases.items():
        for peer, cell in cells.items() if isinstance(cells, dict) else ():
            if isinstance(cell, dict) and "median" in cell:
                yield case, peer, cell


def null_lines(said):
    return ["Null protocol: " + said["summary"] + ".", ""] if said else []


def record_lines(record):
    if not record:
        return []
    return ["## Recording", "",
            f"{record['ns']:.1f} ns per exchange ({record['what']}), median of {record['batches']} batches, from"
            f" {record['ns_min']:.1f} to {record['ns_max']:.1f}.", ""]


def plot(scale):
    """CPU per request against connections, as bars of text."""
    costs = [(int(case), cell["median"].get("steady_cpu_us_per_request")) for case, _, cell in cells_of(scale or {})]
    points = [(connections, cost) for connections, cost in costs if cost is not None]
    if not points:
        return []
    widest = max(cost for _, cost in points)
    bars = [f"{connections:7,}  {'█' * round(40 * cost / widest)} {cost:.2f} µs" for connections, cost in points]
    return ["CPU per request against connections:", "", "```", *bars, "```", ""]


def notes(report):
    made = ["## Notes", ""]
    made += [f"- {name}: {why}" for name, why in sorted(report["absent"].items())]
    made += [f"- {name}: {version}" for name, version in sorted(report["versions"].items())]
    disturbed = report["disturbed"]
    made.append(f"- {disturbed['n']} of {disturbed['of']} runs were disturbed: over {disturbed['steal']:.0%} of CPU time"
                " went to the hypervisor's other guests, or generator or server waited for its core over"
                f" {disturbed['wait']:.0%} of the time, or the server of streams was itself late. Where at least half of a cell's rounds were not, only they count.")
    made += [f"- error: {error}" for error in report["errors"][:20]]
    return made
