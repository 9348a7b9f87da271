"""What --llm can be told to do to its clients, and to itself."""

import http.client
import json
import signal
import socket
import time

import llm
import pytest

FAST = ("--llm", "--prefill", "1ms", "--prefill-per-token", "10us", "--step", "500us")


def test_an_error_in_the_middle_of_a_stream(start):
    target = start(*FAST, "--stream-errors", "100%:3")
    reply = llm.chat(target, "x")
    assert reply.status == 200 and reply.is_done and "error" in reply.events[-1]
    assert len(reply.text().split()) == 3
    whole = llm.post(target, "/v1/completions", {"prompt": "x"})
    assert whole.status == 500 and "error" in whole.json
    assert target.stop() == 0
    stream, answer = target.answers()
    assert (stream.status, stream.finish, stream.completion) == (200, "error", 3)
    assert (answer.status, answer.finish) == (500, "error")


def test_a_share_of_the_streams_fails(start):
    target = start(*FAST, "--stream-errors", "20%", "--truncate", "20%", "--max-batch", 64, "--step-per-sequence", "1us")
    seen = llm.at_once(100, lambda i: llm.chat(target, "x", max_tokens=4))
    stats = target.stats()["llm"]
    assert target.stop() == 0
    finishes = [a.finish for a in target.answers()]
    cut = [r for r in seen if isinstance(r, http.client.IncompleteRead)]
    failed = [r for r in seen if isinstance(r, llm.Reply) and "error" in r.events[-1]]
    assert finishes.count("truncated") == len(cut) == stats["streams_truncated_total"]
    assert finishes.count("error") == len(failed) == stats["stream_errors_total"]
    assert finishes.count("length") == 100 - len(cut) - len(failed)
    assert 5 <= len(cut) <= 40 and 5 <= len(failed) <= 40


def test_a_truncated_stream_and_a_reset_one(start):
    target = start(*FAST, "--truncate", "100%:2")
    with pytest.raises(http.client.IncompleteRead):
        llm.chat(target, "x")
    assert target.stop() == 0
    (answer,) = target.answers()
    assert (answer.status, answer.finish, answer.completion) == (0, "truncated", 2)
    target = start(*FAST, "--truncate", "100%")
    with pytest.raises(http.client.RemoteDisconnected):
        llm.post(target, "/v1/completions", {"prompt": "x"})
    assert target.stop() == 0
    assert (target.answers()[0].status, target.answers()[0].finish) == (0, "truncated")
    target = start(*FAST, "--reset", "100%")
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        llm.chat(target, "x")
    assert target.stop() == 0
    assert target.answers()[0].finish == "reset"


def test_several_tokens_per_chunk(start):
    target = start(*FAST, "--tokens-per-chunk", 4)
    reply = llm.chat(target, "x", max_tokens=10)
    texts = [e["choices"][0]["delta"].get("content") for e in reply.events if e["choices"]]
    assert [len(t.split()) for t in texts if t] == [1, 4, 4, 1]
    assert reply.usage()["completion_tokens"] == 10
    assert target.stop() == 0
    (answer,) = target.answers()
    assert len({t.modelled for t in answer.tokens}) == 4 and len(answer.tokens) == 10


def raw_reads(target, body):
    """What each read brought: the server's writes are 20 ms apart, so that none brings two of them."""
    request = json.dumps(body).encode()
    with target.connect() as s:
        s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(request)
                  + request)
        reads = []
        while piece := s.recv(1 << 16):
            reads.append(piece)
    return reads


@pytest.mark.timing
def test_events_may_come_one_by_one_or_together(start):
    target = start("--llm", "--prefill", "5ms", "--prefill-per-token", "0", "--step", "20ms")
    body = {"prompt": "x", "max_tokens": 8, "stream": True}
    single = [r.count(b"data: ") for r in raw_reads(target, body)]
    assert target.stop() == 0
    assert [n for n in single if n] == [1] * 7 + [3]  # the last token, its finish and the terminator leave together
    target = start("--llm", "--prefill", "5ms", "--prefill-per-token", "0", "--step", "20ms", "--coalesce", 4)
    together = [r.count(b"data: ") for r in raw_reads(target, body)]
    assert sum(together) == 10 and [n for n in together if n] == [4, 6]
    assert target.stop() == 0
    (answer,) = target.answers()
    assert len({t.handed for t in answer.tokens}) == 2 and len({t.modelled for t in answer.tokens}) == 8


def test_comments_keep_a_stream_alive(start):
    target = start("--llm", "--prefill", "200ms", "--prefill-per-token", "0", "--step", "1ms", "--keep-alive-comments", "20ms")
    reply = llm.chat(target, "x")
    before, role, after = reply.body.partition(b"data: ")
    assert before == b": keep-alive\n\n" and role  # the engine is idle: the role chunk follows at once
    waiting, _, _ = after.partition(b'"content":"' + reply.text().split()[0].encode())
    assert 5 <= waiting.count(b": keep-alive\n\n") <= 9  # 200 ms of prefill; a busy machine leaves some out
    assert len(reply.text().split()) == 10


def test_reasoning_comes_first_on_its_own_channel(start):
    target = start(*FAST, "--reasoning", 4, "--empty-deltas", 2)
    reply = llm.chat(target, "x", max_tokens=10)
    deltas = [e["choices"][0]["delta"] for e in reply.events if e["choices"]]
    channels = [("reasoning_content" if d.get("reasoning_content") else "content") for d in deltas
                if d.get("reasoning_content") or d.get("content")]
    assert channels == ["reasoning_content"] * 4 + ["content"] * 6
    assert sum(d == {"content": ""} or d == {"reasoning_content": ""} for d in deltas) == 5
    assert reply.usage()["completion_tokens_details"]["reasoning_tokens"] == 4


def test_a_tool_call_comes_last_in_pieces(start):
    target = start(*FAST, "--reasoning", 2, "--tool-call", 4, "--tokens-per-chunk", 3, "--empty-deltas", 1)
    reply = llm.chat(target, "x", max_tokens=10)
    deltas = [e["choices"][0]["delta"] for e in reply.events if e["choices"]]
    calls = [d["tool_calls"][0] for d in deltas if "tool_calls" in d]
    assert calls[0]["function"]["name"] == "look_up" and all("id" not in c for c in calls[1:])
    arguments = json.loads("".join(c["function"]["arguments"] for c in calls))
    assert list(arguments) == ["text"] and len(arguments["text"].split()) == 4
    assert len(reply.text().split()) == 4
    assert reply.events[-2]["choices"][0]["finish_reason"] == "tool_calls"
    whole = llm.post(target, "/v1/messages", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 10}).json
    assert [block["type"] for block in whole["content"]] == ["thinking", "text", "tool_use"]
    assert len(whole["content"][2]["input"]["text"].split()) == 4 and whole["stop_reason"] == "tool_use"
    assert target.stop() == 0
    assert [(a.finish, a.completion) for a in target.answers()] == [("tool", 10)] * 2


def test_a_full_pool_says_429_and_recovers(start):
    target = start("--llm", "--prefill", "1ms", "--prefill-per-token", "0", "--step", "5ms", "--pool", 130)
    replies = llm.at_once(5, lambda i: llm.chat(target, llm.words(10), max_tokens=50))
    refused = [r for r in replies if r.status == 429]
    assert len(refused) == 3  # 60 tokens each
    assert all(r.headers["retry-after"] == "1" and r.json["error"]["code"] == "rate_limit_exceeded" for r in refused)
    assert llm.chat(target, llm.words(10), max_tokens=50).status == 200
    stats = target.stats()["llm"]
    assert stats["requests_exhausted_total"] == 3 and stats["pool_used_tokens"] == 0


def test_a_full_queue_turns_away(start):
    target = start("--llm", "--prefill", "1ms", "--step", "5ms", "--max-batch", 1, "--queue", 1)
    replies = llm.at_once(4, lambda i: llm.chat(target, "x", max_tokens=20))
    assert sorted(r.status for r in replies) == [200, 200, 503, 503]
    assert target.stats()["rejected"] == 2


def test_who_hangs_does_not_hold_up_the_end(start):
    target = start("--llm", "--step", "5ms", "--max-batch", 1, "--queue", 0, "--overload", "hang")
    with target.connect() as s:
        body = b'{"prompt": "x", "max_tokens": 100, "stream": true}'
        s.sendall((b"POST /v1/completions HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body) + body) * 2)
        llm.wait_until(lambda: target.stats()["rejected"] == 1 and target.stats()["llm"]["running"] == 0)
        assert target.stats()["in_system"] == 1
        begin = time.monotonic()
        assert target.stop() == 0
        assert time.monotonic() - begin < 15  # and not the 30 s that a stream would be given
    assert sorted(a.finish for a in target.answers()) == ["gone", "stop"]


def test_a_client_that_leaves_makes_room(start):
    target = start("--llm", "--prefill", "1ms", "--step", "5ms", "--no-batching")
    body = json.dumps({"prompt": "x", "max_tokens": 100000, "ignore_eos": True, "stream": True}).encode()
    with target.connect() as s:
        s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert b"data: " in s.recv(1 << 16) + s.recv(1 << 16)
    assert llm.chat(target, "x").status == 200
    assert target.stop() == 0
    assert [a.finish for a in target.answers()] == ["gone", "length"]


def test_a_client_that_does_not_read_is_dropped_within_bounds(start):
    target = start("--llm", "--prefill", "0", "--prefill-per-token", "0", "--step", "2us", "--step-per-sequence", "0")
    body = json.dumps({"text": "x", "stream": True, "sampling_params": {"max_new_tokens": 100000, "ignore_eos": True}}).encode()
    with target.connect() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"POST /generate HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        llm.wait_until(lambda: target.stats()["llm"]["streams_slow_total"] == 1)
    assert target.stop() == 0
    assert target.answers()[0].finish == "slow" and any(t.handed == 0 for t in target.answers()[0].tokens)


def test_an_engine_too_fast_for_the_machine_keeps_nobody_waiting(start):
    target = start("--llm", "--prefill", "0", "--prefill-per-token", "0", "--step", "1us", "--step-per-sequence", "0")
    body = {"prompt": "x", "max_tokens": 200000, "ignore_eos": True, "stream": True}
    def ask(i):
        if i == 0:
            return sum(map(len, raw_reads(target, body)))
        llm.wait_until(lambda: target.stats()["llm"]["running"] == 1)
        return target.get("/health")[0], target.stats()["llm"]["running"]
    # Answered while the other was still under way: of a few tries, since a busy machine may let this process ask too late.
    for _ in range(5):
        length, meanwhile = llm.at_once(2, ask)
        assert length > 200000 * 50
        if meanwhile == (200, 1):
            break
    assert meanwhile == (200, 1)
    assert target.stop() == 0
    answer = target.answers()[-1]  # a line far longer than the log's buffer
    assert answer.completion == len(answer.tokens) == 200000


def test_a_start_takes_its_time(start):
    target = start(*FAST, "--start-up", "400ms")
    assert target.get("/health")[0] == 503
    refused = llm.chat(target, "x")
    assert refused.status == 503 and refused.json["error"]["message"]
    begin = time.monotonic()
    llm.wait_until(lambda: target.get("/health")[0] == 200)
    assert time.monotonic() - begin < 5
    assert llm.chat(target, "x").status == 200


def test_a_failure_comes_and_goes(start):
    target = start(*FAST)
    assert llm.chat(target, "x").status == 200
    for expected in (503, 200):
        target.process.send_signal(signal.SIGUSR1)
        llm.wait_until(lambda: target.get("/health")[0] == expected)
        assert llm.chat(target, "x").status == expected
    target = start(*FAST, "--fail-from", 0, "--fail-for", "500ms")
    assert llm.chat(target, "x").status == 503
    llm.wait_until(lambda: llm.chat(target, "x").status == 200)


def test_retries_hide_errors(start):
    share = []
    for retries in (0, 2):
        target = start(*FAST, "--errors", "20%", "--retries", retries, "--workers", 2, "--max-batch", 64)
        replies = llm.at_once(100, lambda i: llm.chat(target, "x", max_tokens=1))
        share.append(sum(r.status == 200 for r in replies))
        stats = target.stats()["llm"]
        assert target.stop() == 0
    assert 60 <= share[0] <= 95 and share[1] >= 95
    assert stats["retries_total"] >= 10 and stats["attempts_failed_total"] >= stats["retries_total"]


def test_a_breaker_stops_sending_to_a_dead_worker(start):
    flags = (*FAST, "--workers", 2, "--fail-from", 0, "--fail-workers", 1, "--retries", 1)
    wasted = []
    for breaker in ((), ("--breaker", 3, "--breaker-for", "60s")):
        target = start(*flags, *breaker)
        assert all(llm.chat(target, "x", max_tokens=1).status == 200 for _ in range(20))
        wasted.append(target.stats()["llm"]["attempts_failed_total"])
        trips = target.stats()["llm"]["breaker_trips_total"]
        assert target.get("/health")[0] == 200
    assert wasted[0] == 10 and wasted[1] == 3 and trips == 1


def test_a_breaker_closes_when_the_worker_is_back(start):
    target = start(*FAST, "--workers", 2, "--fail-from", 0, "--fail-for", "600ms", "--fail-workers", 1, "--retries", 1,
                   "--breaker", 1, "--breaker-for", "100ms")
    while target.stats()["uptime_s"] < 1:
        assert llm.chat(target, "x", max_tokens=1).status == 200
    stats = target.stats()["llm"]
    assert stats["breaker_recoveries_total"] == 1 and 1 <= stats["breaker_trips_total"] <= 7


def test_streams_may_end_after_sigterm_and_new_ones_may_not_begin(start):
    target = start("--llm", "--prefill", "1ms", "--step", "20ms")
    def second(i):
        if i == 1:
            llm.wait_until(lambda: target.stats()["llm"]["running"] == 1)
            target.process.send_signal(signal.SIGTERM)
            llm.wait_until(lambda: target.get("/health")[0] == 503)
        return llm.chat(target, "x", max_tokens=40)
    first, refused = llm.at_once(2, second)
    assert first.status == 200 and len(first.text().split()) == 40 and first.is_done
    assert refused.status == 503
    assert target.wait() == 0
    assert [a.finish for a in target.answers()] == ["refused", "length"]


def test_a_drain_has_an_end(start):
    target = start("--llm", "--step", "50ms", "--drain", "200ms")
    def cut(i):
        if i == 1:
            llm.wait_until(lambda: target.stats()["llm"]["running"] == 1)
            return target.stop()
        return llm.chat(target, "x", max_tokens=1000, ignore_eos=True)
    broken, status = llm.at_once(2, cut)
    assert isinstance(broken, http.client.IncompleteRead) and status == 0
    assert target.answers()[0].finish == "gone"


def test_a_swap_waits_for_the_streams_and_holds_up_the_rest(start):
    target = start("--llm", "--prefill", "1ms", "--prefill-per-token", "0", "--step", "10ms", "--swap", "300ms")
    def ask(i):
        time.sleep(0.05 * i)
        if i == 1:
            return llm.post(target, "/admin/load", {"model": "org/other"})
        return llm.chat(target, "x", max_tokens=20)
    before, swap, after = llm.at_once(3, ask)
    assert swap.status == 200 and swap.json["model"] == "org/other" and swap.json["took_ms"] >= 300
    assert before.events[0]["model"] == "brunt" and after.events[0]["model"] == "org/other"
    assert target.stop() == 0
    first, last = target.answers()
    assert last.tokens[0].modelled >= first.tokens[-1].modelled + 300e6


def session(target, key, count=2000):
    prompt = llm.words(count, key)
    return llm.chat(target, prompt, max_tokens=1, user=key).usage()["prompt_tokens_details"]["cached_tokens"]


def test_a_cache_is_saved_cleared_and_loaded(start):
    target = start(*FAST, "--save-per-token", "20us", "--load-per-token", "50us")
    assert llm.post(target, "/cache/load", {}).status == 404
    assert [session(target, "ann"), session(target, "bob"), session(target, "ann")] == [0, 0, 1999]
    saved = llm.post(target, "/cache/save", {"session_id": "ann"}).json
    assert saved["tokens"] == 2000 and 40 <= saved["took_ms"] < 41
    llm.post(target, "/cache/clear", {})
    loaded = llm.post(target, "/cache/load", {"session_id": "ann"}).json
    assert loaded["tokens"] == 2000 and 100 <= loaded["took_ms"] < 101
    assert [session(target, "ann"), session(target, "bob")] == [1999, 0]
    assert llm.post(target, "/cache/save", b"nonsense").status == 400


def test_a_cache_survives_a_restart(start, tmp_path):
    flags = (*FAST, "--state", tmp_path / "cache")
    target = start(*flags)
    assert session(target, "ann") == 0
    assert target.stop() == 0
    target = start(*flags)
    llm.wait_until(lambda: target.get("/health")[0] == 200)
    assert session(target, "ann") == 1999
    assert target.stop() == 0
    (tmp_path / "cache").write_text("something else")
    with pytest.raises(AssertionError, match="not a cache"):
        start(*flags)


def test_each_session_gets_its_own_canary_unless_told_otherwise(start):
    def ask(target, i):
        return llm.chat(target, f"my word is canary-{i} now", user=f"user{i}").text().split()[0]
    target = start(*FAST, "--max-batch", 32)
    assert llm.at_once(20, lambda i: ask(target, i)) == [f"canary-{i}" for i in range(20)]
    target = start(*FAST, "--mix-sessions", "50%")
    wrong = sum(ask(target, i) != f"canary-{i}" for i in range(20))
    assert wrong == target.stats()["llm"]["sessions_mixed_total"] and 4 <= wrong <= 16
