"""brunt compare and brunt run --baseline, as a user and a CI job meet them."""
import json
import pathlib
import shutil

import jsonschema
import pytest

from conftest import brunt, profile_of, run, side_by_side

RESULTS = pathlib.Path(__file__).resolve().parents[2] / "results"
WIDE = ("--tolerance", "900%")  # what a busy machine does to the same is no regression


def validator(name):
    schemas = {name: json.loads((RESULTS / name).read_text()) for name in ("schema.json", "comparison.schema.json")}
    resolver = jsonschema.RefResolver("", schemas[name], store=schemas)
    return jsonschema.validators.validator_for(schemas[name])(schemas[name], resolver=resolver)


def compared(*arguments, expected):
    ran = brunt("compare", *arguments, "--format", "json")
    assert ran.returncode == expected, ran.stdout[-2000:] + ran.stderr
    document = json.loads(ran.stdout)
    assert [error.message for error in validator("comparison.schema.json").iter_errors(document)] == []
    assert document["verdict"]["exit_code"] == expected
    return document


def row_of(document, metric):
    return next(row for row in document["comparison"] if row["metric"] == metric)


def refused(*arguments, says, code=2):
    ran = brunt(*arguments)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ran.stdout == "" and says in ran.stderr and ran.stderr.count("\n") <= 2, ran.stderr


def test_the_same_is_no_regression(runs):
    document = compared(runs["a"], runs["b"], *WIDE, expected=0)
    assert document["against"]["notes"] == []
    assert abs(row_of(document, "response.p50")["delta_rel"]) < 9


def test_fifty_times_slower_is_one_and_is_named(runs):
    document = compared(runs["a"], runs["slower"], *WIDE, expected=1)
    row = row_of(document, "response.p50")
    assert row["status"] == "regression" and row["gated"] and 9 < row["delta_rel"] < 60
    assert row_of(document, "achieved_rate")["delta_rel"] < 0
    assert any("response.p50" in reason for reason in document["verdict"]["reasons"])


def test_failed_metrics_are_told_in_one_line(runs):
    ran = brunt("compare", runs["a"], runs["slower"], *WIDE)
    assert ran.returncode == 1
    flat = " ".join(ran.stdout.split())
    assert "Failed metrics: response.p50 +" in flat and "(threshold 900%)" in flat


def test_faster_is_an_improvement(runs):
    document = compared(runs["slower"], runs["a"], "--tolerance", "50%", expected=0)
    assert row_of(document, "response.p50")["status"] == "improvement"
    assert row_of(document, "achieved_rate")["delta_rel"] > 0


def test_a_tolerance_of_its_own_gates_a_metric(runs):
    document = compared(runs["a"], runs["slower"], "--tolerance", "9000%", "--tolerance", "buy.service.p50=500%", expected=1)
    assert document["verdict"]["reasons"][0].startswith("regression of buy.service.p50")


def test_several_runs_per_side_bring_the_noise_between_them_in(runs):
    document = compared(runs["a"], runs["b"], "--", runs["c"], *WIDE, expected=0)
    assert [arm["repeats"] for arm in document["arms"]] == [2, 1]
    assert "noise between 2 and 1 runs" in document["comparison_method"][0]["method"]


def test_a_result_json_is_as_good_as_its_directory(runs):
    assert compared(runs["a"] / "result.json", runs["b"], *WIDE, expected=0)["arms"][0]["repeats"] == 1


def test_too_few_samples_are_exit_3(runs):
    document = compared(runs["short"], runs["short"], expected=3)
    assert document["verdict"]["status"] == "inconclusive"


def test_another_profile_is_compared_by_force_alone(runs):
    refused("compare", runs["a"], runs["two_users"], says="load.concurrency.users: 1, now 2")
    document = compared(runs["a"], runs["two_users"], "--force", *WIDE, expected=0)
    assert document["against"]["forced"] and "their profiles differ" in document["against"]["notes"][0]


def test_what_says_how_a_run_is_judged_is_no_other_profile(runs):
    document = compared(runs["a"], runs["missed"], *WIDE, expected=0)
    assert any("objectives differ" in note for note in document["against"]["notes"])


def test_stepped_loads_that_went_through_other_levels_say_so(runs):
    assert "the levels differ" in str(compared(runs["broke"], runs["stepped"], *WIDE, expected=0)["verdict"]["reasons"])
    assert "the levels differ" not in str(compared(runs["stepped"], runs["stepped"], *WIDE, expected=0)["verdict"]["reasons"])
    assert "the levels differ" not in str(compared(runs["a"], runs["slower"], "--tolerance", "9000%", expected=0)["verdict"]["reasons"])


def test_another_version_of_the_target_is_compared_by_force_alone(runs):
    refused("compare", runs["v1"], runs["v2"], says="the target's versions differ: 1.0, now 1.1")
    assert compared(runs["v1"], runs["v2"], "--force", *WIDE, expected=0)["against"]["forced"]
    assert "known of one alone" in compared(runs["a"], runs["v2"], *WIDE, expected=0)["against"]["notes"][0]


def altered(run_dir, folder, change):
    copy = folder / "altered"
    shutil.copytree(run_dir, copy)
    document = json.loads((copy / "result.json").read_text())
    change(document)
    (copy / "result.json").write_text(json.dumps(document, indent=1))
    return copy


def test_another_version_of_brunt_is_compared_by_force_alone(runs, tmp_path):
    other = altered(runs["b"], tmp_path, lambda document: document["brunt"].update(version="0.0.1"))
    refused("compare", other, runs["a"], says="the versions of brunt differ: 0.0.1, now")


def test_an_interrupted_run_tells_too_little(runs, tmp_path):
    other = altered(runs["b"], tmp_path, lambda document: document["verdict"].update(status="interrupted", exit_code=130))
    refused("compare", runs["a"], other, says="was interrupted and tells too little")
    assert "was interrupted" in compared(runs["a"], other, "--force", *WIDE, expected=0)["against"]["notes"][0]


def test_an_inconclusive_run_is_exit_3(runs, tmp_path):
    other = altered(runs["b"], tmp_path, lambda document: document["verdict"].update(status="inconclusive", exit_code=3))
    refused("compare", runs["a"], other, says="was inconclusive", code=3)


def test_a_run_that_did_not_end_is_no_result(runs, tmp_path):
    copy = tmp_path / "killed.partial"
    shutil.copytree(runs["a"], copy)
    (copy / "result.json").unlink()
    refused("compare", copy, runs["b"], says="holds no result.json")


def test_a_torn_journal_is_said(runs, tmp_path):
    copy = tmp_path / "torn"
    shutil.copytree(runs["a"], copy)
    lines = (copy / "events.ndjson").read_text().splitlines(True)
    lines[len(lines) // 2] = "{]\n"
    (copy / "events.ndjson").write_text("".join(lines))
    refused("compare", copy, runs["b"], says=f"events.ndjson:{len(lines) // 2 + 1}")
    (copy / "events.ndjson").unlink()
    refused("compare", copy, runs["b"], says="cannot read")


@pytest.mark.parametrize("text, says", [
    ("", "neither a result.json of brunt nor"),
    ("{", "neither a result.json of brunt nor"),
    ('{"schema": "brunt/result/1"', "garbage.json"),
    ('{"schema": "brunt/result/1", "verdict": 7}', "verdict: an object is wanted"),
    ('{"schema": "brunt/result/1", "verdict": {"status": "pass", "exit_code": 0}}', "profile"),
    ('{"schema": "brunt/result/1", "verdict": {"status": "pass", "exit_code": 0}, "profile": {"load": []}}', "load"),
    ("\x00\x01\x02", "neither a result.json of brunt nor"),
    ("values: 3", "garbage.json:1:9: values: write a map"),
    ("values: {p95: 3/s}", "garbage.json:1:15"),
    ("values: {p95: 3ms, response.p95: 4ms}", "it has a value already"),
    ("values: {p95: 3ms}\nvalue: 3", "'value' is no key of a baseline"),
])
def test_garbage_gets_its_sentence(runs, tmp_path, text, says):
    path = tmp_path / "garbage.json"
    path.write_text(text)
    refused("compare", path, runs["a"], says=says)


@pytest.mark.parametrize("arguments, says", [
    ((), "which two?"),
    (("x",), "which two?"),
    (("a", "b", "c"), "which is which?"),
    (("--", "b"), "which two?"),
    (("a", "b", "--"), "which is which?"),
    (("a", "b", "--tolerance"), "--tolerance wants a value"),
    (("a", "b", "--loud"), "there is no flag --loud"),
    (("a", "b", "--format", "pdf"), "'pdf' is not a format"),
    (("a/", "b"), "cannot read 'a/'"),
])
def test_bad_usage_gets_its_sentence(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused("compare", *arguments, says=says)


def test_a_tolerance_that_is_none_is_refused(runs):
    refused("compare", runs["a"], runs["b"], "--tolerance", "p95=much", says="'p95=much' is not a share")
    refused("compare", runs["a"], runs["b"], "--tolerance", "p9x=5%", says="--tolerance: 'p9x'")


def test_nothing_that_others_said_is_markup_or_control(tmp_path):
    evil = profile_of("4ms", 1, target={"version": "<script>|x|\x1b[31m\nnext"})
    path = run(tmp_path, "evil", evil)
    markdown = brunt("compare", path, path, "--format", "markdown").stdout
    assert "<script>" not in markdown and "\\<script\\>\\|x\\|" in markdown
    text = brunt("compare", path, path).stdout
    for document in (markdown, text):
        assert "\x1b" not in document and not any(line.startswith("next") for line in document.splitlines())


def test_values_by_hand_are_held_by_tolerance_alone(runs, tmp_path):
    path = tmp_path / "hand.yaml"
    path.write_text("baseline: by hand\nvalues: {response.p50: 1us, error_rate: 0%, in_flight.avg: 1}\n")
    document = compared(path, runs["a"], "--tolerance", "200%", expected=1)
    assert [row["metric"] for row in document["comparison"]] == ["response.p50", "error_rate", "in_flight.avg"]
    row = document["comparison"][0]
    assert row["status"] == "regression" and row["ci"] == [None, None] and row["p"] is None
    assert not document["comparison"][2]["gated"]
    assert "the tolerance alone decides" in document["comparison_method"][0]["method"]
    path.write_text("values: {response.p50: 3600s, error_rate: 0%}\n")
    assert compared(path, runs["a"], expected=0)["comparison"][0]["status"] == "improvement"
    refused("compare", runs["a"], path, says="was written by hand, which a baseline may be")


def test_the_shipped_values_are_a_baseline(runs):
    document = compared(RESULTS.parent / "profiles" / "baselines" / "streaming.yaml", runs["a"], "--tolerance", "900%", expected=0)
    values = {row["metric"]: row["baseline"] for row in document["comparison"]}
    assert values == {"ttft.p50": 450e6, "ttft.p95": 650e6, "ttft.p99": 800e6, "ttft.mean": 480e6, "achieved_rate": 120,
                      "in_flight.avg": 70, "error_rate": 0.005, "cpu.avg": 0.72, "memory.avg": 3500e6}


def test_a_run_is_compared_in_one_go(runs, tmp_path):
    usual = profile_of("${env:SERVICE}")
    held = {**usual, "regression": {"baseline": str(runs["a"]), "tolerance": "900%"}}
    slow, good = side_by_side(
        lambda: run(tmp_path, "slow", held, env={"SERVICE": "100ms"}, expected=(1,)),
        lambda: run(tmp_path, "good", {**usual, "compare": {"tolerance": "900%"}}, "--baseline", runs["a"], env={"SERVICE": "2ms"}))
    result = json.loads((slow / "result.json").read_text())
    assert [error.message for error in validator("schema.json").iter_errors(result)] == []
    assert result["verdict"]["status"] == "fail" and "regression of response.p50" in result["verdict"]["reasons"][0]
    assert result["against"]["baseline"]["runs"][0]["id"] and result["against"]["current"]["runs"][0]["status"] == "fail"
    last = json.loads((slow / "events.ndjson").read_text().splitlines()[-1])
    assert last["event"] == "end" and last["exit_code"] == 1
    assert "Failed metrics" in (slow / "report.txt").read_text()
    assert json.loads((good / "result.json").read_text())["verdict"]["status"] == "pass"


def test_what_cannot_be_compared_is_known_before_anything_is_sent(runs, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(json.dumps(profile_of("${env:SERVICE}", target={"timeout": "7s"})))
    ran = brunt("run", path, "--out", tmp_path / "out", "--baseline", runs["a"], env={"SERVICE": "2ms"})
    assert ran.returncode == 2 and "target.timeout" in ran.stderr and "regression.force=true" in ran.stderr
    assert not (tmp_path / "out").exists()
    ran = brunt("run", path, "--out", tmp_path / "out", "--quiet", "--baseline", runs["a"], "--set", "regression.force=true",
                "--set", "regression.tolerance=900%", env={"SERVICE": "2ms"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads((tmp_path / "out" / "result.json").read_text())["against"]["forced"]


def test_arms_have_a_baseline_of_their_own(tmp_path, runs):
    profile = profile_of("4ms", arms={"x": {}, "y": {"set": {"seed": 2}}})
    path = tmp_path / "p.yaml"
    path.write_text(json.dumps(profile))
    refused("run", path, "--baseline", runs["a"], says="--baseline is what one run is compared with")
    path.write_text(json.dumps({**profile, "regression": "nightly"}))
    refused("run", path, says="'arms' makes several")


def test_runs_of_an_experiment_are_compared_one_by_one(tmp_path):
    out = run(tmp_path, "out", profile_of("4ms", 1, arms={"x": {}, "y": {"set": {"seed": 2}}}, compare={"gate": "off"}))
    refused("compare", out, out, says=f"compare its runs, each in a directory of its own in '{out}/runs'")
    compared(out / "runs" / "01-x", out / "runs" / "02-y", "--force", expected=0)
