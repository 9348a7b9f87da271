"""The arithmetic behind the table, on figures whose answer is known."""
import array
import random

import bar
from figures import is_within, lateness_ns, medians, percentiles, responses_ns
from rounds import interleave, paired, sound
from server import Seen


def test_percentile_is_the_smallest_value_that_the_share_does_not_exceed():
    figures = percentiles(range(1, 1001))
    assert (figures["p50"], figures["p99"], figures["p999"], figures["max"]) == (500, 990, 999, 1000)
    assert percentiles([7])["p50"] == 7 and percentiles([])["max"] is None


def test_lateness_of_an_exact_schedule_is_zero_in_whatever_order_it_was_logged():
    arrivals = [12_345 + n * 20_000 for n in range(1000)]
    random.Random(1).shuffle(arrivals)
    assert set(lateness_ns(arrivals, 50_000)) == {0}


def test_lateness_counts_a_pause_and_what_it_held_up():
    arrivals = [n * 1_000_000 for n in range(100)]
    for n in range(50, 60):
        arrivals[n] = 60_000_000
    late = lateness_ns(arrivals, 1000)
    assert max(late) == 10_000_000 and sum(x > 0 for x in late) == 10


def test_too_slow_a_sender_is_ever_later():
    late = lateness_ns([n * 1_000_100 for n in range(1000)], 1000)
    assert late[0] == 0 and late[-1] == 999 * 100


def test_response_is_lateness_and_residence_of_the_same_request_in_whatever_order_it_was_answered():
    arrivals, residences = [2_000_000, 0, 1_500_000], [7, 100, 50]
    assert responses_ns(arrivals, residences, 1000) == [100, 500_050, 7]


def seen_of(buckets, opened=(), early=0):
    return Seen({"requests": sum(buckets), "connections": 0, "first_ns": 0, "lost": 0, "bucket_ns": 50_000_000,
                 "requests_by_bucket": list(buckets), "connections_by_bucket": list(opened) or [0] * len(buckets),
                 "early_connections": early}, {}, None)


def test_rate_leaves_out_connecting_and_stragglers():
    buckets = [900, 300, 200] + [50] * 3 + [1000] * 20 + [3, 0, 0, 1]
    opened = [10] * 6 + [0] * 24
    assert seen_of(buckets, opened).rate_per_s(60) == 20_000


def test_rate_of_one_who_opens_connections_all_the_time_is_that_of_its_second_half():
    assert round(seen_of([100] * 20 + [200] * 20, [1] * 40).rate_per_s(1000)) == 4000


def test_rate_of_a_run_that_is_too_short_is_not_known():
    assert seen_of([5, 5]).rate_per_s(1) is None


def a_row(n, rate, is_disturbed=False, **more):
    return {"round": n, "rate_per_s": rate, "is_disturbed": is_disturbed, **more}


def test_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_medians():
    cells = {"a": {"rounds": [a_row(0, 10), a_row(1, 40), a_row(2, 90)]},
             "b": {"rounds": [a_row(2, 30), a_row(0, 10), a_row(1, 10)]}}
    assert paired(cells, "a", "b", lambda row: row["rate_per_s"]) == 3


def test_rounds_with_an_error_never_count_and_disturbed_ones_only_where_they_are_most():
    rows = [a_row(0, 1), a_row(1, 2, True), a_row(2, 3), a_row(3, 4, error="no")]
    assert [row["round"] for row in sound(rows)] == [0, 2]
    assert len(sound([a_row(0, 1), a_row(1, 2, True), a_row(2, 3, True)])) == 3


def test_medians_go_into_nested_figures():
    assert medians([{"x": {"p50": 1, "max": None}}, {"x": {"p50": 3, "max": None}}])["x"]["p50"] == 2


def test_within_is_two_percent_or_100_us_whichever_is_more():
    assert is_within(100_000, 1) and not is_within(100_002, 1)
    assert is_within(102_000_000, 100_000_000) and not is_within(102_000_001, 100_000_000)
    assert not is_within(None, 1)


def cell(**median):
    return {"median": median}


def test_bar_says_met_not_met_and_not_measured():
    record = {ns: bar.rows({"record": {"ns": ns}})[0]["met"] for ns in (49.9, 50.1)}
    assert record == {49.9: True, 50.1: False}
    calm, disturbed = {"brunt_is_times": 1.2, "disturbed": 0}, {"brunt_is_times": 1.2, "disturbed": 1}
    rows = bar.rows({"closed": {"64": {"wrk": calm}}})[:3]
    closed = {row["bar"]: row["met"] for row in rows}
    assert not rows[0]["note"] and bar.rows({"closed": {"64": {"wrk": disturbed}}})[0]["note"] == "disturbed"
    assert closed == {"≥ 1.15 × wrk": True, "≥ 1.3 × wrk2": True, "≥ 1.4 × h2load": None}


def test_lateness_beyond_50_us_passes_only_beside_a_floor_that_is_late_as_well():
    for times, met in ((1.4, True), (1.6, False)):
        brunt = {**cell(seen_lateness={"p50": 1000, "p99": 80_000}), "p99_is_times_floor": {"seen_lateness": times}}
        assert bar.rows({"lateness": {"1000": {"brunt": brunt}}})[1]["met"] is met


def test_accuracy_is_met_only_when_every_percentile_is_within():
    off = {"p50": 0, "p99": 0, "p999": 0, "max": 200_000}
    true = {"p50": 2_000_000, "p99": 2_000_000, "p999": 2_000_000, "max": 2_000_000}
    for highest, met in ((100_000, True), (200_000, False)):
        within = {p: is_within(true[p] + {**off, "max": highest}[p], true[p]) for p in off}
        brunt = {**cell(response_off={**off, "max": highest}, true_response=true), "response_within": within}
        response, service = bar.rows({"accuracy": {"constant": {"brunt": brunt}}})
        assert response["met"] is met and service["met"] is None


def test_log_is_read_as_arrival_and_residence(tmp_path):
    path = tmp_path / "log"
    array.array("q", [10, 15, 20, 22]).tofile(path.open("wb"))
    seen = Seen({"requests": 2, "connections": 1, "first_ns": 10, "lost": 0, "bucket_ns": 1, "requests_by_bucket": [2],
                 "connections_by_bucket": [0], "early_connections": 1}, {}, str(path))
    assert list(seen.arrivals) == [10, 20] and list(seen.residences) == [5, 2]


class Machine:
    """A bench whose rounds are disturbed as it is told."""
    rounds, again = 2, 3

    def __init__(self, disturbed):
        self.disturbed, self.n = disturbed, 0

    def has_time(self):
        return True

    def run(self, *_):
        self.n += 1
        return {"rate_per_s": self.n, "is_disturbed": self.disturbed[self.n - 1], "cpu_us_per_request": 1, "seen": None}

    def say_row(self, *_):
        pass


class Anybody:
    name = "anybody"


def test_disturbed_rounds_are_made_again_until_enough_are_calm_or_too_many_were_made():
    for disturbed, made, counted in (([0, 0], 2, 2), ([1, 0, 0, 1, 1, 1], 3, 2), ([1, 1, 0, 1, 1, 1], 6, 1), ([1] * 6, 6, 6)):
        cell = interleave(Machine(disturbed), [Anybody()], lambda _: None)["anybody"]
        assert (len(cell["rounds"]), cell["n"]) == (made, counted)
