"""Outsiders judge the target's APIs: npm's `openai`, `@anthropic-ai/sdk` and `ollama` stream from it, and curl reads it raw."""

import json
import os
import pathlib
import selectors
import shutil
import signal
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BRUNT = os.environ.get("BRUNT", str(ROOT / "build" / "release" / "brunt"))
FAST = ["--prefill", "2ms", "--prefill-per-token", "10us", "--step", "1ms", "--step-per-sequence", "100us"]
SKIPPED = 77


@pytest.fixture
def start(tmp_path):
    running = []

    def start_target(*flags):
        truth = tmp_path / "truth"
        command = [BRUNT, "target", "--llm", "--port", "0", "--truth", str(truth), *FAST, *map(str, flags)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            assert selector.select(20), "not ready in time"
        return process.stdout.readline().removeprefix("listening on ").strip(), process, truth

    yield start_target
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=20)
        process.stdout.close()


def judge(sdk, url, what):
    done = subprocess.run([HERE / "judge.sh", sdk, url, what], capture_output=True, text=True, timeout=240)
    if done.returncode == SKIPPED:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the SDK complains: " + done.stderr
    return json.loads(done.stdout)


def truth_of(process, truth):
    """The fields of each request's line, after the target has ended."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    return [line.split() for line in truth.read_text().splitlines()]


def check_text(content, words):
    assert content.startswith("canary-42 ") and len(content.split()) == words, content


@pytest.mark.parametrize("what, prompt", [
    ("chat_stream", 5), ("chat_helper", 5), ("chat_whole", 5), ("completions_stream", 3)])
def test_openai_gets_all_of_it(start, what, prompt):
    url, process, truth = start()
    seen = judge("openai", url, what)
    check_text(seen["content"], 12)
    assert seen["finish"] == ["length"]
    usage = seen["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (prompt, 12, prompt + 12)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 0
    if what == "chat_stream":
        assert seen["roles"] == 1 and seen["chunks"] == 1 + 12 + 1 + 1  # role, tokens, finish, usage
    (line,) = truth_of(process, truth)
    assert line[6:10] == ["length", str(prompt), "12", "0"] and len(line) == 11 + 12


def test_openai_tells_reasoning_from_content(start):
    url, _, _ = start("--reasoning", 5, "--empty-deltas", 3, "--keep-alive-comments", "1ms", "--coalesce", 4)
    seen = judge("openai", url, "chat_stream")
    assert len(seen["reasoning"].split()) == 5
    check_text(seen["content"], 7)
    assert seen["usage"]["completion_tokens"] == 12
    assert seen["usage"]["completion_tokens_details"]["reasoning_tokens"] == 5


def test_openai_reads_embeddings_and_models(start):
    url, _, _ = start("--model", "org/tiny-1")
    seen = judge("openai", url, "embeddings")
    assert seen["usage"] == {"prompt_tokens": 4, "total_tokens": 4} and seen["count"] == 2
    assert seen["distance"] < 1e-6 and abs(seen["length"] - 1) < 1e-5
    assert judge("openai", url, "models") == {"ids": ["org/tiny-1"]}


@pytest.mark.parametrize("flags, what, error, status", [
    ([], "invalid", "BadRequestError", 400),
    (["--pool", 3], "chat_stream", "RateLimitError", 429),
    (["--errors", "100%"], "chat_stream", "InternalServerError", 500),
    (["--start-up", "60s"], "chat_stream", "InternalServerError", 503),
    (["--stream-errors", "100%:3"], "chat_stream", "APIError", None),
])
def test_openai_raises_its_own_errors(start, flags, what, error, status):
    url, _, _ = start(*flags)
    seen = judge("openai", url, what)
    assert seen["is_api_error"] and (seen["error"], seen["status"]) == (error, status), seen


def test_openai_notices_a_stream_without_its_end(start):
    url, _, _ = start("--truncate", "100%:3")
    assert "error" in judge("openai", url, "chat_stream")


def test_anthropic_gets_all_of_it(start):
    url, process, truth = start()
    for what in ("stream", "whole"):
        seen = judge("anthropic", url, what)
        check_text(seen["content"], 12)
        assert seen["finish"] == ["max_tokens"] and seen.get("text", seen["content"]) == seen["content"]
        usage = seen["usage"]
        assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (5, 0, 12)
    assert judge("anthropic", url, "events")["events"] == [
        "message_start", "content_block_start", *["content_block_delta"] * 12, "content_block_stop", "message_delta",
        "message_stop"]
    assert [line[5:10] for line in truth_of(process, truth)] == [["anthropic", "length", "5", "12", "0"]] * 3


def test_anthropic_tells_thinking_from_text(start):
    url, _, _ = start("--reasoning", 5, "--empty-deltas", 2, "--keep-alive-comments", "1ms", "--coalesce", 3)
    for what in ("stream", "whole"):
        seen = judge("anthropic", url, what)
        assert len(seen["reasoning"].split()) == 5
        check_text(seen["content"], 7)


@pytest.mark.parametrize("flags, what, error, status", [
    ([], "invalid", "BadRequestError", 400),
    (["--pool", 3], "stream", "RateLimitError", 429),
    (["--errors", "100%"], "stream", "InternalServerError", 500),
    (["--stream-errors", "100%:3"], "stream", "APIError", None),
])
def test_anthropic_raises_its_own_errors(start, flags, what, error, status):
    url, _, _ = start(*flags)
    seen = judge("anthropic", url, what)
    assert seen["is_api_error"], seen
    assert (seen["error"], seen["status"]) == (error, status), seen


def test_ollama_gets_all_of_it(start):
    url, process, truth = start("--cold-start", "300ms")
    loads = []
    for what in ("chat_stream", "generate_stream", "chat_whole"):
        seen = judge("ollama", url, what)
        check_text(seen["content"], 12)
        last = seen["last"]
        assert last["done"] and last["done_reason"] == "length"
        assert (last["prompt_eval_count"], last["eval_count"]) == (3, 12)
        assert last["total_duration"] >= last["load_duration"] + last["eval_duration"]
        loads.append(last["load_duration"])
    assert loads == [300_000_000, 0, 0]
    assert [line[5] for line in truth_of(process, truth)] == ["ollama-chat", "ollama-generate", "ollama-chat"]


def test_ollama_raises_its_own_errors(start):
    url, _, _ = start()
    assert judge("ollama", url, "invalid")["name"] == "ResponseError"
    url, _, _ = start("--stream-errors", "100%:3")
    seen = judge("ollama", url, "chat_stream")
    assert "failed in the middle" in seen["message"]


def test_both_put_a_tool_call_together(start):
    url, _, _ = start("--reasoning", 2, "--tool-call", 4, "--empty-deltas", 2, "--coalesce", 3)
    seen = judge("openai", url, "chat_helper")
    assert seen["finish"] == ["tool_calls"] and len(seen["content"].split()) == 6
    (call,) = seen["tools"]
    assert call["function"]["name"] == "look_up" and len(json.loads(call["function"]["arguments"])["text"].split()) == 4
    for what in ("stream", "whole"):
        seen = judge("anthropic", url, what)
        assert seen["finish"] == ["tool_use"] and len(seen["content"].split()) == 6
        assert [(t["name"], len(t["input"]["text"].split())) for t in seen["tools"]] == [("look_up", 4)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_reads_the_stream_as_it_comes(start):
    url, _, _ = start()
    body = json.dumps({"messages": [{"role": "user", "content": "x"}], "max_tokens": 3, "stream": True})
    done = subprocess.run(["curl", "-sSN", "-i", f"{url}/v1/chat/completions", "-d", body], capture_output=True, text=True,
                          timeout=30)
    head, _, events = done.stdout.partition("\n\n")
    assert done.returncode == 0 and done.stderr == ""
    assert "Content-Type: text/event-stream" in head and "chunked" in head
    assert events.endswith("data: [DONE]\n\n") and events.count("data: ") == 1 + 3 + 1 + 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_notices_a_stream_without_its_end(start):
    url, _, _ = start("--truncate", "100%:3")
    body = json.dumps({"prompt": "x", "max_tokens": 9, "stream": True})
    done = subprocess.run(["curl", "-sSN", f"{url}/v1/completions", "-d", body], capture_output=True, text=True, timeout=30)
    assert done.returncode == 18  # CURLE_PARTIAL_FILE
    assert done.stdout.count("data: ") == 3
