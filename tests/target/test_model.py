"""The target is the witness of every other test, so that it is itself held against arithmetic."""

import math
import statistics

import pytest
from conftest import drive

MS = 1_000_000


def test_counts_agree_with_the_client_and_the_log(start):
    target = start("--service-time", "1ms", "--errors", "10%", "--reset", "5%", "--seed", 3)
    seen = drive(target, 500, 2)
    stats = target.stats()
    assert target.stop() == 0
    truth = target.truth()

    assert sum(seen.values()) == 1000 == stats["requests"] == len(truth)
    for status in (200, 500):
        assert seen[status] == stats["status"][str(status)] == sum(line.status == status for line in truth)
    assert seen[0] == stats["resets"] == stats["unanswered"] == sum(line.status == 0 for line in truth)
    assert 60 <= seen[500] <= 140 and 20 <= seen[0] <= 85
    assert stats["in_system"] == 0
    assert stats["unstamped"] == 0


@pytest.mark.timing
def test_a_time_line_is_in_order(start):
    target = start("--service-time", "exponential:2ms")
    drive(target, 300, 1)
    assert target.stop() == 0
    truth = target.truth()
    assert len(truth) == 300
    for line in truth:
        assert line.arrival <= line.modelled <= line.done
    # A second of 300 evenly spaced requests, as the kernel saw them arrive.
    arrivals = sorted(line.arrival for line in truth)
    assert 0.98e9 < arrivals[-1] - arrivals[0] < 1.1e9


def test_service_time_has_its_distribution(start):
    target = start("--service-time", "lognormal:5ms:0.5", "--seed", 5)
    drive(target, 500, 2)
    assert target.stop() == 0
    logs = [math.log((line.modelled - line.arrival) / (5 * MS)) for line in target.truth()]
    assert len(logs) == 1000
    assert abs(statistics.mean(logs)) < 4 * 0.5 / math.sqrt(1000)
    assert abs(statistics.stdev(logs) - 0.5) < 4 * 0.5 / math.sqrt(2000)


@pytest.mark.timing
def test_overload_is_answered_at_capacity(start):
    target = start("--capacity", "400/s", "--workers", 4)
    seen = drive(target, 600, 3)
    assert target.stop() == 0
    assert seen[200] == 1800
    done = sorted(line.done for line in target.truth())
    # From when all workers are busy to when the last of 1800 leaves, 4.5 s after the first came.
    rate = (1700 - 100) / ((done[1700] - done[100]) / 1e9)
    assert abs(rate / 400 - 1) < 0.02
    assert target.truth()[-1].status == 200


@pytest.mark.timing
def test_a_full_queue_says_503_at_once(start):
    target = start("--capacity", "200/s", "--queue", 10)
    seen = drive(target, 400, 2)
    stats = target.stats()
    assert target.stop() == 0
    assert seen[200] + seen[503] == 800
    assert abs(seen[200] - (2 * 200 + 10)) < 12
    assert stats["rejected"] == seen[503] and stats["queue_peak"] == 10
    truth = target.truth()
    assert all(line.modelled == line.arrival for line in truth if line.status == 503)
    # Ten ahead in the queue and one in service, 5 ms each: nobody who is served stays longer than 55 ms,
    # save for arrivals that a busy machine has read out of order.
    assert max(line.modelled - line.arrival for line in truth if line.status == 200) <= 11 * 5 * MS + 1 * MS


@pytest.mark.timing
def test_overload_may_close_or_hang(start):
    target = start("--capacity", "20/s", "--queue", 0, "--overload", "close")
    seen = drive(target, 100, 1)
    assert seen[0] + seen[200] == 100 and 18 <= seen[200] <= 22
    assert target.stop() == 0

    target = start("--capacity", "20/s", "--queue", 0, "--overload", "hang")
    seen = drive(target, 100, 1, wait_s=1)
    assert 18 <= seen[200] <= 22 and sum(seen.values()) == seen[200]
    assert target.stop() == 0
    truth = target.truth()
    assert len(truth) == 100 and sum(line.status == 0 for line in truth) == 100 - seen[200]


@pytest.mark.timing
def test_a_freeze_stops_everything(start):
    target = start("--freeze", "300ms/1s")
    drive(target, 500, 2.6)
    assert target.stop() == 0
    truth = sorted(target.truth(), key=lambda line: line.done)
    gaps = [b.done - a.done for a, b in zip(truth, truth[1:])]
    long = [gap for gap in gaps if gap > 150 * MS]
    assert len(long) == 2 and all(295 * MS < gap < 400 * MS for gap in long)
    held = [line for line in truth if line.modelled - line.arrival > 1 * MS]
    assert abs(len(held) - 2 * 150) < 10  # 300 ms at 500/s, twice


def test_stalls_keep_their_share_and_length(start):
    target = start("--stall", "10%:100ms")
    drive(target, 500, 2)
    assert target.stop() == 0
    stays = [line.modelled - line.arrival for line in target.truth()]
    assert all(stay in (0, 100 * MS) for stay in stays)
    assert 60 <= sum(stay > 0 for stay in stays) <= 140


@pytest.mark.timing
def test_answers_leave_when_the_model_says(start):
    target = start("--service-time", "5ms")
    drive(target, 200, 2)
    assert target.stop() == 0
    late = sorted(line.done - line.modelled for line in target.truth())
    # Microseconds where the machine is free; the bound holds where it is not, and fails for a timer in ms.
    assert late[len(late) // 2] < 500_000


def test_the_same_seed_gives_the_same_draws(start):
    stays = []
    for _ in range(2):
        target = start("--service-time", "exponential:1ms", "--seed", 11, "--workers", 1)
        for _ in range(30):
            target.get()
        assert target.stop() == 0
        stays.append([line.modelled - line.arrival for line in target.truth()])
    assert stays[0] == stays[1] and len(set(stays[0])) == 30
