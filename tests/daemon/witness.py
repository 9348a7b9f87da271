"""What somebody else finds in a daemon's directory, with no code of brunt's: its database by Python's SQLite, its results by their schema."""
import base64
import json
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import tempfile
import zlib

import jsonschema

ENDED = 3  # of runs.state
SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "results" / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
COMPRESSED, ENCODED = 0x1C849304, 0x1C849303  # HdrHistogram's V2, less the size of its counters


def read_ledger(path):
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True)
    try:
        wrongs = [text for text, in connection.execute("PRAGMA integrity_check") if text != "ok"]
        wrongs += [f"a row of {table} belongs to none of {other}" for table, _, other, _ in connection.execute("PRAGMA foreign_key_check")]
        connection.row_factory = sqlite3.Row
        return wrongs, {row["id"]: dict(row) for row in connection.execute("SELECT * FROM runs")}
    finally:
        connection.close()


def ledger(data, is_alive):
    """(what is wrong with it, its rows by id). Nobody uses a dead daemon's: what is looked at is a copy of it, as it lies there."""
    path = os.path.join(data, "brunt.db")
    if is_alive:
        return read_ledger(path)
    with tempfile.TemporaryDirectory(prefix="brunt-ledger-") as folder:
        for name in ("brunt.db", "brunt.db-wal"):
            if os.path.exists(os.path.join(data, name)):
                shutil.copy(os.path.join(data, name), folder)
        return read_ledger(os.path.join(folder, "brunt.db"))


def counts_wrong(totals):
    """The identities of counts that do not hold."""
    if totals["scheduled"] != totals["sent"] + totals["dropped"] + totals["unsent"]:
        yield f"scheduled is not sent + dropped + unsent: {totals}"
    if totals["sent"] != totals["ok"] + totals["failed"] + totals["unfinished"]:
        yield f"sent is not ok + failed + unfinished: {totals}"
    if totals["failed"] != sum(totals["failures"].values()):
        yield f"failed is not the sum of its classes: {totals}"


def lines_of(path, may_be_cut):
    """(its whole lines, [that its last has no end]); what a killed process was writing may have none."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    *lines, rest = text.split("\n")
    return lines, [] if rest == "" or may_be_cut else ["its last line has no end"]


def log_wrong(path, may_be_cut):
    """What is wrong with a run.hlog, line by line."""
    lines, wrongs = lines_of(path, may_be_cut)
    yield from wrongs
    for number, line in enumerate(lines, 1):
        if line.startswith(("#", '"')):
            continue
        packed = base64.b64decode(line.rsplit(",", 1)[1], validate=True)
        cookie, length = struct.unpack(">II", packed[:8])
        plain = zlib.decompress(packed[8:8 + length])
        if cookie & ~0xF0 != COMPRESSED or struct.unpack(">I", plain[:4])[0] & ~0xF0 != ENCODED or len(packed) != 8 + length:
            yield f"line {number} is no histogram"


def events_wrong(path, may_be_cut):
    lines, wrongs = lines_of(path, may_be_cut)
    yield from wrongs
    kinds = [json.loads(line)["event"] for line in lines]
    if not kinds or kinds[0] != "run" or kinds[-1] != "end" and not may_be_cut:
        yield f"{len(kinds)} events, from {kinds[:1]} to {kinds[-1:]}"


def result_wrong(folder, may_be_cut=False):
    """What is wrong with a run's directory of results: nothing, where it is whole. may_be_cut: its process was killed, and the result
    made of what it had written."""
    with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
        document = json.load(file)
    yield from (f"result.json: {list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document))
    yield from counts_wrong(document["totals"])
    for name, check in (("run.hlog", log_wrong), ("events.ndjson", events_wrong)):
        if os.path.exists(os.path.join(folder, name)):
            yield from (f"{name}: {wrong}" for wrong in check(os.path.join(folder, name), may_be_cut))


def leftovers(data, known):
    """Files that were being written when somebody died, directories of runs that nobody knows, results beside half results."""
    for place, folders, files in os.walk(data):
        for name in files:
            writer = re.search(r"\.tmp\.(\d+)$", name)
            if writer and not os.path.exists(f"/proc/{writer[1]}"):
                yield os.path.join(place, name)
        if "results" in folders and "results.partial" in folders:
            yield os.path.join(place, "results.partial")
    yield from (f"runs/{run}" for run in os.listdir(os.path.join(data, "runs")) if run not in known)


def processes_of(data):
    """pid → the id of the run that it is, or None: it is no run, of all processes that were told of this directory."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                line = file.read()
        except OSError:
            continue  # it has ended
        if data in line:
            run = re.search(re.escape(data) + r"/runs/([^/]+)/results\0", line)
            found[int(pid)] = run[1] if run else None
    return found
