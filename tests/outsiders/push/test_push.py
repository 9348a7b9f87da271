"""What brunt tells databases of metrics while it runs: a real Prometheus takes it and is asked by its own API; a server that answers as
told stands for InfluxDB, and for one that is ill."""
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest

BRUNT = os.environ["BRUNT"]
PROFILE = """
name: pushed run
target: {{url: "http://127.0.0.1:9", http: "null"}}
load: {{steady: {{rate: 100/s, for: {seconds}s}}}}
generator: {{lateness_p99: 60s}}
output: {{interval: 200ms, push: {push}}}
"""


def run(folder, push, seconds=2):
    """result.json and what was printed."""
    (folder / "p.yaml").write_text(PROFILE.format(push=json.dumps(push), seconds=seconds).replace("pushed run", "pushed-run"),
                                   encoding="utf-8")
    done = subprocess.run([BRUNT, "run", folder / "p.yaml", "--out", folder / "out"], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(folder / "out" / "result.json", encoding="utf-8") as file:
        result = json.load(file)
    events = [json.loads(line) for line in (folder / "out" / "events.ndjson").read_text(encoding="utf-8").splitlines()]
    intervals = [event for event in events if event.get("event") == "interval"]
    assert len(intervals) == result["push"]["told"] + result["push"]["lost"], "an interval that was neither told nor counted"
    result["interval_ends_ns"] = [event["end_ns"] for event in intervals]
    return result, done.stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def prometheus(tmp_path):
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    url = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
    with subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                           f"--web.listen-address={url[7:]}", "--web.enable-remote-write-receiver"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(url + "/-/ready", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < until, "prometheus does not become ready"
                time.sleep(0.1)
        yield url
        server.terminate()
        server.wait(20)


def asked(url, query):
    with urllib.request.urlopen(url + "/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def check_times(told_s, ends_ns):
    """Each is told of the moment when it ended, not of that when somebody came to tell it; two never share a millisecond."""
    for told, later, end, later_end in zip(told_s, told_s[1:], ends_ns, ends_ns[1:]):
        apart_ms = (later_end - end) / 1e6
        assert max(1, apart_ms - 1) <= round((later - told) * 1000) <= max(1, apart_ms) + 1.5


def test_prometheus_knows_what_the_result_says(prometheus, tmp_path):
    result, printed = run(tmp_path, {"prometheus": prometheus + "/api/v1/write", "every": "300ms"})
    push = result["push"]
    assert push["lost"] == 0 and push["failed_requests"] == 0 and push["told"] >= 3
    assert "intervals told to " + prometheus in re.sub(r"\s+", " ", printed)
    for name in ("scheduled", "sent", "ok", "failed", "dropped", "unsent"):
        one, = asked(prometheus, f"brunt_live_{name}_total[1h]")
        assert one["metric"] == {"__name__": f"brunt_live_{name}_total", "profile": "pushed-run", "run": result["id"]}
        values = [float(value) for _, value in one["values"]]
        assert values == sorted(values) and values[-1] == result["totals"][name]  # a counter, whose end is the result's
        assert len(values) == push["told"]
        check_times([float(at) for at, _ in one["values"]], result["interval_ends_ns"])
    assert asked(prometheus, "brunt_live_response_p95_seconds[1h]")
    assert not asked(prometheus, "brunt_live_ttft_p95_seconds[1h]")  # nothing was generated: not 0, but not there


class Database:
    """Answers each request by the next status, the last one for good."""

    def __init__(self, *statuses):
        self.seen, left = [], list(statuses)
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = left.pop(0) if len(left) > 1 else left[0]
                seen.append((status, self.path, dict(self.headers.items()), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def fields_of(line):
    """measurement,tag=value field=value,… time, as the line protocol's reference has it."""
    head, fields, at = line.rsplit(" ", 2)
    measurement, *tags = re.split(r"(?<!\\),", head)
    return (measurement, dict(tag.split("=", 1) for tag in tags), {name: float(value) for name, value in
            (field.split("=", 1) for field in fields.split(","))}, int(at))


def taken(database):
    return [fields_of(line) for status, _, _, body in database.seen if status < 300 for line in body.decode().splitlines()]


def test_influx_is_told_a_line_per_interval(tmp_path):
    database = Database(204)
    result, _ = run(tmp_path, {"influx": database.url + "/api/v2/write?org=o&bucket=b", "every": "300ms",
                               "headers": {"Authorization": "Token t"}})
    database.close()
    lines = taken(database)
    assert {path for _, path, _, _ in database.seen} == {"/api/v2/write?org=o&bucket=b"}
    assert {headers["Authorization"] for _, _, headers, _ in database.seen} == {"Token t"}
    assert len(lines) == result["push"]["told"] and result["push"]["lost"] == 0
    assert len({at for *_, at in lines}) == len(lines)
    measurement, tags, fields, at = lines[-1]
    assert (measurement, tags) == ("brunt_live", {"profile": "pushed-run", "run": result["id"]})
    assert fields["ok_total"] == result["totals"]["ok"] == 200
    assert abs(at / 1e9 - time.time()) < 600  # Unix time, in ns


def test_what_a_database_could_not_take_is_told_again_in_order(tmp_path):
    database = Database(503, 429, 500, 204)
    result, _ = run(tmp_path, {"influx": database.url + "/write", "every": "300ms"}, seconds=3)
    database.close()
    times = [at for *_, at in taken(database)]
    assert result["push"]["failed_requests"] == 3 and result["push"]["lost"] == 0
    assert result["push"]["last_failure"] == "it answered 500"
    assert times == sorted(set(times)) and len(times) == result["push"]["told"]


def test_what_is_refused_is_lost_and_counted_and_fails_nothing(tmp_path):
    database = Database(400)
    result, printed = run(tmp_path, {"influx": database.url + "/write", "every": "300ms"})
    database.close()
    push = result["push"]
    assert push["told"] == 0 and push["lost"] >= 3 and push["last_failure"] == "it answered 400"
    assert result["verdict"]["status"] == "pass"
    assert f"{push['lost']} could not be told: it answered 400" in re.sub(r"\s+", " ", printed)


def test_nobody_there_is_no_failure_of_the_run(tmp_path):
    result, _ = run(tmp_path, {"prometheus": f"http://127.0.0.1:{free_port()}/api/v1/write", "every": "300ms"})
    assert result["push"]["told"] == 0 and result["push"]["lost"] >= 3
    assert "refused" in result["push"]["last_failure"]


@pytest.mark.parametrize("push, said", [
    ({}, "write the URL of one database, as prometheus or influx"),
    ({"prometheus": "http://h/", "influx": "http://h/"}, "write the URL of one database"),
    ({"influx": "/write"}, "is a path of the target; write the database's URL"),
    ("http://h/", "write a map such as"),
])
def test_mistakes_get_their_sentence(push, said, tmp_path):
    (tmp_path / "p.yaml").write_text(PROFILE.format(push=json.dumps(push), seconds=1).replace("pushed run", "x"), encoding="utf-8")
    done = subprocess.run([BRUNT, "check", tmp_path / "p.yaml"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2 and said in done.stderr
