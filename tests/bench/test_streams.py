"""Which rounds of streams count, and what the bar says of them, on figures whose answer is known."""
import bar
import table
from rounds import sound
from section_streams import AGAIN, APART, LATE_MAX_NS, MUXED, STREAMS, TOGETHER, check, is_disturbed, until_calm


def a_row(late_p99_ns=20_000, **more):
    late = {"count": 10_100, "p50": 10_000, "p99": late_p99_ns, "p999": late_p99_ns, "max": late_p99_ns}
    return {"steal": 0, "waited": {"generator": 0, "server": 0}, "lost": 0, "sent": 100, "in_flight": STREAMS,
            "server": {"requests": 100, "streams": 100, "sent": 10_000, "late": late}, **more}


def test_round_in_which_the_server_itself_was_late_is_disturbed():
    limit = LATE_MAX_NS[APART]
    assert limit == 1_000_000
    assert not is_disturbed(a_row(limit), limit) and is_disturbed(a_row(limit + 1), limit)


def test_round_in_lockstep_is_disturbed_once_the_server_has_not_written_all_before_it_is_due_again():
    limit = LATE_MAX_NS[TOGETHER]
    assert not is_disturbed(a_row(15_000_000), limit) and is_disturbed(a_row(21_000_000), limit)


def test_round_is_disturbed_by_steal_and_by_waiting_for_a_core():
    limit = LATE_MAX_NS[APART]
    assert is_disturbed(a_row(steal=0.02), limit) and is_disturbed(a_row(waited={"server": 0.03}), limit)
    assert not is_disturbed(a_row(steal=0.01, waited={"server": 0.02}), limit)


def test_answers_lost_or_miscounted_and_too_few_streams_are_errors():
    assert "error" not in check(a_row())
    assert "failed" in check(a_row(lost=1))["error"]
    assert "the server counted 100" in check(a_row(sent=99))["error"]
    assert "1800 streams" in check(a_row(in_flight=1800.4))["error"]
    untold = a_row()
    untold["server"]["late"]["count"] -= 1
    assert "how late" in check(untold)["error"]


def test_disturbed_round_is_made_again_and_does_not_count_once_enough_were_not():
    calm, disturbed = {"is_disturbed": False, "n": 1}, {"is_disturbed": True, "n": 2}
    told = iter([disturbed, disturbed, disturbed, calm, disturbed, calm, disturbed])
    rounds = until_calm(lambda: next(told), 2)
    assert rounds == [disturbed, disturbed, disturbed, calm, disturbed, calm] and sound(rounds, 2) == [calm, calm]
    rounds = until_calm(lambda: disturbed, 2)
    assert len(rounds) == AGAIN * 2 and sound(rounds, 2) == rounds
    left_out = {"error": "left out: the time was up", "left_out": True, "is_disturbed": False}
    assert until_calm(lambda: left_out, 2) == [left_out]


def results(lag_p99_ns, disturbed):
    medians = {"loop_lag": {"p50": 10_000, "p99": lag_p99_ns, "max": 2 * lag_p99_ns}, "itl": {"p50": 2e7, "p99": 21e6},
               "tokens_per_s": 100_000.0, "used": {"generator": 0.8, "server": 0.6},
               "server": {"late": {"p50": 11_000, "p99": 30_000}}}
    cell = {"median": medians, "n": 3, "disturbed": disturbed}
    nothing = {"median": {}, "n": 0, "disturbed": 0}
    return {"streams": {"parse": {"ns": 500}, MUXED: {"brunt": cell}, APART: {"brunt": cell}, TOGETHER: {"brunt": nothing}}}


def test_bar_asks_for_a_millisecond_and_says_how_late_the_server_was():
    parse, *ways = bar.rows(results(1_000_000, 0))
    assert parse["met"] is True and parse["measured"] == "2.00 million/s" and len(ways) == 2
    for carry in ways:
        assert carry["met"] is True and carry["note"] == "100,000 tokens/s, 80% of a core, the server 30 µs late at P99"
    for carry in bar.rows(results(1_010_000, 2))[1:]:
        assert carry["met"] is False and carry["note"].endswith("; disturbed")


def test_bar_says_so_where_no_round_counts():
    nothing = {"median": {}, "n": 0, "disturbed": 0}
    ways = {how: {"brunt": nothing} for how in (MUXED, APART, TOGETHER)}
    for row in bar.rows({"streams": {"parse": {"ns": 500}, **ways}})[1:]:
        assert row["met"] is None and row["measured"] == "not measured" and row["note"] == ""


def test_table_has_a_row_for_each_way():
    title, columns = next((title, columns) for name, title, columns in table.SECTIONS if name == "streams")
    lines = table.cases_table(results(500_000, 1)["streams"], title, columns)
    assert lines[4].startswith(f"| {MUXED} | brunt | 0.01 / 0.5 / 1 ")
    assert lines[5:7] == [f"| {APART} | brunt | 0.01 / 0.5 / 1 | 20 / 21 | 11.0 / 30.0 | 100,000 | 80%, 60% | 3 (1 disturbed) |",
                          f"| {TOGETHER} | brunt | – | – | – | – | –, – | 0 |"]
