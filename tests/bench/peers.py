"""The generators, one class each: what to run, and what it then says of itself. Times are ns."""
import csv
import json
import os
import re
import shutil
import subprocess

from figures import percentiles


class Wrap:
    """What requests go in: TLS, and HTTP/2 where streams, the most at once on one connection, is more than 0."""

    def __init__(self, tls=False, streams=0):
        self.tls, self.streams = tls, streams


class Load:
    """What is asked of a generator. rate None: a closed loop, as fast as it can. settle_s: the part of its time that is not
    looked at. wrap None: HTTP/1.1 in the clear."""

    def __init__(self, connections, seconds, rate=None, has_latency=False, settle_s=0, wrap=None):
        self.connections, self.seconds, self.rate, self.has_latency = connections, seconds, rate, has_latency
        self.settle_s, self.wrap = settle_s, wrap

    def users(self):
        """Requests under way in a closed loop."""
        return self.connections * max(1, self.wrap.streams if self.wrap else 1)

    def per_connection(self):
        return self.rate / self.connections


class Peer:
    """can_closed, can_rate: which loads it knows. command() may write what it needs into the folder, which is its cwd.
    read() returns any of: sent (requests, to be compared with the server's count), latency, lateness, more."""
    name = binary = package = None
    can_closed = can_rate = False

    def path(self):
        return shutil.which(self.binary)

    def version(self):
        return None

    def command(self, load, url, folder):
        raise NotImplementedError

    def read(self, load, launched, folder):
        return {}


def port_of(url):
    return url.rsplit(":", 1)[1]


class Brunt(Peer):
    name = "brunt"
    can_closed = can_rate = True

    def __init__(self, path, pacing="auto", tick=None, name=None):
        self.binary, self.pacing, self.tick = path, pacing, tick
        self.name = name or self.name

    def version(self):
        return said_by([self.binary, "--version"])

    def command(self, load, url, folder):
        profile = {"name": "bench", "idle_baseline": 0, "pacing": self.pacing,
                   "target": {"url": url, "connections": load.connections}}
        if load.wrap and load.wrap.tls:
            profile["target"]["tls"] = {"verify": False}  # as the peers do
        if load.wrap and load.wrap.streams:
            profile["target"].update(http=2, streams=load.wrap.streams)
        if load.seconds < 1:
            profile["target"]["timeout"] = "1s"  # no longer than 60 levels
        if self.tick:
            profile["relaxed_tick"] = self.tick
        if load.rate:
            profile["load"] = {"steady": {"rate": f"{load.rate}/s", "for": f"{load.seconds - load.settle_s:g}s"}}
            if load.settle_s:
                profile["load"]["warmup"] = f"{load.settle_s}s"
        else:
            profile["load"] = {"concurrency": {"users": load.users(), "for": f"{load.seconds}s"}}
        with open(os.path.join(folder, "bench.yaml"), "w", encoding="utf-8") as file:
            json.dump(profile, file)  # JSON is YAML
        return [self.binary, "run", "bench.yaml", "--json", "--quiet", "--out", "out"]

    def read(self, load, launched, folder):
        result = json.loads(launched.stdout())
        totals, latency = result["totals"], result["latency_ns"]
        return {"sent": totals["sent"] + totals["retried"], "failed": totals["failed"] + totals["unsent"],
                "latency": pick(latency["response"]), "service": pick(latency["service"]),
                "queue": pick(latency["queue"]), "lateness": pick(latency["lateness"]),
                "more": {"pacing": result["generator"]["pacing"], "verdict": result["verdict"]["status"]}}


def pick(figures):
    return {name: figures.get(name) for name in ("count", "p50", "p99", "p999", "max")}


class Floor(Peer):
    name = "floor"
    can_closed = can_rate = True

    def __init__(self, programs, *options, name=None):
        self.binary, self.options = os.path.join(programs, "bench_floor"), options
        self.name = name or self.name

    def command(self, load, url, folder):
        command = [self.binary, "--port", port_of(url), "--connections", str(load.connections), "--duration",
                   f"{round(load.seconds * 1000)}ms", *self.options]
        if load.rate:
            command += ["--rate", str(load.rate)]
        return command + (["--latency"] if load.has_latency else [])

    def read(self, load, launched, folder):
        said = json.loads(launched.stdout())
        figures = {"sent": said["sent"]}
        if load.rate or load.has_latency:
            figures["latency"] = pick(said["latency_ns"])
        if load.rate:
            figures["lateness"] = pick(said["lateness_ns"])
        return figures


UNITS_NS = {"us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9}


def time_ns(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS_NS[unit]


class Wrk(Peer):
    name = binary = package = "wrk"
    can_closed = True

    def version(self):
        return said_by([self.binary, "-v"])

    def command(self, load, url, folder):
        # Percentiles that it does not print by itself are asked of its script interface.
        with open(os.path.join(folder, "done.lua"), "w", encoding="utf-8") as file:
            file.write('done = function(s, l, r) io.write(string.format("US %d %d %d %d %d\\n", s.requests, '
                       "l:percentile(50), l:percentile(99), l:percentile(99.9), l.max)) end\n")
        return [self.binary, "-t1", f"-c{load.connections}", f"-d{max(1, round(load.seconds))}s", "-s", "done.lua", url]

    def read(self, load, launched, folder):
        said = re.search(r"^US (\d+) (\d+) (\d+) (\d+) (\d+)", launched.stdout(), re.M)
        count, p50, p99, p999, highest = (int(x) for x in said.groups())
        return {"answered": count, "latency": {"count": count, "p50": p50 * 1e3, "p99": p99 * 1e3, "p999": p999 * 1e3,
                                               "max": highest * 1e3}}


class H2load(Peer):
    name = binary = "h2load"
    package = "nghttp2-client"
    can_closed = can_rate = True

    def version(self):
        return said_by([self.binary, "--version"])

    def command(self, load, url, folder):
        version = [f"-m{load.wrap.streams}"] if load.wrap and load.wrap.streams else ["--h1"]
        command = [self.binary, *version, "-t1", f"-c{load.connections}", f"-D{max(1, round(load.seconds))}"]
        if load.rate:
            command += [f"--rps={load.per_connection():g}"]
        if load.has_latency:
            command += ["--log-file=h2load.tsv"]
        return command + [url]

    def read(self, load, launched, folder):
        figures = {"answered": int(re.search(r"requests: (\d+) total", launched.stdout()).group(1))}
        if load.has_latency:
            with open(os.path.join(folder, "h2load.tsv"), encoding="utf-8") as file:
                figures["latency"] = percentiles([int(line.split("\t")[2]) * 1000 for line in file])
        return figures


class Hey(Peer):
    name = binary = package = "hey"
    can_closed = can_rate = True

    def command(self, load, url, folder):
        command = [self.binary, "-z", f"{load.seconds}s", "-c", str(load.connections), "-cpus", "1"]
        if load.rate:
            command += ["-q", f"{load.per_connection():g}"]  # per worker
        if load.has_latency:
            command += ["-o", "csv"]
        return command + [url]

    def read(self, load, launched, folder):
        if not load.has_latency:
            return {}
        with open(launched.stdout_path, encoding="utf-8", newline="") as file:
            return {"latency": percentiles([round(float(row["response-time"]) * 1e9) for row in csv.DictReader(file)])}


class Ab(Peer):
    name = binary = "ab"
    package = "apache2-utils"
    can_closed = True

    def version(self):
        return said_by([self.binary, "-V"])

    def command(self, load, url, folder):
        return [self.binary, "-q", "-k", "-c", str(load.connections), "-t", str(max(1, round(load.seconds))), "-n",
                "10000000", url + "/"]


class Httperf(Peer):
    name = binary = package = "httperf"
    can_closed = True
    CALLS_PER_S = 150_000  # it takes a number of requests, not a time: so many as this would need

    def command(self, load, url, folder):
        calls = max(1, round(self.CALLS_PER_S * load.seconds / load.connections))
        return [self.binary, "--hog", "--server", "127.0.0.1", "--port", port_of(url), "--uri", "/", "--num-conns",
                str(load.connections), "--num-calls", str(calls), "--rate", "10000"]


class Siege(Peer):
    name = binary = package = "siege"
    can_closed = True
    CALLS_PER_S = 8000  # told a time instead, it now and then never ends

    def command(self, load, url, folder):
        with open(os.path.join(folder, "siegerc"), "w", encoding="utf-8") as file:
            file.write("connection = keep-alive\nlogging = false\nlimit = 1024\nshow-logfile = false\nparser = false\n")
        return [self.binary, "-R", "siegerc", "-b", "-q", "-j", "-c", str(load.connections), "-r",
                str(round(self.CALLS_PER_S * load.seconds / load.connections)), url + "/"]


# What Debian calls bombardier is a game.
ABSENT = {"bombardier": "Debian's package of that name is a game, not the generator",
          "wrk2": "not packaged by Debian; figures against it are derived from wrk's by the published ratio"}


def said_by(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except OSError:
        return None
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else None
