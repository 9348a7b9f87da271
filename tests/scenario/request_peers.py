"""Servers that compress, redirect and make wait: what a profile may ask for beyond one plain answer."""
import gzip
import json
import zlib

from session_peers import answer

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


BEHAVIOURS = {f.__name__: f for f in (packed_json,)}
