"""Closed loop over what wraps a request: TLS, HTTP/2, and both. bench_wrapped does the counting.

A server that must decrypt as well costs about as much as a generator, and may be the slower of the two: then the rate is the
server's. So the requests per second of a whole core count, which is the rate over the generator's share of its core. For one
that is not held up by the server that is the rate itself; one that is waits more often for less at a time, each like the other."""
import os
import subprocess
import tempfile

from peers import H2load, Load, Wrap, Wrk
from rounds import interleave, paired

TLS, H2, H2_TLS = "TLS, 64 connections", "HTTP/2, 8 connections of 8 streams", "HTTP/2 over TLS, 8 connections of 8 streams"
CASES = {TLS: (64, Wrap(tls=True)), H2: (8, Wrap(streams=8)), H2_TLS: (8, Wrap(tls=True, streams=8))}


def measure(bench):
    with tempfile.TemporaryDirectory(prefix="brunt-bench-") as folder:
        certificate, key = make_certificate(folder)
        return {name: compare(bench, name, connections, wrap, ["--certificate", certificate, "--key", key])
                for name, (connections, wrap) in CASES.items()}


def compare(bench, name, connections, wrap, certificate):
    peers = bench.present([bench.brunt_peer(), H2load(), *([] if wrap.streams else [Wrk()])])
    bench.say(f"closed loop, {name}")
    load = Load(connections, 1 if bench.is_quick else 3, wrap=wrap)
    options = [*(certificate if wrap.tls else []), *(["--h2"] if wrap.streams else [])]
    cells = interleave(bench, peers, lambda _: load, server_options=options)
    for peer, cell in cells.items():
        cell["brunt_is_times"] = paired(cells, "brunt", peer, lambda row: row["rate_per_s"])
        cell["brunt_is_times_per_core"] = paired(cells, peer, "brunt", lambda row: row["steady_cpu_us_per_request"])
    return cells


def make_certificate(folder):
    """Of nobody, for 127.0.0.1: (its path, its key's)."""
    certificate, key = (os.path.join(folder, name) for name in ("bench.pem", "bench.key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
                   check=True, capture_output=True)
    return certificate, key
