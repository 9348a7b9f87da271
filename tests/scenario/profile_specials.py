"""Checks of the shipped profiles against what the simulated server says itself: its /stats, its log of the truth."""
import os
import re
import statistics

OK, TOO_MANY = "200", "429"


def llm_stats(ran):
    return ran.server.said["llm"]


def no_session_was_mixed_up(ran):
    if llm_stats(ran)["sessions_mixed_total"] != 0:
        yield f"the server mixed {llm_stats(ran)['sessions_mixed_total']} answers up"


def mixed_sessions_are_counted(ran):
    """Each answer that the server mixed up lacks the session's own word, and no other answer does."""
    mixed, caught = llm_stats(ran)["sessions_mixed_total"], ran.result["totals"]["failures"].get("body", 0)
    if mixed != caught or set(ran.result["totals"]["failures"]) != {"body"}:
        yield f"the server mixed {mixed} answers up, brunt found {ran.result['totals']['failures']}"


def refusals_are_the_servers(ran):
    said, counted = ran.result["totals"]["status"], llm_stats(ran)
    for status, count in ((OK, counted["requests_finished_total"]), (TOO_MANY, counted["requests_exhausted_total"])):
        if said.get(status, 0) != count:
            yield f"brunt got {said.get(status, 0)} answers of status {status}, the server gave {count}"
    if ran.result["tokens"]["answers"] != counted["requests_finished_total"]:
        yield f"brunt counts {ran.result['tokens']['answers']} generated answers, the server {counted['requests_finished_total']}"


def swap_took_its_time(ran):
    """2 s, after what was under way: the action's time is that of its answer."""
    swap = ran.result["actions"][0]
    took_s = swap["ended_s"] - swap["started_s"]
    if not 1.9 <= took_s <= 6:
        yield f"the swap took {took_s:.3f} s, the server needs 2 s for it"
    if llm_stats(ran)["model_swaps_total"] != 1:
        yield f"the server swapped models {llm_stats(ran)['model_swaps_total']} times"


# By how much the two may differ: brunt counts from due, the server from the arrival, and a busy machine lies between.
SPIKES_DIFFER = 0.12


def spikes_are_the_servers(ran):
    """How long the server's own log says that each answer took: those of the first run are the reference of the second's."""
    took = [done - arrival for arrival, done in sorted(truth_times(ran))]
    idle_n = ran.result["experiment"]["runs"][0]["scheduled"]
    mean, sigma = statistics.mean(took[:idle_n]), statistics.pstdev(took[:idle_n])
    truth = sum(abs(t - mean) > 3 * sigma for t in took[idle_n:]) / len(took[idle_n:])
    said = ran.result["slo"][0]["value"]
    print(f"  spike rate: truth {truth:.1%}, brunt {said:.1%}")
    if not 0 < truth < 1 or abs(said - truth) > SPIKES_DIFFER:
        yield f"brunt says a spike rate of {said:.1%}, by the server's log it is {truth:.1%}"


def truth_times(ran):
    """Arrival and end of each request in the server's log."""
    with open(os.path.join(ran.folder, "truth"), encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields and fields[0].isdigit():
                yield int(fields[0]), int(fields[1])


def truth_rows(ran, name="truth"):
    """Status, and what became of the answer, of each request in a server's log."""
    with open(os.path.join(ran.folder, name), encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields and fields[0].isdigit():
                yield fields[2], fields[6:]


def failures_are_the_gateways(ran):
    """Each arm's server logged as many failures as brunt counts; without retries one in twenty."""
    for run in ran.result["experiment"]["runs"]:
        logged = sum(1 for status, _ in truth_rows(ran, "truth." + run["arm"]) if status != OK)
        if logged != run["scheduled"] - run["ok"]:
            yield f"{run['arm']}: the server logged {logged} failures, brunt {run['scheduled'] - run['ok']}"
        if not 0.01 < logged / run["scheduled"] < 0.1 and run["arm"] == "off":
            yield f"without retries {logged} of {run['scheduled']} failed, where one in twenty should"


def nobody_was_cut_off(ran):
    """The server's own log knows as many answers of each status, and handed every token of theirs over."""
    rows = list(truth_rows(ran))
    for status in {status for status, _ in rows} | set(ran.result["totals"]["status"]):
        logged, got = sum(1 for row in rows if row[0] == status), ran.result["totals"]["status"].get(status, 0)
        if logged != got:
            yield f"the server logged {logged} answers of status {status}, brunt got {got}"
    handed = [sum(1 for token in rest[5:] if not token.endswith(":0")) for status, rest in rows if status == OK]
    if any(count != 100 for count in handed) or ran.result["tokens"]["completion"] != sum(handed):
        yield f"of 100 tokens each the server handed over {handed}; brunt counted {ran.result['tokens']['completion']}"


def failures_lie_around_the_loss(ran):
    """What failed did so in the seconds around the loss, not before it and not once the server was ready again."""
    series, lost_s = ran.result["series"], ran.result["actions"][0]["started_s"]
    at, of = series["columns"].index("at_s"), series["columns"].index("failed")
    for at_s, failed in ((row[at], row[of]) for row in series["rows"]):
        if failed and not lost_s - 0.2 <= at_s <= lost_s + 2.5:
            yield f"{failed} failed in the second that ended at {at_s:.1f} s, the worker was lost at {lost_s:.1f} s"


def nginx_logs_each_request_as_often(ran):
    """By path, as the access log has it: what brunt says that it sent of each of the four."""
    of = {"items": "browse", "search?q=": "search", "orders": "buy", "status": "status"}
    logged = dict.fromkeys(of.values(), 0)
    with open(os.path.join(ran.folder, "access.log"), encoding="utf-8") as file:
        for line in file:
            found = re.search(r'"(?:GET|POST) /(items|search\?q=|orders|status)', line)
            logged[of[found[1]] if found else line] = logged.get(of[found[1]] if found else line, 0) + 1
    sent = {name: request["totals"]["sent"] for name, request in ran.result["requests"].items()}
    if logged != sent:
        yield f"nginx logged {logged}, brunt says that it sent {sent}"
