"""Everything at once, by seeded chance: every fault of the target, and clients that pipeline, half-close, read slowly, send
nonsense or leave in the middle. Whatever happens, each request has its line in the log and nothing is left over."""

import json
import random
import signal
import socket
import threading
import time

import llm
import pytest

BODIES = {
    "/v1/chat/completions": lambda n: {"messages": [{"role": "user", "content": llm.words(n)}], "user": f"u{n % 5}"},
    "/v1/completions": lambda n: {"prompt": llm.words(n)},
    "/v1/messages": lambda n: {"messages": [{"role": "user", "content": llm.words(n)}]},
    "/api/chat": lambda n: {"model": "m", "messages": [{"role": "user", "content": llm.words(n)}],
                            "options": {"num_predict": n}},
    "/generate_stream": lambda n: {"inputs": llm.words(n), "parameters": {"max_new_tokens": n}},
    "/generate": lambda n: {"text": llm.words(n), "sampling_params": {"max_new_tokens": n}},
    "/v2/models/m/generate_stream": lambda n: {"text_input": llm.words(n), "max_tokens": n},
    "/v1/embeddings": lambda n: {"input": [llm.words(n)] * 3},
    "/search": lambda n: {"query": llm.words(n)},
}


def request(chance):
    """The bytes of one request, and whether the target counts it as one to a model."""
    path = chance.choice(list(BODIES))
    body = {**BODIES[path](chance.randint(1, 60)), "max_tokens": chance.randint(1, 60), "stream": chance.random() < 0.8}
    data = json.dumps(body).encode()
    if chance.random() < 0.1:
        data = data[:chance.randint(0, len(data))]
    if chance.random() < 0.1:
        return b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n", 0
    head = f"POST {path} HTTP/1.{chance.choice('0111')}\r\nHost: t\r\nConnection: keep-alive\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(data) + data, 1


def misbehave(target, seed, sent):
    chance = random.Random(seed)
    for _ in range(8):
        with target.connect(timeout=5) as s:
            if chance.random() < 0.3:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            pieces = [request(chance) for _ in range(chance.choice([1, 1, 1, 2, 5]))]
            try:
                s.sendall(b"".join(data for data, _ in pieces))
                sent.append(sum(counts for _, counts in pieces))
                if chance.random() < 0.2:
                    s.shutdown(socket.SHUT_WR)
                stays_until = time.monotonic() + chance.choice([0, 0.01, 0.1, 0.5])
                s.settimeout(0.05)
                while time.monotonic() < stays_until:
                    try:
                        if not s.recv(chance.choice([1, 100, 65536])):
                            break
                    except TimeoutError:
                        pass
                if chance.random() < 0.3:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass  # reset by the target, as told


def operate(target, seed, is_over):
    """What an operator may do meanwhile; ends with the workers as they were."""
    chance = random.Random(seed)
    while not is_over.wait(0.05):
        path = chance.choice(["/admin/load", "/cache/save", "/cache/load", "/cache/clear", None])
        if path is not None:
            llm.post(target, path, {"model": "other"} if path == "/admin/load" else {})
            continue
        for _ in range(2):
            target.process.send_signal(signal.SIGUSR1)
            time.sleep(0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_and_nothing_is_left(start, seed):
    target = start("--llm", "--seed", seed, "--workers", 2, "--prefill", "1ms", "--prefill-per-token", "20us", "--step", "1ms",
                   "--step-per-sequence", "100us", "--max-batch", 6, "--queue", 20, "--pool", 800, "--noise", "0.3",
                   "--errors", "5%", "--reset", "5%", "--stream-errors", "5%", "--truncate", "5%:3", "--stall", "10%:30ms",
                   "--reasoning", 3, "--tool-call", 2, "--empty-deltas", 3, "--coalesce", 2, "--keep-alive-comments", "3ms", "--retries", 1,
                   "--breaker", 3, "--breaker-for", "50ms", "--cache", "prefix", "--cache-tokens", 2000,
                   "--swap", "30ms", "--save-per-token", "2us", "--load-per-token", "2us", "--fail-workers", 1,
                   "--service-time", "exponential:5ms", "--tokens-per-chunk", 2, "--answer-tokens", 40)
    sent, is_over = [], threading.Event()
    threads = [threading.Thread(target=misbehave, args=(target, 100 * seed + i, sent)) for i in range(12)]
    operator = threading.Thread(target=operate, args=(target, seed, is_over))
    for t in [operator, *threads]:
        t.start()
    for t in threads:
        t.join()
    is_over.set()
    operator.join()
    assert target.process.poll() is None, target.said()
    llm.wait_until(lambda: target.stats()["in_system"] == 0)
    stats = target.stats()
    assert stats["requests"] == stats["answered"] + stats["unanswered"] <= sum(sent)
    for left in ("running", "queue_depth", "pool_used_tokens"):
        assert stats["llm"][left] == 0
    assert llm.post(target, "/cache/clear", {}).status == 200
    assert target.stop() == 0 and "ERROR" not in target.said()
    answers = target.answers()
    assert len(answers) == stats["requests"] > 100
    assert stats["answered"] == sum(a.status != 0 for a in answers)
    assert {a.finish for a in answers} >= {"tool", "gone", "refused"}
    for a in answers:
        assert len(a.tokens) == a.completion and a.done >= a.arrival
        modelled = [t.modelled for t in a.tokens]
        assert modelled == sorted(modelled) and all(t.handed == 0 or t.handed >= t.modelled for t in a.tokens)
        if a.finish in ("stop", "length", "tool"):
            assert a.status == 200 and (a.completion > 0 or a.dialect in ("embeddings", "search"))
