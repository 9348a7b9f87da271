"""A user of a small shop in Chromium, written down as an HTTP Archive by npm's chrome-har, and played again: the shop must see the
same user twice."""
import http.server
import json
import os
import pathlib
import subprocess
import threading
import urllib.parse

import pytest

import browser
from test_import import BRUNT, run_profile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
PAGE = """<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="/shop.css"><script src="/shop.js" defer></script>
<img src="/logo.svg"><form method="post" action="/orders"><input name="what" value="tea &amp; c\u00e4ke"><button>buy</button></form>"""
SCRIPT = """(async () => {
  const found = await (await fetch("/api/search?q=gr%C3%BCn&page=1")).json()
  await fetch("/api/basket", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({id: found.id, n: 2, "\u00fc": null})})
  await fetch("/api/basket/1", {method: "PUT", body: "3"})
  await fetch("/api/basket/2", {method: "DELETE"})
  document.title = "ready"
})()"""
ANSWERS = {"/": ("text/html; charset=utf-8", PAGE), "/shop.css": ("text/css", "p { color: red }"), "/shop.js": ("text/javascript", SCRIPT),
           "/logo.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'), "/api/search": ("application/json", '{"id": 17}'),
           "/thanks": ("text/html", '<link rel="icon" href="data:,"><title>thanks</title>')}
ASSETS = {"/shop.css", "/shop.js", "/logo.svg"}


class Shop(http.server.ThreadingHTTPServer):
    """Remembers who asked for what, in the order in which it was asked."""
    daemon_threads = True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), Counter)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Counter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        path = urllib.parse.urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # Of a body: what Chromium tells of a request that was redirected still has the type of the one before.
        kind = self.headers.get("Content-Type") if body else None
        self.server.seen.append((self.command, self.path, kind, body, self.headers.get("Cookie"), self.headers.get("User-Agent")))
        kind, text = ANSWERS.get(path, ("text/plain", ""))
        self.send_response(303 if path == "/orders" else 200)
        if path == "/orders":
            self.send_header("Location", "/thanks")
        if path == "/":
            self.send_header("Set-Cookie", "basket=7; HttpOnly; SameSite=Strict")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    one = Shop()
    yield one
    one.shutdown()
    one.server_close()


def visit(url):
    """What the browser told of a visit that ends with an order."""
    told = []
    page = browser.Browser(reaches="127.0.0.1")
    try:
        page.go(url + "/")
        told += page.told
        page.wait_until('document.title == "ready"')
        told += page.told[len(told):]
        page.told = []
        page.evaluate("document.querySelector('button').click()")
        page.wait_for("Page.loadEventFired")
        page.wait_until('document.title == "thanks"')
        return told + page.told
    finally:
        page.close()


def archive_of(told):
    messages = [{"method": one["method"], "params": one["params"]} for one in told if one.get("method", "").split(".")[0] in ("Network", "Page")]
    done = subprocess.run([HERE / "../../machine/npm.sh", "chrome-har@1", HERE / "har.js"], input=json.dumps(messages), capture_output=True, text=True,
                          check=False, timeout=240)
    if done.returncode == SKIPPED:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_who_was_recorded_in_chromium_comes_again(shop, tmp_path):
    if browser.find() is None:
        pytest.skip("chromium is not installed")
    (tmp_path / "shop.har").write_text(archive_of(visit(shop.url)), encoding="utf-8")
    recorded = list(shop.seen)
    assert [one[:2] for one in recorded if one[1] not in ASSETS] == [
        ("GET", "/"), ("GET", "/api/search?q=gr%C3%BCn&page=1"), ("POST", "/api/basket"), ("PUT", "/api/basket/1"), ("DELETE", "/api/basket/2"),
        ("POST", "/orders"), ("GET", "/thanks")]
    shop.seen.clear()
    imported = subprocess.run([BRUNT, "import", "har", tmp_path / "shop.har", "--as-flow", "--no-assets", "--out", tmp_path / "p.yaml"],
                              capture_output=True, text=True, check=False, timeout=60)
    assert imported.returncode == 0, imported.stderr
    run_profile(tmp_path / "p.yaml", tmp_path, "--set", "load={concurrency: {users: 1, iterations: 1}}")
    assert shop.seen == [one for one in recorded if one[1] not in ASSETS], imported.stderr
