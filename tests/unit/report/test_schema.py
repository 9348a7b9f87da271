"""results/schema.json accepts what report/ writes (the golden files that test_json compares byte for byte) and refuses what
it must not write."""

import copy
import json
import pathlib
import re

import jsonschema
import pytest

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = json.loads((HERE.parents[2] / "results" / "schema.json").read_text())
GOLDEN = sorted((HERE / "golden").glob("*.json"))


def validator():
    cls = jsonschema.validators.validator_for(SCHEMA)
    return cls(SCHEMA)


def refuse_constants(name):
    raise ValueError(f"{name} is not JSON")


def load(path):
    return json.loads(path.read_text(), parse_constant=refuse_constants)


def test_the_schema_is_a_schema():
    jsonschema.validators.validator_for(SCHEMA).check_schema(SCHEMA)


def test_there_are_documents_to_check():
    assert {p.name for p in GOLDEN} >= {"breaks.json", "scenarios.json", "unreachable.json", "warmup.json"}


def test_it_knows_every_distribution_that_is_recorded():
    rows = (HERE.parents[2] / "src" / "measure" / "metric.def").read_text()
    names = re.findall(r"^(?:TOKEN_)?METRIC\(\w+, +(\w+),", rows, re.MULTILINE)
    assert names and set(names) == set(SCHEMA["$defs"]["metric"]["enum"])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.name)
def test_what_report_writes_is_valid(path):
    errors = [f"{list(e.absolute_path)}: {e.message}" for e in validator().iter_errors(load(path))]
    assert errors == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.name)
def test_identities_hold(path):
    totals = load(path)["totals"]
    assert totals["scheduled"] == totals["sent"] + totals["dropped"] + totals["unsent"]
    assert totals["sent"] == totals["ok"] + totals["failed"] + totals["unfinished"]
    assert totals["failed"] == sum(totals["failures"].values())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.name)
def test_requests_add_up_to_the_totals(path):
    document = load(path)
    if document["requests"] and document["totals"]["scheduled"]:
        for count in ("scheduled", "sent", "ok", "failed", "unsent", "bytes_received"):
            parts = [request["totals"][count] for request in document["requests"].values()]
            assert sum(parts) == document["totals"][count]


def without(document, key):
    del document[key]


BREAKS = {
    "a key that nobody knows": lambda d: d.update(surprise=1),
    "a missing part": lambda d: without(d, "totals"),
    "a missing stamp of the closed loop": lambda d: without(d, "omits_waiting"),
    "a missing distribution": lambda d: without(d["latency_ns"], "response"),
    "another schema": lambda d: d.update(schema="brunt/result/2"),
    "a made-up status": lambda d: d["verdict"].update(status="fine"),
    "a negative count": lambda d: d["totals"].update(sent=-1),
    "a fraction of a request": lambda d: d["totals"].update(sent=1.5),
    "a class counted as 0": lambda d: d["totals"]["failures"].update(reset=0),
    "a status code that is none": lambda d: d["totals"]["status"].update({"999": 1}),
    "an unknown failure mode": lambda d: d["failure_mode"].update(mode="bad luck"),
    "a level status": lambda d: d["levels"][0].update(status="GOOD"),
    "a text for a time": lambda d: d["latency_ns"]["response"].update(p95="5ms"),
    "an unknown distribution": lambda d: d["latency_ns"].update(guess=d["latency_ns"]["response"]),
    "a bracket of one": lambda d: d["breaking_point"].update(interval_per_s=[1]),
    "a histogram that is not V2": lambda d: d["histograms"].update(response="abc"),
    "a key in a finding": lambda d: d["levels"][2]["findings"][0].update(more=1),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_must_not_be_written_is_refused(how):
    document = copy.deepcopy(load(HERE / "golden" / "breaks.json"))
    BREAKS[how](document)
    assert not validator().is_valid(document)
