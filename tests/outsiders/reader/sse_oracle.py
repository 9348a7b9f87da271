"""Server-sent events by the letter of the HTML standard (§9.2.5 to §9.2.6), from the whole body and with no eye to speed."""

MARK = b"\xef\xbb\xbf"


def lines_of(body):
    """(lines that have an end, what follows the last end)"""
    lines, line, i = [], bytearray(), 0
    while i < len(body):
        byte = body[i:i + 1]
        i += 1
        if byte == b"\r":
            if body[i:i + 1] == b"\n":
                i += 1
            lines.append(bytes(line))
            line.clear()
        elif byte == b"\n":
            lines.append(bytes(line))
            line.clear()
        else:
            line += byte
    return lines, bytes(line)


def events_of(body):
    """[(type, last id, data)], each dispatched event"""
    if body.startswith(MARK):
        body = body[len(MARK):]
    events, data, kind, last_id = [], b"", b"", b""
    for line in lines_of(body)[0]:
        if line == b"":
            if data:
                events.append((kind, last_id, data[:-1] if data.endswith(b"\n") else data))
            data, kind = b"", b""
            continue
        if line.startswith(b":"):
            continue
        field, colon, value = line.partition(b":")
        if colon and value.startswith(b" "):
            value = value[1:]
        if field == b"event":
            kind = value
        elif field == b"data":
            data += value + b"\n"
        elif field == b"id" and b"\0" not in value:
            last_id = value
    return events
