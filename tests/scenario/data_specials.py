"""What arrived, held against the data files themselves, which are read here by others: csv, json, urllib."""
import collections
import csv
import json
import os
import statistics
import urllib.parse

import data_peers


def rows_of(ran, name):
    with open(os.path.join(ran.folder, name), encoding="utf-8-sig", newline="") as file:
        if name.endswith(".csv"):
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file if line.strip()]


def queries(ran):
    """The query of each request by the number of its arrival."""
    found = {}
    for head, _ in ran.server.peer.kept:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(head.split()[1]).query, strict_parsing=True)
        found[int(query["k"][0])] = {key: values[0] for key, values in query.items()}
    return found


def rows_come_in_their_order(ran):
    ids = [row["id"] for row in rows_of(ran, "items.csv")]
    sent, n = queries(ran), len(ids)
    if sorted(sent) != list(range(10 * n)):
        yield f"arrivals 0 to {10 * n - 1} were due, {len(sent)} came"
        return
    wrong = [k for k in sent if sent[k]["ordered"] != ids[k % n]]
    if wrong:
        yield f"sequential: arrival {wrong[0]} had {sent[wrong[0]]['ordered']}, not {ids[wrong[0] % n]}"
    rounds = [tuple(sent[r * n + i]["shuffled"] for i in range(n)) for r in range(10)]
    for r, found in enumerate(rounds):
        if sorted(found) != sorted(ids):
            yield f"shuffle: round {r} had {found}"
    if len(set(rounds)) < 10:
        yield "shuffle: two rounds have one order"
    drawn = collections.Counter(q["drawn"] for q in sent.values())
    # Each of 20 rows 10 times in the mean, with a standard deviation of 3.1; one that is sequential has no deviation.
    if set(drawn) - set(ids) or max(drawn.values()) > 24 or statistics.pvariance([drawn[i] for i in ids]) < 2:
        yield f"random: {drawn}"
    if any(q["drawn"] != q["drawn_name"].removeprefix("name ") for q in sent.values()):
        yield "random: two columns of one arrival come from two rows"


def values_survive(ran):
    """Path, query, header, JSON and form: whatever the file holds arrives as it is."""
    texts, objects = rows_of(ran, "texts.csv"), rows_of(ran, "objects.jsonl")
    seen = set()
    for head, body in ran.server.peer.kept:
        k = int(data_peers.header_of(head, "X-K"))
        row, thing = texts[k % len(texts)], objects[k % len(objects)]
        url = urllib.parse.urlsplit(head.split()[1])
        seen.add(k % len(texts))
        if data_peers.header_of(head, "Content-Type") == "application/json":
            got = (urllib.parse.unquote(url.path.split("/")[2]), urllib.parse.parse_qs(url.query)["q"][0],
                   data_peers.header_of(head, "X-Id"), json.loads(body))
            wanted = (row["text"], row["text"], row["id"],
                      {"text": f"<{row['text']}>", "n": thing["n"], "of": thing["of"], "name": thing["of"]["name"], "k": k})
        else:
            got = urllib.parse.parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
            wanted = {"text": [row["text"]], "name": [thing["of"]["name"]]}
        if got != wanted:
            yield f"arrival {k}: {got!r} came, {wanted!r} is in the files"
            return
    if len(seen) < len(texts):
        yield f"only {len(seen)} of {len(texts)} rows were seen"


def prompts(ran):
    """(arrival, prompt, max_tokens) of each request."""
    for head, body in ran.server.peer.kept:
        ask = json.loads(body)
        yield int(data_peers.header_of(head, "X-K")), ask["messages"][0]["content"], ask.get("max_tokens")


def prompts_are_as_long_as_wanted(ran):
    lengths, prefixes, rests, asked = collections.Counter(), set(), set(), collections.Counter()
    for _, prompt, max_tokens in prompts(ran):
        words = prompt.split(" ")
        lengths[len(words)] += 1
        prefixes.add(tuple(words[:50]))
        rests.add(tuple(words[50:60]))
        asked[max_tokens] += 1
    total = sum(lengths.values())
    # 3 of 4 are short: 150 of 200, with a standard deviation of 6.1.
    if set(lengths) != {100, 300} or not 120 <= lengths[100] <= 178:
        yield f"lengths: {lengths}"
    if len(prefixes) != 1 or len(rests) != total:
        yield f"{len(prefixes)} prefixes and {len(rests)} beginnings of the rest in {total} prompts"
    if set(asked) != {5, 6, 7, 8, 9}:
        yield f"max_tokens: {asked}"


def prompts_were_calibrated(ran):
    """What the server counted of the measured prompts is what the profile wanted; what brunt says of both is so."""
    counted = sorted(data_peers.tokens_of(prompt) for k, prompt, _ in prompts(ran) if k >= 60)
    said, wanted = (ran.result["tokens"][key] for key in ("prompt_per_request", "wanted_prompt_per_request"))
    if len(counted) != said["count"] or len(counted) != wanted["count"]:
        yield f"{len(counted)} prompts came, brunt says {said['count']} and {wanted['count']}"
    for name, truth in (("mean", statistics.mean(counted)), ("min", counted[0]), ("max", counted[-1])):
        print(f"  prompt tokens, {name}: wanted {wanted[name]}, counted {truth}, brunt says {said[name]}")
        if abs(said[name] - truth) > 0.5 or abs(wanted[name] - truth) > 2:
            yield f"{name}: the server counted {truth}, brunt says {said[name]} and wanted {wanted[name]}"


def gaps_are_bursty(ran):
    """burstiness 0.25: the squared coefficient of variation of gaps is 4; 1 were Poisson, 0 evenly spaced."""
    with open(os.path.join(ran.folder, "truth"), encoding="ascii") as file:
        at = sorted(int(line.split()[0]) for line in file if line[0].isdigit())
    gaps = [b - a for a, b in zip(at, at[1:])]
    spread = statistics.pvariance(gaps) / statistics.mean(gaps) ** 2
    print(f"  {len(gaps)} gaps, squared coefficient of variation {spread:.2f}")
    if not 2.5 < spread < 7:
        yield f"the squared coefficient of variation of the gaps is {spread:.2f}, not about 4"
