"""SIGKILL at bad moments: to the daemon, to its jobs, to both; and after each of them what must hold. Everything that anybody was told
is still true, what is finished is whole, what was under way is said to be, and the queue goes on."""
import collections
import contextlib
import json
import os
import random
import signal
import threading
import time

import witness
from served import WAIT_S, profile, until
from unix_http import Connection

MADE = "made of what it had written"
SETTLED = ("pass", "fail", "inconclusive")  # how a run ends that nobody killed


class Told:
    """Listens to the daemon's events, life after life: the rows of runs that it said had ended."""

    def __init__(self, daemon):
        self.daemon, self.rows, self.is_over = daemon, {}, False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while not self.is_over:
            with contextlib.suppress(OSError, ValueError, EOFError):
                self.listen_once()
            time.sleep(0.01)

    def listen_once(self):
        connection = Connection(self.daemon.socket, WAIT_S)
        connection.request("GET", "/api/v1/events")
        kind = None
        for line in connection.getresponse():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "run":
                self.take(json.loads(value))
        connection.close()

    def take(self, row):
        if row["state"] == "ended":
            self.rows.setdefault(row["id"], row)

    def stop(self):
        self.is_over = True
        self.thread.join(5)


class Kills:
    def __init__(self, daemon, targets, seed, most=5):
        self.daemon, self.targets, self.rng, self.most = daemon, targets, random.Random(seed), most  # runs that wait or run
        self.promised = []  # ids that a submission was answered with
        self.hit = set()  # ids of runs that were under way when something was killed
        self.checked = {}  # id → its row, once its results were looked at
        self.seen = collections.Counter()
        self.told = Told(daemon)

    # --- what goes on ---

    def wish(self):
        made = profile(self.rng.choice(self.targets).url, self.rng.choice([1, 1, 3]), name=self.rng.choice(["api", "shop"]))
        made["load"]["steady"]["rate"] = f"{self.rng.choice([50, 200])}/s"
        if self.rng.random() < 0.15:
            made["arms"] = {"a": {}, "b": {"set": {"requests.0.get": "/b"}}}
            made["requests"] = [{"name": "one", "get": "/"}]
        return made

    def submit(self):
        with contextlib.suppress(OSError, EOFError, ValueError):  # it was killed: nothing was promised
            status, row = self.daemon.ask("POST", "/api/v1/runs", json.dumps({"profile": self.wish()}))
            if status == 201:
                self.promised.append(row["id"])

    def fill(self):
        queue = self.daemon.ask("GET", "/api/v1/queue")[1]
        for _ in range(self.most - len(queue["queued"]) - len(queue["running"])):
            self.submit()

    def under_way(self):
        """pid → id of the runs that are processes now."""
        return {pid: run for pid, run in witness.processes_of(self.daemon.data).items() if run}

    def writes(self):
        """Whether a run that goes on is writing its results."""
        for run in self.under_way().values():
            folder = os.path.join(self.daemon.data, "runs", run)
            with contextlib.suppress(FileNotFoundError):
                if os.path.exists(os.path.join(folder, "results")) or \
                        any(name.startswith(("result.json", "report")) for name in os.listdir(os.path.join(folder, "results.partial"))):
                    return True
        return False

    # --- moments ---

    def at_any_time(self):
        time.sleep(self.rng.uniform(0, 1.5))

    def as_it_writes(self):
        deadline = time.monotonic() + 5
        while not self.writes() and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(self.rng.uniform(0, 0.02))

    def as_it_takes(self):
        submitting = threading.Thread(target=self.submit, daemon=True)
        submitting.start()
        time.sleep(self.rng.uniform(0, 0.03))

    # --- one kill ---

    def kill(self, victim):
        """The pids that were killed."""
        if victim != "daemon":
            until(self.under_way)
            time.sleep(self.rng.uniform(0, 0.2))
        jobs = self.under_way()
        self.hit |= set(jobs.values())
        pids = ([self.daemon.process.pid] if victim != "job" else []) + (list(jobs) if victim != "daemon" else [])
        self.rng.shuffle(pids)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if victim != "job":
            self.daemon.process.wait()
            self.hit |= set(self.under_way().values())  # whoever was just being born
        return pids

    def once(self, number):
        """([what was wrong], a line that says what was done and seen)"""
        self.fill()
        victim = self.rng.choice(["daemon", "daemon", "job", "both"])
        moment = self.rng.choice([self.at_any_time, self.as_it_writes] + ([self.as_it_takes] if victim == "daemon" else []))
        moment()
        pids = self.kill(victim)
        told = dict(self.told.rows)
        wrongs, rows = witness.ledger(self.daemon.data, victim == "job")
        wrongs += self.promises_wrong(told, rows)
        if victim != "job":
            self.daemon.start()
        until(lambda: all(self.daemon.run(run)["state"] == "ended" for run in self.hit))
        until(lambda: set(self.strangers()) == set())
        whole, more = self.look(told)
        wrongs += more
        self.seen[victim] += 1
        return wrongs, (f"{number:4}  {victim:6} {moment.__name__.replace('_', ' '):13} {len(pids)} killed; {len(told)} told ended, "
                        f"{sum(row['state'] == witness.ENDED for row in rows.values())} in the ledger; integrity_check {'ok' if not wrongs else 'and more: WRONG'}; "
                        f"{whole} results looked at; {self.queue()}")

    def queue(self):
        queue = self.daemon.ask("GET", "/api/v1/queue")[1]
        return f"{len(queue['running'])} run, {len(queue['queued'])} wait"

    def promises_wrong(self, told, rows):
        yield from (f"{run} was taken, and is not in the ledger" for run in self.promised if run not in rows)
        for run, row in told.items():
            kept = rows.get(run)
            if kept is None or (kept["state"], kept["status"], kept["exit_code"]) != (witness.ENDED, row["status"], -1 if row["exit_code"] is None else row["exit_code"]):
                yield f"{run} was told as {row['status']}, {row['exit_code']}; the ledger has {kept and (kept['state'], kept['status'], kept['exit_code'])}"

    def strangers(self):
        """Processes of runs that are no children of this daemon's: what an earlier one left behind."""
        with open(f"/proc/{self.daemon.process.pid}/task/{self.daemon.process.pid}/children", encoding="ascii") as file:
            ours = set(map(int, file.read().split()))
        return {pid: run for pid, run in self.under_way().items() if pid not in ours and self.parent(pid) not in ours}

    @staticmethod
    def parent(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                return int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            return None

    # --- what is there afterwards ---

    def look(self, told):
        """(how many results were looked at, [what is wrong]) of all runs that have ended by now."""
        listed = self.daemon.ask("GET", "/api/v1/runs?limit=500&state=ended")[1]["runs"]
        rows, wrongs, whole = {row["id"]: row for row in listed}, [], 0
        for run, row in {**self.checked, **told}.items():
            if rows.get(run) is None or self.said(rows[run]) != self.said(row):
                wrongs.append(f"{run} was told as {self.said(row)} and is {rows.get(run) and self.said(rows[run])} now")
        for run, row in rows.items():
            if run not in self.checked:
                more = list(self.run_wrong(run, row))
                wrongs += [f"{run}: {wrong}" for wrong in more]
                whole += 1
                self.checked[run] = row
        known = {run for run in witness.ledger(self.daemon.data, True)[1]}
        wrongs += [f"left behind: {path}" for path in witness.leftovers(self.daemon.data, known)]
        return whole, wrongs

    @staticmethod
    def said(row):
        """What of a row is for good."""
        return {key: row[key] for key in ("state", "status", "exit_code", "reason", "started_at", "ended_at", "figures")}

    def run_wrong(self, run, row):
        folder = os.path.join(self.daemon.data, "runs", run, "results")
        if row["status"] not in SETTLED and run not in self.hit:
            yield f"nobody killed it, and it ended as {row['status']}: {row['reason']}"
        if not os.path.isdir(folder):
            if row["status"] not in ("interrupted", "crashed"):
                yield f"it ended as {row['status']} and has no results"
            return
        try:
            yield from witness.result_wrong(folder, run in self.hit)
            with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
                verdict = json.load(file)["verdict"]
        except (OSError, ValueError, LookupError) as error:
            yield f"torn: {error!r}"
            return
        is_made = run in self.hit and MADE in (row["reason"] or "")  # of its journal, by the daemon
        if not is_made and (verdict["status"], verdict["exit_code"]) != (row["status"], row["exit_code"]):
            yield f"its result says {verdict['status']}, {verdict['exit_code']}, its row {row['status']}, {row['exit_code']}"

    def finish(self):
        """What is wrong when all that was taken has ended: nothing, and how it ended, in a line."""
        until(lambda: all(self.daemon.run(run)["state"] == "ended" for run in self.promised))
        _, wrongs = self.look(dict(self.told.rows))
        self.told.stop()
        ends = collections.Counter(self.checked[run]["status"] for run in self.promised if run in self.checked)
        killed = ", ".join(f"{name} {n}" for name, n in sorted(self.seen.items()))
        return wrongs, (f"{sum(self.seen.values())} kills ({killed}); {len(self.promised)} runs were taken, {sum(ends.values())} ended: "
                        f"{', '.join(f'{n} {name}' for name, n in sorted(ends.items()))}")
