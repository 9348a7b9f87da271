"""Whether this machine was there for a test that judges times. A virtual machine's host, or a neighbour in its container,
takes CPUs away without a word; a process on each CPU, that asks to be woken every few milliseconds, feels it.

    with Calm() as calm:
        ...
    calm.taken()     the share of the time that was taken away from the worst CPU, 0 to 1
"""
import os
import select
import subprocess
import sys
import time

EVERY_S = 0.005
# A free machine wakes a sleeper of the highest priority within a tenth of this, whatever else it does.
LATE_S = 0.0005
# This much taken away, and nothing can be said about times.
TAKEN_MOST = 0.01


def stolen_ticks():
    """(stolen by the host as the kernel was told, all) since the machine started"""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return ticks[7], sum(ticks[:8])


class Calm:
    def __enter__(self):
        self.sleepers = [
            subprocess.Popen([sys.executable, "-S", os.path.abspath(__file__), str(cpu)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for cpu in sorted(os.sched_getaffinity(0))]
        for sleeper in self.sleepers:
            sleeper.stdout.readline()
        self.before = stolen_ticks()
        self.shares = []
        return self

    def __exit__(self, *_):
        stolen, ticks = (after - before for after, before in zip(stolen_ticks(), self.before))
        self.shares = [stolen / max(1, ticks)]
        for sleeper in self.sleepers:
            said, _ = sleeper.communicate()
            self.shares.append(float(said))

    def taken(self):
        return max(self.shares)

    def is_disturbed(self):
        return self.taken() > TAKEN_MOST

    def __str__(self):
        return f"{self.taken():.1%} of a CPU was taken away meanwhile; nothing can be said about times"


def sleep_on(cpu):
    """Until stdin ends; prints the share of the time by which it was woken too late."""
    os.sched_setaffinity(0, {cpu})
    try:
        os.nice(-20)
    except PermissionError:
        pass  # then a busy test is felt too, and is skipped more often than need be
    print("ready", flush=True)
    begun = time.monotonic()
    due, late_s = begun, 0.0
    while True:
        due += EVERY_S
        if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            break
        late = time.monotonic() - due
        if late > LATE_S:
            late_s += late
            due += late
    print(late_s / max(EVERY_S, time.monotonic() - begun))


if __name__ == "__main__":
    sleep_on(int(sys.argv[1]))
