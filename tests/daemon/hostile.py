"""Requests that nobody should send, made of openapi.yaml: every operation with what its parameters, headers and bodies must not be, in
an order that a seed decides; and what must hold of every answer. What the document forbids is refused, no answer is a 5xx but 503,
a refusal is a problem of RFC 9457, and what is granted is as the document says."""
import collections
import copy
import gzip
import http.client
import json
import os
import random
import re
import socket
import sys

import jsonschema


sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dashboard"))
from contract import API, Contract  # noqa: E402
from served import WAIT_S  # noqa: E402

VALUES = [None, True, False, -1, 0, 1, 2**31, 2**63, 2**64, 1e308, -0.5, "", " ", "x" * 64, "x" * 65, "x" * 70_000, "\0", "\x1b[2J", "../../etc/passwd",
          "%2e%2e/", "${env:HOME}", "<script>alert(1)</script>", "'; DROP TABLE runs; --", "😀" * 40, "\r\nX-A: b", "2020-13-45T99:00:00Z",
          [], {}, [[[]]], {"a": {"b": []}}, ["x"] * 1000]
PARTS = ["..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc", "%00", "%", "%zz", "%ff", "*", "'--", "x" * 64, "x" * 65, "x" * 5000, "%F0%9F%98%80", "{id}", "~", "-", ".", ".x",
         "20200101T000000Z-000000", "99999999T999999Z-ffffff", "0", "-1", "18446744073709551616", "a%2fb", "a;b", "a%0d%0ab"]
QUERIES = ["", "0", "-1", "+1", "1e3", "0x10", "501", "18446744073709551616", "NaN", "null", "true", "%", "%zz", "%00", "a%26b=c", "x" * 200, "x" * 5000,
           "ended,queued", "ended,", ",", "%F0%9F", "'--", "..%2f..", "1&limit=2", "=", "%25"]
JSON_BODIES = [b"", b"{", b"}", b"nul", b"null", b"true", b"NaN", b"-", b"1e99999", b'"x"', b"[]", b"[{}]", b"[" * 100_000, b'{"a":' * 50_000, b"{}{}", b"// x\n{}",
               b"{'a':1}", b'{"a":1,}', b'{"a" 1}', b'{"\\ud800":1}', b'{"name":"\\ud800"}', b'{"name":"\\u0000"}', b'{"name":"a","name":"b"}', b"\xef\xbb\xbf{}",
               b"\xff\xfe{\0}\0", b'{"name":"\xff"}', b"\0" * 1000, b'{"name":"' + b"x" * 100_000 + b'"}', b"{" + b" " * 200_000, b"x" * (2 * 1024 * 1024 + 1),
               b'{\r"profile":{"target":1}}', b'{"set":{"a":"\xe2\x80\xa8"},"profile":{"target":1}}', b'{"baseline":"\xc2\x85",\r\n\r"profile":{}}']
YAML_BODIES = [b"\t", b"---\n---\n", b"- " * 40_000, b"[" * 40_000, b"{a: " * 40_000, b"? " * 10_000, b"&a *a", b"a: &a [*a]", b"!!python/object:os.system {}",
               b"a: b\na: c\n", b"%YAML 9.9\n---\na: b", b"target: \xff", b"target: ${file:/etc/shadow}\n", b"extends: /etc/passwd\n", b"suite: [a, b]\n",
               b"a: &a [x]\nb: &b [" + b"*a, " * 9 + b"*a]\n" + b"".join(b"c%d: &c%d [%s*b]\n" % (i, i, b"*b, " * 9) for i in range(400))]
TYPES = ["application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "APPLICATION/JSON", "application/jsonp", "application/yaml", "text/plain",
         "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", ";", "application/json, text/html", "x" * 1000, None]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"]
HEADERS = [("Last-Event-ID", "-1"), ("Last-Event-ID", "99999999999999999999"), ("Last-Event-ID", "x"), ("Accept", "x/" + "y" * 4000), ("Range", "bytes=5-1"), ("Expect", "100-continue"),
           ("Expect", "tea"), ("If-None-Match", '"' * 99), ("Content-Encoding", "gzip"), ("Cookie", "brunt_session=" + "x" * 4000), ("Cookie", "brunt_session=;;=;"), ("Origin", "null"),
           ("Authorization", "Bearer "), ("Authorization", "Basic eDp5"), ("Sec-Fetch-Site", "cross-site"), ("X-" + "a" * 1000, "b"), ("Upgrade", "h2c"), ("Accept-Encoding", "gzip;q=nan")]
STREAMED = ("events_watch", "run_watch")


class Case(collections.namedtuple("Case", "operation method target headers body is_forbidden")):
    def __str__(self):
        return f"{self.method} {self.target[:120]} {dict(self.headers)!s:.200} {self.body[:120]!r}"

    def bytes(self):
        names = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1"] + ([] if "host" in names else ["Host: localhost"]) + [f"{name}: {value}" for name, value in self.headers]
        if "transfer-encoding" not in names and (self.body or self.method in ("POST", "PUT")):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines + ["Connection: close", "", ""]).encode("latin-1", "replace") + self.body


class Hostile:
    """ids: of runs, which are asked for by GET alone; valid: profiles that may be run; spared(case, whether the document forbids it): it is not asked."""

    def __init__(self, address, seed, ids=(), valid=(), spared=lambda case, is_forbidden: False):
        self.address, self.rng, self.contract = address, random.Random(seed), Contract()
        self.ids, self.valid, self.spared = list(ids), list(valid), spared
        self.operations = []  # (method, path, operation, parameters)
        self.statuses, self.hung_up = collections.Counter(), 0
        for template, item in self.contract.document["paths"].items():
            path = ("" if item.get("servers") else API) + template
            for method in ("get", "post", "put", "delete"):
                if method in item:
                    given = [self.contract.look_up(one) for one in item.get("parameters", []) + item[method].get("parameters", [])]
                    self.operations.append((method.upper(), path, item[method], given))

    # --- what is asked ---

    def example(self, schema, depth=0):
        """Something that the schema allows, most often."""
        schema = self.contract.look_up(schema)
        kind = schema.get("type")
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0], depth)
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object":
            made = {name: self.example(one, depth + 1) for name, one in schema.get("properties", {}).items()
                    if name in schema.get("required", []) or self.rng.random() < 0.3}
            return made
        if kind == "array":
            return [self.example(schema.get("items", {}), depth + 1) for _ in range(self.rng.randrange(3))] if depth < 4 else []
        return {"integer": 7, "number": 1.5, "boolean": True}.get(kind, self.rng.choice(["nightly", "20200101T000000Z-000000", "a"]))

    def spoil(self, value):
        """One place of it is something else."""
        value = copy.deepcopy(value)
        if isinstance(value, dict) and value and self.rng.random() < 0.7:
            key = self.rng.choice(list(value))
            value[key] = self.spoil(value[key])
            return value
        if isinstance(value, dict):
            value[self.rng.choice(["x", "", "__proto__", "name", "a" * 300])] = self.rng.choice(VALUES)
            return value
        return self.rng.choice(VALUES)

    def json_body(self, schema):
        chance = self.rng.random()
        if chance < 0.4:
            return self.rng.choice(JSON_BODIES)
        if chance < 0.5:
            return self.rng.randbytes(self.rng.randrange(1, 3000))
        text = json.dumps(self.spoil(self.example(schema)), ensure_ascii=self.rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if chance < 0.6:  # a byte of it flipped, or its end cut off
            at = self.rng.randrange(len(text))
            return text[:at] + bytes([self.rng.randrange(256)]) + text[at + 1:] if chance < 0.55 else text[:at]
        return text

    def body(self, operation):
        """(media type, bytes)"""
        content = self.contract.look_up(operation.get("requestBody", {})).get("content", {})
        if not content:
            return self.rng.choice(TYPES), self.rng.choice([b"", b"", b"{}", b"x"])
        media = self.rng.choice(list(content))
        if self.valid and len(content) > 1 and self.rng.random() < 0.03:
            return "application/json", json.dumps({"profile": self.rng.choice(self.valid)}).encode()
        if media == "application/yaml":
            return media, self.rng.choice(YAML_BODIES) if self.rng.random() < 0.5 else self.rng.randbytes(self.rng.randrange(1, 2000))
        return media, self.json_body(content[media]["schema"])

    def target(self, method, path, parameters):
        def part(match):
            if match[1] == "id" and method == "GET" and self.ids and self.rng.random() < 0.4:
                return self.rng.choice(self.ids)
            if match[1] == "path":
                return "/".join(self.rng.choice(["result.json", "..", "results", "a", "%2e%2e", "x" * 300, ""]) for _ in range(self.rng.randrange(1, 4)))
            return self.rng.choice(PARTS)
        target = re.sub(r"\{(\w+)\}", part, path)
        asked = [one["name"] for one in parameters if one["in"] == "query" and self.rng.random() < 0.5]
        if self.rng.random() < 0.1:
            asked.append(self.rng.choice(["x", "limit", "", "%00", "a" * 300]))
        return target + ("?" + "&".join(f"{name}={self.rng.choice(QUERIES)}" for name in asked) if asked else "")

    def case(self):
        method, path, operation, parameters = self.rng.choice(self.operations)
        media, body = self.body(operation)
        headers = [self.rng.choice(HEADERS)] if self.rng.random() < 0.2 else []
        if self.rng.random() < 0.15:
            media = self.rng.choice(TYPES)
        if self.rng.random() < 0.07:
            method = self.rng.choice(METHODS)
        if self.rng.random() < 0.03:
            body, headers = gzip.compress(body), headers + [("Content-Encoding", "gzip")]
        if method in ("GET", "HEAD", "TRACE"):
            body = b""
        is_forbidden = method == self.method_of(operation) and media == "application/json" and not headers and self.forbids(operation, body)
        if body and self.rng.random() < 0.05 and len(body) < 10_000:  # a byte at a time
            body = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
            headers.append(("Transfer-Encoding", "chunked"))
        if media is not None and method not in ("GET", "HEAD"):
            headers.append(("Content-Type", media))
        return Case(operation["operationId"], method, self.target(method, path, parameters), tuple(headers), body, is_forbidden)

    def method_of(self, operation):
        return next(method for method, _, one, _ in self.operations if one is operation)

    def forbids(self, operation, body):
        """Whether the document says that this is no body of the operation's."""
        content = self.contract.look_up(operation.get("requestBody", {})).get("content", {})
        if "application/json" not in content or not body:
            return False
        try:
            self.contract.fits(content["application/json"]["schema"], json.loads(body))
        except (ValueError, RecursionError, jsonschema.ValidationError):
            return True
        return False

    # --- what is answered ---

    def ask(self, case):
        """(status, media type, body), or None: it hung up."""
        with socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET) as one:
            one.settimeout(WAIT_S)
            one.connect(self.address)
            try:
                one.sendall(case.bytes())
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered already
            answer = http.client.HTTPResponse(one, method=case.method)
            try:
                answer.begin()
                media = answer.getheader("Content-Type", "")
                return answer.status, media, b"" if media.startswith("text/event-stream") else answer.read()
            except (ConnectionResetError, http.client.HTTPException):
                return None

    def wrong(self, case):
        """What is wrong with the answer to this; None: nothing."""
        said = self.ask(case)
        if said is None:
            self.hung_up += 1  # a reset may overtake an answer to what was not read to its end
            return None if len(case.body) > 100_000 else "it hung up"
        status, media, body = said
        self.statuses[status] += 1
        if status >= 500 and status != 503 and not (status == 501 and case.method == "BREW"):
            return f"{status}: {body[:300]!r}"
        if case.is_forbidden and status < 400:
            return f"the document forbids it, and it is answered {status}"
        if case.method == "HEAD" or status in (204, 304):
            return None
        return self.problem_wrong(status, media, body) if status >= 400 else self.answer_wrong(case, status, media, body)

    def problem_wrong(self, status, media, body):
        if media != "application/problem+json":
            return f"{status} as {media!r}: {body[:200]!r}"
        try:
            problem = json.loads(body)
            self.contract.fits({"$ref": "#/components/schemas/problem"}, problem)
        except (ValueError, jsonschema.ValidationError) as error:
            return f"{status}: {str(error)[:300]}: {body[:300]!r}"
        return None if problem["status"] == status else f"{status} says of itself that it is {problem['status']}"

    def answer_wrong(self, case, status, media, body):
        operation = next((one for _, _, one, _ in self.operations if one["operationId"] == case.operation), None)
        if media != "application/json" or case.method != self.method_of(operation) or case.operation in STREAMED:
            return None
        try:
            self.contract.check_answer(operation, status, json.loads(body))
        except (ValueError, KeyError, jsonschema.ValidationError) as error:
            return f"{status}: {str(error)[:500]}"
        return None

    def run(self, n, is_alive):
        """[(request, what is wrong)] of n requests; is_alive() says whether the daemon still is."""
        wrongs = []
        for _ in range(n):
            case = self.case()
            if self.spared(case, case.is_forbidden):
                continue
            wrong = self.wrong(case)
            if wrong:
                wrongs.append(f"{case}\n    {wrong}")
            if not is_alive():
                return wrongs + [f"{case}\n    it has ended"]
        return wrongs


