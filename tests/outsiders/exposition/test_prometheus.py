"""A Prometheus server as the target: what brunt scrapes of it while it asks it, beside what that Prometheus scraped of itself."""
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

PROMETHEUS = shutil.which("prometheus")
HANDLER = '{handler="/-/ready"}'
RATE = 100


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def prometheus(tmp_path):
    """Its URL, once it scrapes itself, which it does every second."""
    url = f"127.0.0.1:{free_port()}"
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"},
                                  "scrape_configs": [{"job_name": "self", "static_configs": [{"targets": [url]}]}]}))
    with open(tmp_path / "log", "wb") as log, subprocess.Popen(
            ["timeout", "-k", "5", "90", PROMETHEUS, f"--config.file={config}", f"--web.listen-address={url}",
             f"--storage.tsdb.path={tmp_path / 'data'}"], stdout=log, stderr=log) as server:
        try:
            deadline = time.monotonic() + 30
            while not has_scraped(url):
                assert time.monotonic() < deadline and server.poll() is None, (tmp_path / "log").read_text()[-2000:]
                time.sleep(0.2)
            yield f"http://{url}"
        finally:
            server.terminate()


def promql(url, query):
    """Its only series' value; None: there is none."""
    with urllib.request.urlopen(f"{url}/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    return float(result[0]["value"][1]) if len(result) == 1 else None


def has_scraped(url):
    """It finds its targets only some seconds after it is ready."""
    try:
        return promql(f"http://{url}", "count_over_time(up[1m])") is not None
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed")
def test_what_is_scraped_is_what_prometheus_knows_of_itself(prometheus, tmp_path):
    profile = tmp_path / "p.yaml"
    profile.write_text(json.dumps({
        "target": prometheus, "load": {"steady": {"rate": f"{RATE}/s", "for": "6s"}},
        "generator": {"lateness_p99": "60s", "loop_gap": "60s", "taken_min": "0%"},
        "requests": [{"name": "ready", "get": "/-/ready"}],
        "scrape": {"url": "/metrics", "metrics": {
            "requests": {"metric": "prometheus_http_requests_total" + HANDLER, "rate": True},
            "took": {"metric": "prometheus_http_request_duration_seconds" + HANDLER, "quantile": 0.9},
            "memory": "process_resident_memory_bytes", "info": "prometheus_build_info"}},
        "slo": [f"scraped.requests.avg in {RATE * 0.7}/s..{RATE * 1.3}/s", "scraped.took.max < 60s", "scraped.memory.min > 1MiB"]}))
    done = subprocess.run([os.environ["BRUNT"], "run", profile, "--out", tmp_path / "out", "--quiet"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.decode()[-3000:]
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    scraped, window = result["scraped"], "[5s]"
    assert result["scrapes"][0]["failed"] == 0
    assert scraped["info"]["min"] == scraped["info"]["max"] == 1
    assert scraped["requests"]["mean"] == pytest.approx(
        promql(prometheus, f"rate(prometheus_http_requests_total{HANDLER}{window})"), rel=0.3)
    # Both are of the same bucket, nearly always the first: what matters is that it is the same one.
    assert scraped["took"]["mean"] == pytest.approx(promql(
        prometheus, f"histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket{HANDLER}{window})))"), rel=0.3)
    assert scraped["memory"]["last"] == pytest.approx(promql(prometheus, "process_resident_memory_bytes"), rel=0.5)
