"""A network and a file system of their own for these tests: their name server, their addresses, their limits on ports. The
witnesses are dnsmasq, tinyproxy, and servers that note who came."""
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

BRUNT = os.path.abspath(os.environ["BRUNT"])
NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000
NAME_SERVER, MUTE_SERVER, FAILING_SERVER = "127.0.0.53", "127.0.0.55", "127.0.0.56"


def unshare():
    """As root at once, else as root of a user namespace. False: this machine allows neither."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEWNS | NEWNET) == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(NEWUSER | NEWNS | NEWNET) != 0:
        return False
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    return True


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Everything that is started from now on is inside."""
    folder = tmp_path_factory.mktemp("etc")
    if shutil.which("ip") is None:
        pytest.skip("ip is not installed (Debian: iproute2)")
    if not unshare():
        pytest.skip("no network namespace can be made here")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, text in (("resolv.conf", f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n"), ("nsswitch.conf", "hosts: files dns\n")):
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, os.path.realpath(f"/etc/{name}")], check=True)


class NameServer:
    """dnsmasq: what it knows is rewritten while it runs; mute.test it asks a server that says nothing, failing.test one that
    fails."""

    def __init__(self, folder):
        self.hosts = folder / "hosts"
        self.hosts.write_text("127.0.0.1 ready.test\n")
        self.process = subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", f"--addn-hosts={self.hosts}", "--pid-file=", "--user=root", "--cache-size=0",
             f"--listen-address={NAME_SERVER}", "--bind-interfaces", "--local=/test/", f"--server=/mute.test/{MUTE_SERVER}",
             f"--server=/failing.test/{FAILING_SERVER}"], stderr=subprocess.DEVNULL)
        self.mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mute.bind((MUTE_SERVER, 53))
        self.failing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.failing.bind((FAILING_SERVER, 53))
        threading.Thread(target=self.fail, daemon=True).start()
        self.until_ready()

    def fail(self):
        while True:
            question, who = self.failing.recvfrom(512)
            self.failing.sendto(question[:2] + b"\x81\x82" + question[4:], who)  # a response, RCODE 2: SERVFAIL

    def until_ready(self):
        deadline = time.monotonic() + 20
        while subprocess.run(["getent", "hosts", "ready.test"], capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline and self.process.poll() is None, "dnsmasq is not ready"

    def know(self, name, *addresses):
        others = [line for line in self.hosts.read_text().splitlines() if line.split()[1] != name]
        self.hosts.write_text("".join(line + "\n" for line in [*others, *(f"{address} {name}" for address in addresses)]))
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while self.told(name) != {str(address) for address in addresses}:
            assert time.monotonic() < deadline, f"dnsmasq does not know {name}"
            time.sleep(0.01)

    @staticmethod
    def told(name):
        said = subprocess.run(["getent", "ahosts", name], capture_output=True, text=True, check=False).stdout
        return {line.split()[0] for line in said.splitlines()}

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def only_name_server(network, tmp_path_factory):
    if shutil.which("dnsmasq") is None:
        pytest.skip("dnsmasq is not installed (Debian: dnsmasq-base)")
    server = NameServer(tmp_path_factory.mktemp("dnsmasq"))
    yield server
    server.stop()


@pytest.fixture
def name_server(only_name_server):
    yield only_name_server
    only_name_server.process.send_signal(signal.SIGCONT)


class Witness:
    """An HTTP server at one address that notes where each connection came from and what each request said. `holds`: it keeps
    answers back until so many connections are there."""

    def __init__(self, address, port, holds=0):
        self.sources, self.heads, self.asked_s, self.closed_s = [], [], [], []
        self.address, self.port, self.holds = address, port, holds
        self.all_here = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, who = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.sources.append(who[0])
                if len(self.sources) >= self.holds:
                    self.all_here.set()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        pending = b""
        with connection:
            try:
                while more := connection.recv(65536):
                    pending += more
                    while (end := pending.find(b"\r\n\r\n")) >= 0:
                        head, pending = pending[:end].decode(), pending[end + 4:]
                        with self.lock:
                            self.heads.append(head)
                            self.asked_s.append(time.monotonic())
                        self.all_here.wait()
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except OSError:
                pass
        with self.lock:
            self.closed_s.append(time.monotonic())

    def fields(self, name):
        """What the header of that name said, request by request."""
        return [line.split(": ", 1)[1] for head in self.heads for line in head.split("\r\n") if line.lower().startswith(name.lower() + ": ")]

    def close(self):
        self.all_here.set()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
        self.listener.close()


@pytest.fixture
def witness(network):
    """witness(address, port): one more; all are closed at the end."""
    made = []

    def make(*arguments, **options):
        made.append(Witness(*arguments, **options))
        return made[-1]
    yield make
    for one in made:
        one.close()


class Ran:
    def __init__(self, process, folder):
        self.process, self.folder = process, folder

    def wait(self):
        self.stdout, self.stderr = self.process.communicate(timeout=60)
        path = self.folder / "out" / "result.json"
        self.result = json.loads(path.read_text()) if path.exists() else None
        return self

    @property
    def addresses(self):
        return {row["address"]: row for backend in self.result["backends"] for row in backend["addresses"]}


@pytest.fixture
def brunt(network, tmp_path):
    """brunt(target, load): a run that has begun, with these flags."""
    started = []

    def start(target, load, flags=(), **more):
        profile = {"name": "names", "target": target, "load": load, "requests": [{"name": "root", "get": "/"}], "output": {"interval": "200ms"},
                   "generator": {"lateness_p99": "30s", "loop_gap": "30s"}, **more}
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        (folder / "profile.yaml").write_text(json.dumps(profile))
        process = subprocess.Popen([BRUNT, "run", folder / "profile.yaml", "--out", folder / "out", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env={**os.environ, "NO_COLOR": "1"})
        started.append(process)
        return Ran(process, folder)
    yield start
    for process in started:
        process.kill()
        process.wait()
