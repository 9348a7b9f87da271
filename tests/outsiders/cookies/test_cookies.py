"""Python's http.cookiejar keeps the same cookies as a session of a flow, and sends the same ones, whatever a server sets."""

import email.message
import http.cookiejar
import os
import random
import subprocess
import urllib.request
from unittest import mock

import pytest

START = 1_000_000_000
HOST = "www.example.com"
PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b/x?q=/a/", "/a?x=/b/"]
NAMES = ["a", "b", "sid", "A"]


def attributes(rng):
    """Values are told apart by the caller; what the two are known to read differently (RFC 2965's quotes, dates in odd forms,
    the host itself as a domain) is in test_cookie.c."""
    some = []
    if rng.random() < 0.5:
        some.append("Path=" + rng.choice(["/", "/a", "/a/", "/a/b", "/b"]))
    kind = rng.random()
    if kind < 0.2:
        some.append(f"Max-Age={rng.choice([0, 5, 50, 500])}")
    elif kind < 0.4:
        some.append("Expires=" + rng.choice(["Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 09 Sep 2001 01:46:45 GMT", "Fri, 01-Jan-2038 00:00:00 GMT"]))
    if rng.random() < 0.15:
        some.append("Domain=" + rng.choice(["example.com", ".example.com", "other.com", "a." + HOST]))
    if rng.random() < 0.2:
        some.append("Secure")
    if rng.random() < 0.2:
        some.append("HttpOnly")
    rng.shuffle(some)
    return some


def pairs(header):
    return sorted(header.split("; ")) if header else []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("seed", range(10))
def test_sessions_send_what_http_cookiejar_sends(seed, scheme):
    rng = random.Random(seed)
    policy = http.cookiejar.DefaultCookiePolicy(strict_ns_domain=http.cookiejar.DefaultCookiePolicy.DomainLiberal)
    jar, now, lines, wanted = http.cookiejar.CookieJar(policy), START, [], []
    for number in range(300):
        now += rng.randrange(3)
        path = rng.choice(PATHS)
        request = urllib.request.Request(f"{scheme}://{HOST}{path}")
        with mock.patch("time.time", lambda: now):
            if rng.random() < 0.5:
                field = "; ".join([f"{rng.choice(NAMES)}={number}"] + attributes(rng))
                answer = mock.Mock()
                answer.info.return_value = email.message.Message()
                answer.info.return_value["Set-Cookie"] = field
                # RFC 6265bis 5.6: a cookie that is Secure is not set where there is no TLS.
                if scheme == "https" or "Secure" not in field:
                    jar.extract_cookies(answer, request)
                lines.append(f"set {now} {path} {field}")
            else:
                jar.add_cookie_header(request)
                wanted.append(request.get_header("Cookie", ""))
                lines.append(f"get {now} {path}")
    said = subprocess.run([os.environ["JAR"], HOST, scheme], input="\n".join(lines) + "\n", check=True,
        capture_output=True, text=True, timeout=60).stdout.splitlines()
    assert len(said) == len(wanted) and sum(map(bool, said)) > 50
    for ours, theirs in zip(said, wanted):
        assert pairs(ours) == pairs(theirs)
