"""A daemon that has not been started yet, and a server for its runs."""
import re
import shutil
import subprocess
import tempfile

import pytest

from served import BRUNT, Daemon


@pytest.fixture(name="daemon")
def fixture_daemon():
    folder = tempfile.mkdtemp(prefix="brunt-daemon-")
    daemon = Daemon(folder)
    yield daemon
    daemon.stop()
    shutil.rmtree(folder)


@pytest.fixture(name="target", scope="module")
def fixture_target():
    process = subprocess.Popen([BRUNT, "target", "--port", "0"], stdout=subprocess.PIPE, text=True)
    yield re.search(r"http://\S+", process.stdout.readline())[0]
    process.terminate()
    process.wait()
