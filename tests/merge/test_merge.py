"""brunt run --shard, and brunt merge: what they come to together, and what does not belong together."""
import collections
import json
import re
import shutil
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hdrlog
import jsonschema
import pytest

from conftest import BRUNT, SCHEMA, brunt, end, null_profile, result_of, send, start

COUNTS = ("scheduled", "sent", "ok", "failed", "dropped", "unsent", "unfinished")


def merge(*arguments, code=0):
    ran = brunt("merge", *arguments)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran


def counts_of_log(folder):
    """By tag, all of a run.hlog together."""
    tags = collections.defaultdict(collections.Counter)
    for tag, _, _, counts in hdrlog.lines_of(folder / "run.hlog"):
        tags[tag] += counts
    return tags


class Pages(BaseHTTPRequestHandler):
    """Keeps what it was asked for."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def pages():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_three_processes_send_what_the_target_counts(tmp_path):
    truth = tmp_path / "truth"
    with subprocess.Popen([BRUNT, "target", "--listen", "127.0.0.1", "--port", "0", "--truth", str(truth)], stdout=subprocess.PIPE, text=True) as target:
        try:
            url = re.search(r"http://\S+", target.stdout.readline()).group()
            profile = {"name": "real", "target": {"url": url}, "load": {"steady": {"rate": "300/s", "for": "2s"}, "spacing": "poisson", "warmup": "500ms"},
                       "generator": {"lateness_p99": "60s", "loop_gap": "60s"}, "slo": ["error_rate < 1%"],
                       "requests": [{"name": "a", "get": "/a"}, {"name": "b", "weight": 2, "get": "/b"}]}
            dirs = send(tmp_path / "shards", profile, 3)
        finally:
            target.send_signal(signal.SIGTERM)
    merge("--expect", 3, *dirs, "--out", tmp_path / "all", "--quiet")
    whole, shards = result_of(tmp_path / "all"), [result_of(folder) for folder in dirs]
    jsonschema.validate(whole, json.loads(SCHEMA.read_text()))
    for shard in shards:
        jsonschema.validate(shard, json.loads(SCHEMA.read_text()))
    seen = len([line for line in truth.read_text().splitlines() if line and line[0].isdigit()])
    assert whole["totals"]["sent"] + whole["totals"]["retried"] == seen > 600
    for count in COUNTS:
        assert whole["totals"][count] == sum(shard["totals"][count] for shard in shards) == sum(row[count] for row in whole["shards"])
    for name in ("a", "b"):
        assert whole["requests"][name]["totals"]["ok"] == sum(shard["requests"][name]["totals"]["ok"] for shard in shards)
    assert [row["index"] for row in whole["shards"]] == [0, 1, 2] and not any(row["lost"] for row in whole["shards"])
    assert all(row["skew_s"] >= 0 and row["achieved_per_s"] > 0 for row in whole["shards"])
    assert [row["skew_s"] for row in whole["shards"]] == [shard["shard"]["skew_s"] for shard in shards]
    assert whole["generator"]["workers"] == 3 and whole["profile_hash"] == shards[0]["profile_hash"]
    logs = [counts_of_log(folder) for folder in dirs]
    merged = counts_of_log(tmp_path / "all")
    assert set(merged) >= {"response", "service", "lateness"}
    for tag, counts in merged.items():
        assert counts == sum((log[tag] for log in logs), collections.Counter()), tag


def test_rows_and_arrivals_are_those_of_one_process(tmp_path, pages):
    """Every arrival and row once, whoever sends it."""
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "items.csv").write_text("id\n" + "".join(f"{i}\n" for i in range(40)))
    profile = {"name": "rows", "target": {"url": f"http://127.0.0.1:{pages.server_address[1]}"}, "data": {"items": {"file": "items.csv", "order": "shuffle"}},
               "load": {"steady": {"rate": "80/s", "for": "500ms"}}, "generator": {"lateness_p99": "60s", "loop_gap": "60s"},
               "requests": [{"name": "one", "get": "/${seq}-${items.id}"}]}
    dirs = send(tmp_path / "shards", profile, 3)
    shared = sorted(pages.asked)
    pages.asked.clear()
    ran = brunt("run", tmp_path / "shards" / "profile.yaml", "--quiet", "--out", tmp_path / "alone")
    assert ran.returncode == 0, ran.stderr
    assert shared == sorted(pages.asked) and len(set(shared)) == 40
    merge(*dirs, "--out", tmp_path / "all", "--quiet")
    assert result_of(tmp_path / "all")["totals"]["ok"] == 40


def test_a_shard_judges_nothing_and_the_merger_all(tmp_path):
    profile = null_profile(slo=["p95 < 1ms"], load={"steps": {"from": "100/s", "by": "200/s", "every": "400ms", "to": "500/s"}},
                           stop="max", break_when={"also": ["p50 > 2ms"]})
    dirs = send(tmp_path / "shards", profile, 2)
    for i, folder in enumerate(dirs):
        shard = result_of(folder)
        assert shard["verdict"]["status"] == "pass" and "brunt merge" in shard["verdict"]["reasons"][0]
        assert [slo["status"] for slo in shard["slo"]] == ["na"]
        assert shard["breaking_point"] is None and all(level["status"] == "OK" for level in shard["levels"])
        assert shard["shard"]["index"] == i and shard["shard"]["of"] == 2 and shard["shard"]["skew_s"] >= 0
        again = brunt("report", folder, "--format", "levels.csv")
        assert again.returncode == 0 and "BROKEN" not in again.stdout
    merge(*dirs, "--out", tmp_path / "all", "--quiet")
    whole = result_of(tmp_path / "all")
    assert [level["status"] for level in whole["levels"]] == ["BROKEN"] * 3 and whole["breaking_point"]["first_broken_per_s"] == 100
    assert [round(level["offered_per_s"]) for level in whole["levels"]] == [100, 300, 500]
    assert [level["requests"] for level in whole["levels"]] == [40, 120, 200]
    missed = null_profile(slo=["p95 < 1ms"])
    dirs = send(tmp_path / "missed", missed, 2)
    ran = merge(*dirs, "--out", tmp_path / "missed" / "all", "--json", code=1)
    reasons = json.loads(ran.stdout)["verdict"]["reasons"]
    assert ["missed 'p95 < 1ms'" in reason for reason in reasons] == [True] + [False] * (len(reasons) - 1)


def test_what_is_merged_can_be_reported_and_compared(sent, tmp_path):
    merge("--expect", 3, *sent["dirs"], "--out", tmp_path / "one", "--format", "csv", "--quiet")
    merge("--expect", 3, *reversed(sent["dirs"]), "--out", tmp_path / "two", "--quiet")
    one, two = result_of(tmp_path / "one"), result_of(tmp_path / "two")
    assert one["totals"] == two["totals"] and one["shards"] == two["shards"] and one["latency_ns"] == two["latency_ns"]
    assert (tmp_path / "one" / "levels.csv").exists() and "Shards" in (tmp_path / "one" / "report.html").read_text()
    assert "Shards" in (tmp_path / "one" / "report.txt").read_text()
    (tmp_path / "one" / "result.json").unlink()
    assert brunt("report", tmp_path / "one").returncode == 0
    assert brunt("compare", tmp_path / "two", sent["dirs"][0], "--tolerance", "900%").returncode in (0, 3)


def test_missing_shards_are_named(sent, tmp_path):
    ran = merge("--expect", 3, sent["dirs"][1], "--out", tmp_path / "all", code=3)
    whole = result_of(tmp_path / "all")
    assert whole["verdict"]["status"] == "inconclusive"
    assert "shards 0/3, 2/3 are missing" in whole["verdict"]["reasons"][0] and "missing" in ran.stdout
    assert [row["lost"] for row in whole["shards"]] == [True, False, True]
    assert whole["levels"][0]["status"] == "INVALID" and whole["totals"]["ok"] == result_of(sent["dirs"][1])["totals"]["ok"]


def test_a_killed_shards_journal_is_used_as_far_as_it_goes(tmp_path):
    profile = null_profile(load={"steady": {"rate": "300/s", "for": "3s"}})
    at = f"{time.time() + 1:.3f}"
    processes = [start(tmp_path, profile, f"{i}/3", "--start-at", at) for i in range(3)]
    journal = tmp_path / "1.partial" / "events.ndjson"
    while not journal.exists() or journal.read_text().count('"event":"interval"') < 2:
        time.sleep(0.02)
    processes[1].kill()
    processes[2].send_signal(signal.SIGTERM)
    end(processes[0])
    end(processes[1], (-9,))
    end(processes[2], (143,))
    merge("--expect", 3, *(tmp_path / str(i) for i in range(3)), "--out", tmp_path / "all", "--quiet", code=3)
    whole = result_of(tmp_path / "all")
    # A busy machine begins late, too, and says so.
    reasons = [reason for reason in whole["verdict"]["reasons"] if "later than --start-at said" not in reason]
    assert re.search("shard 1/3 was killed, or goes on: its journal ends at .*: nothing is known", reasons[0])
    assert "shard 2/3 was stopped at" in reasons[1] and "signal 15" in reasons[1]
    totals = whole["totals"]
    assert totals["scheduled"] == totals["sent"] + totals["dropped"] + totals["unsent"]
    assert totals["sent"] == totals["ok"] + totals["failed"] + totals["unfinished"]
    assert whole["shards"][0]["ok"] == 300 and 0 < whole["shards"][1]["ok"] < 300 and whole["shards"][1]["unfinished"] >= 0
    assert sum(row["ok"] for row in whole["shards"]) == totals["ok"]


def test_a_target_that_none_of_them_reached_is_unreachable(tmp_path):
    profile = null_profile(target={"url": "http://127.0.0.1:1", "timeout": "1s"})
    dirs = send(tmp_path, profile, 2, expected=(4,))
    ran = merge(*dirs, "--out", tmp_path / "all", "--json", "--quiet", code=4)
    verdict = json.loads(ran.stdout)["verdict"]
    assert verdict["status"] == "unreachable" and "refused the connection" in verdict["reasons"][0]


def change(folder, tmp_path, old, new, file="events.ndjson"):
    """A copy in which the journal says something else."""
    copy = tmp_path / f"changed-{folder.name}"
    shutil.copytree(folder, copy)
    text = (copy / file).read_text()
    assert re.search(old, text), old
    (copy / file).write_text(re.sub(old, new, text, count=1))
    return copy


@pytest.mark.parametrize("named, more", [
    ("users.csv", {"data": {"users": {"file": "users.csv"}}, "requests": [{"name": "one", "get": "/${users.1}"}]}),
    ("body.bin", {"requests": [{"name": "one", "post": "/", "body_file": "body.bin"}]}),
    ("message.bin", {"target": {"url": "http://127.0.0.1:1", "http": 2}, "requests": [{"name": "one", "grpc": {"method": "/a.B/C", "message": {"file": "message.bin"}}}]}),
    ("arrivals.txt", {"load": {"trace": {"file": "arrivals.txt"}}})])
def test_shards_whose_files_held_something_else_are_refused_and_the_file_is_named(tmp_path, named, more):
    profile = null_profile(**more)
    dirs = []
    for i, text in ((0, "1\n1.2\n1.4\n1.6\n"), (1, "1\n1.2\n1.4\n1.7\n"), (2, "1\n1.2\n1.4\n1.6\n")):
        folder = tmp_path / f"machine{i}"
        folder.mkdir()
        (folder / named).write_text(text)
        end(start(folder, profile, f"{i}/3"), expected=(0, 3, 4))
        dirs.append(folder / str(i))
    stderr = merge(*dirs, "--out", tmp_path / "all", code=2).stderr
    for words in (str(dirs[0]), str(dirs[1]), f"'{named}', which their profile names, held something else"):
        assert words in stderr, stderr
    alike = brunt("merge", "--expect", 3, dirs[0], dirs[2], "--out", tmp_path / "all", "--quiet")
    assert alike.returncode in (3, 4) and "cannot be merged" not in alike.stderr, alike.stderr # one is missing, or the target is


def later_by(folder, tmp_path, ns):
    began = int(re.search(r'"state":"began","text":"(\d+)"', (folder / "events.ndjson").read_text()).group(1))
    return change(folder, tmp_path, f'"began","text":"{began}"', f'"began","text":"{began + ns}"')


@pytest.mark.parametrize("late_ns, code, says", [(300_000_000, 0, None), (1_500_000_000, 3, "was sent at several")])
def test_a_shard_that_began_beside_the_others_is_named(sent, tmp_path, late_ns, code, says):
    dirs = [sent["dirs"][0], later_by(sent["dirs"][1], tmp_path, late_ns), sent["dirs"][2]]
    merge("--expect", 3, *dirs, "--out", tmp_path / "all", "--quiet", code=code)
    reasons = result_of(tmp_path / "all")["verdict"]["reasons"]
    assert any(re.match(r"shard 1/3 began .* later than --start-at said", reason) for reason in reasons), reasons
    assert says is None or any(says in reason for reason in reasons)
    assert result_of(tmp_path / "all")["shards"][1]["skew_s"] >= late_ns / 1e9


def test_what_does_not_belong_together_is_refused(sent, tmp_path):
    first, second, third = sent["dirs"]
    out = ("--out", tmp_path / "all")
    for arguments, says in (
            ((first, second, first, *out), ["are both shard 0/3", str(first)]),
            ((first, sent["others"][1], *out), ["their profiles differ", str(first), str(sent["others"][1]), "600/s"]),
            ((first, change(second, tmp_path, '"brunt":"[^"]*"', '"brunt":"0.0.0"'), *out), ["versions of brunt differ", "0.0.0"]),
            ((first, change(third, tmp_path, r'"start_at_ns":"\d+"', '"start_at_ns":"1795312800000000000"'), *out), ["--start-at differs", "2026-11-22T02:00:00"]),
            (("--expect", 4, first, second, third, *out), ["is one of 3 shards, and --expect says 4"]),
            ((first, tmp_path / "nowhere", *out), ["nowhere", "No such file"]),
            ((first, tmp_path, *out), [str(tmp_path), "no results directory"]),
            (("--expect", "x", first), ["--expect: 'x'"]),
            (("--nonsense", first), ["there is no flag --nonsense"]),
            ((), ["which results?"])):
        stderr = merge(*arguments, code=2).stderr
        for words in says:
            assert words in stderr, stderr
        assert not (tmp_path / "all").exists()
    whole = brunt("run", first.parent / "profile.yaml", "--quiet", "--out", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    assert "is a whole run" in merge(tmp_path / "whole", first, *out, code=2).stderr
    assert "profiles differ" not in merge(tmp_path / "whole", *out, code=2).stderr


def test_a_journal_that_makes_no_sense_is_refused_by_its_line(sent, tmp_path):
    broken = change(sent["dirs"][1], tmp_path, '"event":"interval","seq":3,', '"event":"interval","seq":-3,')
    stderr = merge(sent["dirs"][0], broken, sent["dirs"][2], "--out", tmp_path / "all", code=2).stderr
    assert re.search(rf"{broken}/events.ndjson:\d+", stderr), stderr
    assert not (tmp_path / "all").exists() and not (tmp_path / "all.partial").exists()


@pytest.mark.parametrize("flags, says", [
    (("--shard", "3/3"), "no shard 3 of 3"),
    (("--shard", "env"), "no scheduler says"),
    (("--shards", "3"), "add --shard env"),
    (("--shard", "0/3", "--workers", "2"), "shares it out by itself"),
    (("--shard", "0/3", "--control", "-"), "would not hear"),
    (("--shard", "0/3", "--baseline", "x"), "brunt merge"),
    (("--start-at", "2020-01-01T00:00:00Z"), "ago; nothing was sent"),
    (("--start-at", "tomorrow"), "is no time"),
    (("--start-at", "SOON", "--workers", "2"), "nobody leads"),
    (("--shard", "0/3", "--set", "load.steady=null", "--set", "load.search={from: 1/s, max: 9/s}"), "load.search steers"),
    (("--shard", "0/301"), "take 300 shards or fewer"),
    (("--shard", "0/3", "--set", "before=true"), "'before' would be done by each of 3 shards"),
])
def test_what_a_shard_cannot_be_is_refused(tmp_path, flags, says):
    profile = null_profile()
    profile["load"]["in_flight"] = {"max": 300}
    (tmp_path / "p.yaml").write_text(json.dumps(profile))
    flags = [str(int(time.time()) + 100) if flag == "SOON" else flag for flag in flags]
    ran = brunt("run", tmp_path / "p.yaml", *flags, "--out", tmp_path / "out")
    assert ran.returncode == 2 and says in ran.stderr, ran.stderr
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.partial").exists()


def test_the_scheduler_says_which_shard_it_is(tmp_path):
    for i in range(2):
        process = start(tmp_path, null_profile(), f"{i}/2") if i == 0 else subprocess.Popen(
            [BRUNT, "run", str(tmp_path / "profile.yaml"), "--quiet", "--shard", "env", "--shards", "2", "--out", str(tmp_path / "1")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"JOB_COMPLETION_INDEX": "1"})
        end(process)
    assert [result_of(tmp_path / str(i))["shard"]["index"] for i in range(2)] == [0, 1]
    assert result_of(tmp_path / "1")["shard"]["start_at"] is None
    merge("--expect", 2, tmp_path / "0", tmp_path / "1", "--out", tmp_path / "all", "--quiet", code=3) # one after the other
    assert any("than most of the others" in reason for reason in result_of(tmp_path / "all")["verdict"]["reasons"])


def test_a_load_that_begins_at_a_set_time_says_how_late_it_was(tmp_path):
    (tmp_path / "p.yaml").write_text(json.dumps(null_profile(load={"steady": {"rate": "10/s", "for": "200ms"}})))
    at = time.time() + 0.7
    ran = brunt("run", tmp_path / "p.yaml", "--start-at", f"{at:.6f}", "--out", tmp_path / "out", "--quiet")
    assert ran.returncode == 0 and time.time() >= at + 0.2, ran.stderr
    shard = result_of(tmp_path / "out")["shard"]
    assert shard["of"] == 1 and shard["skew_s"] >= 0 and shard["began_at"] >= shard["start_at"]
