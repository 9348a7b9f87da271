"""Checks of what was scraped, that no YAML could say."""
import json
import os
import subprocess

import always


def column(result, name):
    series = result["series"]
    place = series["columns"].index(name)
    return [row[place] for row in series["rows"]]


def scraped_has_holes(ran):
    """Rows of the time when nothing could be scraped say nothing, neither 0 nor what was known before."""
    depths = column(ran.result, "scraped.depth")
    holes = [i for i, depth in enumerate(depths) if depth is None]
    if any(depth not in (None, 7) for depth in depths):
        yield f"the depth was 7 or not known, the series says {depths}"
    if not 2 <= len(holes) <= 7 or holes != list(range(holes[0], holes[-1] + 1)) or holes[0] == 0 or depths[-1] is None:
        yield f"for a second in the middle nothing was known: {depths}"


def events_tell_of_scrapes(ran):
    with open(os.path.join(ran.out, "events.ndjson"), encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    said = [event["failed"] for event in events if event["event"] == "scrape"]
    if said != [False, True, False]:
        yield f"the scrapes were good, failed, and were good again; the events say failed: {said}"


def one_process_scrapes(ran):
    """Four times a second, however many workers there are."""
    scrapes, most = ran.server.peer.scrapes, 4 * ran.result["duration_s"] + 4
    if not 8 <= scrapes <= most:
        yield f"the exporter was asked {scrapes} times, not up to {most:.0f}"
    told = sum(good + failed for event in events_of(ran) for good, failed in event["scrapes"])
    counts = ran.result["scrapes"][0]
    if told != counts["good"] + counts["failed"]:
        yield f"the events tell of {told} scrapes, the result of {counts}"


def events_of(ran):
    with open(os.path.join(ran.out, "events.ndjson"), encoding="utf-8") as file:
        return [event for event in map(json.loads, file) if event["event"] == "interval"]


def killed_run_tells_what_was_scraped(ran):
    journal = next((folder for folder, _, names in os.walk(ran.folder) if "events.ndjson" in names), ran.out)
    done = subprocess.run([ran.brunt, "report", journal, "--format", "json"], capture_output=True, text=True, timeout=20,
                          check=False)
    if done.returncode != 0:
        yield f"brunt report: exit {done.returncode}: {done.stderr[:300]}"
        return
    rebuilt = json.loads(done.stdout)
    yield from always.identities(rebuilt["totals"], "rebuilt totals")
    depth, scrapes = rebuilt["scraped"]["depth"], rebuilt["scrapes"][0]
    if not (depth["readings"] >= 5 and 20 <= depth["max"] <= 70 and scrapes["good"] >= depth["readings"]):
        yield f"of 3 s of about 50 a second the report tells {depth} from {scrapes}"
    if not any(value is not None for value in column(rebuilt, "scraped.depth")):
        yield "the series has nothing of it"
