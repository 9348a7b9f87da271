"""brunt report of an experiment: what its runs left comes to what they came to."""
import json
import pathlib
import shutil
import xml.etree.ElementTree as xml

import pytest

from conftest import brunt, profile_of, run, side_by_side

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ["markdown", "junit", "csv", "hgrm", "prometheus"]
FILES = ["report.md", "junit.xml", "report.txt"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two arms, of which one takes ten times as long, twice each; and a matrix."""
    folder = tmp_path_factory.mktemp("study")
    arms = profile_of("2ms", 1, arms={"old": {}, "new": {"set": {"target.null_service": "20ms"}}}, repeats=2,
                      slo=["improvement(p50) >= 5%", "error_rate < 1%"])
    matrix = profile_of("2ms", 1, matrix={"load.concurrency.users": [1, 2]})
    made = side_by_side(lambda: run(folder, "arms", arms, "--format", ",".join(FORMATS), expected=(1,)),
                        lambda: run(folder, "matrix", matrix, "--format", ",".join(FORMATS)))
    return dict(zip(("arms", "matrix"), made))


def again(folder, tmp_path, *gone):
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    for name in gone:
        path = copy / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copy


@pytest.mark.parametrize("kind", ["arms", "matrix"])
def test_what_is_made_again_is_what_was_written(study, tmp_path, kind):
    wrote = study[kind]
    copy = again(wrote, tmp_path, *FILES)
    ran = brunt("report", copy, "--format", ",".join(["text", *FORMATS]), "--out", tmp_path / "made")
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    for path in (tmp_path / "made").iterdir():
        expected, made = (wrote / path.name).read_text(), path.read_text()
        assert made.replace(str(copy), str(wrote)) == expected, path.name
    assert set(FILES) <= {path.name for path in (tmp_path / "made").iterdir()}


def test_of_a_killed_experiment_what_its_runs_left_is_told(study, tmp_path):
    copy = again(study["arms"], tmp_path, "result.json", "runs/04-new")
    ran = brunt("report", copy)
    assert ran.returncode == 0 and ran.stdout.startswith("INTERRUPTED"), ran.stdout + ran.stderr
    assert "3 of 4 runs took place" in ran.stdout, ran.stdout
    xml.fromstring(brunt("report", copy, "--format", "junit").stdout)
    told = json.loads(brunt("report", copy, "--format", "json").stdout)
    assert [one["was_run"] for one in told["experiment"]["runs"]] == [True, True, True, False]
    whole = json.loads((study["arms"] / "result.json").read_text())
    assert (told["id"], told["started_at"]) == (whole["id"], whole["started_at"])
    assert told["verdict"]["status"] == "interrupted" and told["verdict"]["exit_code"] == 137
    assert told["totals"]["scheduled"] == sum(one["scheduled"] for one in whole["experiment"]["runs"][:3])


def test_what_only_the_experiment_itself_knew_is_said(study, tmp_path):
    copy = again(study["matrix"], tmp_path, "report.txt")
    text = (copy / "result.json").read_text()
    (copy / "result.json").write_text(text.replace('"exit_code":\t0', '"exit_code":\t5', 1))
    assert "by its journal alone this run is judged pass, exit 0" in brunt("report", copy).stderr


def test_a_canary_is_not_judged_again(study, tmp_path):
    copy = again(study["arms"], tmp_path, "report.txt")
    shutil.copy(ROOT / "profiles" / "canary.yaml", copy / "profile.yaml")
    ran = brunt("report", copy)
    assert ran.returncode == 2 and "is of a canary" in ran.stderr, ran.stderr


def test_a_run_that_cannot_be_read_is_named(study, tmp_path):
    copy = again(study["arms"], tmp_path, "report.txt")
    broken = pathlib.Path(copy) / "runs" / "02-new" / "result.json"
    broken.write_text("{")
    ran = brunt("report", copy)
    assert ran.returncode == 2 and "02-new" in ran.stderr, ran.stderr
