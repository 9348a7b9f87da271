"""One generator against one fresh server: the unit that everything else is made of."""
import os
import shutil
import sys
import tempfile
import time

from machine import STEAL_MAX, Steal
from peers import Brunt
from processes import GENERATOR_CORE, Launched, Shares
from server import Server, Wrapped

WAIT_MAX = 0.02  # share of the time for which one of ours was runnable while somebody else had its core
LIMIT_S = 30  # beyond the load's own time, after which a program is killed


class Bench:
    """Where the programs are, how thorough to be, and how much time is left for it."""

    def __init__(self, brunt, programs, is_quick, budget_s, again=1):
        self.brunt, self.programs, self.is_quick = brunt, programs, is_quick
        self.again = again  # times as many rounds at the most, where some are disturbed
        self.rounds = 3 if is_quick else 5
        self.launcher = os.path.join(programs, "bench_launch")
        self.ends_at, self.began_at = time.monotonic() + budget_s, time.monotonic()
        self.absent = {}

    def seconds_left(self):
        return max(self.ends_at - time.monotonic(), 0)

    def has_time(self):
        return self.seconds_left() > 0

    def say(self, text):
        print(f"[{time.monotonic() - self.began_at:5.0f} s] {text}", file=sys.stderr, flush=True)

    def say_row(self, peer, row):
        rate, cpu = row["rate_per_s"] or 0, row["cpu_us_per_request"] or 0
        note = row.get("error") or disturbance(row)
        self.say(f"  {peer.name:14} {rate:9.0f}/s {cpu:7.2f} us/request {note}")

    def brunt_peer(self, pacing="auto", tick=None, name=None):
        return Brunt(self.brunt, pacing, tick, name)

    def present(self, peers):
        """Those that are installed; who is missing is said once."""
        for peer in peers:
            if not peer.path() and peer.name not in self.absent:
                self.absent[peer.name] = f"not installed (Debian: {peer.package})"
                self.say(f"{peer.name}: {self.absent[peer.name]}; left out")
        return [peer for peer in peers if peer.path()]

    def run(self, peer, load, server_options=(), has_log=False):
        """A dict of figures; {"error": …} where the generator did not do its work."""
        folder = tempfile.mkdtemp(prefix="brunt-bench-")
        try:
            return self.run_in(folder, peer, load, server_options, has_log)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run_in(self, folder, peer, load, server_options, has_log):
        limit_s = load.seconds + LIMIT_S
        server = (Wrapped(self.programs, folder, limit_s + 5, server_options) if load.wrap else
                  Server(self.programs, folder, limit_s + 5, server_options, has_log))
        steal = Steal()
        try:
            generator = Launched(self.launcher, GENERATOR_CORE, limit_s, peer.command(load, server.url, folder), folder,
                                 "generator")
            shares = watch(generator, server, load.seconds)
            cost = generator.wait()
        finally:
            seen = server.stop()
        row = figures_of(load, seen, cost, shares)
        row["steal"] = round(steal.share(), 4)
        row["is_disturbed"] = row["steal"] > STEAL_MAX or max(row["waited"].values(), default=0) > WAIT_MAX
        try:
            row.update(peer.read(load, generator, folder))
        except (ValueError, KeyError, AttributeError, OSError) as error:
            row["error"] = f"{peer.name}: {ended(cost)}, {error}: {generator.stderr()[-300:]}"
        return check_count(row, seen)


def ended(cost):
    """How a program did; at its time limit it is killed, by signal 9."""
    return f"exit {cost['exit']}" if cost["signal"] == 0 else f"signal {cost['signal']}"


def disturbance(row):
    """What others took of the machine, where that was too much."""
    if not row["is_disturbed"]:
        return ""
    waited = ", ".join(f"{name} waited {share:.0%}" for name, share in row["waited"].items())
    return f"disturbed: steal {row['steal']:.1%}, {waited}"


def watch(generator, server, seconds):
    """The shares of their cores that both used in the middle of the run; it sleeps meanwhile."""
    time.sleep(0.5 * seconds)
    shares = Shares({"generator": generator, "server": server.launched})
    time.sleep(0.35 * seconds)
    return shares.shares()


def figures_of(load, seen, cost, shares):
    rate = seen.rate_per_s(load.connections)
    row = {"requests": seen.requests, "connections": seen.connections, "rate_per_s": rate,
           "cpu_us_per_request": cost["cpu_us"] / seen.requests if seen.requests else None,
           "max_rss_bytes": cost["max_rss_bytes"], "exit": cost["exit"],
           "used": {name: used for name, (used, _) in shares.items()},
           "waited": {name: waited for name, (_, waited) in shares.items()},
           "started_at_ns": cost["started_ns"], "seen": seen}
    # What start-up, connecting and reporting cost is left out of this one.
    used = row["used"].get("generator")
    row["steady_cpu_us_per_request"] = 1e6 * used / rate if rate and used else None
    return row


def check_count(row, seen):
    """Who says exactly what it sent must say what the server counted, and its requests must have been answered."""
    if row.get("failed", 0) > 0.001 * seen.requests:
        row["error"] = f"{row['failed']} of {seen.requests} requests failed or were never sent"
    elif seen.lost:
        row["error"] = f"{seen.lost} requests found no room in the server's log"
    elif "sent" in row and row["sent"] != seen.requests:
        row["error"] = f"says it sent {row['sent']}, the server counted {seen.requests}"
    return row
