"""Of a run, the seconds in which the host of this machine, if it is a virtual one, took none of brunt's CPUs away, as the run itself says of
each (`generator_stolen`): what is about microseconds can be asked of them where the host is never quiet for long. A second counts if nothing was
taken in the one before either, whose backlog it would have to bear."""
import collections

import hdrlog

SKIPPED = 2  # the first ones: connections open, pages are touched for the first time
SLACK_S = 0.02  # rows of the series and lines of the log are cut at the same moments, written with other digits


def seconds_of(result):
    """When those seconds of a result.json ended, since T0."""
    columns, rows = result["series"]["columns"], result["series"]["rows"]
    at, stolen = columns.index("at_s"), columns.index("generator_stolen")
    return [row[at] for before, row in zip(rows[SKIPPED - 1:], rows[SKIPPED:]) if before[stolen] == 0 and row[stolen] == 0]


def counts_of(result, log, tag):
    """(what was counted under the tag in those seconds, how many of them there were)"""
    ends, counts, seconds = seconds_of(result), collections.Counter(), 0
    for name, _, to_s, more in hdrlog.lines_of(log):
        if name == tag and any(abs(to_s - end) < SLACK_S for end in ends):
            counts += more
            seconds += 1
    return counts, seconds
