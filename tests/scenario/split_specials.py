"""Checks of traffic that was split: where each key went is told by the servers, and where it should go by another hand."""
import json
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


def told(ran):
    """What commands of a canary wrote, line by line."""
    path = os.path.join(ran.folder, "told")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def canary_told_promotions(ran):
    if told(ran) != ["promote 5% 25%", "promote 25% 50%", "promote 50% 100%"]:
        yield f"the commands said {told(ran)}"


def canary_told_one_promotion(ran):
    if told(ran) != ["promote 30% 50%"]:
        yield f"the commands said {told(ran)}"


def canary_left_its_course(ran):
    """The canary's own event stream, that of the whole: what it had decided, and what was told, when it was killed."""
    streams = [os.path.join(folder, "events.ndjson") for folder, _, names in os.walk(ran.folder)
               if "events.ndjson" in names and "runs" in os.listdir(folder)]
    if len(streams) != 1:
        yield f"the canary left {len(streams)} streams of events"
        return
    with open(streams[0], encoding="utf-8") as file:
        stages = [event for event in map(json.loads, file) if event["event"] == "stage"]
    said = [(event["stage"], event["of"], event["moment"], event["share"], event["status"], event["failed"]) for event in stages]
    if said != [(1, 2, "begins", 0.3, "not_begun", False), (1, 2, "decided", 0.3, "promoted", False),
                (1, 2, "told", 0.3, "promoted", False), (2, 2, "begins", 0.5, "not_begun", False)]:
        yield f"the canary left {said}"


def nothing_was_told(ran):
    if told(ran):
        yield f"the commands said {told(ran)}"


def canary_told_rollback_for_errors(ran):
    lines = told(ran)
    if len(lines) != 1 or not lines[0].startswith("rollback from 20% to 0%: errors: "):
        yield f"the commands said {lines}"


def canary_stages_are_counted(ran):
    """Both servers' own counts are what brunt says of all stages of either side."""
    counted = [ran.server_alone, ran.beside_count]
    runs = ran.result["experiment"]["runs"]
    names = [runs[0]["arm"], runs[1]["arm"]]
    said = [sum(run["scheduled"] for run in runs if run["arm"] == name) for name in names]
    print(f"  the servers counted {counted}, brunt says {said}")
    if counted != said:
        yield f"the servers counted {counted}, brunt says {said}"
    for stage in ran.result["experiment"]["canary"]["stages"]:
        sent = [run["scheduled"] for run in runs[2 * stage["stage"] - 2:2 * stage["stage"]]]
        wanted = sum(place_of(str(k)) < stage["share"] for k in range(sum(sent)))
        if sent[1] != wanted:
            yield f"stage {stage['stage']}: {sent[1]} of {sum(sent)} went to the candidate, {wanted} keys are its own"


def canary_is_in_markdown(ran):
    with open(os.path.join(ran.out, "report.md"), encoding="utf-8") as file:
        text = file.read()
    if "### Canary" not in text or "| 1 | 20% | rolled back: errors: " not in text or "| rollback took " not in text:
        yield f"report.md tells no canary: {text[:1500]}"


def webhook_was_told(ran):
    """One POST when it was promoted, one PUT when it was taken back, each a JSON of what happened."""
    hooks = [(head, json.loads(body)) for head, body in ran.server.peer.kept if "/hook" in head.split("\r\n", 1)[0]]
    lines = [head.split()[0] for head, _ in hooks]
    if lines != ["POST", "PUT"]:
        yield f"the hook was asked {lines}"
        return
    promoted, taken_back = (body for _, body in hooks)
    if promoted != {"event": "promote", "name": "scenario", "from": 0.1, "to": 0.9, "reason": ""}:
        yield f"the promotion is told as {promoted}"
    if (taken_back["event"], taken_back["from"], taken_back["to"]) != ("rollback", 0.9, 0) or \
            not taken_back["reason"].startswith("errors: "):
        yield f"the rollback is told as {taken_back}"
    if "Authorization: Bearer x" not in hooks[0][0] or any("Content-Type: application/json" not in head for head, _ in hooks):
        yield f"the hook's headers are {[head for head, _ in hooks]}"
