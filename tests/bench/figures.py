"""Arithmetic on measured figures: percentiles, medians, lateness against an ideal schedule."""
import math
import statistics

LABELS = {"p50": "P50", "p99": "P99", "p999": "P99.9", "max": "max"}
PERCENTILES = (("p50", 0.50), ("p99", 0.99), ("p999", 0.999), ("max", 1.0))


def percentiles(values):
    """{count, p50, p99, p999, max}: the smallest value that at least that share does not exceed; None of nothing."""
    ranked = sorted(values)
    figures = {"count": len(ranked)}
    for name, q in PERCENTILES:
        figures[name] = ranked[max(math.ceil(q * len(ranked)), 1) - 1] if ranked else None
    return figures


def lateness_ns(arrivals, rate):
    """How late the n-th arrival is against t0 + n/rate, in the order of arrival. t0 cannot be known from outside: it is
    chosen so that the earliest one is 0 late, which flatters nobody."""
    off = [at - round(n * 1e9 / rate) for n, at in enumerate(sorted(arrivals))]
    t0 = min(off, default=0)
    return [x - t0 for x in off]


def responses_ns(arrivals, residences, rate):
    """What each request took from when the same schedule wanted it to when it was answered."""
    stayed = [residence for _, residence in sorted(zip(arrivals, residences))]
    return [late + stay for late, stay in zip(lateness_ns(arrivals, rate), stayed)]


def median(values):
    known = [x for x in values if x is not None]
    return statistics.median(known) if known else None


def medians(rows):
    """The medians of a list of dicts of numbers (or of dicts of them), key by key; None where a key has no number."""
    result = {}
    for key in {key: None for row in rows for key in row}:
        values = [row.get(key) for row in rows]
        if any(isinstance(x, dict) for x in values):
            result[key] = medians([x for x in values if isinstance(x, dict)])
        elif any(isinstance(x, (int, float)) and not isinstance(x, bool) for x in values):
            result[key] = median([x for x in values if not isinstance(x, bool)])
    return result


def ratio(a, b):
    return a / b if a is not None and b else None


def is_within(reported, true, share=0.02, floor_ns=100_000):
    """Within 2% or 100 µs, whichever is more."""
    return reported is not None and true is not None and abs(reported - true) <= max(share * true, floor_ns)
