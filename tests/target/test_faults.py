"""What a target can be told to do to itself, as the outside sees it."""

import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest
from conftest import BRUNT, drive


def rss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_crash_has_its_exit_status_and_leaves_a_whole_log(start):
    target = start("--crash-after", 50)
    for i in range(50):
        try:
            assert target.get()[0] == 200
        except OSError:
            assert i == 49
    assert target.wait() == 70
    assert len(target.truth()) == 50
    assert "crash" in target.said()


def test_leak_grows_resident_memory(start):
    target = start("--leak", "100KiB")
    for _ in range(5):
        target.get()
    before = rss_bytes(target.process.pid)
    drive(target, 400, 0.5)
    grown = rss_bytes(target.process.pid) - before
    assert 0.9 * 200 * 102400 < grown < 1.2 * 200 * 102400 + (4 << 20)
    assert target.stats()["leaked_bytes"] == 205 * 102400
    assert target.stop() == 0


def test_a_leak_under_a_limit_ends_the_process(start):
    if b"__asan_init" in pathlib.Path(BRUNT).read_bytes():
        pytest.skip("AddressSanitizer reserves more address space than the limit")
    limit = 256 << 20
    target = start("--leak", "1MiB", preexec=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    answered = 0
    try:
        for _ in range(400):
            answered += target.get()[0] == 200
    except OSError:
        pass
    assert target.wait() == 70
    assert 20 < answered < 256
    assert "out of memory" in target.said()
    assert sum(line.status == 200 for line in target.truth()) == answered


def test_memory_is_held_only_while_a_request_is_in_the_system(start):
    target = start("--memory-per-request", "4MiB", "--service-time", "700ms")
    sockets = [target.connect() for _ in range(10)]
    before = rss_bytes(target.process.pid)
    for s in sockets:
        s.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    time.sleep(0.3)
    assert rss_bytes(target.process.pid) - before > 38 << 20
    assert target.stats()["held_bytes"] == 40 << 20
    for s in sockets:
        assert s.recv(4096).startswith(b"HTTP/1.1 200")
    time.sleep(0.1)
    assert rss_bytes(target.process.pid) - before < 4 << 20
    assert target.stats()["held_bytes"] == 0
    assert target.stop() == 0


def test_a_saturated_worker_burns_a_core(start):
    target = start("--cpu-per-request", "10ms")
    worker, = children(target.process.pid)
    before = cpu_s(worker)
    seen = drive(target, 150, 1)
    assert seen[200] == 150
    assert cpu_s(worker) - before >= 0.95 * 1.5  # 150 requests of 10 ms
    assert target.stats()["in_system"] == 0
    assert target.stop() == 0
    # One worker, one core: requests end at least 10 ms apart.
    done = sorted(line.done for line in target.truth())
    assert (done[-1] - done[0]) / 149 > 9.9e6


def test_worker_processes_share_the_work_and_die_with_their_parent(start):
    target = start("--cpu-per-request", "5ms", "--workers", 3)
    workers = children(target.process.pid)
    assert len(workers) == 3
    before = [cpu_s(pid) for pid in workers]
    drive(target, 200, 0.6)
    assert all(cpu_s(pid) > was for pid, was in zip(workers, before))
    target.process.send_signal(signal.SIGKILL)
    target.wait()
    deadline = time.monotonic() + 5
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(is_running(pid) for pid in workers)


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.timing
def test_a_worker_sleeps_out_its_service_time(start):
    target = start("--cpu-per-request", "1ms", "--capacity", "100/s")
    worker, = children(target.process.pid)
    seen = drive(target, 150, 1)
    assert seen[200] == 150
    assert 0.12 < cpu_s(worker) < 0.5
    assert target.stop() == 0
    done = sorted(line.done for line in target.truth())
    assert abs((done[-1] - done[10]) / (len(done) - 11) / 10e6 - 1) < 0.02


def test_a_lost_worker_ends_the_target(start):
    target = start("--cpu-per-request", "1ms")
    worker, = children(target.process.pid)
    os.kill(worker, signal.SIGKILL)
    assert target.wait() == 5
    assert "worker process died" in target.said()


def test_term_ends_it_quickly_with_what_was_in_the_system_logged(start):
    target = start("--service-time", "1m")
    sockets = [target.connect() for _ in range(20)]
    for s in sockets:
        s.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    deadline = time.monotonic() + 5
    while target.stats()["in_system"] < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    assert target.stop() == 0
    assert time.monotonic() - began < 2
    assert [line.status for line in target.truth()] == [0] * 20


@pytest.mark.parametrize("flags, says", [
    (["--prot", "1"], "unknown flag '--prot'"),
    (["--capacity", "200/s", "--service-time", "1ms"], "exclude each other"),
    (["--workers", "many"], "'many' is not a count"),
])
def test_wrong_flags_are_a_sentence_and_status_2(flags, says):
    done = subprocess.run([BRUNT, "target", *flags], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and len(done.stderr.splitlines()) == 1


def test_help_goes_to_stdout():
    done = subprocess.run([BRUNT, "target", "--help"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0 and done.stderr == ""
    assert "--service-time" in done.stdout and "usage: brunt target" in done.stdout


def test_an_address_in_use_is_a_sentence(start):
    target = start()
    done = subprocess.run(
        [BRUNT, "target", "--port", str(target.port)], capture_output=True, text=True, timeout=10)
    assert done.returncode == 5
    assert f"127.0.0.1:{target.port}" in done.stderr and "in use" in done.stderr


def test_a_log_that_cannot_be_written_is_said(tmp_path):
    done = subprocess.run(
        [BRUNT, "target", "--port", "0", "--truth", str(tmp_path / "no" / "log")],
        capture_output=True, text=True, timeout=10)
    assert done.returncode == 5 and "cannot write the truth log" in done.stderr
