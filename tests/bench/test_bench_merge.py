"""bench_merge: what is merged is what was said, and its figure can be read."""
import os
import re
import subprocess

import pytest

from conftest import PROGRAMS


@pytest.mark.skipif(not PROGRAMS, reason="BENCH_PROGRAMS names no build")
def test_shards_are_merged_and_the_time_is_told():
    ran = subprocess.run([os.path.join(PROGRAMS, "bench_merge"), "20", "50", "2"], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = re.match(r"20 shards at 50/s: ([0-9.]+) s of CPU per interval of 1 s on average, ([0-9.]+) at the most", ran.stdout)
    assert told and 0 < float(told.group(1)) <= float(told.group(2)), ran.stdout
