"""Servers that compress, redirect and make wait: what a profile may ask for beyond one plain answer."""
import gzip
import json
import zlib

from session_peers import answer, body, header

DOCUMENT = json.dumps({"status": "queued", "n": 3, "items": [{"id": "a"}], "nil": None}).encode()


def path_of(request):
    return request.head.split(b" ", 2)[1].decode()


def packed_json(request):
    path, accepts = path_of(request), b"gzip" in request.head
    encoded = {"/gzip": gzip.compress(DOCUMENT), "/deflate": zlib.compress(DOCUMENT), "/zstd": b"\x28\xb5\x2f\xfd",
        "/broken": gzip.compress(DOCUMENT)[:-9]}.get(path)
    if encoded is None or not accepts:
        return answer(request, "200 OK", DOCUMENT)
    coding = {"/gzip": "gzip", "/deflate": "deflate", "/zstd": "zstd", "/broken": "gzip"}[path]
    return answer(request, "200 OK", encoded, fields=[f"Content-Encoding: {coding}", "Vary: Accept-Encoding"])


def way(request):
    """A login by redirect, whose cookie is set on the way; a job that is done at its third asking; and ways that lead nowhere."""
    method, path = request.head.split(b" ", 2)[0].decode(), path_of(request)
    with request.peer.book.lock:
        asked = request.peer.book.sessions
        if path.startswith("/jobs/"):
            asked[path] = asked.get(path, 0) + 1
        if path == "/keep":
            asked[header(request, "Cookie")] = (method, header(request, "X-Who"), body(request))
    cookie = f"sid={header(request, 'X-Who')}"
    redirects = {"/login": ("302 Found", "welcome?x=1"), "/welcome?x=1": ("301 Moved Permanently", "/home"), "/circle": ("307 Temporary Redirect", "/circle"),
        "/keep": ("308 Permanent Redirect", "/kept"), "/away": ("302 Found", "http://127.0.0.1:9/"), "/no-place": ("302 Found", None)}
    if path in redirects:
        status, location = redirects[path]
        fields = [f"Location: {location}"] if location else []
        return answer(request, status, b"moved", fields=fields + ([f"Set-Cookie: {cookie}; Path=/"] if path == "/login" else []))
    if path == "/home":  # what was posted is asked for, with the cookie, and without what said of a body what it was
        is_right = method == "GET" and header(request, "Cookie") == cookie and header(request, "Content-Type") is None and not body(request)
        return answer(request, "200 OK" if is_right else "400 Bad Request", json.dumps({"job": cookie[4:]}).encode())
    if path == "/kept":
        is_same = asked.get(header(request, "Cookie")) == (method, header(request, "X-Who"), body(request))
        return answer(request, "200 OK" if is_same else "400 Bad Request")
    return answer(request, "200 OK", json.dumps({"state": "done" if asked.get(path, 0) >= 3 else "queued"}).encode())


BEHAVIOURS = {f.__name__: f for f in (packed_json, way)}
