"""Checks of the profiles for model servers: what an experiment says of its arms, held against the truth logs of the servers
that it ran against. Named under `also:` as those of specials.py are."""
import glob
import json
import os
import statistics

OFF_MAX = 0.05  # of a gain: what a busy machine may take from tokens that are on their way


def read_answers(ran):
    """Of each answer in the logs @DIR@/truth*, by arrival: arrival, prompt, completion and cached tokens, and when each token
    was handed to the kernel."""
    answers = []
    for path in glob.glob(os.path.join(ran.folder, "truth*")):
        with open(path, encoding="ascii") as file:
            for fields in map(str.split, file):
                if len(fields) > 11 and fields[0].isdigit():
                    answers.append({"arrival": int(fields[0]), "prompt": int(fields[7]), "completion": int(fields[8]),
                                    "cached": int(fields[9]), "tokens": [int(times.split(":")[1]) for times in fields[11:]]})
    return sorted(answers, key=lambda answer: answer["arrival"])


def runs_of(ran):
    """(arm, answers of the warm-up, measured answers) of each run, in order: they came one after the other."""
    answers = read_answers(ran)
    for run in ran.result["experiment"]["runs"]:
        with open(os.path.join(ran.out, run["dir"], "result.json"), encoding="utf-8") as file:
            result = json.load(file)
        count, warmup = result["tokens"]["answers"], result["warmup"]["totals"]["ok"] if result["warmup"] else 0
        mine, answers = answers[:count], answers[count:]
        yield run["arm"], mine[:warmup], mine[warmup:]
    if answers:
        raise AssertionError(f"the servers logged {len(answers)} answers more than brunt counted")


def measured_of(ran):
    arms = {}
    for arm, _, answers in runs_of(ran):
        arms.setdefault(arm, []).extend(answers)
    return arms


def ttft_of(answer):
    return answer["tokens"][0] - answer["arrival"]


def row_of(ran, metric):
    return next(row for row in ran.result["comparison"] if row["metric"] == metric)


def compare_gain(ran, metric, of):
    """The change between two arms as brunt says it, and as the servers' logs have it."""
    arms = measured_of(ran)
    baseline, current = (of([ttft_of(a) for a in arms[arm["name"]]]) for arm in ran.result["arms"])
    truth, said = current / baseline - 1, row_of(ran, metric)["delta_rel"]
    print(f"  {metric}: truth {truth:+.1%}, brunt {said:+.1%}")
    if abs(truth - said) > OFF_MAX:
        yield f"{metric}: brunt says {said:+.1%}, the servers' logs {truth:+.1%}"


def tokens_are_true(ran):
    """Tokens of all answers, and the share of those that found something in the cache."""
    answers, said = read_answers(ran), (ran.result or {}).get("tokens") or {}
    for key, truth in (("answers", len(answers)), ("prompt", sum(a["prompt"] for a in answers)),
                       ("completion", sum(a["completion"] for a in answers)), ("cached", sum(a["cached"] for a in answers))):
        if said.get(key) != truth:
            yield f"tokens.{key}: brunt says {said.get(key)}, the servers' logs {truth}"


def ttft_p50_gain_is_true(ran):
    yield from tokens_are_true(ran)
    yield from compare_gain(ran, "ttft_service.p50", statistics.median_low)


def ttft_mean_gain_is_true(ran):
    yield from tokens_are_true(ran)
    yield from compare_gain(ran, "ttft_service.mean", statistics.mean)


def hit_rates_are_true(ran):
    for arm in ran.result["arms"]:
        answers = measured_of(ran)[arm["name"]]
        truth, said = sum(a["cached"] > 0 for a in answers) / len(answers), arm["tokens"]["cache_hit_rate"]
        print(f"  {arm['name']}: hit rate: truth {truth:.1%}, brunt {said:.1%}")
        if abs(truth - said) > 1e-9:
            yield f"{arm['name']}: brunt says that {said:.1%} hit the cache, the server's log {truth:.1%}"


def speedup_is_true(ran):
    """Tokens per second of all that each server did, from its first request to its last token, as often as in the baseline."""
    yield from tokens_are_true(ran)
    tokens, seconds = {}, {}
    for arm, warmup, answers in runs_of(ran):
        every = warmup + answers
        first, last = every[0]["arrival"], max(max(a["tokens"]) for a in every)
        tokens[arm] = tokens.get(arm, 0) + sum(a["completion"] for a in every)
        seconds[arm] = seconds.get(arm, 0) + (last - first) / 1e9
    rates = [tokens[arm["name"]] / seconds[arm["name"]] for arm in ran.result["arms"]]
    truth, said = rates[1] / rates[0], row_of(ran, "tokens_per_s")["delta_rel"] + 1
    print(f"  tokens_per_s: truth ×{truth:.2f}, brunt ×{said:.2f}")
    if abs(truth / said - 1) > 0.15:
        yield f"brunt says ×{said:.2f} tokens per second, the servers' logs ×{truth:.2f}"


def cells_are_true(ran):
    """Tokens per second of each cell's own run, and that a batch brings more of them, a long prompt less."""
    yield from tokens_are_true(ran)
    truths = {}
    for cell, _, answers in runs_of(ran):
        seconds = (max(max(a["tokens"]) for a in answers) - answers[0]["arrival"]) / 1e9
        truths[cell] = sum(a["completion"] for a in answers) / seconds
    for arm in ran.result["arms"]:
        truth, said = truths[arm["name"]], arm["tokens"]["per_s"]
        print(f"  {arm['name']}: truth {truth:.0f} tokens/s, brunt {said:.0f}")
        if abs(said / truth - 1) > 0.25:  # a window of 4 s cuts through the last batch
            yield f"{arm['name']}: brunt says {said:.0f} tokens/s, the server's log {truth:.0f}"
    alone_short, alone_long, batch_short, batch_long = (arm["tokens"]["per_s"] for arm in ran.result["arms"])
    if not (alone_long < alone_short < batch_short and alone_long < batch_long < batch_short):
        yield "tokens per second do not grow with the batch and fall with the prompt's length"


def agents_share_a_server(ran):
    """More of them get more tokens per second together, and each waits longer, by the server's log and by brunt alike."""
    yield from tokens_are_true(ran)
    measured = measured_of(ran)
    waits = [statistics.median(a["tokens"][-1] - a["arrival"] for a in measured[arm["name"]]) for arm in ran.result["arms"]]
    for arm, truth in zip(ran.result["arms"], waits):
        said = arm["latency_ns"]["service"]["p50"]
        print(f"  {arm['name']}: an answer takes {truth / 1e6:.0f} ms in the log, {said / 1e6:.0f} ms by brunt")
        if abs(said / truth - 1) > 0.1:
            yield f"{arm['name']}: brunt says that an answer takes {said / 1e6:.0f} ms, the server's log {truth / 1e6:.0f} ms"
    rates = [arm["tokens"]["per_s"] for arm in ran.result["arms"]][:4]
    if waits != sorted(waits) or rates != sorted(rates):
        yield f"with more agents tokens per second went {rates}, the time of an answer {waits}"
