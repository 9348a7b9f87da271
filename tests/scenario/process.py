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


class Cgroup:
    """A cgroup of its own, v1 or v2, by what a scenario says of it: {memory: 64MiB, quota: 0.3, as: unit}. In v1 it is one
    per hierarchy, and one more where the machine counts pressure (PSI), which only v2 does. `path` is what
    /proc/PID/cgroup calls it; `as` gives it the name of a systemd unit or of a container."""
    PERIOD_US = 100000

    def __init__(self, under):
        self.directories = []
        self.container = f"{os.getpid():064x}"
        self.name = {"unit": f"brunt-scenario-{os.getpid()}.service",
                     "container": f"docker-{self.container}.scope"}.get(under.get("as"), f"brunt-scenario-{os.getpid()}")
        self.path = f"/{self.name}"
        try:
            if os.path.exists(os.path.join(CGROUPS, "cgroup.controllers")):
                self.make_v2(under)
            else:
                self.make_v1(under)
        except OSError as err:
            self.remove()
            raise CannotRun(f"no cgroup can be made here: {err}") from err

    def make(self, hierarchy):
        directory = os.path.join(CGROUPS, hierarchy, self.name)
        os.mkdir(directory)
        self.directories.append(directory)
        return directory

    def quota_us(self, under):
        return int(float(under["quota"]) * self.PERIOD_US)

    def make_v2(self, under):
        for key, controller in (("memory", "memory"), ("quota", "cpu")):
            if key in under:
                self.write(os.path.join(CGROUPS, "cgroup.subtree_control"), f"+{controller}")
        directory = self.make("")
        if "memory" in under:
            self.write(os.path.join(directory, "memory.max"), str(bytes_of(under["memory"])))
        if "quota" in under:
            self.write(os.path.join(directory, "cpu.max"), f"{self.quota_us(under)} {self.PERIOD_US}")

    def make_v1(self, under):
        if "memory" in under:
            self.write(os.path.join(self.make("memory"), "memory.limit_in_bytes"), str(bytes_of(under["memory"])))
        if "quota" in under:
            directory = self.make("cpu")
            self.write(os.path.join(directory, "cpu.cfs_period_us"), str(self.PERIOD_US))
            self.write(os.path.join(directory, "cpu.cfs_quota_us"), str(self.quota_us(under)))
        if os.path.exists(os.path.join(CGROUPS, "unified", "cgroup.controllers")):
            self.make("unified")

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def enter(self):
        for directory in self.directories:
            self.write(os.path.join(directory, "cgroup.procs"), str(os.getpid()))

    def remove(self):
        """Once is enough, though it may be asked for again."""
        while self.directories:
            directory = self.directories.pop()
            for _ in range(50):
                try:
                    os.rmdir(directory)
                    break
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
    return subprocess.Popen(command, start_new_session=True,  # pylint: disable=W1509
                            preexec_fn=limits(under or {}, cgroup), **{"stdin": subprocess.DEVNULL, **options})


def start_neighbours(count, cpus):
    """Processes that burn the very CPUs that the generator may use, and come first."""
    def first():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, cpus)
        try:
            os.nice(-20)
        except OSError:
            pass
    # Each in a session of its own: the kernel shares a CPU out among sessions first (sched_autogroup).
    return [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"], preexec_fn=first,  # pylint: disable=W1509
                             start_new_session=True)
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


def end_children(process):
    """Those of a process that ends without them."""
    try:
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
    except OSError:
        return
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


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


def command_lines():
    """The command line of every process."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                yield file.read().replace("\0", " ")
        except OSError:
            continue


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
