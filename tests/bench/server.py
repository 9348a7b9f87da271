"""One server for one measurement, and what it saw."""
import array
import json
import os
import time

from figures import percentiles
from processes import SERVER_CORE, Launched


class Started:
    """A server of the bench, from its first line, which says where it listens, to its last, which is JSON."""

    def __init__(self, programs, folder, limit_s, program, options=()):
        self.program = program
        launcher = os.path.join(programs, "bench_launch")
        self.launched = Launched(launcher, SERVER_CORE, limit_s, [os.path.join(programs, program), *options], folder,
                                 "server")
        self.url = self.wait_for_url()
        self.port = int(self.url.rsplit(":", 1)[1])

    def wait_for_url(self):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            said = self.launched.stdout()
            if "\n" in said:
                return said.split()[-1]
            time.sleep(0.005)
        self.launched.terminate()
        raise RuntimeError(f"{self.program} does not listen: " + self.launched.stderr())

    def end(self):
        """(what it says it did, what it cost)"""
        cost = self.launched.terminate()
        if cost["exit"] != 0:
            raise RuntimeError(f"{self.program}: " + self.launched.stderr())
        return json.loads(self.launched.stdout().splitlines()[-1]), cost


class Wrapped(Started):
    """bench_wrapped."""

    def __init__(self, programs, folder, limit_s, options=()):
        super().__init__(programs, folder, limit_s, "bench_wrapped", options)

    def stop(self):
        said, cost = self.end()
        return Seen(said, cost)


class Server(Started):
    """bench_server."""

    def __init__(self, programs, folder, limit_s, options=(), has_log=False):
        self.log_path = os.path.join(folder, "server.log") if has_log else None
        log = ["--log", self.log_path] if has_log else []
        super().__init__(programs, folder, limit_s, "bench_server", [*options, *log])

    def stop(self):
        said, cost = self.end()
        return Seen(said, cost, self.log_path)


class Seen:
    """Requests, connections, the rate while all connections were open, and the log."""

    def __init__(self, said, cost, log_path=None):
        self.requests, self.connections = said["requests"], said["connections"]
        self.first_ns, self.lost = said["first_ns"], said["lost"]
        self.cost = cost
        self.bucket_s = said["bucket_ns"] / 1e9
        self.buckets = said["requests_by_bucket"]
        self.opened = said["connections_by_bucket"]
        self.early = said["early_connections"]
        self.arrivals, self.residences = read_log(log_path) if log_path else (None, None)
        if log_path:
            os.unlink(log_path)

    def rate_per_s(self, connections):
        """Requests per second between the moment when 95% of the connections were open (0.2 s at the least, half of the
        run at the most) and the run's end, the last 50 ms and a tail of stragglers left out."""
        last = len(self.buckets)
        full = sorted(self.buckets)[last // 2] if last else 0
        while last > 0 and self.buckets[last - 1] < full / 2:
            last -= 1
        last -= 1
        first, open_n = 0, self.early
        while first < last and open_n + self.opened[first] < 0.95 * connections:
            open_n += self.opened[first]
            first += 1
        first = min(max(first + 1, round(0.2 / self.bucket_s)), (last + 1) // 2)
        if last - first < 2:
            return None
        return sum(self.buckets[first:last]) / ((last - first) * self.bucket_s)

    def residence(self):
        return percentiles(self.residences)


def read_log(path):
    entries = array.array("q")
    with open(path, "rb") as file:
        entries.frombytes(file.read())
    arrivals, done = entries[::2], entries[1::2]
    return arrivals, array.array("q", (b - a for a, b in zip(arrivals, done)))
