"""A target watched without load: what the daemon tells of a process, held against /proc and against what that process tells of itself by
Prometheus' own client; and a daemon that only watches."""
import json
import os
import signal
import subprocess
import sys

import pytest
from served import BRUNT, WAIT_S, free_port, profile, until
from unix_http import Connection

TICKS = os.sysconf("SC_CLK_TCK")
# Half a core, and memory that is there.
BUSY = """
import sys, time
import prometheus_client
prometheus_client.Gauge("app_queue_depth", "").set(7)
prometheus_client.start_http_server(int(sys.argv[1]), addr="127.0.0.1")
kept = bytearray(b"x" * (48 << 20))
print("ready", flush=True)
while True:
    until = time.thread_time() + 0.02
    while time.thread_time() < until:
        pass
    time.sleep(0.02)
"""


@pytest.fixture(name="busy")
def fixture_busy():
    port = free_port()
    process = subprocess.Popen(["timeout", "-k", "5", "90", sys.executable, "-c", BUSY, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as children:
        yield port, int(children.read())
    process.terminate()
    process.wait()
    process.stdout.close()


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        lines = dict(line.split(":", 1) for line in status if ":" in line)
    return [int(lines[name].split()[0]) * 1024 for name in ("RssAnon", "VmRSS")]


def figures(daemon):
    """As they come, without an end."""
    connection = Connection(daemon.socket, WAIT_S)
    connection.request("GET", "/api/v1/monitor/events")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    kind = None
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        kind = value if name == "event" else kind
        if name == "data":
            assert kind == "figures"
            yield json.loads(value)


def said(daemon):
    with open(os.path.join(daemon.folder, "stderr"), encoding="utf-8") as file:
        return file.read()


def shown(daemon):
    return daemon.ask("GET", "/api/v1/monitor")[1]


def test_a_watched_process_is_told_as_proc_and_it_itself_tell_it(daemon, busy):
    port, pid = busy
    url = f"http://127.0.0.1:{port}/metrics"
    daemon.configure(monitor={"watch": {"pid": pid}, "scrape": {"url": url, "every": "100ms", "metrics": {
        "depth": "app_queue_depth", "resident": "process_resident_memory_bytes", "spent": "process_cpu_seconds_total"}}})
    daemon.start()
    events = figures(daemon)
    for first in events:
        if first["target"].get("cpu_cores") is not None and first["scraped"]["depth"] is not None:
            break
    before_s, rows = cpu_s(pid), [next(events) for _ in range(4)]
    used_s = cpu_s(pid) - before_s
    told_s = sum(row["target"]["cpu_cores"] * (row["at_ns"] - row["start_ns"]) / 1e9 for row in rows)
    assert told_s == pytest.approx(used_s, rel=0.15), rows
    for row, before in zip(rows, [first, *rows]):
        assert row["start_ns"] == before["at_ns"] < row["at_ns"]
    anonymous, whole = resident(pid)
    last = rows[-1]
    assert last["target"]["memory"] == pytest.approx(anonymous, rel=0.1) and last["target"]["memory"] > 48 << 20
    assert last["target"]["processes"] == 1 and last["scraped"]["depth"] == 7
    assert last["scraped"]["resident"] == pytest.approx(whole, rel=0.1)
    assert last["scraped"]["spent"] - first["scraped"]["spent"] == pytest.approx(told_s, rel=0.25)
    now = shown(daemon)
    assert (now["is_on"], now["watched"], now["problems"]) == (True, f"pid {pid}, {url}", [])
    assert now["figures"]["at_ns"] >= last["at_ns"] and now["figures"]["target"]["memory"] > 48 << 20
    os.kill(pid, 15)
    until(lambda: len(shown(daemon)["problems"]) == 2)
    gone = shown(daemon)
    assert gone["problems"][0] == "no process is there any more" and gone["problems"][1].startswith(url + ": "), gone
    assert gone["figures"]["target"]["processes"] == 0 and set(gone["figures"]["scraped"].values()) == {None}


def test_a_watched_port_is_looked_for_until_somebody_is_there(daemon):
    port = free_port()
    daemon.configure(monitor={"watch": {"port": port}})
    daemon.start()
    until(lambda: shown(daemon)["problems"])
    assert str(port) in shown(daemon)["problems"][0] and shown(daemon)["figures"]["target"] == {}
    with subprocess.Popen([BRUNT, "target", "--port", str(port)], stdout=subprocess.PIPE) as server:
        try:
            until(lambda: shown(daemon)["figures"]["target"].get("processes") == 1)
            assert shown(daemon)["problems"] == []
            daemon.configure(monitor={"watch": {"port": port}}, ceilings={"rate": "5/s"})
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: said(daemon).count("was read anew") == 1)
            daemon.configure(monitor={"watch": {"port": port + 1}})
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: said(daemon).count("was read anew") == 2)
            assert said(daemon).count("monitor: a change of it is for the next start") == 1
            at_ns = shown(daemon)["figures"]["at_ns"]
            until(lambda: shown(daemon)["figures"]["at_ns"] > at_ns)
            assert shown(daemon)["watched"] == f"port {port}" and shown(daemon)["figures"]["target"]["processes"] == 1
        finally:
            server.terminate()


def test_a_daemon_that_only_watches_starts_no_load(daemon, target):
    daemon.start()
    first, second = daemon.submit(profile=profile(target, 60)), daemon.submit(profile=profile(target, 1))
    until(lambda: daemon.run(first)["state"] == "running")
    daemon.stop()
    daemon.configure(monitor={"only": True})
    daemon.start()
    assert daemon.ask("GET", "/api/v1/info")[1]["is_monitor_only"] is True and shown(daemon)["is_on"] is False
    assert daemon.ask("GET", "/api/v1/monitor/events")[0] == 409
    until(lambda: daemon.run(first)["state"] == "ended")
    for path in ("runs", "check"):
        status, problem = daemon.ask("POST", f"/api/v1/{path}", json.dumps({"profile": profile(target)}))
        assert status == 403 and "only watches" in problem["detail"] and "monitor.only" in problem["detail"], problem
    waited = daemon.ended(second)  # of an earlier life
    assert (waited["status"], waited["started_at"]) == ("interrupted", None), waited
    assert f"run {second} waited, and cannot begin any more: this daemon only watches" in said(daemon)
    daemon.write("p.yaml", json.dumps(profile(target)))
    refused = daemon.client("submit", os.path.join(daemon.folder, "p.yaml"))
    assert refused.returncode != 0 and "only watches" in refused.stderr


def test_the_flag_alone_makes_it_watch_alone(daemon, target):
    process = subprocess.Popen([BRUNT, "serve", "--config", os.path.join(daemon.folder, "brunt.yaml"), "--monitor-only"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(daemon.socket) and daemon.answers())
        status, problem = daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": profile(target)}))
        assert status == 403 and "--monitor-only" in problem["detail"]
    finally:
        process.terminate()
        assert process.wait(WAIT_S) == 0
        daemon.write("stderr", "")
