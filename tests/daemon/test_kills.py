"""A few of the kills of `scripts/soak.sh kills`."""
import os

from kills import Kills
from served import Target

KILLS, SEED, MOST = 5, 3, 3


def test_what_is_finished_outlives_kills_and_what_is_not_is_said_to_be(daemon, tmp_path):
    targets = [Target(os.path.join(tmp_path, name)) for name in ("one", "two")]
    kills = Kills(daemon.start(), targets, SEED, MOST)
    try:
        for number in range(1, KILLS + 1):
            wrongs, line = kills.once(number)
            assert wrongs == [], line
        wrongs, line = kills.finish()
        assert wrongs == [], line
    finally:
        for target in targets:
            target.stop()
