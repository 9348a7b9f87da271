#!/usr/bin/env python3
"""Whether a job feels that it is watched (README.md); for scripts/soak.sh watched. A job of a daemon's runs again and again, in turn with nobody
there and with fifty streams of its events, clients that poll the API and fetch the dashboard's page, all of them in one other process. What
is held against each other is how late the job's sends were by P99, of the seconds in which the machine was there (tests/machine/untaken.py)."""
import argparse
import collections
import contextlib
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "machine"))
import hdrlog  # noqa: E402
import untaken  # noqa: E402

TOKEN = "watching" * 4
RATIO_MOST = 1.5
POLLED = ["/api/v1/runs", "/api/v1/runs/{run}", "/api/v1/queue", "/api/v1/history", "/metrics", "/"]
POLL_EVERY_S = 1.0
CONNECTIONS = 64
ANSWER_S = 20  # for any answer of the daemon's
ENOUGH = 20  # seconds of each kind in which the machine was there; fewer say nothing
PLENTY = 60  # of each kind: more rounds would say the same
QUIET = 0.9  # of all CPUs are idle before a round begins …


# --- the other process: who watches ---

class Client:
    """One connection that asks, and reads what comes."""

    def __init__(self, selector, port, path):
        self.selector, self.port, self.path, self.got = selector, port, path, 0
        self.socket, self.is_answered = None, False

    def ask(self):
        self.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S)
        self.socket.sendall((f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
                             f"Connection: {'keep-alive' if self.is_stream() else 'close'}\r\n\r\n").encode())
        self.socket.setblocking(False)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def is_stream(self):
        return self.path.endswith("/events")

    def read(self):
        try:
            bytes_of = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            bytes_of = b""
        if bytes_of and not self.got:
            self.is_answered = bytes_of.startswith(b"HTTP/1.1 200 ")
        self.got += len(bytes_of)
        if not bytes_of:
            self.close()

    def close(self):
        if self.socket is not None:
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None


def watch(port, run, streams, pollers, seconds):
    """Prints "streams answered, bytes they brought, requests answered", for as long as it is told."""
    with selectors.DefaultSelector() as selector:
        watching = [Client(selector, port, f"/api/v1/runs/{run}/events" if number % 5 else "/api/v1/events") for number in range(streams)]
        for client in watching:
            client.ask()
        polling, answered, over_at, due = [], 0, time.monotonic() + seconds, 0.0
        while time.monotonic() < over_at:
            if time.monotonic() >= due:
                due = time.monotonic() + POLL_EVERY_S
                answered += sum(client.is_answered for client in polling)
                for client in polling:
                    client.close()
                polling = [Client(selector, port, path.format(run=run)) for path in POLLED for _ in range(pollers)]
                for client in polling:
                    client.ask()
            for key, _ in selector.select(max(0.0, min(due, over_at) - time.monotonic())):
                key.data.read()
        print(sum(client.is_answered for client in watching), sum(client.got for client in watching), answered)


# --- this process: the rounds ---

class CannotRun(Exception):
    pass


def say(text):
    print(text, flush=True)


def until(what, holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise CannotRun(f"{what} did not come within {seconds:g} s")
        time.sleep(0.05)


def idle_share(seconds=2):
    """Of all CPUs together, of the next few seconds."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as file:
            return [int(word) for word in file.readline().split()[1:9]]
    before = ticks()
    time.sleep(seconds)
    spent = [after - was for after, was in zip(ticks(), before)]
    return (spent[3] + spent[4]) / max(1, sum(spent))


def await_quiet(patience):
    """… or it has waited so long for that."""
    end_at, share = time.monotonic() + patience, idle_share()
    while share < QUIET and time.monotonic() < end_at:
        share = idle_share()
    return share >= QUIET


class Nginx:
    CONFIG = """worker_processes 1; daemon off; pid {0}/nginx.pid; error_log {0}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{1}; location / {{ return 200 "ok"; }} }} }}
"""

    def __init__(self, folder, port, cpus):
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.CONFIG.format(folder, port))
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(["taskset", "-c", cpus, shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-p", folder, "-c", path],
                                        stderr=subprocess.DEVNULL)
        until("nginx", lambda: can_connect(port), 10)


class BruntTarget:
    def __init__(self, brunt, port, cpus):
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(["taskset", "-c", cpus, brunt, "target", "--port", str(port)], stdout=subprocess.DEVNULL)
        until("the target", lambda: can_connect(port), 10)


def can_connect(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process, seconds=20):
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Rounds:
    def __init__(self, arguments, folder, served):
        self.arguments, self.folder, self.served = arguments, folder, served
        self.daemon, self.target, self.port = served.Daemon(folder), None, served.free_port()

    def open(self):
        wanted, port = self.arguments.target, self.served.free_port()
        has_nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is not None
        if wanted == "nginx" or (wanted is None and has_nginx):
            self.target = Nginx(self.folder, port, self.arguments.target_cpus)
        else:
            self.target = BruntTarget(os.environ["BRUNT"], port, self.arguments.target_cpus)
        self.daemon.write("tokens", f"watcher view plain:{TOKEN}\n")
        os.chmod(os.path.join(self.folder, "tokens"), 0o600)
        self.daemon.configure(listen=["unix:" + self.daemon.socket, f"127.0.0.1:{self.port}"], tokens="tokens")
        self.daemon.process = subprocess.Popen(
            ["taskset", "-c", self.arguments.cpus, os.environ["BRUNT"], "serve", "--config", os.path.join(self.folder, "brunt.yaml")],
            stderr=open(os.path.join(self.folder, "stderr"), "ab"))
        until("the daemon", lambda: os.path.exists(self.daemon.socket) and self.daemon.answers(), ANSWER_S)

    def close(self):
        end(self.daemon.process, 60)
        end(self.target.process if self.target else None)

    def watchers(self, run):
        more = ["--port", str(self.port), "--run", run, "--watch-for", str(self.arguments.seconds)]
        return subprocess.Popen(["taskset", "-c", self.arguments.watcher_cpus, sys.executable, os.path.abspath(__file__), *more,
                                 "--streams", str(self.arguments.streams), "--pollers", str(self.arguments.pollers), "--brunt", "-"],
                                stdout=subprocess.PIPE, text=True)

    def once(self, is_watched):
        """(how late it was, what the watchers saw) of one job."""
        a = self.arguments
        wish = self.served.profile(self.target.url, a.seconds, name="watched")
        # Few connections, all of them open beforehand: that a thousand are opened when the target stalls is another matter.
        wish["target"] = {"url": self.target.url, "connections": CONNECTIONS, "prefetch": True}
        wish["load"] |= {"warmup": {"for": "1s"}}
        wish["load"]["steady"]["rate"] = f"{a.rate}/s"
        run, watching, page = self.daemon.submit(profile=wish), None, contextlib.nullcontext()
        until("its start", lambda: self.daemon.run(run)["state"] != "queued", ANSWER_S)
        if is_watched:
            watching = self.watchers(run)
            page = a.page and browse(self.port, run) or page
        try:
            with page:
                until("its end", lambda: self.has_ended(run), a.seconds + 60)
            seen = watching.communicate(timeout=ANSWER_S)[0].split() if watching else []
        finally:
            end(watching)
        status, result = self.daemon.ask("GET", f"/api/v1/runs/{run}/result")
        if status != 200:
            raise CannotRun(f"run {run} has no result: {self.daemon.run(run)}")
        if is_watched and (len(seen) != 3 or int(seen[0]) < a.streams or int(seen[2]) < a.pollers * len(POLLED)):
            raise CannotRun(f"the watchers were not all answered: {seen}")
        totals = result["totals"]
        if totals["sent"] < totals["scheduled"]:
            say(f"         {totals['scheduled'] - totals['sent']} were not sent: --rate is more than this machine bears")
        log = os.path.join(self.folder, "data", "runs", run, "results", "run.hlog")
        return Late(*untaken.counts_of(result, log, "lateness")), seen

    def has_ended(self, run):
        """Asked seldom: it is a request, too."""
        time.sleep(0.5)
        return self.daemon.run(run)["state"] == "ended"


def browse(port, run):
    """Chromium with the run's page open."""
    from browser import Browser

    @contextlib.contextmanager
    def opened():
        page = Browser(reaches="127.0.0.1")
        try:
            page.call("Page.navigate", url=f"http://127.0.0.1:{port}/")
            page.call("Runtime.evaluate", awaitPromise=True, expression=f"""fetch("/api/v1/session", {{method: "POST",
                headers: {{"Content-Type": "application/json"}}, body: JSON.stringify({{token: "{TOKEN}"}})}}).then(() => true)""")
            page.call("Page.navigate", url=f"http://127.0.0.1:{port}/#/runs/{run}")
            page.call("Page.reload")
            yield page
        finally:
            page.close()
    return opened()


def default_cpus(arguments):
    """Nobody is bound, as nobody is where a daemon does its work."""
    all_of = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    arguments.cpus = arguments.cpus or all_of
    arguments.target_cpus = arguments.target_cpus or all_of
    arguments.watcher_cpus = arguments.watcher_cpus or all_of


def us(ns):
    return f"{ns / 1000:.1f} µs"


class Late:
    """How late the sends of those seconds were."""

    def __init__(self, counts=None, seconds=0):
        self.counts, self.seconds = counts or collections.Counter(), seconds

    def add(self, more):
        self.counts += more.counts
        self.seconds += more.seconds

    def p99(self):
        return hdrlog.quantile(self.counts, 0.99)

    def __str__(self):
        return f"{us(self.p99()) if self.seconds else 'n/a':>9} by {self.seconds:2} s"


def judge(alone, watched):
    """(exit code, what is said)"""
    if min(alone.seconds, watched.seconds) < ENOUGH:
        return 3, f"watched: the machine was there for {alone.seconds} s alone and {watched.seconds} s watched: nothing can be said, {ENOUGH} of each are wanted"
    ratio = watched.p99() / max(1, alone.p99())
    return (0 if ratio <= RATIO_MOST else 1), (f"watched: lateness P99 {us(alone.p99())} in {alone.seconds} s alone, {us(watched.p99())} in {watched.seconds} s watched: "
                                             f"{ratio:.2f} x ({'held' if ratio <= RATIO_MOST else 'FELL'}: at most {RATIO_MOST} x)")


def arguments_of():
    parser = argparse.ArgumentParser(prog="soak.sh watched", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20,
                        help=f"at most, each once alone and once watched (20); fewer where {PLENTY} seconds of each are told by then")
    parser.add_argument("--rate", type=int, default=20000, help="of the job, per second (20000)")
    parser.add_argument("--seconds", type=int, default=12, help="that the job lasts (12)")
    parser.add_argument("--streams", type=int, default=50, help="of events (50)")
    parser.add_argument("--pollers", type=int, default=2, help=f"each asks {len(POLLED)} things a second (2)")
    parser.add_argument("--page", action="store_true", help="and the run's page in Chromium")
    parser.add_argument("--target", choices=["nginx", "brunt"], help="who answers (nginx where there is one)")
    parser.add_argument("--patience", type=float, default=60, help="seconds that a round waits for others to leave the machine (60)")
    parser.add_argument("--cpus", metavar="LIST", help="of the daemon and its job; one alone, which they then share, is the worst there is (all)")
    parser.add_argument("--target-cpus", metavar="LIST", help="(all)")
    parser.add_argument("--watcher-cpus", metavar="LIST", help="(all)")
    parser.add_argument("--brunt", required=True, help=argparse.SUPPRESS)
    for hidden, kind in (("--port", int), ("--run", str), ("--watch-for", float)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args()


def all_rounds(rounds, arguments):
    alone, watched, begun = Late(), Late(), time.monotonic()
    for number in range(1, arguments.rounds + 1):
        if min(alone.seconds, watched.seconds) >= PLENTY:
            break
        seen, of_round = [], {}
        await_quiet(arguments.patience)
        for is_watched in ((False, True) if number % 2 else (True, False)):  # so that what drifts favours neither
            of_round[is_watched], more = rounds.once(is_watched)
            seen = seen or more
        alone.add(of_round[False])
        watched.add(of_round[True])
        say(f"round {number:2}  alone {of_round[False]}, watched {of_round[True]}; {seen[0]} streams brought {int(seen[1]) >> 10} KiB, "
            f"{seen[2]} answers; {time.monotonic() - begun:.0f} s")
    return alone, watched


def main():
    arguments = arguments_of()
    if arguments.watch_for is not None:
        watch(arguments.port, arguments.run, arguments.streams, arguments.pollers, arguments.watch_for)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of what ends all that was started
    default_cpus(arguments)
    os.environ["BRUNT"] = os.path.abspath(arguments.brunt)
    sys.path.insert(0, os.path.join(HERE, "..", "daemon"))
    import served  # which looks at BRUNT
    folder = tempfile.mkdtemp(prefix="brunt-watched-")
    rounds = Rounds(arguments, folder, served)
    say(f"watched: a job of {arguments.rate}/s for {arguments.seconds} s; it and its daemon on CPU {arguments.cpus}, the target on {arguments.target_cpus}, "
        f"watchers on {arguments.watcher_cpus}")
    try:
        rounds.open()
        code, said = judge(*all_rounds(rounds, arguments))
    except (CannotRun, AssertionError, OSError, subprocess.TimeoutExpired) as error:
        code, said = 3, f"watched: {error}; see {folder}"
    finally:
        rounds.close()
    say(said)
    if code == 0:
        shutil.rmtree(folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
