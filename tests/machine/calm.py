"""Whether this machine was there for a test that judges times. A virtual machine's host, or a neighbour in its container,
takes CPUs away without a word: the kernel counts what the host says that it took, and a process on each CPU, that asks to be
woken every few milliseconds, feels the rest. It does so after a test that failed, never during one: being woken a few hundred
times is what a P99.9 sees.

    with Calm() as calm:
        ...
    calm.is_disturbed()     over 0.3% of a CPU's time was taken away

What asks of a machine only that it does as it is told within seconds bears more: Calm(OF_SECONDS).
"""
import os
import select
import subprocess
import sys
import time

EVERY_S = 0.005
FELT_FOR_S = 2
# A free machine wakes a sleeper of the highest priority within a tenth of this, whatever else it does.
LATE_S = 0.0005
# This much taken away, and nothing can be said about times: a third of what a P99 leaves out …
OF_TIMES = 0.003
# … or, of what is a matter of seconds, about anything that was due by then.
OF_SECONDS = 0.05
# How often a test that failed will be tried again; what fails in the last try, disturbed still, is skipped instead.
TRIES_LEFT = int(os.environ.get("BRUNT_TRIES_LEFT", "0"))


def stolen_ticks():
    """(stolen by the host as the kernel was told, all) since the machine started"""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return ticks[7], sum(ticks[:8])


def felt():
    """The share of the next two seconds that is taken away from the worst CPU."""
    sleepers = [subprocess.Popen([sys.executable, "-S", os.path.abspath(__file__), str(cpu)], stdout=subprocess.PIPE, text=True)
                for cpu in sorted(os.sched_getaffinity(0))]
    return max(float(sleeper.communicate()[0]) for sleeper in sleepers)


class Calm:
    def __init__(self, most=OF_TIMES):
        self.most = most

    def __enter__(self):
        self.before, self.share = stolen_ticks(), 0.0
        return self

    def __exit__(self, *_):
        stolen, ticks = (after - before for after, before in zip(stolen_ticks(), self.before))
        self.share = stolen / max(1, ticks)

    def is_disturbed(self):
        if self.share <= self.most:
            self.share = max(self.share, felt())
        return self.share > self.most

    def __str__(self):
        return f"{self.share:.1%} of a CPU was taken away; nothing can be said about times"


def sleep_on(cpu):
    """Prints the share of the time by which it was woken too late."""
    os.sched_setaffinity(0, {cpu})
    try:
        os.nice(-20)
    except PermissionError:
        pass  # then whatever else is busy is felt too, and more is skipped than need be
    begun = time.monotonic()
    due, late_s = begun, 0.0
    while due < begun + FELT_FOR_S:
        due += EVERY_S
        select.select([], [], [], max(0.0, due - time.monotonic()))
        late = time.monotonic() - due
        if late > LATE_S:
            late_s += late
            due += late
    print(late_s / (time.monotonic() - begun))


if __name__ == "__main__":
    sleep_on(int(sys.argv[1]))
