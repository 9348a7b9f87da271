"""Processes under limits: started in a session of their own, bounded in time, ended by pid, and looked for afterwards."""
import ctypes
import os
import resource
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
CGROUPS = "/sys/fs/cgroup"


class CannotRun(Exception):
    """This machine lacks what the scenario needs: it is skipped, aloud."""


def bytes_of(text):
    for unit, factor in (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)):
        if str(text).endswith(unit):
            return int(float(text[:-3]) * factor)
    return int(text)


class MemoryCgroup:
    """A cgroup with a memory limit and no swap, v1 or v2."""

    def __init__(self, limit):
        self.path = None
        v1 = os.path.join(CGROUPS, "memory")
        is_v2 = os.path.exists(os.path.join(CGROUPS, "cgroup.controllers"))
        path = os.path.join(CGROUPS if is_v2 else v1, f"brunt-scenario-{os.getpid()}")
        try:
            if is_v2:
                self.write(os.path.join(CGROUPS, "cgroup.subtree_control"), "+memory")
            os.mkdir(path)
            self.path = path
            self.write(os.path.join(path, "memory.max" if is_v2 else "memory.limit_in_bytes"), str(bytes_of(limit)))
        except OSError as err:
            self.remove()
            raise CannotRun(f"no memory cgroup can be made here: {err}") from err

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def enter(self):
        self.write(os.path.join(self.path, "cgroup.procs"), str(os.getpid()))

    def remove(self):
        for _ in range(50):
            try:
                if self.path:
                    os.rmdir(self.path)
                return
            except OSError:  # the last process is still leaving
                time.sleep(0.1)


class Tmpfs:
    """A file system of its own, so small that it fills."""

    def __init__(self, path, size):
        os.makedirs(path, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={bytes_of(size)}", "tmpfs", path], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotRun(f"no tmpfs can be mounted here: {done.stderr.strip()}")
        self.path = path

    def remove(self):
        subprocess.run(["umount", "-l", self.path], check=False)


def limits(under, cgroup):
    """What a child does between fork and exec: take on its limits, and die with the harness."""
    def apply():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if "nofile" in under:
            resource.setrlimit(resource.RLIMIT_NOFILE, (under["nofile"], under["nofile"]))
        if "cpus" in under:
            os.sched_setaffinity(0, under["cpus"])
        if cgroup:
            cgroup.enter()
        if under.get("stdout") == "closed":
            os.close(1)
    return apply


def start(command, under=None, cgroup=None, **options):
    return subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL,  # pylint: disable=W1509
                            preexec_fn=limits(under or {}, cgroup), **options)


def start_neighbours(count, cpus):
    """Processes that burn the very CPUs that the generator may use, and come first."""
    def first():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, cpus)
        try:
            os.nice(-20)
        except OSError:
            pass
    return [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"], preexec_fn=first)  # pylint: disable=W1509
            for _ in range(count)]


def end(process, wait_s=5):
    """SIGTERM, then SIGKILL; returns the exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def session_of(stat):
    """The session id in the text of /proc/PID/stat: the sixth field; the second one may hold spaces and brackets."""
    return int(stat.rpartition(")")[2].split()[3])


def left_behind(session):
    """"PID command" of each live process of a session."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                stat = file.read()
            if session_of(stat) == session and stat.rpartition(")")[2].split()[0] != "Z":
                found.append(f"{pid} {stat[stat.index('('):stat.rindex(')') + 1]}")
        except (OSError, ValueError, IndexError):
            continue
    return found


def child_that_runs(parent, words):
    """The pid of the one child process whose command line holds these words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                is_child = int(file.read().rpartition(")")[2].split()[1]) == parent
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                line = file.read().replace("\0", " ")
        except (OSError, ValueError, IndexError):
            continue
        if is_child and words in line:
            found.append(int(pid))
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} children of {parent} run '{words}'")
    return found[0]
