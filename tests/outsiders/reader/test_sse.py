"""Who else reads server-sent events judges how brunt cuts them: the standard's own words in Python, and npm's eventsource-parser.

$WITNESS names the program built from witness.c.
"""
import json
import os
import pathlib
import random
import subprocess

import pytest

from sse_oracle import events_of

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
PIECES = [b"data", b"event", b"id", b"retry", b"dat", b":", b": ", b" ", b"  ", b"\n", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n",
          b"data: x\n\n", b"data:{\"a\":1}\n\n", b"event: ping\n", b"x", b"0", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xc2\x85", b"\xef\xbb\xbf", b"\xff",
          b"\x00", b"\t", b": comment\n", b"[DONE]"]


def witness(mode, body, steps):
    done = subprocess.run([os.environ["WITNESS"], mode, *map(str, steps)], input=body, capture_output=True, check=True, timeout=60)
    *lines, end = done.stdout.decode().split("\n")[:-1]
    return list(zip(*[map(bytes.fromhex, lines[i::3]) for i in range(3)])), end


def bodies(n, seed, pieces=PIECES):
    draw = random.Random(seed)
    for _ in range(n):
        yield b"".join(draw.choices(pieces, k=draw.randint(1, 100)))


def steps_of(draw):
    return [draw.choice([1, 1, 2, 3, 7, 1000]) for _ in range(draw.randint(1, 5))]


def test_the_standard_agrees_on_random_bodies_in_random_pieces():
    draw, dispatched = random.Random(2), 0
    for body in bodies(250, 1):
        expected = events_of(body)
        dispatched += len(expected)
        for steps in ([len(body)], [1], steps_of(draw)):
            assert witness("sse", body, steps)[0] == expected, (body, steps)
    assert dispatched > 300


@pytest.mark.parametrize("body, events", [
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", [(b"", b"", b"YHOO\n+2\n10")]),
    (b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
     [(b"", b"1", b"first event"), (b"", b"", b"second event"), (b"", b"", b" third event")]),
    (b"data\n\ndata\ndata\n\ndata:", [(b"", b"", b""), (b"", b"", b"\n")]),
    (b"data:test\n\ndata: test\n\n", [(b"", b"", b"test"), (b"", b"", b"test")]),
    (b"event: add\rdata: 7\r\revent: none\r\rdata: 8\r\r", [(b"add", b"", b"7"), (b"", b"", b"8")]),
])
def test_examples_of_the_standard(body, events):
    assert events_of(body) == events
    for step in (1, 2, 5, 1000):
        assert witness("sse", body, [step])[0] == events


def test_ndjson_lines_end_in_lf_alone():
    body = b'{"a":"\xe2\x80\xa8\xc2\x85"}\r\n\n \t\r\n[1]\n2\r3\n{"cut":'
    for step in (1, 2, 3, 1000):
        events, end = witness("ndjson", body, [step])
        assert [data for _, _, data in events] == [b'{"a":"\xe2\x80\xa8\xc2\x85"}\r', b"[1]", b"2\r3"]
        assert end == "cut"


@pytest.mark.parametrize("mode, body, end", [
    ("sse", b"data: " + b"x" * (1024 * 1024 - 6) + b"\n\n", "end"),
    ("sse", b"data: " + b"x" * (1024 * 1024 - 5) + b"\n\n", "too large"),
    ("sse", b"data: x\n" * 400000 + b"\n", "end"),
    ("sse", b"data: x\n" * 530000 + b"\n", "too large"),
    ("sse", b":" + b"x" * 3000000 + b"\ndata: x\n\n", "end"),
    ("sse", b"event: " + b"x" * 65 + b"\ndata: x\n\n", "too large"),
    ("ndjson", b"x" * (1024 * 1024) + b"\n", "end"),
    ("ndjson", b"x" * (1024 * 1024 + 1) + b"\n", "too large"),
], ids=range(8))  # the bodies themselves would make names
def test_ceilings_do_not_depend_on_the_pieces(mode, body, end):
    for step in (len(body), 65536, 4099):
        assert witness(mode, body, [step])[1] == end, step


def test_npms_parser_agrees():
    """On text alone: it decodes first, so bytes that are no UTF-8 are no question to it."""
    text = [piece for piece in PIECES if piece not in (b"\xff", b"\xef\xbb\xbf")]
    draw = random.Random(4)
    for body in bodies(40, 3, text):
        body += b"\n\n"
        cut = draw.randint(0, len(body.decode()))
        pieces = [piece for piece in (body.decode()[:cut], body.decode()[cut:]) if piece]
        judged = subprocess.run([HERE / "../../machine/npm.sh", "eventsource-parser@3", HERE / "eventsource.js"], input=json.dumps(pieces),
                                capture_output=True, text=True, check=False, timeout=240)
        if judged.returncode == SKIPPED:
            pytest.skip(judged.stderr.strip())
        assert judged.returncode == 0, judged.stderr
        ours = [[kind.decode(), data.decode()] for kind, _, data in witness("sse", body, [1])[0]]
        assert json.loads(judged.stdout) == ours, (body, cut)
