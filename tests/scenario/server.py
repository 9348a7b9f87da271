"""The servers a scenario may run against. Each has url, port, pid, session, stop() and finish(), which stops it and returns
how many requests it says that it received: None where it cannot say; and a complaint, if it saw what its script forbids."""
import json
import os
import re
import shutil
import socket
import urllib.request

import openssl_servers
import peers
import process
import tls_peers
from process_server import ListeningServer, ProcessServer
from varnish_server import VarnishServer

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class PeerServer:
    pid = session = name = cgroup = complaint = None

    def __init__(self, spec, folder):
        behaviour = spec["peer"]
        path = os.path.join(folder, "peer.sock")
        tls = tls_peers.Tls(spec["tls"], folder) if "tls" in spec else None
        self.peer = peers.Peer(behaviour, spec.get("family", "v4"), path, behaviour != "never_accepts", tls)
        self.url, self.port = self.peer.url, self.peer.port

    def stop(self):
        self.peer.close()

    def finish(self):
        self.stop()
        return self.peer.requests


class NoServer:
    """A port that nobody listens on."""
    pid = session = name = cgroup = complaint = None

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        pass

    def finish(self):
        return 0


class Program(ListeningServer):
    """One of programs/: real servers that nobody of brunt's wrote, with a known limit. Prints "requests N" when it ends."""
    interpreters = {".js": ["node"], ".py": ["/usr/bin/python3"]}

    def __init__(self, spec, folder):
        name, *args = [str(word) for word in spec["program"]]
        command = [*self.interpreters[os.path.splitext(name)[1]], os.path.join(PROGRAMS, name), "0", *args]
        super().__init__(command, spec, folder)
        self.wait_until(self.is_ready)

    def finish(self):
        self.stop()
        found = re.search(r"^requests (\d+)$", self.text(), re.MULTILINE)
        return int(found[1]) if found else None


class BruntTarget(ListeningServer):
    """`brunt target`: ready when it prints "listening on URL"; GET /stats tells what it counted."""

    def __init__(self, spec, folder, brunt):
        args = [str(arg).replace("@DIR@", folder) for arg in spec["brunt"]]
        # A process is called what its file is called: a name of its own tells it from every other brunt.
        self.name = f"target{os.getpid()}"
        program = os.path.join(folder, self.name)
        os.symlink(brunt, program)
        super().__init__([program, "target", "--port", "0", *args], spec, folder)
        self.said = None
        self.wait_until(self.is_ready)

    def stats(self):
        with urllib.request.urlopen(self.url + "/stats", timeout=5) as answer:
            return json.load(answer)

    def finish(self):
        try:
            self.said = self.stats()
            return self.said["requests"]
        except OSError:
            return None  # it crashed, or was killed: its count died with it
        finally:
            self.stop()


class Nginx(ProcessServer):
    """Debian's nginx with a configuration of ours; its access log has one line per request."""

    def __init__(self, spec, folder, configs):
        if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
            raise process.CannotRun("nginx is not installed")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.access_log = os.path.join(folder, "access.log")
        config = os.path.join(folder, "nginx.conf")
        with open(os.path.join(configs, spec["nginx"]), encoding="utf-8") as file:
            text = file.read().replace("@PORT@", str(self.port)).replace("@DIR@", folder)
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        super().__init__(["nginx", "-p", folder, "-c", config, "-g", "daemon off;"], spec, folder)
        self.wait_until(self.is_ready)

    def is_ready(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def finish(self):
        self.stop()  # after which nothing is written to its log any more
        if not os.path.exists(self.access_log):
            return 0
        with open(self.access_log, "rb") as file:
            return sum(1 for _ in file)


def start(spec, folder, brunt, configs):
    if not spec or "refused" in spec:
        return NoServer()
    if "peer" in spec:
        return PeerServer(spec, folder)
    if "nginx" in spec:
        return Nginx(spec, folder, configs)
    if "program" in spec:
        return Program(spec, folder)
    if "varnishtest" in spec:
        return VarnishServer(spec, folder)
    if "s_server" in spec:
        return openssl_servers.OpensslServers(spec, folder)
    return BruntTarget(spec, folder, brunt)
