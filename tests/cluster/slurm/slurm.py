"""Slurm with three nodes on this machine (22.05, Debian 12): private ports, sockets and directories; ended by pid."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "scancel", "sinfo")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def why_not():
    """Why there can be no Slurm here; None: there can."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return None if os.geteuid() == 0 else "slurmd starts its tasks as root"


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    nodes = ("w1", "w2", "w3")

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.processes = {}
        try:
            self._start_munge()
            self._write_conf()
            self._start("slurmctld", "slurmctld", "-D", "-f", self.folder / "slurm.conf")
            for node in self.nodes:
                (self.folder / "spool" / node).mkdir(parents=True)
                self._start(node, "slurmd", "-D", "-N", node, "-f", self.folder / "slurm.conf")
            self.wait_until_idle()
        except BaseException:
            self.close()
            raise

    def _start(self, name, *command, **options):
        with open(self.folder / f"{name}.out", "w", encoding="utf-8") as out:
            self.processes[name] = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                                    env=self.environment, start_new_session=True, **options)

    def _start_munge(self):
        """As its own user, in a directory of its own, which it insists on."""
        user = pwd.getpwnam("munge")
        place = self.folder / "munge"
        place.mkdir()
        (place / "key").write_bytes(os.urandom(128))
        for path in (place, place / "key"):
            os.chown(path, user.pw_uid, user.pw_gid)
        (place / "key").chmod(0o400)
        place.chmod(0o711)
        self.munge = place / "socket"
        self._start("munged", "munged", "--foreground", "--force", f"--socket={self.munge}", f"--key-file={place}/key", f"--pid-file={place}/pid",
                    f"--log-file={place}/log", f"--seed-file={place}/seed", user=user.pw_uid, group=user.pw_gid)
        self._wait(self.munge.exists, "munged", 10)

    def _write_conf(self):
        host = socket.gethostname()
        controller, *ports = free_ports(4)
        nodes = "\n".join(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2" for node, port in zip(self.nodes, ports))
        (self.folder / "state").mkdir()
        (self.folder / "slurm.conf").write_text(f"""ClusterName=brunt
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.munge}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
MpiDefault=none
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=5
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool/%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd-%n.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd-%n.log
{nodes}
PartitionName=ci Nodes={','.join(self.nodes)} Default=YES MaxTime=10 State=UP
""")

    def _wait(self, is_so, what, seconds):
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until:
                raise RuntimeError(f"{what}: nothing for {seconds} s\n{self.logs()}")
            time.sleep(0.1)

    def wait_until_idle(self):
        self._wait(lambda: self.run("sinfo", "-h", "-o", "%T %D").stdout.split() == ["idle", "3"], "three idle nodes", 60)

    def logs(self):
        names = ("slurmctld.log", *(f"slurmd-{node}.log" for node in self.nodes), "munged.out", "slurmctld.out")
        return "\n".join(f"--- {name}\n{(self.folder / name).read_text(errors='replace')[-1500:]}" for name in names if (self.folder / name).exists())

    def run(self, *command, timeout=120, **more):
        environment = {**self.environment, **more}
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False, env=environment)

    def start(self, *command, **more):
        return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**self.environment, **more})

    def pids_of(self, node):
        """The node's tasks and those who started them: all of this Slurm's alone."""
        pids = set()
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            if f"SLURM_CONF={self.folder}/slurm.conf".encode() in variables and f"SLURMD_NODENAME={node}".encode() in variables:
                pids.add(int(entry.name))
                try:
                    if pathlib.Path(f"/proc/{parent}/comm").read_text().startswith("slurmstepd"):
                        pids.add(parent)
                except OSError:
                    pass
        return pids

    def kill_node(self, node):
        """As if it lost its power: nothing of it says another word."""
        self.processes[node].kill()
        self.processes[node].wait()
        for pid in self.pids_of(node):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def close(self):
        left = set().union(*(self.pids_of(node) for node in self.nodes))
        if "slurmctld" in self.processes:
            self.run("scancel", "--user=root", timeout=20)
        for name in ("slurmctld", *self.nodes, "munged"):
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        until = time.monotonic() + 10
        while any(self._is_ours(pid) for pid in left) and time.monotonic() < until:
            time.sleep(0.1)
        for pid in filter(self._is_ours, left):
            os.kill(pid, signal.SIGKILL)

    def _is_ours(self, pid):
        """A task, or who started it; the number may be somebody else's by now."""
        try:
            name = pathlib.Path(f"/proc/{pid}/comm").read_text()
            return name.startswith("slurmstepd") or f"SLURM_CONF={self.folder}/slurm.conf".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
