"""Outsiders judge the interval log: Java's HdrHistogram and npm's hdr-histogram-js must read of it what brunt says.

$WRITE_LOG names the program built from write_log.c; without it the test compiles one.
"""
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SKIPPED = 77


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="session")
def write_log(tmp_path_factory):
    if "WRITE_LOG" in os.environ:
        return os.environ["WRITE_LOG"]
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("no C compiler, and WRITE_LOG names no program")
    program = tmp_path_factory.mktemp("write_log") / "write_log"
    sources = [HERE / "write_log.c"]
    sources += [ROOT / "src/base" / f"{name}.c" for name in ("buf", "check", "clock", "error", "units")]
    sources += [ROOT / "src/measure" / f"{name}.c" for name in (
        "base64", "counts", "failure", "gauge", "hdrlog", "histogram", "histogram_encode", "interval", "recorder")]
    built = run(compiler, "-std=gnu17", "-O1", "-D_GNU_SOURCE", f"-I{ROOT / 'src'}", "-o", program, *sources, "-lz", "-lm")
    assert built.returncode == 0, built.stderr
    return program


@pytest.fixture(scope="session")
def sample(write_log, tmp_path_factory):
    log = tmp_path_factory.mktemp("sample") / "run.hlog"
    written = run(write_log, log)
    assert written.returncode == 0, written.stderr
    return log, sorted(written.stdout.splitlines())


@pytest.mark.parametrize("judge", ["read_java.sh", "read_js.sh"])
def test_outsider_reads_what_we_say(judge, sample):
    log, expected = sample
    judged = run(HERE / judge, log)
    if judged.returncode == SKIPPED:
        pytest.skip(judged.stderr.strip())
    assert judged.returncode == 0, judged.stderr
    assert sorted(judged.stdout.splitlines()) == expected


def test_sample_is_worth_judging(sample):
    _, expected = sample
    rows = {line.split()[0]: [int(figure) for figure in line.split()[1:]] for line in expected}
    assert rows["response"][0] == 8550  # 9,000 measured, of which every twentieth failed
    assert rows["warmup.response"][0] == 950
    assert rows["lateness"][0] == 9000
    assert rows["lateness"][1] == 0
    assert rows["response"][-1] >= 3600 * 10**9


def test_log_has_the_header_that_java_writes(sample):
    log, _ = sample
    lines = log.read_text().splitlines()
    assert lines[0] == "#a known sample of two lines"
    assert lines[1] == "#[Histogram log format version 1.3]"
    assert lines[2] == "#[StartTime: 1795312800.000 (seconds since epoch), 2026-11-22T02:00:00Z]"
    assert lines[3] == '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
    assert lines[4].startswith("Tag=warmup.response,0.000,1.000,")
    # one line per interval and metric: nine measured seconds, in two levels
    assert sum(line.startswith("Tag=response,") for line in lines) == 9
