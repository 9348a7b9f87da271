"""Servers that know their sessions: each remembers what it told a session, and refuses a request that does not say it back."""
import json
import re
import secrets
import threading
import time
from urllib.parse import parse_qs, unquote, urlsplit


def header(request, name):
    for line in request.head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.lower().encode():
            return value.strip().decode("latin-1")
    return None


def body(request):
    return request.head.split(b"\r\n\r\n", 1)[1]


def answer(request, status, content=b"", kind="application/json", fields=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *fields]
    request.send("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
    return True


class Book:
    """What one peer knows of all its sessions."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sessions = {}
        self.complaints = []

    def complain(self, request, text):
        with self.lock:
            self.complaints.append(text)
        return answer(request, "409 Conflict", text.encode("utf-8", "replace")[:500], "text/plain")


# What JSON, a header, a path and a form each want written in another way.
AWKWARD = ['tok"en', "back\\slash", "a/b?c&d=e f", "caf\u00e9 \u20ac \U0001f600", "tab\there", "plain"]


def shop(request):
    """POST /login gives a token (JSON), a session (header) and two cookies; GET /form a hidden value (HTML) and another cookie;
    POST /order wants all of them back, each where it belongs, and all of one session."""
    book = request.peer.book
    where = urlsplit(request.path)
    if where.path == "/login":
        with book.lock:
            number = len(book.sessions)
            sid = secrets.token_hex(8)
            known = {"token": f"{AWKWARD[number % len(AWKWARD)]} #{number}", "sid": sid, "lb": f"node{number % 3}",
                     "name": json.loads(body(request))["name"]}
            book.sessions[sid] = known
        content = json.dumps({"user": {"tokens": ["old", known["token"]]}}, ensure_ascii=number % 2 == 0).encode()
        return answer(request, "200 OK", content, fields=(
            f"x-SESSION: {sid} ", f"Set-Cookie: sid={sid}; Path=/; HttpOnly", f"Set-Cookie: lb={known['lb']}; Max-Age=60"))
    known = book.sessions.get(header(request, "X-Session-Id"))
    if known is None:
        return book.complain(request, f"{request.path}: nobody's session: {header(request, 'X-Session-Id')}")
    wanted = {"/form": {f"sid={known['sid']}", f"lb={known['lb']}"},
              "/order": {f"sid={known['sid']}", f"lb={known['lb']}", f"seen={known.get('csrf')}"}}[where.path]
    cookies = set((header(request, "Cookie") or "").split("; "))
    if cookies != wanted:
        return book.complain(request, f"{where.path}: cookies {cookies}, not {wanted}")
    if where.path == "/form":
        known["csrf"] = secrets.token_urlsafe(12)
        page = f'<form>\n<input name="other" value="no"><input name="csrf" value="{known["csrf"]}">\n</form>'
        return answer(request, "200 OK", page.encode(), "text/html", (f"Set-Cookie: seen={known['csrf']}",))
    said = {"token": json.loads(body(request))["token"], "path": parse_qs(where.query)["csrf"][0],
            "session": json.loads(body(request))["session"]}
    if said != {"token": known["token"], "path": known["csrf"], "session": known["name"]}:
        return book.complain(request, f"/order: {said}, not of {known}")
    with book.lock:
        known["orders"] = known.get("orders", 0) + 1
    return answer(request, "200 OK", b'{"accepted": true}')


PIECES = ["Yes", " \u2013 and", ' he said "no"', "\n\nnew paragraph", " \\o/", " \U0001f600", " tab\t.", " caf\u00e9", "", " {}[],:"]


def conversation(request):
    """An OpenAI chat that remembers: a request must hold all that was said before, word for word, and one user's message more.
    `stream` in the body says how it answers."""
    book = request.peer.book
    said = json.loads(body(request))
    sid = header(request, "X-Session-Id")
    with book.lock:
        remembered = book.sessions.setdefault(sid, [])
    before, last = said["messages"][:-1], said["messages"][-1]
    if before != remembered:
        return book.complain(request, f"{sid}: {before} were said before, not {remembered}")
    turn = len(remembered) // 2 + 1
    if last["role"] != "user" or last["content"] != f'turn "{turn}" of {sid}':
        return book.complain(request, f"{sid}: turn {turn} says {last}")
    pieces = [PIECES[(turn * 3 + i * 7 + len(sid)) % len(PIECES)] for i in range(4 + turn)] + [f" {sid} {turn}"]
    remembered += [last, {"role": "assistant", "content": "".join(pieces)}]
    usage = {"prompt_tokens": len(before) + 1, "completion_tokens": len(pieces), "total_tokens": len(before) + 1 + len(pieces)}
    if not said.get("stream"):
        content = {"choices": [{"index": 0, "message": remembered[-1], "finish_reason": "stop"}], "usage": usage}
        return answer(request, "200 OK", json.dumps(content).encode())
    deltas = [{"role": "assistant", "content": ""}] + [{"content": piece} for piece in pieces]
    events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append({"choices": [], "usage": usage})
    lines = [json.dumps(event, ensure_ascii=i % 2 == 0) for i, event in enumerate(events)] + ["[DONE]"]
    stream = "".join(f"data: {line}\n\n" for line in lines).encode()
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for cut in range(0, len(stream), 97):  # events in several pieces, and several events in one
        piece = stream[cut:cut + 97]
        request.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    request.send(b"0\r\n\r\n")
    return True


def canaries(request):
    """GET /begin gives each session a canary; everything that comes later must hold its own and nobody else's."""
    book = request.peer.book
    if request.path == "/begin":
        canary = "canary-" + secrets.token_hex(16)
        with book.lock:
            book.sessions[canary] = 0
        return answer(request, "200 OK", json.dumps({"canary": canary}).encode(), fields=(f"Set-Cookie: c={canary}",))
    found = set(re.findall(r"canary-[0-9a-f]{32}", unquote(request.head.decode("latin-1"))))
    if len(found) != 1 or header(request, "Cookie") != f"c={next(iter(found))}":
        return book.complain(request, f"{len(found)} canaries in one request")
    with book.lock:
        book.sessions[found.pop()] += 1
    return answer(request, "200 OK", b"{}")


def paces(request):
    """When each request of a session came and when it was answered, 30 ms later."""
    book = request.peer.book
    came_s = time.monotonic()
    time.sleep(0.03)
    with book.lock:
        book.sessions.setdefault(header(request, "X-Session-Id"), []).append((request.path, came_s, time.monotonic()))
    return answer(request, "200 OK", b"{}")


def third_fails(request):
    """Every third session is told 500 at its second step; and who was told so must not come back."""
    book = request.peer.book
    sid = header(request, "X-Session-Id")
    with book.lock:
        number = book.sessions.setdefault(sid, [len(book.sessions), 0])
        number[1] += 1
        if number[0] % 3 == 2 and number[1] > 2:
            book.complaints.append(f"{sid} came back")
    return answer(request, "500 Internal Server Error" if number[0] % 3 == 2 and request.path == "/b" else "200 OK", b"{}")


BEHAVIOURS = {f.__name__: f for f in (shop, conversation, canaries, paces, third_fails)}
