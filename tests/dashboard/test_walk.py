"""The walk of whoever comes to find out where a server breaks: start a run from the page, watch it live, see it break, and read what it came
to; then the same at night. A real daemon runs it against a real server that breaks."""
import os
import subprocess

import pytest

import bridge
import browser
from conftest import PAGE, Page

BRUNT = os.environ.get("BRUNT", "build/dev/brunt")
# This machine's noise is not what is looked at here.
PROFILE = """
name: stress
target: {url: "%s", timeout: 2s, watch: {pid: %d}}
load: {steps: {from: 50/s, by: 150/s, every: 1500ms, to: 1000/s}, spacing: poisson}
requests: [{name: root, get: /}]
slo: ["p95 <= 2s", "max_sustainable_rate >= 10/s"]
generator: {lateness_p99: 1s, lateness_share: 100%%, taken_min: 0%%, client_failures_max: 100%%}
output: {interval: 250ms}
"""

pytestmark = pytest.mark.skipif(browser.find() is None, reason="no Chromium is installed")


@pytest.fixture
def daemon(tmp_path):
    target = subprocess.Popen(["timeout", "-k", "5", "120", BRUNT, "target", "--port", "0", "--capacity", "300/s", "--workers", "2", "--queue", "20"],
                              stdout=subprocess.PIPE, text=True)
    url = target.stdout.readline().removeprefix("listening on ").strip()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "stress.yaml").write_text(PROFILE % (url, target.pid), encoding="utf-8")
    one = bridge.RealDaemon(PAGE, BRUNT, tmp_path)
    yield one
    one.close()
    target.terminate()
    target.wait(timeout=20)
    target.stdout.close()
    assert one.wrongs == []


@pytest.fixture
def page(chromium, daemon):
    one = Page(chromium, daemon)
    yield one
    assert one.complaints() == []
    chromium.go("about:blank")


def test_from_the_page_a_run_is_started_watched_seen_to_break_and_read(daemon, page, chromium):
    page.open("start")
    page.wait_for("steps from 50/s", ".start")
    page.click("form button", "Start")
    page.wait_for("RUNNING", "#verdict", timeout_s=30)
    page.wait_for("p95 <= 2s", "#lights", timeout_s=30)
    chromium.wait_until("document.querySelectorAll('.ladder li').length >= 2 && document.querySelectorAll('canvas').length >= 5", timeout_s=30)
    page.wait_for("Breaks at", "#verdict", timeout_s=60)
    assert "PASSED" in page.text("#verdict"), page.text("#verdict")
    page.wait_for("BROKEN", "#levels")
    assert len(page.text("#break")) > 20, "it does not say why"
    href = chromium.evaluate("[...document.querySelectorAll('#verdict a')].find(a => a.textContent === 'JSON').href")
    status, name = chromium.evaluate(f"fetch({href!r}).then(answer => answer.json().then(result => [answer.status, result.name]))")
    assert (status, name) == (200, "stress")
    daemon.profiles = [{"name": "stress", "kind": "run"}]
    page.go("schedule")
    page.type("#schedule-name", "nightly")
    page.click("#schedule-form button", "Save")
    page.wait_for("every night at 02:00", "table")
    page.go("")
    page.wait_for("The last run passed", "#night")
    assert "sustains" in page.text(".run-card")
