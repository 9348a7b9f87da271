"""The machine that the figures are from, and what its other tenants took meanwhile."""
import os
import platform

STEAL_MAX = 0.01


def describe():
    """By kind only: nothing in it says whose machine it is."""
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "memory_gib": round(memory_bytes() / 2**30, 1),
            "kernel": " ".join((platform.system(), platform.release())), "architecture": platform.machine(),
            "distribution": distribution(), "virtual": is_virtual()}


def field_of(path, wanted, separator):
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition(separator)
            if name.strip() == wanted:
                return value.strip().strip('"')
    return None


def cpu_model():
    return field_of("/proc/cpuinfo", "model name", ":") or platform.processor() or "unknown"


def memory_bytes():
    return int(field_of("/proc/meminfo", "MemTotal", ":").split()[0]) * 1024


def distribution():
    return field_of("/etc/os-release", "PRETTY_NAME", "=") or "unknown"


def is_virtual():
    return "hypervisor" in (field_of("/proc/cpuinfo", "flags", ":") or "").split()


class Steal:
    """The share of CPU time that the hypervisor gave to others since this was made."""

    def __init__(self):
        self.before = self.read()

    @staticmethod
    def read():
        with open("/proc/stat", encoding="utf-8") as file:
            fields = [int(x) for x in file.readline().split()[1:9]]
        return fields[7], sum(fields)

    def share(self):
        stolen, total = (after - before for after, before in zip(self.read(), self.before))
        return stolen / total if total > 0 else 0.0
