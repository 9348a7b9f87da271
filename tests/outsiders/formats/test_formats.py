"""Readers of each format judge what reporters write: of a run that broke, of one that was unreachable, and of one whose every
text is hostile. $WRITE_FORMATS names the program built from write_formats.c."""
import base64
import csv
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
WHATS = ("breaks", "hostile", "unreachable")


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, **more)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    dirs = {}
    for what in WHATS:
        folder = tmp_path_factory.mktemp(what)
        done = run(os.environ["WRITE_FORMATS"], what, folder)
        assert done.returncode == 0, done.stderr
        (folder / "response.v2").write_text(done.stdout.strip())
        dirs[what] = folder
    return dirs


@pytest.fixture(params=WHATS)
def folder(request, written):
    return written[request.param]


def result(folder):
    return json.loads((folder / "result.json").read_text())


# --- CSV

def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_csv_has_a_row_per_interval_with_the_figures_of_the_result(folder):
    series, found = result(folder)["series"], rows(folder / "series.csv")
    assert len(found) == len(series["rows"])
    assert len(found) == (0 if folder.name.startswith("unreachable") else 12)
    for row, expected in zip(found, series["rows"]):
        known = dict(zip(series["columns"], expected))
        assert None not in row and None not in row.values()  # as many cells as columns
        for column in ("scheduled", "sent", "ok", "failed", "dropped", "unsent"):
            assert int(row[column]) == known[column]
        for column in ("p50", "p95", "p99"):
            assert round(float(row[column + "_ms"]) * 1e6) == known[column + "_ns"]
        assert float(row["target_cpu"]) == pytest.approx(known["target_cpu"])
        failures = sum(int(n) for name, n in row.items() if name.startswith("failures_"))
        assert failures == int(row["failed"]) + int(row["dropped"]) + int(row["unsent"])


def test_csv_has_a_row_per_level_with_the_figures_of_the_result(folder):
    levels, found = result(folder)["levels"], rows(folder / "levels.csv")
    assert len(found) == len(levels)
    for row, level in zip(found, levels):
        assert None not in row and None not in row.values()
        assert int(row["scheduled"]) == level["requests"]
        assert float(row["error_rate"]) == pytest.approx(level["error_rate"])
        assert row["status"] == level["status"]
        assert {name[9:]: int(n) for name, n in row.items() if name.startswith("failures_") and n != "0"} == level["failures"]


# --- HdrHistogram

def test_hgrm_is_what_java_prints(folder):
    if not shutil.which("java") or not os.path.exists("/usr/share/java/hdrhistogram.jar"):
        pytest.skip("needs java and libhdrhistogram-java")
    done = run("java", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/hdrhistogram.jar", HERE / "Percentiles.java",
               (folder / "response.v2").read_text())
    assert done.returncode == 0, done.stderr
    assert (folder / "response.hgrm").read_text() == done.stdout


# --- JUnit

def test_junit_counts_its_cases_and_is_red_where_the_exit_code_is(folder):
    document = xml.etree.ElementTree.parse(folder / "junit.xml").getroot()
    suite = document.find("testsuite")
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases) >= 1
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases)
    is_red = int(suite.get("failures")) + int(suite.get("errors")) > 0
    assert is_red == (result(folder)["verdict"]["exit_code"] != 0)
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)


def test_junitparser_reads_it(folder):
    junitparser = pytest.importorskip("junitparser")
    read = junitparser.JUnitXml.fromfile(str(folder / "junit.xml"))
    known = result(folder)
    suites = list(read)
    assert len(suites) == 1
    cases = {case.name: case for case in suites[0]}
    assert known["verdict"]["status"] in cases
    for slo in known["slo"]:
        outcome = [type(part).__name__ for part in cases[slo["expr"]].result]
        wanted = {"pass": [], "stretch": [], "na": ["Skipped"]}.get(slo["status"])
        if wanted is not None:
            assert outcome == wanted, slo


# --- Prometheus

def test_promtool_finds_nothing_to_say(folder):
    if not shutil.which("promtool"):
        pytest.skip("needs promtool (Debian: prometheus)")
    done = run("promtool", "check", "metrics", input=(folder / "brunt.prom").read_text())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def families(folder):
    parser = pytest.importorskip("prometheus_client.parser")
    return {family.name: family for family in parser.text_string_to_metric_families((folder / "brunt.prom").read_text())}


def test_the_python_client_reads_the_same_figures(folder):
    known, found = result(folder), families(folder)
    requests = {s.labels["outcome"]: s.value for s in found["brunt_requests"].samples}
    assert requests == {name: known["totals"][name] for name in ("ok", "failed", "unfinished", "dropped", "unsent")}
    assert {s.labels["profile"] for family in found.values() for s in family.samples} == {known["name"]}
    assert [s.labels["status"] for s in found["brunt_verdict"].samples if s.value == 1] == [known["verdict"]["status"]]
    response = known["latency_ns"]["response"]
    if response["count"]:
        read = {s.labels.get("quantile", s.name): s.value for s in found["brunt_response_seconds"].samples}
        assert read["brunt_response_seconds_count"] == response["count"]
        assert read["0.99"] == pytest.approx(response["p99"] / 1e9)
    else:
        assert "brunt_response_seconds" not in found


# --- InfluxDB: a parser of the line protocol, written from its reference ("Line protocol", InfluxData docs)

def split_unescaped(text, separator, most=-1):
    parts, part, i = [], "", 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text) and text[i + 1] in ", =":
            part += text[i:i + 2]
            i += 2
        elif text[i] == separator and len(parts) != most:
            parts.append(part)
            part, i = "", i + 1
        else:
            part += text[i]
            i += 1
    return parts + [part]


def plain(text):
    return re.sub(r"\\([, =])", r"\1", text)


def parse_line(line):
    head, fields, stamp = split_unescaped(line, " ")
    measurement, *tags = split_unescaped(head, ",")
    tags = [split_unescaped(tag, "=") for tag in tags]
    assert all(len(tag) == 2 and all(tag) for tag in tags), line
    fields = [split_unescaped(field, "=") for field in split_unescaped(fields, ",")]
    assert all(len(field) == 2 and all(field) for field in fields), line
    for _, value in fields:
        assert re.fullmatch(r"-?\d+i|-?\d+(\.\d+)?(e[-+]?\d+)?", value), line
    return measurement, {plain(k): plain(v) for k, v in tags}, dict((plain(k), v) for k, v in fields), int(stamp)


def test_influx_lines_hold_the_figures_of_the_result(folder):
    known = result(folder)
    lines = [parse_line(line) for line in (folder / "brunt.lp").read_text().splitlines()]
    assert {tags["profile"] for _, tags, _, _ in lines} == {known["name"] + ("x5c" if known["name"].endswith("\\") else "")}
    requests = {tags["outcome"]: float(fields["value"]) for name, tags, fields, _ in lines if name == "brunt_requests"}
    assert requests == {name: known["totals"][name] for name in ("ok", "failed", "unfinished", "dropped", "unsent")}
    intervals = [(fields, stamp) for name, _, fields, stamp in lines if name == "brunt_interval"]
    assert len(intervals) == len(known["series"]["rows"])
    for (fields, stamp), row in zip(intervals, known["series"]["rows"]):
        row = dict(zip(known["series"]["columns"], row))
        assert fields["ok"] == f"{row['ok']}i"
        assert stamp - 1795312800 * 10**9 == round(row["at_s"] * 1e9)


# --- OpenTelemetry: the shape of an ExportMetricsServiceRequest, from opentelemetry-proto's metrics.proto by the rules of
# protobuf's JSON mapping

U64 = {"type": "string", "pattern": "^[0-9]+$"}
ATTRIBUTES = {"type": "array", "items": {
    "type": "object", "additionalProperties": False, "required": ["key", "value"],
    "properties": {"key": {"type": "string", "minLength": 1}, "value": {
        "type": "object", "additionalProperties": False, "required": ["stringValue"],
        "properties": {"stringValue": {"type": "string"}}}}}}
POINT = {"attributes": ATTRIBUTES, "startTimeUnixNano": U64, "timeUnixNano": U64}


def of_points(points, required, **more):
    return {"type": "object", "additionalProperties": False, "required": ["dataPoints", *more], "properties": {
        **more, "dataPoints": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["timeUnixNano", *required],
            "properties": {**POINT, **points}}}}}


METRIC = {"type": "object", "additionalProperties": False, "required": ["name"], "oneOf": [
    {"required": ["gauge"]}, {"required": ["histogram"]}], "properties": {
    "name": {"type": "string", "pattern": "^[A-Za-z][-A-Za-z0-9_./]{0,254}$"},
    "description": {"type": "string"}, "unit": {"type": "string", "maxLength": 63},
    "gauge": of_points({"asDouble": {"type": "number"}}, ["asDouble"]),
    "histogram": of_points({
        "count": U64, "sum": {"type": "number"}, "min": {"type": "number"}, "max": {"type": "number"},
        "bucketCounts": {"type": "array", "items": U64}, "explicitBounds": {"type": "array", "items": {"type": "number"}}},
        ["count", "bucketCounts", "explicitBounds"], aggregationTemporality={"enum": [1, 2]})}}


def strict(properties, required):
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


OTLP = strict({"resourceMetrics": {"type": "array", "minItems": 1, "items": strict({
    "resource": strict({"attributes": ATTRIBUTES}, ["attributes"]),
    "scopeMetrics": {"type": "array", "minItems": 1, "items": strict({
        "scope": strict({"name": {"type": "string"}, "version": {"type": "string"}}, ["name"]),
        "metrics": {"type": "array", "minItems": 1, "items": METRIC}}, ["scope", "metrics"])}},
    ["resource", "scopeMetrics"])}}, ["resourceMetrics"])


def test_otlp_has_the_shape_of_a_request(folder):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(json.loads((folder / "otlp.json").read_text()), OTLP)


def test_otlp_histograms_add_up(folder):
    request, known = json.loads((folder / "otlp.json").read_text()), result(folder)
    metrics = {m["name"]: m for m in request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
    for name, metric in metrics.items():
        for point in metric.get("histogram", {}).get("dataPoints", ()):
            assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
            assert point["explicitBounds"] == sorted(set(point["explicitBounds"]))
            assert sum(map(int, point["bucketCounts"])) == int(point["count"]), name
    response = known["latency_ns"]["response"]
    if response["count"]:
        point = metrics["brunt_response_seconds"]["histogram"]["dataPoints"][0]
        assert int(point["count"]) == response["count"]
        assert point["max"] == pytest.approx(response["max"] / 1e9)
        assert point["sum"] == pytest.approx(response["mean"] * response["count"] / 1e9)


# --- Markdown

def test_markdown_tables_have_as_many_cells_as_columns(folder):
    """Every table row has the columns of its head; no row is torn by what somebody said."""
    width = None
    for line in (folder / "report.md").read_text().splitlines():
        if not line.startswith("|"):
            width = None
            continue
        assert line.endswith("|")
        cells = len(line.split("|"))
        assert width in (None, cells), line
        width = cells


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


def test_markdown_holds_no_html_but_ours_and_says_what_was_said(folder):
    tags = Tags()
    tags.feed((folder / "report.md").read_text())
    assert {tag for tag, _ in tags.tags} <= {"sub", "br"} and not any(attributes for _, attributes in tags.tags)
    if folder.name.startswith("hostile"):
        assert "<script>alert(1)</script>" in tags.text  # as text


def test_text_is_plain(folder):
    assert re.search("BREAKS|FAIL|UNREACHABLE", (folder / "report.txt").read_text())
    assert base64.b64decode((folder / "response.v2").read_text())
