"""Pairs, interleaved: every round runs each generator once, the order turned round from one round to the next, so that
what the machine does over time is shared alike. Rounds in which anybody was disturbed are made again where there is time for
it (Bench.again). Ratios are taken within a round, and then their median."""
from figures import median, medians, ratio


def sound(rows, wanted=None):
    """The rounds that count: without error, and undisturbed where at least half of them are, or half of those wanted where
    the disturbed ones were made again."""
    good = [row for row in rows if "error" not in row]
    calm = [row for row in good if not row["is_disturbed"]]
    return calm if 2 * len(calm) >= (wanted or len(good)) else good


def interleave(bench, peers, load_of, rounds=None, server_options=(), has_log=False, look=None):
    """name → {"rounds": […], "median": {…}, "errors": […]}. look(row, seen, load) adds what the server's log tells."""
    wanted = rounds or bench.rounds
    cells = {peer.name: {"rounds": [], "errors": [], "wanted": wanted} for peer in peers}
    for n in range(bench.again * wanted):
        if n >= wanted and (calm_rounds(cells, n) >= wanted or not bench.has_time()):
            break
        for peer in peers if n % 2 == 0 else reversed(peers):
            if not bench.has_time():
                cells[peer.name]["errors"].append("left out: the time was up")
                continue
            load = load_of(peer)
            row = bench.run(peer, load, server_options, has_log)
            seen = row.pop("seen")
            if look and "error" not in row:
                look(row, seen, load)
            bench.say_row(peer, row)
            if "error" in row:
                cells[peer.name]["errors"].append(row["error"])
            cells[peer.name]["rounds"].append({"round": n, **row})
    for cell in cells.values():
        rows = sound(cell["rounds"], wanted)
        cell["median"] = medians([{k: v for k, v in row.items() if k != "round"} for row in rows])
        cell["n"] = len(rows)
        cell["disturbed"] = sum(row["is_disturbed"] for row in rows)
    return cells


def calm_rounds(cells, n):
    """Of n, those in which nobody was disturbed."""
    spoiled = {row["round"] for cell in cells.values() for row in cell["rounds"] if row["is_disturbed"]}
    return n - len(spoiled)


def paired(cells, name, other, value):
    """The median over the rounds of value(name's row) / value(other's row); value is a function of a row."""
    return median([ratio(value(a), value(b)) for a, b in pairs(cells, name, other)])


def pairs(cells, name, other):
    """(name's row, other's row) of each round, by the same rule: a pair is disturbed where either is."""
    rows = [{row["round"]: row for row in cells.get(cell, {"rounds": []})["rounds"] if "error" not in row}
            for cell in (name, other)]
    both = [(rows[0][n], rows[1][n]) for n in sorted(rows[0]) if n in rows[1]]
    calm = [pair for pair in both if not any(row["is_disturbed"] for row in pair)]
    return calm if 2 * len(calm) >= cells.get(name, {}).get("wanted", len(both)) else both
