"""Every rule of tidy.py is fed something bad, which it must see, and something good beside it, which it must let pass."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import tidy  # noqa: E402

ROOMS = tidy.rooms_of("""
# comment with room(fake MAY everything)
room(base LIBS m Threads::Threads)
room(plan MAY base LIBS PkgConfig::YAML)
room(load MAY plan base)
room(request MAY plan base)
""")


def messages(path, text):
    return [message for _, _, message in tidy.findings([tidy.Source(path, text)], ROOMS) if "README" not in message
            and "missing" not in message]


def function_of(lines):
    return "static int\nlong_one(int x)\n{\n" + "\tx++;\n" * (lines - 3) + "}\n"


BAD = [
    ("src/plan/a.c", '#include "load/shape.h"\n', "may not include load/"),
    ("src/load/a.c", '#include "request/template.h"\n', "may not include request/"),
    ("src/load/a.c", '#include "shape.h"\n', "name the room"),
    ("src/main.c", '#include "plan/plan.h"\n', "main.c may not include plan/"),
    ("src/base/a.c", "int x;\n" * 501, "501 lines, over the budget"),
    ("src/base/a.c", function_of(71), "long_one: 71 lines, over the budget"),
    ("src/base/a.c", "\tsprintf(a, b);\n", "sprintf()"),
    ("src/base/a.c", "\tstrcpy(a, b);\n", "strcpy()"),
    ("src/base/a.c", "\tstrcat(a, b);\n", "strcat()"),
    ("src/base/a.c", "\tgets(a);\n", "gets()"),
    ("src/base/a.c", "\tx = atoi(a);\n", "atoi()"),
    ("src/base/a.c", "\tx = atof (a);\n", "atof()"),
    ("src/base/a.c", "\tstrtok(a, b);\n", "strtok()"),
    ("src/base/a.c", "\tx = rand();\n", "rand()"),
    ("src/base/a.c", "\tsrand(1);\n", "srand()"),
    ("src/base/a.c", "\tp = alloca(n);\n", "alloca()"),
    ("src/base/a.c", "\tsystem(a);\n", "system()"),
    ("src/base/a.c", "\tusleep(5);\n", "usleep()"),
    ("src/base/a.c", "\tgettimeofday(&t, NULL);\n", "gettimeofday()"),
    ("src/load/a.c", "\tx = time(NULL);\n", "time()"),
    ("src/load/a.c", "\tp = malloc(5);\n", "malloc()"),
    ("src/load/a.c", "\tp = realloc(p, 5);\n", "realloc()"),
    ("src/load/a.c", "\tp = strdup(s);\n", "strdup()"),
    ("src/load/a.c", "\tassert(x);\n", "assert()"),
    ("src/load/a.c", '\tprintf("here");\n', "printf()"),
    ("src/load/a.c", '\tfprintf(stderr, "here");\n', "fprintf()"),
    ("src/base/a.c", "typedef struct a a_t;\n", "typedef of a struct"),
    ("src/base/a.c", "/* TODO: make it fast */\n", "TODO without"),
    ("src/base/a.c", "/* FIXME */\n", "FIXME without"),
    ("README.md", "cd /" + "work/main\n", "path of one machine"),
    ("src/base/a.c", "int x; \n", "trailing whitespace"),
    ("src/base/a.c", "int x;\r\n", "trailing whitespace"),
    ("src/base/a.c", "int x;", "no newline"),
    ("src/base/a.h", "int x;\n", "#pragma once"),
    ("src/base/a.h", "#ifndef A\n#pragma once\n", "#pragma once"),
]

GOOD = [
    ("src/load/a.c", '#include "plan/plan.h"\n#include "load/shape.h"\n#include <uv.h>\n'),
    ("src/main.c", '#include "cmd/command.h"\n'),
    ("src/base/a.c", "int x;\n" * 500),
    ("src/base/a.c", function_of(70) * 2),
    ("src/base/a.c", "/* strcpy(a, b) is unsafe */\n// gets(a)\n"),
    ("src/load/a.c", 'const char *s = "malloc(5) \\" printf(";\n'),
    ("src/load/a.c", "\tx = snprintf(a, n, b);\n\tp = must_alloc(5);\n\tq = my_time(x);\n\tc->time(c);\n\tc.random(c);\n"),
    ("src/base/check.c", "\tp = malloc(5);\n"),
    ("src/base/a.c", "typedef struct a *(*maker)(void);\n"),
    ("src/base/a.c", "/* TODO: drop this when Debian 13 is the oldest supported */\nchar t[] = \"XXXXXX\";\n"),
    ("README.md", "see https://example.org/home/page and ./build/work/x\n"),
    ("src/base/a.h", "/* what it is */\n#pragma once\n"),
    ("tests/fuzz/corpus/yaml/tab.yaml", "a: b \t"),
]


@pytest.mark.parametrize("path,text,expected", BAD)
def test_rule_sees_what_is_bad(path, text, expected):
    assert any(expected in message for message in messages(path, text)), messages(path, text)


@pytest.mark.parametrize("path,text", GOOD[:-1])
def test_rule_lets_pass_what_is_good(path, text):
    assert messages(path, text) == []


def test_samples_are_not_read():
    assert tidy.SAMPLES.search(GOOD[-1][0])


def test_every_line_number_survives_blanking():
    text = 'int a; /* two\nlines */ int b; "str\\"ing" \'"\' // end\nint c;\n'
    assert tidy.blank(text).count("\n") == text.count("\n")
    assert "end" not in tidy.blank(text) and "int c" in tidy.blank(text)


def test_table_of_rooms_is_read_as_cmake_reads_it():
    assert ROOMS["plan"] == {"base"} and ROOMS["base"] == set() and "fake" not in ROOMS


def test_room_without_readme_is_named():
    found = list(tidy.check_room_readmes([tidy.Source("src/load/a.c", "")], ROOMS))
    assert found[0][0] == "src/load/README.md"


def test_folder_that_is_no_room_is_named():
    found = list(tidy.check_room_readmes([tidy.Source("src/junk/a.c", "")], ROOMS))
    assert any("is no room" in message for _, _, message in found)


def test_functions_are_found_whatever_their_result():
    text = "static struct a *\nfirst(void)\n{\n\treturn 0;\n}\n\nvoid\nsecond(int a,\n\tint b)\n{\n}\n"
    assert [name for name, _, _ in tidy.functions(tidy.Source("src/base/a.c", text))] == ["first", "second"]
