"""Expositions as brunt reads them, held against Prometheus' own programs on the same bytes: its Python client's parsers
for samples, promtool for what is refused, and PromQL (promtool test rules) for rates and quantiles between two scrapes."""
import json
import math
import os
import random
import shutil
import subprocess

import prometheus_client
import pytest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

WITNESS = os.environ["WITNESS"]
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
SEED = 20261122


def run(*arguments, text=""):
    done = subprocess.run([WITNESS, *map(str, arguments)], input=text.encode(), stdout=subprocess.PIPE, check=True,
                          timeout=60)
    return done.stdout.decode().splitlines()


def number(text):
    return None if text is None else float(text)


def read(kind, text, step=65536):
    """The samples, and how it ended; the same however it is cut."""
    *samples, end = run("read", kind, step, text=text)
    return [(name, labels, number(value), number(time)) for name, labels, value, time in map(json.loads, samples)], end


def theirs(parse, text):
    """None as a value is NaN, as a time: there is none. The text format's times are milliseconds, which the client leaves
    as the seconds that they are."""
    samples = []
    for family in parse(text):
        for sample in family.samples:
            value = None if math.isnan(sample.value) else sample.value
            samples.append((sample.name, dict(sample.labels), value,
                            None if sample.timestamp is None else float(sample.timestamp)))
    return samples


def by_key(samples):
    return sorted(samples, key=lambda s: (s[0], sorted(s[1].items())))


def assert_same(kind, parse, text):
    expected = by_key(theirs(parse, text))
    assert expected
    for step in (1, 7, 65536):
        got, end = read(kind, text, step)
        assert end == "end", text
        assert by_key(got) == expected


HARD_LABELS = ["", "a b", 'say "hi"', "C:\\DIR", "\\n", "\n", "}", "{x=\"y\"}", "a,b=c", "# EOF", "ü\u20ac\U0001f600", "\\\\\"", " "]


def registry_of(rng):
    """Every kind of metric, with labels that are hard to read and values that are hard to write."""
    registry = prometheus_client.CollectorRegistry()
    depth = prometheus_client.Gauge("depth", "how\ndeep \\ it is", ["queue", "zone"], registry=registry)
    hits = prometheus_client.Counter("hits", "hits", ["path"], registry=registry)
    size = prometheus_client.Histogram("size", "sizes", ["of"], buckets=(0.001, 0.5, 1, 2.5, 1e6), registry=registry)
    took = prometheus_client.Summary("took_seconds", "times", registry=registry)
    prometheus_client.Info("build", "what it is", registry=registry).info({"version": rng.choice(HARD_LABELS)})
    for label in HARD_LABELS:
        depth.labels(label, rng.choice(HARD_LABELS)).set(
            rng.choice([0, -0.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, rng.random() * 10 ** rng.randint(-9, 9)]))
        hits.labels(label).inc(rng.random() * 1e9)
        for _ in range(rng.randint(0, 20)):
            size.labels(label).observe(rng.lognormvariate(0, 3))
    took.observe(rng.random())
    return registry


@pytest.mark.parametrize("seed", range(SEED, SEED + 20))
def test_what_the_python_client_exposes_is_read_as_it_reads_it(seed):
    registry = registry_of(random.Random(seed))
    assert_same("text", parse_text, prometheus_client.generate_latest(registry).decode())
    assert_same("openmetrics", parse_openmetrics, generate_openmetrics(registry).decode())


SPEC = r"""# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
"""

OPENMETRICS_SPEC = r"""# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
# HELP acme_http_router_request_seconds Latency through all of ACME's HTTP request router.
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32
acme_http_router_request_seconds_count{path="/api/v1",method="GET"} 807283.0
acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0
# TYPE go_goroutines gauge
# HELP go_goroutines Number of goroutines that currently exist.
go_goroutines 69 1520879607.789
# TYPE process_cpu_seconds counter
# UNIT process_cpu_seconds seconds
# HELP process_cpu_seconds Total user and system CPU time spent in seconds.
process_cpu_seconds_total 4.20072246e+06
# TYPE foo histogram
foo_bucket{le="0.01"} 0
foo_bucket{le="1.0"} 8 # {} 0.67
foo_bucket{le="10.0"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789
foo_bucket{le="+Inf"} 17
foo_count 17
foo_sum 324789.3
foo_created 1520430000.123
# EOF
"""


def test_the_specifications_own_examples_are_read():
    assert_same("text", parse_text, SPEC)
    assert_same("openmetrics", parse_openmetrics, OPENMETRICS_SPEC)


def promtool_parses(text):
    """Exit status 1 is what cannot be parsed; 3 is only bad style."""
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    return done.returncode in (0, 3)


BROKEN = ["a\n", "a \n", "1a 1\n", "-a 1\n", "a-b 1\n", "a{ 1\n", "a{b} 1\n", "a{b=} 1\n", "a{b=c} 1\n", 'a{b="c} 1\n', 'a{b="c" 1\n',
          'a{b="c"d="e"} 1\n', 'a{="c"} 1\n', 'a{1b="c"} 1\n', 'a{b:c="d"} 1\n', "a one\n", "a 1,5\n", "a 0x\n", "a 1 2.5\n",
          "a 1 x\n", "a 1 2 3\n", "a 1 # {} 1\n", "a{,} 1\n", "<html>\n", '{a="b"} 1\n', "a 1\r\n", 'a{b="c\nd"} 1\n', "a --1\n", "a 1e\n"]
SOUND = ["a 1\n", "a\t1\n", "  a 1\n", "\n\na 1\n", "a{} 1\n", 'a{b="c",} 1\n', 'a { b = "c" } 1\n', "a:b:c 1\n", "_a 1\n", "a 1 -5\n",
         'a{b=""} NaN\n', 'a{b="}"} +Inf\n', "a Inf\n", "a 1e3\n", "a .5\n", "a 5.\n", "# a\na 1\n", "#a\na 1\n", "a 1\n# HELP a x\n"]


@needs_promtool
@pytest.mark.parametrize("text", SOUND)
def test_what_promtool_takes_is_taken(text):
    assert promtool_parses(text)
    assert read("text", text)[1] == "end"


@needs_promtool
@pytest.mark.parametrize("text", BROKEN)
def test_what_promtool_refuses_is_refused(text):
    assert not promtool_parses(text)
    assert read("text", text)[1].startswith("refused: line ")


@needs_promtool
def test_what_promtool_takes_of_broken_bytes_is_taken():
    """Lines of the specification with a few bytes changed. promtool also refuses what is no matter of a line's syntax
    (types that contradict each other), so that only its yes is a judgement of ours."""
    rng, taken = random.Random(SEED), 0
    lines = [line for line in SPEC.splitlines() if line and not line.startswith("#")]
    for _ in range(120):
        line = list(rng.choice(lines))
        for _ in range(rng.randint(1, 2)):
            line[rng.randrange(len(line))] = rng.choice('{}=",\\ #1aZ_:.+-eN\t')
        text = "".join(line) + "\n"
        if promtool_parses(text):
            taken += 1
            assert read("text", text)[1] == "end", text
    assert taken >= 12


def promql(tmp_path, series, expression):
    """What PromQL says of two scrapes, 60 s apart: series are (selector, [value, value])."""
    inputs = [{"series": selector, "values": f"{first!r} {second!r}"} for selector, (first, second) in series]
    rules = tmp_path / "test.yml"
    test = {"interval": "1m", "input_series": inputs,
            "promql_expr_test": [{"expr": expression, "eval_time": "1m", "exp_samples": [{"value": -12345.678}]}]}
    rules.write_text(json.dumps({"rule_files": [], "tests": [test]}))
    done = subprocess.run([PROMTOOL, "test", "rules", rules], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    said = done.stdout.decode()
    assert "got:" in said, said
    got = said.split("got:", 1)[1].split("{}", 1)[1] if "{}" in said.split("got:", 1)[1] else "nil"
    return float(got.split()[0].strip('"]')) if got != "nil" else None


def figures(tmp_path, series, kind, over="sum", metric="m", labels=""):
    files = []
    for scrape in range(2):
        file = tmp_path / f"{scrape}.prom"
        file.write_text("".join(f"{selector} {values[scrape]!r}\n" for selector, values in series))
        files.append(file)
    return run("take", kind, over, metric, labels, *files)[-1]


def histogram(rng, name, limits, label):
    """Two scrapes of cumulative counts; sometimes the second is of a process that began again."""
    series, first, second = [], 0, 0
    restarted = rng.random() < 0.3
    for limit in [*limits, math.inf]:
        first += rng.randint(0, 30)
        second += rng.randint(0, 8)
        le = "+Inf" if limit == math.inf else repr(limit)
        series.append((f'{name}_bucket{{le="{le}",of="{label}"}}', [float(first), float(second if restarted else first + second)]))
    return series


@needs_promtool
@pytest.mark.parametrize("seed", range(SEED, SEED + 5))
def test_rates_are_those_of_promql(tmp_path, seed):
    rng = random.Random(seed)
    series = [(f'm{{i="{i}",of="{"ab"[i % 2]}"}}', [float(rng.randint(0, 100)), float(rng.randint(0, 200))]) for i in range(6)]
    for over in ("sum", "avg", "max", "min"):
        assert float(figures(tmp_path, series, "rate", over)) == pytest.approx(
            promql(tmp_path, series, f"{over}(irate(m[2m]))"), rel=1e-9)
        assert float(figures(tmp_path, series, "value", over, labels="of=a")) == pytest.approx(
            promql(tmp_path, series, f'{over}(m{{of="a"}})'), rel=1e-9)


@needs_promtool
@pytest.mark.parametrize("seed", range(SEED, SEED + 5))
def test_quantiles_are_those_of_promql(tmp_path, seed):
    """Where a process began again and some bucket passed where it had stood, PromQL takes the difference of that bucket
    alone; brunt, the new histogram. Such histograms are left out here and have a unit test."""
    rng = random.Random(seed)
    limits = sorted(rng.sample([-1.0, 0.0, 0.005, 0.1, 0.5, 1.0, 2.5, 10.0, 100.0], rng.randint(1, 6)))
    series = histogram(rng, "m", limits, "a") + histogram(rng, "m", limits, "b")
    for label in "ab":
        of = [values for selector, values in series if f'of="{label}"' in selector]
        if any(second < first for first, second in of) and not all(second < first for first, second in of if first):
            pytest.skip("a restart that PromQL sees in some buckets alone")
    for q in (0.01, 0.5, 0.9, 0.99, 1):
        ours, expected = figures(tmp_path, series, q), promql(tmp_path, series, f"histogram_quantile({q}, sum by (le) (irate(m_bucket[2m])))")
        assert float(ours) == pytest.approx(expected, rel=1e-9, abs=1e-12)
