"""Checks of traffic that was split: where each key went is told by the servers, and where it should go by another hand."""
import os

MASK = (1 << 64) - 1


def place_of(key):
    """FNV-1a (64 bits), SplitMix64's finaliser, the upper 53 bits as a fraction."""
    h = 0xCBF29CE484222325
    for byte in key.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & MASK
    return ((h ^ (h >> 31)) >> 11) / 2**53


def paths_of_nginx(ran):
    with open(os.path.join(ran.folder, "beside", "access.log"), encoding="ascii") as file:
        return [line.split('"')[1].split()[1] for line in file]


def keys_under(prefix, paths):
    return [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]


def keys_stick(ran):
    """A run at 10% and then two rounds at 25%, of the same 400 keys: each is on its own side, and none comes back."""
    baseline = [head.split()[1] for head, _ in ran.server.peer.kept]
    candidate = paths_of_nginx(ran)
    wanted = [str(k) for k in range(400)]
    for prefix, rounds, share in (("/earlier/", 1, 0.1), ("/", 2, 0.25)):
        sides = [keys_under(prefix, [p for p in paths if p.startswith("/earlier/") == (prefix == "/earlier/")])
                 for paths in (baseline, candidate)]
        if sorted(sides[0] + sides[1]) != sorted(wanted * rounds):
            yield f"{prefix}: {len(sides[0])} and {len(sides[1])} requests came, not each of 400 keys {rounds} times"
            return
        if set(sides[0]) & set(sides[1]):
            yield f"{prefix}: on both sides: {sorted(set(sides[0]) & set(sides[1]))[:10]}"
        wrong = [key for key in wanted if (key in sides[1]) != (place_of(key) < share)]
        if wrong:
            yield f"{prefix}: not where their hash puts them: {wrong[:10]}"
    back = set(keys_under("/earlier/", candidate)) - set(keys_under("/", candidate))
    if back:
        yield f"raised to 25%, and back on the baseline: {sorted(back)[:10]}"
    runs = ran.result["experiment"]["runs"]
    told = [sum(run["scheduled"] for run in runs if run["arm"] == arm) for arm in ("old", "new")]
    counted = [sum(not path.startswith("/earlier/") for path in paths) for paths in (baseline, candidate)]
    print(f"  at 25%: the servers counted {counted}, brunt says {told}")
    if told != counted:
        yield f"brunt says that it sent {told}, the servers counted {counted}"


def sides_are_counted(ran):
    """Each server's own count is what brunt says of its side."""
    told = {arm["name"]: arm["totals"]["sent"] for arm in ran.result["arms"]}
    print(f"  the servers counted {ran.server_alone} and {ran.beside_count}, brunt says {told}")
    if [told["old"], told["new"]] != [ran.server_alone, ran.beside_count]:
        yield f"brunt says {told}, the servers {ran.server_alone} and {ran.beside_count}"
