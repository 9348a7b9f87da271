"""A daemon under siege: on TCP as on its unix socket, with a job under way that must come out as if nobody had attacked."""
import json
import os
import re
import shutil
import socket
import tempfile

import witness
from hostile import Hostile
from served import Daemon, Target, free_port, over_tcp, profile, until

TOKEN = "besieged" * 4
REQUESTS = 3000  # hostile ones of one attack


class BesiegedDaemon:
    headers = {"Authorization": "Bearer " + TOKEN}
    path = "/api/v1/queue"
    host = "127.0.0.1"

    def __init__(self, rate=500, seconds=3600):
        self.folder = tempfile.mkdtemp(prefix="brunt-siege-")
        self.target, self.other = (Target(os.path.join(self.folder, name)) for name in ("truth", "other"))
        self.daemon, self.port = Daemon(self.folder), free_port()
        self.daemon.write("tokens", f"honest run plain:{TOKEN}\n")
        os.chmod(os.path.join(self.folder, "tokens"), 0o600)
        self.daemon.configure(listen=["unix:" + self.daemon.socket, f"{self.host}:{self.port}"], tokens="tokens")
        self.daemon.start()
        self.process = self.daemon.process
        wish = profile(self.target.url, seconds)
        wish["load"]["steady"]["rate"] = f"{rate}/s"
        self.job = self.daemon.submit(profile=wish)
        until(lambda: self.daemon.run(self.job)["state"] == "running")
        self.summary, self.seeds = "", 0
        self.more_attacks = (("hostile", self.hostile_attack, REQUESTS),)

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def stats(self):
        text = over_tcp(self.port, "GET", "/metrics", **self.headers)[1].decode()
        figures = {name: float(value) for name, value in re.findall(r"^brunt_http_(\w+) (\S+)$", text, re.M)}
        return {"connections_open": figures["connections_open"], "expired": int(figures["expired_total"]), "malformed": int(figures["malformed_total"]),
                "connections_refused": int(figures["connections_refused_total"] + figures["connections_displaced_total"])}

    def memory(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss_Anon:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def hostile(self, seed):
        """Requests that spare the job: what would stop it, as it may, is not asked."""
        tiny = profile(self.other.url, 1)
        tiny["load"]["steady"]["for"] = "100ms"
        return Hostile(self.daemon.socket, seed, ids=[self.job], valid=[tiny], spared=lambda case, is_forbidden: case.operation == "stop_all" and not is_forbidden)

    def hostile_attack(self, _server, n, _seconds):
        self.seeds += 1
        asked = self.hostile(self.seeds)
        wrongs = asked.run(n, lambda: self.process.poll() is None)
        return not wrongs or f"of {sum(asked.statuses.values())} hostile requests {len(wrongs)} were answered wrongly:\n  " + "\n  ".join(wrongs[:20])

    def stop(self):
        """[what was wrong] with the job in the end."""
        self.daemon.ask("POST", f"/api/v1/runs/{self.job}/stop", '{"how": "drain"}')
        row = self.daemon.ended(self.job)
        status, result = self.daemon.ask("GET", f"/api/v1/runs/{self.job}/result")
        self.daemon.stop()
        arrived = self.target.stop()
        self.other.stop()
        if status != 200:
            return [f"the job ended as {row['status']}: {row['reason']}"]
        totals = result["totals"]
        wrongs = list(witness.counts_wrong(totals)) + list(witness.result_wrong(os.path.join(self.daemon.data, "runs", self.job, "results")))
        if totals["sent"] + totals["retried"] != arrived:
            wrongs.append(f"the job sent {totals['sent']} + {totals['retried']} requests, and {arrived} reached its target")
        if totals["failed"] or totals["unsent"] or totals["dropped"]:
            wrongs.append(f"the job felt it: {json.dumps(totals)}")
        self.summary = f"the job: {totals['scheduled']} scheduled, {totals['sent']} sent, {arrived} arrived, {totals['ok']} ok, {totals['failed']} failed; {row['status']}"
        if not wrongs:
            shutil.rmtree(self.folder)
        return wrongs
