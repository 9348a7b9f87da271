"""Every API of --llm from outside, by its own documentation."""

import json

import llm
import pytest

FAST = ("--llm", "--prefill", "1ms", "--prefill-per-token", "10us", "--step", "500us")
MESSAGES = [{"role": "user", "content": "one two three"}]

# path, body, how many events a stream of five tokens has, where the text of an event is, how it is told to stop
STREAMS = {
    "openai-chat": ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 5, "stream": True}, 1 + 5 + 1,
                    lambda e: e["choices"][0]["delta"].get("content", "")),
    "openai-completions": ("/v1/completions", {"prompt": "one two three", "max_tokens": 5, "stream": True}, 5 + 1,
                           lambda e: e["choices"][0]["text"]),
    "anthropic": ("/v1/messages", {"messages": MESSAGES, "max_tokens": 5, "stream": True}, 2 + 1 + 5 + 3,
                  lambda e: e.get("delta", {}).get("text", "")),
    "ollama-generate": ("/api/generate", {"model": "m", "prompt": "one two three", "options": {"num_predict": 5}}, 5 + 1,
                        lambda e: e["response"]),
    "ollama-chat": ("/api/chat", {"model": "m", "messages": MESSAGES, "options": {"num_predict": 5}}, 5 + 1,
                    lambda e: e["message"]["content"]),
    "tgi": ("/generate_stream", {"inputs": "one two three", "parameters": {"max_new_tokens": 5}}, 5,
            lambda e: e["token"]["text"]),
    "triton-generate": ("/v2/models/m/generate_stream", {"text_input": "one two three", "parameters": {"max_tokens": 5}}, 5,
                        lambda e: e["text_output"]),
    "sglang": ("/generate", {"text": "one two three", "sampling_params": {"max_new_tokens": 5}, "stream": True}, 5,
               lambda e: e["text"]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_has_its_events_and_its_words(start, name):
    path, body, events, text_of = STREAMS[name]
    target = start(*FAST)
    reply = llm.post(target, path, body)
    assert reply.status == 200 and len(reply.events) == events
    texts = [text_of(e) for e in reply.events]
    text = texts[-1] if name == "sglang" else "".join(texts)  # which repeats it from the beginning
    assert len(text.split()) == 5 and text == " ".join(text.split())
    assert reply.is_done == (name.startswith(("openai", "ollama", "sglang")))
    assert target.stop() == 0
    (answer,) = target.answers()
    assert (answer.dialect, answer.finish, answer.prompt, answer.completion) == (name, "length", 3, 5)
    assert len(answer.tokens) == 5


def test_the_last_words_of_each_api(start):
    target = start(*FAST, "--answer-tokens", 5)
    last = {}
    for name, (path, body, _, _) in STREAMS.items():
        body = json.loads(json.dumps(body).replace('5', '7'))
        last[name] = llm.post(target, path, body).events
    assert last["openai-chat"][-1]["choices"][0]["finish_reason"] == "stop"
    assert last["openai-completions"][-1]["choices"][0]["finish_reason"] == "stop"
    assert last["anthropic"][-1]["type"] == "message_stop"
    assert last["anthropic"][-2]["delta"]["stop_reason"] == "end_turn"
    assert last["anthropic"][-2]["usage"]["output_tokens"] == 5
    for name in ("ollama-generate", "ollama-chat"):
        assert last[name][-1]["done"] and last[name][-1]["done_reason"] == "stop"
        assert last[name][-1]["eval_count"] == 5 and last[name][-1]["prompt_eval_count"] == 3
    assert last["tgi"][-1]["details"]["finish_reason"] == "eos_token"
    assert last["tgi"][-1]["details"]["generated_tokens"] == 5
    assert last["tgi"][-1]["generated_text"] == "".join(e["token"]["text"] for e in last["tgi"])
    assert last["sglang"][-1]["meta_info"]["finish_reason"]["type"] == "stop"
    assert last["sglang"][-1]["meta_info"]["completion_tokens"] == 5


@pytest.mark.parametrize("path, body, text_of", [
    ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 5}, lambda e: e["choices"][0]["message"]["content"]),
    ("/v1/completions", {"prompt": "one two three", "max_tokens": 5}, lambda e: e["choices"][0]["text"]),
    ("/v1/messages", {"messages": MESSAGES, "max_tokens": 5}, lambda e: e["content"][0]["text"]),
    ("/api/generate", {"model": "m", "prompt": "a b c", "stream": False, "options": {"num_predict": 5}}, lambda e: e["response"]),
    ("/api/chat", {"model": "m", "messages": MESSAGES, "stream": False, "options": {"num_predict": 5}},
     lambda e: e["message"]["content"]),
    ("/generate", {"inputs": "one two three", "parameters": {"max_new_tokens": 5}}, lambda e: e["generated_text"]),
    ("/v2/models/m/generate", {"text_input": "a b c", "max_tokens": 5}, lambda e: e["text_output"]),
    ("/generate", {"text": "one two three", "sampling_params": {"max_new_tokens": 5}}, lambda e: e["text"]),
])
def test_an_answer_may_come_whole(start, path, body, text_of):
    target = start(*FAST)
    reply = llm.post(target, path, body)
    assert reply.status == 200 and len(reply.events) == 1 and "content-length" in reply.headers
    assert len(text_of(reply.json).split()) == 5
    assert target.stop() == 0
    (answer,) = target.answers()
    # All of it left with one write, though the model had made it earlier.
    assert {t.handed for t in answer.tokens} == {answer.done} and answer.done >= answer.modelled


def test_usage_comes_as_asked(start):
    target = start(*FAST)
    with_usage = llm.chat(target, "one two three", max_tokens=4)
    assert [e["usage"] for e in with_usage.events[:-1]] == [None] * 6 and with_usage.events[-1]["choices"] == []
    always = llm.chat(target, "one two three", max_tokens=4,
                      stream_options={"include_usage": True, "continuous_usage_stats": True})
    assert [e["usage"]["completion_tokens"] for e in always.events] == [0, 1, 2, 3, 4, 4, 4]
    without = llm.post(target, "/v1/completions", {"prompt": "x", "max_tokens": 2, "stream": True})
    assert not any("usage" in e for e in without.events)


def test_ignore_eos_makes_an_answer_as_long_as_allowed(start):
    target = start(*FAST, "--answer-tokens", 6)
    for more, length, finish in (({"max_tokens": 20}, 6, "stop"), ({"max_tokens": 20, "ignore_eos": True}, 20, "length"),
                                 ({"max_tokens": 3}, 3, "length"), ({"max_completion_tokens": 4}, 4, "length"), ({}, 6, "stop")):
        reply = llm.post(target, "/v1/completions", {"prompt": "x", **more})
        assert reply.json["usage"]["completion_tokens"] == length
        assert reply.json["choices"][0]["finish_reason"] == finish


def test_prompts_are_counted_in_words(start):
    target = start(*FAST)
    content = [{"type": "text", "text": "eins zwei"}, {"type": "image_url", "image_url": {"url": "x"}},
               {"type": "text", "text": "drei\n\tvier"}]
    assert llm.chat(target, [{"role": "system", "content": "a b"}, {"role": "user", "content": content}]).usage()[
        "prompt_tokens"] == 6
    ids = llm.post(target, "/v1/completions", {"prompt": [1, 2, 3, 70000], "max_tokens": 1})
    assert ids.json["usage"]["prompt_tokens"] == 4


@pytest.mark.parametrize("path, body, status, text_of", [
    ("/v1/chat/completions", b"{", 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", b"[]", 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": []}, 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": [{"content": "x"}]}, 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": -1}, 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 1.5}, 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": MESSAGES, "n": 2}, 400, lambda e: e["error"]["message"]),
    ("/v1/chat/completions", {"messages": MESSAGES, "stream_options": {}}, 400, lambda e: e["error"]["message"]),
    ("/v1/completions", {}, 400, lambda e: e["error"]["message"]),
    ("/v1/messages", {"messages": MESSAGES}, 400, lambda e: e["error"]["message"]),
    ("/api/chat", {"messages": MESSAGES}, 400, lambda e: e["error"]),
    ("/generate_stream", {"inputs": None}, 422, lambda e: e["error"]),
    ("/v2/models/m/generate_stream", {}, 400, lambda e: e["error"]),
    ("/generate", {}, 400, lambda e: e["error"]["message"]),
    ("/v1/embeddings", {}, 400, lambda e: e["error"]["message"]),
    ("/rerank", {"query": "x", "documents": []}, 400, lambda e: e["error"]["message"]),
    ("/search", {"query": "x", "top_k": 100000}, 400, lambda e: e["error"]["message"]),
])
def test_wrong_requests_are_told_so_in_the_apis_own_words(start, path, body, status, text_of):
    target = start(*FAST)
    reply = llm.post(target, path, body)
    assert reply.status == status and "json" in reply.headers["content-type"]
    assert len(text_of(reply.json)) > 10
    assert llm.chat(target, "x").status == 200  # and nothing else has happened
    assert target.stop() == 0
    assert [a.finish for a in target.answers()] == ["refused", "length"]


def test_other_methods_and_paths(start):
    target = start(*FAST)
    assert target.get("/v1/chat/completions")[0] == 405
    assert target.get("/nowhere")[0] == 404
    assert target.get("/health", method="POST")[0] == 405
    assert target.get("/health") == (200, b'{"status":"ok"}\n')
    assert json.loads(target.get("/v1/models")[1])["data"][0]["id"] == "brunt"


def test_rerank_and_search_answer_in_order(start):
    target = start(*FAST, "--service-time", "3ms")
    ranked = llm.post(target, "/rerank", {"query": "a", "documents": ["b c", "d", "e f g"]}).json
    scores = [r["relevance_score"] for r in ranked["results"]]
    assert scores == sorted(scores, reverse=True) and {r["index"] for r in ranked["results"]} == {0, 1, 2}
    assert ranked["usage"]["prompt_tokens"] == 7
    found = llm.post(target, "/search", {"query": [0.1, 0.2], "top_k": 4}).json["results"]
    assert len(found) == 4 and len(llm.post(target, "/search", {"query": "x"}).json["results"]) == 10
    assert target.stop() == 0
    assert [(a.modelled - a.arrival) / 1e6 for a in target.answers() if a.dialect == "search"] == [3, 3]


def test_ollama_without_a_prompt_loads_the_model(start):
    target = start(*FAST, "--cold-start", "200ms")
    assert llm.post(target, "/api/generate", {"model": "m"}).json["done_reason"] == "load"
    assert llm.post(target, "/api/chat", {"model": "m", "messages": MESSAGES, "options": {"num_predict": 1}}).events[-1][
        "load_duration"] == 0
    assert target.stop() == 0
    load, chat = target.answers()
    assert load.done - load.arrival >= 200e6 and load.completion == 0 and chat.modelled - chat.arrival < 5e6


def test_the_request_id_is_in_the_log(start):
    target = start(*FAST)
    llm.chat(target, "x", headers={"X-Request-Id": "run 7/42"})
    llm.chat(target, "x")
    assert target.stop() == 0
    assert [a.id for a in target.answers()] == ["run_7/42", "-"]
