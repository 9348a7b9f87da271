"""Machines in network namespaces: each with an address of its own, joined by a router whose links can be cut. All of it is made
here and taken away again."""
import ctypes
import os
import shutil
import subprocess

HUB = "hub"


def ip(*arguments, check=True):
    return subprocess.run(["ip", *map(str, arguments)], check=check, capture_output=True, text=True)


class Network:
    """name → 10.77.N.2; the router is 10.77.N.1 to each."""

    def __init__(self, names):
        self.tag = f"b{os.getpid() % 10000}"
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        self.made = []
        try:
            self.make(HUB)
            self.run(HUB, "sysctl", "-qw", "net.ipv4.ip_forward=1")
            for name in names:
                self.join(name)
        except BaseException:
            self.close()
            raise

    def space(self, name):
        return f"{self.tag}{name}"

    def make(self, name):
        ip("netns", "add", self.space(name))
        self.made.append(name)
        ip("-n", self.space(name), "link", "set", "lo", "up")

    def join(self, name):
        n, inside, outside = self.numbers[name], "eth0", f"v{name}"
        self.make(name)
        ip("-n", self.space(HUB), "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.space(name))
        ip("-n", self.space(HUB), "addr", "add", f"10.77.{n}.1/24", "dev", outside)
        ip("-n", self.space(HUB), "link", "set", outside, "up")
        ip("-n", self.space(name), "addr", "add", f"10.77.{n}.2/24", "dev", inside)
        ip("-n", self.space(name), "link", "set", inside, "up")
        ip("-n", self.space(name), "route", "add", "default", "via", f"10.77.{n}.1")

    def address(self, name):
        return f"10.77.{self.numbers[name]}.2"

    def prefix(self, name):
        return ["ip", "netns", "exec", self.space(name)]

    def run(self, name, *command):
        return subprocess.run([*self.prefix(name), *map(str, command)], check=True, capture_output=True, text=True)

    def cut(self, name):
        ip("-n", self.space(HUB), "link", "set", f"v{name}", "down")

    def mend(self, name):
        ip("-n", self.space(HUB), "link", "set", f"v{name}", "up")

    def close(self):
        for name in reversed(self.made):
            ip("netns", "del", self.space(name), check=False)
        self.made = []


def why_not():
    """Why no such network can be made here; None: it can."""
    if os.geteuid() != 0:
        return "network namespaces want root"
    if shutil.which("ip") is None:
        return "ip is not installed (Debian: iproute2)"
    if ctypes.CDLL(None).unshare(0) != 0:
        return "no namespace can be made here"
    tried = subprocess.run(["ip", "netns", "add", f"try{os.getpid()}"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"no network namespace can be made here: {tried.stderr.strip()}"
    ip("netns", "del", f"try{os.getpid()}")
    return None
