"""One Chromium for all tests, and a fixture daemon for each."""
import os
import pathlib

import pytest

import browser
import fixture

PAGE = os.environ.get("DASHBOARD", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "dev" / "generated" / "daemon_page.html"))
HOSTILE = '"><script>top.pwned=1</script><img src=x onerror="top.pwned=2"><!--'


@pytest.fixture(scope="session")
def chromium():
    one = browser.Browser(reaches="127.0.0.1")
    yield one
    one.close()


@pytest.fixture
def daemon():
    one = fixture.Daemon(PAGE)
    yield one
    one.close()
    assert one.wrongs == []


class Page:
    """The dashboard as a test drives it. What it complains of is looked at in the end."""

    def __init__(self, chromium, daemon):
        self.chromium, self.daemon = chromium, daemon
        self.excused = ["NavigationEntryMarkedSkippable"]  # a test goes on without a hand on the mouse

    def open(self, place="", is_known=True, **how):
        chromium, daemon = self.chromium, self.daemon
        chromium.call("Network.clearBrowserCookies")
        if is_known:
            daemon.sessions.add("known")
            chromium.call("Network.setCookie", name="brunt_session", value="known", url=daemon.url, httpOnly=True, sameSite="Strict")
        else:
            self.excuse("401")
        chromium.go("about:blank")
        chromium.go(f"{daemon.url}/#/{place}", **how)
        chromium.wait_until("document.body.classList.contains('shown')")

    def excuse(self, *words):
        """What a browser reports as an error of its own accord: a status that is to be seen."""
        self.excused += words

    def text(self, selector="body"):
        return self.chromium.evaluate(f"document.querySelector({selector!r})?.innerText ?? ''")

    def wait_for(self, words, selector="body", **how):
        self.chromium.wait_until(f"(document.querySelector({selector!r})?.innerText ?? '').includes({words!r})", **how)

    def click(self, selector, words=""):
        found = f"[...document.querySelectorAll({selector!r})].find(e => e.textContent.includes({words!r}))"
        self.chromium.wait_until(f"Boolean({found})")
        self.chromium.evaluate(f"{found}.click()")

    def type(self, selector, text):
        self.chromium.wait_until(f"document.querySelector({selector!r}) !== null")
        self.chromium.evaluate(f"(() => {{ const e = document.querySelector({selector!r}); e.focus(); e.value = {text!r}; e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")

    def key(self, key, text=None, **more):
        for kind in ("keyDown", "keyUp"):
            self.chromium.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **({"text": text} if text and kind == "keyDown" else {}), **more)

    def go(self, place):
        self.chromium.evaluate(f"location.hash = '#/{place}'")

    def complaints(self):
        return [one for one in self.chromium.complaints(self.daemon.url) if not any(word in one for word in self.excused)]


@pytest.fixture
def page(chromium, daemon):
    one = Page(chromium, daemon)
    yield one
    assert one.complaints() == []
    assert chromium.evaluate("top.pwned === undefined")
    chromium.go("about:blank")
