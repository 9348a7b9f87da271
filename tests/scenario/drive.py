"""Drives one brunt: its output, the signals it gets, what is said to it through a fifo, and its end."""
import json
import os
import pty
import signal
import subprocess
import threading
import time

import process


def make_fifo(folder):
    path = os.path.join(folder, "control")
    os.mkfifo(path)
    return path


def stdout_of(run, folder):
    """Where brunt's stdout goes: a file, or a device that is always full."""
    return open("/dev/full" if run.get("stdout") == "full" else os.path.join(folder, "stdout"), "wb")


class Terminal:
    """A pseudo-terminal of 100 columns; all that is written to it goes into the file `stdout`."""

    def __init__(self, folder):
        self.ours, self.theirs = pty.openpty()
        os.set_blocking(self.ours, True)
        subprocess.run(["stty", "rows", "40", "cols", "100"], stdin=self.theirs, check=True)
        self.file = open(os.path.join(folder, "stdout"), "wb")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                self.file.write(os.read(self.ours, 65536))
            except OSError:  # nobody has the other end open any more
                return

    def close(self):
        os.close(self.theirs)
        self.reader.join(5)
        self.file.close()
        os.close(self.ours)


def send_signal(child, row):
    """To brunt; `to: group`: also to whatever it started, as a terminal does; else to the one of them that runs so."""
    number, to = getattr(signal, "SIG" + row["send"]), row.get("to")
    if to is None:
        child.send_signal(number)
    elif to == "group":
        os.killpg(child.pid, number)
    else:
        os.kill(process.child_that_runs(child.pid, to), number)


def say(folder):
    def send(_, row):
        with open(os.path.join(folder, "control"), "w", encoding="utf-8") as fifo:
            fifo.write(json.dumps(row["send"]) + "\n")
    return send


def do_in_time(child, rows, began, action):
    for row in rows:
        while time.monotonic() - began < row["after"] and child.poll() is None:
            time.sleep(0.01)
        if child.poll() is None:
            action(child, row)


def wait(child, run, ran, began):
    do_in_time(child, run.get("signals", []), began, send_signal)
    do_in_time(child, run.get("control", []), began, say(ran.folder))
    try:
        ran.exit = child.wait(max(run.get("timeout", 90) - (time.monotonic() - began), 1))
    except subprocess.TimeoutExpired:
        process.end(child, 2)
        ran.exit = "timeout"
    ran.took_s = time.monotonic() - began


def start(command, run, ran, env, out):
    """Starts brunt with its stdout at `out`: a terminal shows its stderr too; `head` is a pipe that is read one line far
    and closed, as head -1 does."""
    is_head = run.get("stdout") == "head"
    is_tty = run.get("stdout") == "tty"
    under = dict(run.get("under", {}), stdout=run.get("stdout"))
    with open(os.path.join(ran.folder, "stderr"), "wb") as err:
        child = process.start(command, under, stdout=subprocess.PIPE if is_head else out, stderr=out if is_tty else err,
                              env=env, cwd=ran.folder)
    if is_head:
        child.stdout.readline()
        child.stdout.close()
    return child


def drive(command, run, ran, env):
    under = run.get("under", {})
    neighbours = process.start_neighbours(under.get("neighbours", 0), under.get("cpus"))
    terminal = Terminal(ran.folder) if run.get("stdout") == "tty" else None
    out = terminal.theirs if terminal else stdout_of(run, ran.folder)
    began = time.monotonic()
    try:
        child = start(command, run, ran, env, out)
        ran.session = child.pid
        wait(child, run, ran, began)
    finally:
        (terminal or out).close()
        for neighbour in neighbours:
            process.end(neighbour)
