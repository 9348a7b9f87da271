"""croniter says when expressions are due where no clock is changed; where one is, a walk through every minute by Python's own
zoneinfo that does as Debian's cron(8) says it does."""

import datetime
import os
import random
import subprocess
import zoneinfo

import pytest

UTC = datetime.timezone.utc
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def times(asked):
    """asked: (zone, after, count, expression)"""
    text = "".join(f"{zone} {after} {count} {expression}\n" for zone, after, count, expression in asked)
    said = subprocess.run([os.environ["CRON_TIMES"]], input=text, check=True, capture_output=True, text=True, timeout=120).stdout
    return [line if line.startswith("!") else [int(word) for word in line.split()] for line in said.splitlines()]


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def roll_field(dice, least, most):
    kind = dice.randrange(6)
    a, b = sorted((dice.randint(least, most), dice.randint(least, most)))
    if kind < 2:
        return "*"
    if kind == 2:
        return str(a)
    if kind == 3 and b > a:
        return f"{a}-{b}" + (f"/{dice.randint(1, b - a)}" if dice.random() < 0.5 else "")
    if kind == 4:
        return f"*/{dice.randint(2, 6 if most == 7 else most - least)}"
    return ",".join(str(dice.randint(least, most)) for _ in range(dice.randint(2, 4)))


def roll_expression(dice):
    return " ".join(roll_field(dice, *field) for field in FIELDS)


def is_plain(expression):
    """croniter asks whether a day field names all days, cron(8) whether it begins with a *."""
    sets = parse(expression)
    return all((field[0] == "*") == (len(values) == n) for field, values, n in zip(expression.split()[2::2], sets[2::2], (31, 7)))


def test_next_times_in_utc_are_croniters():
    croniter = pytest.importorskip("croniter").croniter
    dice = random.Random(1)
    after = seconds("2026-11-22T23:17:31")
    expressions = [e for e in (roll_expression(dice) for _ in range(600)) if is_plain(e)]
    expressions += ["0 0 29 2 *", "0 0 31 * *", "59 23 31 12 *", "0 12 29 2 1", "*/7 */5 * * 1-5", "0 0 1,15 * 5", "0 0 * * 7"]
    asked = [("UTC", after, 20, e) for e in expressions]
    assert len(asked) > 200
    for expression, ours in zip(expressions, times(asked)):
        if isinstance(ours, str):
            assert "never due" in ours, (expression, ours)
            continue
        walk = croniter(expression, datetime.datetime.fromtimestamp(after, UTC))
        assert ours == [int(walk.get_next(datetime.datetime).timestamp()) for _ in ours], expression


def parse(expression):
    """Sets of values, by a reader of its own."""
    sets = []
    for text, (least, most) in zip(expression.split(), FIELDS):
        values = set()
        for part in text.split(","):
            bounds, _, step = part.partition("/")
            low, _, high = bounds.partition("-")
            if bounds == "*":
                low, high = least, 6 if most == 7 else most
            values |= set(range(int(low), int(high or low) + 1, int(step or 1)))
        sets.append({v % 7 for v in values} if most == 7 else values)
    return sets


def is_due(sets, expression, local):
    day, weekday = expression.split()[2], expression.split()[4]
    of_month, of_week = local.day in sets[2], (local.weekday() + 1) % 7 in sets[4]
    on_day = of_month and of_week if day[0] == "*" or weekday[0] == "*" else of_month or of_week
    return local.minute in sets[0] and local.hour in sets[1] and local.month in sets[3] and on_day


def walk(zone_name, expression, after, until):
    """Debian's cron(8), "Daylight savings time": every minute is looked at once, by the clock on the wall. When that jumps by at
    most three hours, times of the day that it leaves out are made up for, and those that it shows again are not run again."""
    zone = zoneinfo.ZoneInfo(zone_name)
    sets = parse(expression)
    is_wild = "*" in (expression.split()[0][0], expression.split()[1][0])
    due, minute = [], datetime.timedelta(minutes=1)
    start = after - after % 60 - 6 * 3600  # so that what has been shown before is known
    shown = datetime.datetime.fromtimestamp(start, zone).replace(tzinfo=None, fold=0) - minute
    for at in range(start, until, 60):
        local = datetime.datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)
        step = local - shown
        hit = is_due(sets, expression, local)
        if not is_wild and minute < step <= 3 * 60 * minute + minute:
            left_out = (shown + minute * i for i in range(1, int(step / minute)))
            hit = hit or any(is_due(sets, expression, other) for other in left_out)
        if is_wild or not -3 * 60 * minute <= step <= datetime.timedelta(0):
            shown = local
        else:
            hit = False  # until the clock on the wall has caught up
        if hit and at > after:
            due.append(at)
    return due


CHANGES = (
    ("Europe/Berlin", "2026-03-28T22:00:00"),
    ("Europe/Berlin", "2026-10-24T21:00:00"),
    ("America/New_York", "2027-03-14T04:00:00"),
    ("America/New_York", "2027-11-07T03:00:00"),
    ("Australia/Lord_Howe", "2026-04-04T12:00:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03T12:00:00"),
    ("America/Havana", "2026-11-01T02:00:00"),  # at midnight, back across it
    ("America/Havana", "2026-03-08T03:00:00"),
    ("Africa/Cairo", "2026-04-23T20:00:00"),
    ("America/Nuuk", "2027-03-27T22:00:00"),
    ("Africa/Casablanca", "2027-02-06T23:00:00"),
    ("Europe/Dublin", "2055-10-30T22:00:00"),  # beyond the file's last change: by its footer
    ("America/Sao_Paulo", "2018-11-03T22:00:00"),
)
EXPRESSIONS = (
    "30 2 * * *", "0 2 * * *", "0 3 * * *", "15,45 1-3 * * *", "*/15 * * * *", "0 * * * *", "*/20 2 * * *", "30 0-23 * * *",
    "0 0 * * *", "59 23 * * *", "30 23,0,1 * * *", "10 */2 * * *", "5 0 * * 0", "30 2 * 3,10 *", "45 1 * * *",
)


@pytest.mark.parametrize("zone,start", CHANGES)
def test_times_around_a_change_of_clocks_are_those_of_debians_cron(zone, start):
    after = seconds(start)
    ours = times([(zone, after, 200, e) for e in EXPRESSIONS])
    until = after + 3 * 86400
    for expression, said in zip(EXPRESSIONS, ours):
        assert [at for at in said if at < until] == walk(zone, expression, after, until)[: len(said)], expression


def test_offsets_are_zoneinfos():
    """Hourly times show every offset: all zones, past and future, a week of each year from 1975 to 2075."""
    dice = random.Random(2)
    names = sorted(n for n in zoneinfo.available_timezones() if not n.startswith(("posix/", "right/")) and n not in ("Factory", "localtime"))
    asked = []
    for name in dice.sample(names, 80):
        for year in range(1975, 2076, 4):
            asked.append((name, seconds(f"{year}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T{dice.randint(0, 23):02}:30:00"), 3, "17 5 * * *"))
    for (name, after, _, _), said in zip(asked, times(asked)):
        for at in said:
            local = datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(name))
            before = datetime.datetime.fromtimestamp(at - 1, zoneinfo.ZoneInfo(name))
            assert (local.hour, local.minute) == (5, 17) or local.utcoffset() != before.utcoffset(), (name, after, at)


def test_systemd_finds_the_same_next_time():
    """systemd-analyze calendar, where a calendar expression says the same."""
    pairs = (("0 2 * * mon-fri", "Mon..Fri 02:00"), ("*/15 * * * *", "*:0/15"), ("30 6 1 * *", "*-*-01 06:30"), ("0 0 29 2 *", "*-02-29"))
    now = seconds("2026-11-22T23:17:31")
    if subprocess.run(["sh", "-c", "command -v systemd-analyze"], capture_output=True, check=False).returncode:
        pytest.skip("there is no systemd-analyze")
    for cron, calendar in pairs:
        said = subprocess.run(["systemd-analyze", "calendar", f"--base-time=@{now}", "--iterations=5", f"{calendar} UTC"],
                              capture_output=True, text=True, timeout=20, env={**os.environ, "TZ": "UTC"}, check=False)
        if said.returncode:
            pytest.skip(f"systemd-analyze: {said.stderr.strip()}")
        theirs = [seconds(" ".join(line.split(": ", 1)[1].split()[1:3])) for line in said.stdout.splitlines()
                  if line.lstrip().startswith(("Next elapse:", "Iter. #", "Iteration #"))]
        assert times([("UTC", now, 5, cron)]) == [theirs]


@pytest.mark.parametrize("wrong,right", (
    ("60 * * * *", "minute '60': write 0 to 59"),
    ("* 24 * * *", "hour '24': write 0 to 23"),
    ("* * 0 * *", "day of the month '0': write 1 to 31"),
    ("* * * foo *", "month 'foo': write 1 to 12 or jan to dec"),
    ("* * * * 8", "day of the week '8': write 0 to 7"),
    ("0 22-2 * * *", "ends before it begins"),
    ("5/15 * * * *", "a step goes with a range"),
    ("*/0 * * * *", "a step from 1 to 59"),
    ("*/60 * * * *", "a step from 1 to 59"),
    ("0 0 30 2 *", "never due"),
    ("0 0 31 4,6,9,11 *", "never due"),
    ("* * * *", "is no cron expression"),
    ("* * * * * *", "is no cron expression"),
    ("@reboot", "is none of @hourly"),
    ("1,,2 * * * *", "minute '1,,2'"),
    ("1- * * * *", "minute '1-'"),
))
def test_what_is_wrong_is_said(wrong, right):
    (said,) = times([("UTC", 0, 1, wrong)])
    assert said.startswith("!") and right in said
