"""Chromium without a window, driven over a pipe (--remote-debugging-pipe): no port, no driver, no network."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

START_S = 30
ANSWER_S = 20
FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--mute-audio",
         "--hide-scrollbars"]


def find():
    return next((path for path in map(shutil.which, ["chromium", "chromium-browser", "google-chrome"]) if path), None)


class Browser:
    """One browser with one page, which reaches nobody, or one address of this machine alone. Commands wait for their answers; what it tells by
    itself is kept in `told`."""

    def __init__(self, reaches=None):
        self.home = tempfile.mkdtemp(prefix="brunt-browser-")
        down, self.commands = os.pipe()
        self.answers, up = os.pipe()
        flags = FLAGS + ([] if os.geteuid() else ["--no-sandbox"]) + ["--host-resolver-rules=MAP * ~NOTFOUND" + (f" , EXCLUDE {reaches}" if reaches else "")]
        # The browser reads commands from 3 and writes answers to 4, each ended by a NUL.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{down} 4>&{up}', "bash", find(), *flags, f"--user-data-dir={self.home}", "about:blank"],
            pass_fds=(down, up), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(down)
        os.close(up)
        self.rest, self.id, self.told, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank", timeout_s=START_S)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"]:
            self.call(f"{domain}.enable")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", timeout_s=5)
        except (OSError, TimeoutError):
            pass
        finally:
            os.close(self.commands)
            os.close(self.answers)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.home, ignore_errors=True)

    def read(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise OSError("the browser ended")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, timeout_s=ANSWER_S, **params):
        self.id += 1
        message = {"id": self.id, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self.commands, rest):]
        until = time.monotonic() + timeout_s
        while True:
            said = self.read(until)
            if said.get("id") == self.id:
                if "error" in said:
                    raise OSError(f"{method}: {said['error']}")
                return said["result"]
            self.told.append(said)

    def wait_for(self, method, timeout_s=ANSWER_S):
        until = time.monotonic() + timeout_s
        while not any(said.get("method") == method for said in self.told):
            self.told.append(self.read(until))

    def open(self, path, **how):
        self.go("file://" + os.path.realpath(path), **how)

    def go(self, url, width=1280, height=900, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.told = []
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise OSError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait_until(self, expression, timeout_s=ANSWER_S):
        until = time.monotonic() + timeout_s
        while not self.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"it does not come to be that {expression}")
            time.sleep(0.05)

    def wait_until_painted(self):
        """Before a page's first picture the browser drops what a mouse does."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))")

    def screenshot(self, path, whole=True):
        params = {"captureBeyondViewport": whole}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            params["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", **params)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self, own="file:"):
        """What the page was told off for: errors, warnings, broken rules of its policy, requests to anybody."""
        self.evaluate("new Promise(done => setTimeout(done, 0))")
        found = []
        for said in self.told:
            method, params = said.get("method"), said.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"].get("exception", params)))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Audits.issueAdded":
                found.append(str(params["issue"]))
            elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith((own, "blob:")):
                found.append("asked for " + params["request"]["url"])
        return found
