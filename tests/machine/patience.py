"""For pytest: what is marked `timing` and failed while the machine was taken away proves nothing (calm.py)."""
import pytest

from calm import TRIES_LEFT, Calm


def pytest_configure(config):
    config.addinivalue_line("markers", "timing: judges when things happen, which takes a machine that is there all the time")


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    if not pyfuncitem.get_closest_marker("timing"):
        yield
        return
    with Calm() as calm:
        outcome = yield
    if not outcome.excinfo or not calm.is_disturbed():
        return
    if not TRIES_LEFT:
        pytest.skip(str(calm))
    print(f"\nTO BE TRIED AGAIN: {calm}")  # test.sh looks for it
