"""Python's json judges what brunt's scanner takes for JSON, and what it finds in it.

Python is laxer in three ways that are ruled out here: NaN and its like, bytes that are no UTF-8, and names twice.
"""
import json
import os
import random
import subprocess

DEPTH_MAX = 64

SEEDS = [
    b'{"a":1,"in":{"b":"x"}}', b'{"choices":[{"delta":{"content":"Hello \\u00e9\\n"}}],"usage":null}', b"[]", b"{}", b"[1,2.5,-0,1e5,-1.2E-3]",
    b'"\\ud83d\\ude00"', b'  {"a" : [ true , false , null ] }\r\n\t', b'"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"', b"0", b"-1", b'{"":{"":[]}}',
    b'{"\\u0061":5,"in":[{"b":1},{"b":[2,3]}]}',
    b'[' * 63 + b']' * 63, b'[' * 64 + b']' * 64, b'{"a":' * 64 + b"1" + b"}" * 64,
]
# Of Nicolas Seriot's families of documents that parsers get wrong.
WRONG = [
    b"", b" ", b"[1,]", b"[,1]", b"[1 2]", b"{,}", b'{"a":1,}', b'{"a" 1}', b"{a:1}", b"{'a':1}", b"[01]", b"[-01]", b"[1.]", b"[.5]", b"[1e]", b"[1e+]",
    b"[+1]", b"[0x1]", b"[--1]", b"[NaN]", b"[Infinity]", b"[-Infinity]", b'["\\x"]', b'["\\u12"]', b'["\\u12g4"]', b'["a', b'["\t"]', b'["\n"]', b'["\x00"]',
    b"[\x00]", b"[1]\x00", b"[1]x", b"[1]]", b"[1", b"nul", b"tru", b"True", b"nulll", b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"',
    b"\xef\xbb\xbf[1]", b"[1]//", b"[1]/* */", b"\x0c[1]", b'{"a":1 "b":2}', b'{"a"}', b'{"a":}', b"[" * 65 + b"]" * 65, b'["\x1f"]', b'[\xa0]',
]
JOINTS = [b"", b'"', b",", b":", b"[", b"]", b"{", b"}", b"\\", b"0", b"1", b"-", b".", b"e", b"\n", b"\x00", b"\xff", b"\xc3\xa9", b" ", b"u00", b"null"]


def refuse(_):
    raise ValueError("no JSON")


def members_once(pairs):
    names = [name for name, _ in pairs]
    for name in ("a", "in", "b"):
        if names.count(name) > 1:
            raise ValueError("a name that somebody wants, twice")
    return dict(pairs)


def depth_of(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(depth_of, children), default=0)


def judge(document):
    """Whether it is JSON as Python has it, or None where only one of the two cares."""
    try:
        text = document.decode("utf-8")
        if text.startswith("\ufeff"):
            return False
        lax = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    try:
        json.loads(text, parse_constant=refuse, object_pairs_hook=members_once)
    except ValueError:
        return None  # names in one object twice: refused where they are wanted
    return depth_of(lax) <= DEPTH_MAX


def witness(mode, documents):
    body = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
    done = subprocess.run([os.environ["WITNESS"], mode], input=body, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().split("\n")[:-1]


def mutants(n, seed):
    draw = random.Random(seed)
    for _ in range(n):
        document = bytearray(draw.choice(SEEDS))
        for _ in range(draw.randint(1, 3)):
            at = draw.randint(0, len(document))
            document[at:at + draw.randint(0, 2)] = draw.choice(JOINTS)
        yield bytes(document)


def test_both_agree_on_what_is_json():
    documents = SEEDS + WRONG + [seed[:cut] for seed in SEEDS for cut in range(len(seed))] + list(mutants(60000, 1))
    verdicts = witness("json", documents)
    assert len(verdicts) == len(documents)
    good = 0
    for document, verdict in zip(documents, verdicts):
        expected = judge(document)
        good += expected is True
        if expected is not None:
            assert verdict == str(int(expected)), document
    assert all(judge(document) is False for document in WRONG)
    assert good > 3000  # so many mutants are still JSON


def elements(value):
    """An array stands for its elements, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from elements(item)
    else:
        yield value


def wanted_of(value):
    """[[1, x] for each member a at the top, [2, y] for each b in `in`], in the order of the text"""
    for top in elements(value):
        for name, member in top.items() if isinstance(top, dict) else ():
            for item in elements(member):
                if name == "a":
                    yield [1, {} if isinstance(item, dict) else item]
                elif name == "in" and isinstance(item, dict) and "b" in item:
                    yield from ([2, {} if isinstance(b, dict) else b] for b in elements(item["b"]))


def test_both_find_the_same():
    documents = [document for document in SEEDS + list(mutants(40000, 2)) if judge(document)]
    documents += [b'{"in":{"b":[[1],{"b":3}],"c":{"b":2}},"a":[[],[{"x":1}]],"a\\u0062":1}']
    found = 0
    for document, line in zip(documents, witness("wanted", documents)):
        expected = list(wanted_of(json.loads(document)))
        found += len(expected)
        assert json.loads(line) == expected, document
    assert found > 1000
