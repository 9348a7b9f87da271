"""A plain client of streaming APIs, as the tests of the target's LLM server need one: sockets, lines, JSON, no SDK."""

import http.client
import json
import threading
import time


class Reply:
    """A whole answer: its status, header fields, and the JSON of its events (of its body, if it was no stream)."""

    def __init__(self, status, headers, body, reads):
        self.status, self.headers, self.body, self.reads = status, headers, body, reads
        text = body.decode()
        if "event-stream" in headers.get("content-type", ""):
            data = [line[5:].lstrip(" ") for line in text.splitlines() if line.startswith("data:")]
            self.is_done = "[DONE]" in data
            self.events = [json.loads(d) for d in data if d != "[DONE]"]
        elif "json" in headers.get("content-type", ""):
            self.is_done = True
            self.events = [json.loads(line) for line in text.splitlines()]
        self.json = self.events[0] if self.events else None

    def text(self):
        """Of an OpenAI chat or completions stream."""
        return "".join(c.get("text") or c.get("delta", {}).get("content") or "" for e in self.events
                       for c in e.get("choices", []))

    def usage(self):
        return next(e["usage"] for e in reversed(self.events) if e.get("usage"))


def post(target, path, body, headers=None, timeout=30):
    """Reads to the end; `reads` are the pieces as they came. IncompleteRead and ConnectionResetError pass."""
    c = http.client.HTTPConnection(target.host, target.port, timeout=timeout)
    try:
        c.request("POST", path, body=body if isinstance(body, bytes) else json.dumps(body), headers=headers or {})
        r = c.getresponse()
        reads = []
        while piece := r.read1(1 << 20):
            reads.append(piece)
        return Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, b"".join(reads), reads)
    finally:
        c.close()


def words(count, first="w"):
    return " ".join(f"{first}{i}" for i in range(count))


def chat(target, content, max_tokens=10, headers=None, **more):
    messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
    body = {"messages": messages, "max_tokens": max_tokens, "stream": True, "stream_options": {"include_usage": True}}
    return post(target, "/v1/chat/completions", {**body, **more}, headers)


def at_once(count, ask):
    """ask(i) in a thread of its own for each i; what each returned, or the exception it raised."""
    results = [None] * count

    def run(i):
        try:
            results[i] = ask(i)
        except Exception as e:
            results[i] = e

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def wait_until(ready, within_s=20):
    end = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.01)
