"""Recording one exchange, all histograms and counters: bench_micro's own clock, several batches."""
import json
import os
import subprocess

from processes import GENERATOR_CORE


def measure(bench):
    bench.say("recording")
    program = os.path.join(bench.programs, "bench_micro")
    command = ["taskset", "-c", str(GENERATOR_CORE), program, "record", "10M"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
