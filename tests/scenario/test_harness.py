"""The harness judges brunt, so that it is judged first: its matchers, its peers' reading, and its always-on checks."""
import os
import socket
import sys
import types

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import always  # noqa: E402
import matcher  # noqa: E402
import process  # noqa: E402
import relay  # noqa: E402
import specials  # noqa: E402
import varnish_server  # noqa: E402


@pytest.mark.parametrize("expected,actual,holds", [
    (5, 5, True), (5, 6, False), (1, True, False), ("ok", "ok", True), (None, 0, False), (None, None, True),
    ("200 ± 10%", 181, True), ("200 ± 10%", 179, False), ("200 ± 10%", None, False), ("10 ± 2", 12, True),
    ("1..3", 3, True), ("1..3", 4, False), (">= 3", 3, True), ("> 3", 3, False), ("< 3", None, False),
    ("~ mem", "out of memory", True), ("~ mem", "time", False), ([1, 2], [1, 2], True), ([1], [1, 2], False),
    ({"has": "~ b"}, ["a", "b"], True), ({"has": "c"}, ["a", "b"], False), ({"all": "> 1"}, [], False),
    ({"count": ">= 1"}, [], False), ({"count": 1}, {"a": 1}, True), ({"a": "> 1"}, {"a": 2, "b": 0}, True),
    ({"a": "> 1"}, {}, False), ([1, 3], 1, False),
])
def test_matcher(expected, actual, holds):
    assert matcher.matches(expected, actual) is holds


def test_path_reaches_into_lists_and_maps():
    value = {"levels": [{"s": 1}, {"s": 2}], "m": {"x": {"s": 3}}}
    assert matcher.at("levels.-1.s", value) == 2
    assert matcher.at("levels.*.s", value) == [1, 2]
    assert matcher.at("m.*.s", value) == [3]
    assert matcher.at("levels.5.s", value) is None


def totals(**changes):
    return {"scheduled": 10, "sent": 8, "dropped": 1, "unsent": 1, "ok": 6, "failed": 1, "unfinished": 1,
            "failures": {"a": 1}, "unsent_reasons": {"b": 1}, "dropped_reasons": {"c": 1}, **changes}


def test_identities_hold_or_are_told():
    assert not list(always.identities(totals(), ""))
    assert list(always.identities(totals(scheduled=11), ""))
    assert list(always.identities(totals(ok=7), ""))
    assert list(always.identities(totals(failures={}), ""))
    assert list(always.identities(totals(unsent_reasons={"b": 2}), ""))


def test_screen_shows_what_was_not_erased():
    assert specials.screen_after("a\r\nb\r\n\x1b[1A\r\x1b[Jc\x1b[0m\r\n") == ["a", "c", ""]
    assert specials.screen_after("a\r\nb\r\n\x1b[Jc\r\n") == ["a", "b", "c", ""]


def test_session_is_read_whatever_the_command_is_called():
    with open("/proc/self/stat", encoding="ascii") as file:
        assert process.session_of(file.read()) == os.getsid(0)
    assert process.session_of("5 (a ) b) S 1 5 77 0 -1") == 77


def test_process_left_behind_is_found():
    child = process.start(["sleep", "30"])
    try:
        assert process.left_behind(child.pid)
    finally:
        process.end(child)
    assert not process.left_behind(child.pid)


def test_streams_of_a_script_are_written_out():
    script = varnish_server.in_full("  greet_h2 -winsize 0\n  3: rxreq; txresp -body ok\n  delay .1\n")
    assert script.split("\n")[:4] == ["rxpri", "stream 0 {", "txsettings -winsize 0", "rxsettings"]
    assert "stream 3 {\nrxreq\ntxresp -body ok\n} -run\n  delay .1\n" in script


def test_what_a_server_complains_of_is_a_finding():
    content, not_content = (types.SimpleNamespace(complaint=complaint) for complaint in (None, "expected /a, got /b"))
    assert not list(always.check_servers_complaint(types.SimpleNamespace(server=content, beside=None)))
    assert list(always.check_servers_complaint(types.SimpleNamespace(server=content, beside=not_content))) == ["expected /a, got /b"]


RECORDS = [b"\x16\x03\x03\x00\x02ab", b"\x17\x03\x03\x00\x02cd", b"\x17\x03\x03\x00\x04efgh", b"\x17\x03\x03\x00\x01i"]


@pytest.mark.parametrize("by,arrives", [
    ("flip", b"".join(RECORDS[:2]) + b"\x17\x03\x03\x00\x04efgi" + RECORDS[3]), ("cut", b"".join(RECORDS[:2]) + RECORDS[2][:4])])
def test_the_record_that_is_meant_is_spoiled_and_no_other(by, arrives):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = relay.Relay([(listener.getsockname()[1], {"of": "server", "kind": "data", "nth": 2, "by": by})])
        with socket.create_connection(("127.0.0.1", way.port)) as client:
            server, _ = listener.accept()
            for byte in b"".join(RECORDS):  # however they are cut into reads
                try:
                    server.sendall(bytes([byte]))
                except OSError:
                    break
            server.close()
            came = b""
            while more := client.recv(100):
                came += more
        way.close()
    assert came == arrives
