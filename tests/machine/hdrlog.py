"""A run.hlog, read by the V2 format of HdrHistogram, as its own documentation has it."""
import base64
import collections
import struct
import zlib

HEADER_BYTES = 40
COOKIE, COMPRESSED_COOKIE = 0x1C849303, 0x1C849304
SUB_BUCKETS_HALF = 1024  # of three significant digits


def check_cookie(raw, wanted):
    cookie = struct.unpack(">I", raw[:4])[0] & ~0xF0  # the word size is said there
    assert cookie == wanted, hex(cookie)


def counts_of_line(encoded):
    """{place: count}"""
    packed = base64.b64decode(encoded)
    check_cookie(packed, COMPRESSED_COOKIE)
    raw = zlib.decompress(packed[8:])
    check_cookie(raw, COOKIE)
    length = struct.unpack(">I", raw[4:8])[0]
    counts, place, at = collections.Counter(), 0, HEADER_BYTES
    while at < HEADER_BYTES + length:
        value, shift = 0, 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte if shift == 56 else byte & 0x7f) << shift
            shift += 7
            if shift > 56 or not byte & 0x80:
                break
        value = (value >> 1) ^ -(value & 1)
        if value < 0:
            place -= value
        else:
            counts[place] += value
            place += 1
    return +counts


def lines_of(path):
    """(tag, from_s, to_s, {place: count}) of each line."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("Tag="):
                tag, start, length, _, encoded = line.rstrip("\n").split(",")
                yield tag.removeprefix("Tag="), float(start), float(start) + float(length), counts_of_line(encoded)


def highest_of(place):
    """The largest value that is counted at a place."""
    bucket, sub = max(0, place // SUB_BUCKETS_HALF - 1), place
    if place >= 2 * SUB_BUCKETS_HALF:
        sub = place % SUB_BUCKETS_HALF + SUB_BUCKETS_HALF
    return ((sub + 1) << bucket) - 1


def quantile(counts, q):
    """Of {place: count}; None: nothing was counted."""
    left = q * sum(counts.values())
    for place in sorted(counts):
        left -= counts[place]
        if left <= 0:
            return highest_of(place)
    return None
