"""Peers that keep what they were sent, so that data files and prompts can be judged by what arrived."""
import json
import re

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def keep(request):
    """(head, body) of each request, in the order in which they came."""
    head, body = request.head.split(b"\r\n\r\n", 1)
    request.peer.__dict__.setdefault("kept", []).append((head.decode("ascii"), body))
    return head, body


def keeps_requests(request):
    keep(request)
    request.send(OK)
    return True


# How this server's tokenizer counts: more than one token per word, and what its chat template adds to each prompt.
TOKENS_PER_WORD, TEMPLATE_TOKENS = 1.37, 23


def tokens_of(prompt):
    return round(TOKENS_PER_WORD * len(prompt.split())) + TEMPLATE_TOKENS


def counts_tokens(request):
    """An LLM server that answers with one token, and says how many the prompt had."""
    prompt = json.loads(keep(request)[1])["messages"][0]["content"]
    events = [{"choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": None}]},
              {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
              {"choices": [], "usage": {"prompt_tokens": tokens_of(prompt), "completion_tokens": 1}}]
    body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return True


def header_of(head, name):
    return re.search(rf"^{name}: (.*?)\r?$", head, re.MULTILINE | re.IGNORECASE).group(1)


BEHAVIOURS = {f.__name__: f for f in (keeps_requests, counts_tokens)}
