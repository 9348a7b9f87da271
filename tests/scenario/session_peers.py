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


def log_in(request, book, before):
    """Every third visitor is let in with a token that has expired by the time of the order; who comes back is not."""
    with book.lock:
        number = len(book.sessions)
        visitor = {"sid": secrets.token_hex(8), "token": secrets.token_urlsafe(12), "number": number, "pages": 0,
                   "has_expired": before is None and number % 3 == 2, "is_sold_out": number % 5 == 4, "asked": 0}
        book.sessions[visitor["sid"]] = visitor
    return answer(request, "200 OK", json.dumps({"token": visitor["token"]}).encode(),
                  fields=(f"Set-Cookie: sid={visitor['sid']}; Path=/; HttpOnly{'; Secure' if request.peer.tls else ''}",))


def show_items(request, book, visitor):
    visitor["pages"] += 1
    if request.path != f"/items?page={visitor['pages']}":
        return book.complain(request, f"{request.path} as page {visitor['pages']} of {visitor}")
    visitor["item"] = f"item {visitor['number']}/{visitor['pages']}"
    has_voucher = visitor["pages"] == 3 and visitor["number"] % 2 == 0
    visitor["voucher"] = secrets.token_hex(4) if has_voucher else None
    return answer(request, "200 OK", f'<li data-item="{visitor["item"]}">'.encode(), "text/html",
                  (f"X-Voucher: {visitor['voucher']}",) if has_voucher else ())


def take_voucher(request, book, visitor):
    if json.loads(body(request)) != {"code": visitor["voucher"]}:
        return book.complain(request, f"{body(request)} from {visitor}")
    visitor["voucher"] = None
    return answer(request, "200 OK", b"{}")


def take_order(request, book, visitor):
    if visitor["voucher"] or visitor["pages"] != 3 or json.loads(body(request)) != {"item": visitor["item"]}:
        return book.complain(request, f"{body(request)} ordered by {visitor}")
    if visitor["has_expired"]:
        return answer(request, "401 Unauthorized", b"{}")
    if visitor["is_sold_out"]:
        visitor["asked"] = 3  # nothing of this visitor's is to come
        return answer(request, "409 Conflict", b"{}")
    return answer(request, "201 Created", json.dumps({"order": visitor["sid"]}).encode())


def tell_order(request, book, visitor):
    """Paid when it is asked for the third time, and asked for no more then."""
    visitor["asked"] += 1
    if request.path != f"/orders/{visitor['sid']}" or visitor["asked"] > 3:
        return book.complain(request, f"{request.path} asked for by {visitor}")
    return answer(request, "200 OK", b'{"state": "paid"}' if visitor["asked"] == 3 else b'{"state": "pending"}')


def checkout(request):
    """A shop whose visitors must show their cookie and their token, see three pages, redeem what they were given, and order what
    they saw last."""
    book = request.peer.book
    visitor = book.sessions.get((header(request, "Cookie") or "").removeprefix("sid="))
    if request.path == "/login":
        if header(request, "Authorization") is not None:
            return book.complain(request, "a login that shows a token")
        return log_in(request, book, visitor)
    if visitor is None or header(request, "Authorization") != f"Bearer {visitor['token']}":
        return book.complain(request, f"{request.path}: nobody's cookie, or another's token")
    doors = {("GET", "items"): show_items, ("POST", "vouchers"): take_voucher, ("POST", "orders"): take_order, ("GET", "orders"): tell_order}
    return doors[request.method, re.match("/([a-z]*)", request.path)[1]](request, book, visitor)


BEHAVIOURS = {f.__name__: f for f in (shop, conversation, canaries, paces, third_fails, checkout)}
