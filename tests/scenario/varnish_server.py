"""varnishtest as the server (Debian's package varnish): a script says what a server does, and asserts what it is sent; at its end
varnishtest says whether all of that held, which counts as much as what brunt says. See vtc(7). Several scripts are a server
each, the first for the first connection and so on: after HTTP/2, a script can accept no more."""
import os
import re
import shutil
import subprocess

import process
import relay
from process_server import ProcessServer

# For the sake of those who read scripts of HTTP/2, `3: rxreq; txresp` in one of them is short for a stream's specification, and
# `greet_h2 ARGUMENTS` for how it all begins, with these arguments to its SETTINGS. (What varnishtest does by itself there takes
# no WINDOW_UPDATE before the client's acknowledgement.)
STREAM = re.compile(r"^\s*(\d+): (.*)$", re.MULTILINE)
GREETING = re.compile(r"^\s*greet_h2\b(.*)$", re.MULTILINE)


def in_full(script):
    script = GREETING.sub(r"rxpri\n0: txsettings\1; rxsettings; rxwinup; txsettings -ack; rxsettings; expect settings.ack == true", script)
    return STREAM.sub(lambda found: "\n".join([f"stream {found[1]} {{", *found[2].split("; "), "} -run"]), script)


SERVER = """server s{number} {{
{script}
}} -start
"""
# In a file of its own, which is there when it is whole.
TELL = """shell {{echo {ports} >"{file}.new" && mv "{file}.new" "{file}"}}
"""

# What a script may take in all, after which varnishtest gives up and prints what it saw; and how long that is waited for.
MOST_S, END_S = 20, 30


class VarnishServer(ProcessServer):
    def __init__(self, spec, folder):
        if not shutil.which("varnishtest"):
            raise process.CannotRun("varnishtest is not installed (Debian: varnish)")
        said = spec["varnishtest"]
        scripts = [in_full(script) for script in ([said] if isinstance(said, str) else said)]
        self.expected = sum(len(re.findall(r"^\s*rx(?:req|reqhdrs|hdrs)\b", script, re.MULTILINE)) for script in scripts)
        self.port_file, self.relay = os.path.join(folder, "ports"), None
        super().__init__(["env", f"TMPDIR={folder}", "varnishtest", "-t", str(MOST_S), self.write_case(scripts, folder)], spec, folder)
        self.wait_until(self.is_ready)

    def write_case(self, scripts, folder):
        numbers = range(1, len(scripts) + 1)
        with open(os.path.join(folder, "case.vtc"), "w", encoding="utf-8") as file:
            file.write('varnishtest "what a scenario is about"\n')
            file.writelines(SERVER.format(number=number, script=script) for number, script in zip(numbers, scripts))
            file.write(TELL.format(ports=" ".join(f"${{s{number}_port}}" for number in numbers), file=self.port_file))
            file.writelines(f"server s{number} -wait\n" for number in numbers)
        return file.name

    def is_ready(self):
        if not os.path.exists(self.port_file):
            return False
        with open(self.port_file, encoding="ascii") as file:
            ports = [int(port) for port in file.read().split()]
        if len(ports) > 1:
            self.relay = relay.Relay([(port, None) for port in ports])
        self.port = self.relay.port if self.relay else ports[0]
        self.url = f"http://127.0.0.1:{self.port}"
        return True

    def finish(self):
        """The requests of its script, all of which came if it is content."""
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.complaint = "varnishtest still waits for what its script says"
        self.stop()
        if self.process.returncode != 0 and self.complaint is None:
            wrong = [line for line in self.text().splitlines() if line.startswith("----")]
            self.complaint = "varnishtest: " + "; ".join(wrong or [f"exit {self.process.returncode}"])
        if self.relay and self.relay.connections > len(self.relay.ways):
            self.complaint = f"{self.relay.connections} connections were made, {len(self.relay.ways)} expected"
        return self.expected

    def stop(self):
        """Its test runs in a child, which its own end does not end."""
        process.end_children(self.process)
        super().stop()
        if self.relay:
            self.relay.close()
