"""Programs under bench_launch: pinned to one core, bounded in time, ended by pid, with what they cost."""
import json
import os
import resource
import signal
import subprocess
import time

GENERATOR_CORE, SERVER_CORE = 0, 1


def raise_file_limit(wanted=65536):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((wanted, max(wanted, hard)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            return
        except (ValueError, PermissionError):
            continue
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Launched:
    """One program and, once it ended, `cost`: exit, times of exec and end, CPU and largest memory."""

    def __init__(self, launcher, core, limit_s, command, folder, name):
        self.report_path = os.path.join(folder, name + ".cost.json")
        self.stdout_path = os.path.join(folder, name + ".stdout")
        self.stderr_path = os.path.join(folder, name + ".stderr")
        with open(self.stdout_path, "wb") as stdout, open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen([launcher, str(core), str(int(limit_s)), self.report_path, *command],
                                            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=folder)

    def pid(self):
        """The program's own, once it runs; None before and after."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as file:
                return int(file.read().split()[0])
        except (OSError, IndexError):
            return None

    def wait(self):
        self.process.wait()
        return self.finish()

    def terminate(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def finish(self):
        with open(self.report_path, encoding="utf-8") as file:
            cost = json.load(file)
        cost["cpu_us"] = cost["user_us"] + cost["system_us"]
        return cost

    def stdout(self):
        with open(self.stdout_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stderr(self):
        with open(self.stderr_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def scheduled_ns(pid):
    """(ran, waited): what all threads so far had of a core, and how long the main thread was runnable without one; that
    the other threads wait for it is the program's own affair."""
    ran = waited = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
                fields = file.read().split()
            ran += int(fields[0])
            if thread == str(pid):
                waited = int(fields[1])
    except (OSError, ValueError):
        return None
    return ran, waited


class Shares:
    """What share of its core each of some programs used, and waited for, between making this and shares()."""

    def __init__(self, launched):
        self.pids = {name: program.pid() for name, program in launched.items()}
        self.before = self.read()

    def read(self):
        return time.monotonic_ns(), {name: scheduled_ns(pid) for name, pid in self.pids.items() if pid}

    def shares(self):
        """name → (used, waited)"""
        (t0, before), (t1, after) = self.before, self.read()
        return {name: tuple((b - a) / (t1 - t0) for a, b in zip(before[name], after[name])) for name in before
                if before[name] and after.get(name)}
