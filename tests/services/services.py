"""services.py BRUNT [SERVER]...: shipped profiles, shortened, against servers that people run, over TLS. What brunt says that it
sent must be what each server says that it received, and every answer must be good. Prints a table; 1 where one differs."""
import json
import os
import subprocess
import sys
import tempfile
import time

import servers

LIMIT_S = 60
PROFILES = os.path.join(servers.HERE, "..", "..", "profiles")

# A shape each. Nothing is judged by time here: these servers share a machine with who asks them.
SHORT = {
    "smoke": [],
    "quick": ["load.steady.for=2s", "load.warmup=1s"],
    "steady": ["load.steady.for=2s", "load.warmup=1s"],
    "ramp": ["load.ramp.over=2s", "load.ramp.to=200/s"],
    "spike": ["load.spike.before=1s", "load.spike.during=1s", "load.spike.after=1s"],
    "stress": ["load.steps.every=1s", "load.steps.to=110/s", "load.warmup=1s", "target.watch=null", "slo=null",
               "break_when.memory=off", "break_when.cpu=off"],
    "burst": ["load.burst.every=500ms", "load.burst.times=4"],
    "closed-loop": ["load.concurrency.for=2s", "target.connections=16", "load.concurrency.users=16"],
}
EVERYWHERE = ["target.timeout=10s", "target.connect_timeout=10s", "generator.lateness_p99=1s", "generator.taken_min=0%"]


def settings_of(server, profile, protocol):
    own = [f"target.url={server.url}", f"target.tls.ca={server.path('ca.pem')}"]
    own += ['target.http="2"'] if protocol == "2" else []
    own += [] if profile == "stress" else ["slo=[error_rate <= 0%]"]
    return [part for setting in EVERYWHERE + SHORT[profile] + own for part in ("--set", setting)]


def run(brunt, server, profile, protocol):
    """(the result, what is wrong with the run itself)"""
    out = server.path(f"out-{profile}-{protocol}")
    ran = subprocess.run(["timeout", "-k", "5", str(LIMIT_S), brunt, "run", os.path.join(PROFILES, profile + ".yaml"), "--quiet",
                          "--out", out, *settings_of(server, profile, protocol)], capture_output=True, text=True, check=False)
    try:
        with open(os.path.join(out, "result.json"), encoding="utf-8") as file:
            return json.load(file), None
    except OSError:
        return None, f"exit {ran.returncode}: {ran.stderr.strip()[-300:]}"


def judge(kind, brunt, profile, protocol):
    """One row of the table: (sent, received, words)"""
    with tempfile.TemporaryDirectory(prefix="services-") as folder:
        os.chmod(folder, 0o755)
        servers.make_certificates(folder)
        server = kind(folder)
        server.start()
        try:
            result, wrong = run(brunt, server, profile, protocol)
            time.sleep(0.2)  # logs are written after the answer
        finally:
            received = server.count()
    if wrong:
        return None, received, wrong
    totals, tls = result["totals"], result["tls"]
    sent, retried = totals["sent"], totals["retried"]
    said = f"{tls['full']} full, {tls['resumed']} resumed; {tls['spoken']}"
    said += f"; {retried} sent once more, on connections that the server closed" if retried else ""
    # What met a connection that was just being closed was never read, as a rule.
    if received is None or not sent <= received <= sent + retried:
        return sent, received, f"DIFFERENT COUNTS: {said}"
    if totals["ok"] != totals["scheduled"]:
        return sent, received, f"NOT ALL OK: {totals['failures']} {totals['unsent_reasons']}"
    return sent, received, said


def main():
    brunt, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    bad = 0
    print(f"{'server':9} {'HTTP':4} {'profile':12} {'sent':>7} {'received':>8}  handshakes")
    for kind in servers.SERVERS:
        if wanted and kind.name not in wanted:
            continue
        if not kind.where():
            print(f"{kind.name:9} is not installed")
            bad += 1
            continue
        for protocol in kind.protocols:
            for profile in SHORT:
                sent, received, words = judge(kind, brunt, profile, protocol)
                is_bad = sent is None or words.startswith(("DIFFERENT", "NOT ALL"))
                bad += is_bad
                print(f"{kind.name:9} {protocol:4} {profile:12} {sent if sent is not None else '-':>7} {str(received):>8}  {words}",
                      flush=True)
    print("all counts are equal" if bad == 0 else f"{bad} rows are not as they should be")
    return 1 if bad else 0


sys.exit(main())
