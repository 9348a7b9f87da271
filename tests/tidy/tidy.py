#!/usr/bin/env python3
"""What the compiler does not check about how brunt's code reads: layering, budgets, banned calls, house style.

    tidy.py [ROOT]     prints "path:line: what is wrong" for each finding; exit 1 if there is one

A rule is a function over one file that yields (line, message), and a row of RULES or of TREE_RULES.
"""
import os
import re
import subprocess
import sys

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

CODE = {".c", ".h", ".def"}
TEXT = CODE | {".py", ".sh", ".cmake", ".yaml", ".yml", ".json", ".md", ".txt", ".fish", ".bash"}
BUDGETED = CODE | {".py", ".sh", ".cmake"}
SAMPLES = re.compile(r"(^|/)(corpus|corpora|seeds|data|bad|build|node_modules)/")  # inputs of tests, wrong on purpose

# Each call that has no place here: where it may stand all the same, and what to use instead.
BANNED = [
    (r"v?sprintf|strcpy|strcat|stpcpy|gets", r"^$", "writes without a bound; use snprintf or base/buf"),
    (r"atoi|atol|atoll|atof", r"^$", "cannot tell 0 from nonsense; use base/units or strto*"),
    (r"strtok|strtok_r", r"^$", "cuts its input up; use strchr or strcspn"),
    (r"s?rand|random|srandom|[dlm]rand48", r"^$", "is neither seeded nor counter-based; use base/rng"),
    (r"alloca", r"^$", "has no ceiling; use a buffer with one"),
    (r"system|popen", r"^$", "runs a shell unseen; spawn the process and know its exit status"),
    (r"usleep|sleep|nanosleep", r"^src/campaign/target_process\.c$|^src/cmd/watch\.c$|^tests/",
     "stops the loop; use a timer (before a run begins there is none to stop)"),
    (r"gettimeofday|time|clock", r"^src/base/clock\.c$|^tests/", "time is injected; use base/clock"),
    (r"clock_gettime", r"^src/base/clock\.c$|^src/(sampler|target)/|^src/base/stamp\.c$|^tests/",
     "time is injected; use base/clock (a process's CPU time and kernel stamps excepted)"),
    (r"malloc|calloc|realloc|reallocarray|strdup|strndup|v?asprintf", r"^src/base/|^tests/",
     "leaves the caller with a NULL that nobody tests; use must_*, an arena or a pool"),
    (r"assert", r"^tests/", "is off in a release; use CHECK"),
    (r"printf|puts|putchar|perror", r"^src/(cmd|target)/|^tests/", "leaves debugging behind; use base/log or return text"),
    (r"v?fprintf|fputs|fputc", r"^src/(cmd|target|report|base)/|^tests/", "a room below report/ prints nothing; use base/log"),
]
MACHINE_PATH = re.compile(r"(?<![\w.}/])/(?:" + "|".join(["work", "root", "home"]) + r")/")


class Source:
    """One file: its path from the root, its lines, and the lines again with comments and strings blanked."""

    def __init__(self, path, text):
        self.path = path
        self.suffix = os.path.splitext(path)[1]
        self.text = text
        self.lines = text.split("\n")
        self.code = blank(text).split("\n") if self.suffix in CODE else self.lines

    @property
    def room(self):
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def blank(text):
    """C with the insides of comments, strings and character constants replaced by spaces; line numbers stay."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def spaces(match):
        s = match.group(0)
        if s[0] in "\"'":
            return s[0] + " " * (len(s) - 2) + s[-1]
        return re.sub(r"[^\n]", " ", s)

    return token.sub(spaces, text)


def functions(source):
    """(name, first line, last line) of each function. clang-format, which the test `format` demands, puts the return
    type and the name on lines of their own and a function's braces, and no others, alone in column 0."""
    start = None
    for i, line in enumerate(source.code):
        if line.rstrip() == "{":
            start = i
        elif line.rstrip() == "}" and start is not None:
            name, first = "?", start
            for j in range(start - 1, max(start - 12, -1), -1):
                match = re.match(r"(?:[\w*]+[\s*]+)*?(\w+)\(", source.code[j])
                if match and not source.code[j][0].isspace():
                    name, first = match.group(1), j
                    break
            yield name, first + 1, i + 1
            start = None


def check_file_budget(source, _rooms):
    if source.suffix in BUDGETED and len(source.lines) - 1 > FILE_LINES_MAX:
        yield 1, f"{len(source.lines) - 1} lines, over the budget of {FILE_LINES_MAX} for a file"


def check_function_budget(source, _rooms):
    if source.suffix not in {".c", ".h"}:
        return
    for name, first, last in functions(source):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield first, f"{name}: {last - first + 1} lines, over the budget of {FUNCTION_LINES_MAX} for a function"


def check_includes(source, rooms):
    if not source.path.startswith("src/") or source.suffix not in CODE:
        return
    may = {"cmd", "base"} if source.room is None else rooms.get(source.room, set()) | {source.room}
    for i, line in enumerate(source.lines, 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match or match.group(1) == "brunt_version.h":
            continue
        room, slash, _ = match.group(1).partition("/")
        if not slash:
            yield i, f'"{match.group(1)}": name the room, as in "base/check.h"'
        elif room not in may:
            yield i, f"{source.room or 'main.c'} may not include {room}/ (cmake/Rooms.cmake)"


def check_banned_calls(source, _rooms):
    if source.suffix not in CODE or not source.path.startswith(("src/", "tests/")):
        return
    for pattern, allowed_in, why in BANNED:
        if re.search(allowed_in, source.path):
            continue
        call = re.compile(r"(?<![\w.>])(" + pattern + r")\s*\(")
        for i, line in enumerate(source.code, 1):
            for match in call.finditer(line):
                yield i, f"{match.group(1)}(): {why}"


def check_typedef(source, _rooms):
    if source.suffix not in CODE:
        return
    for i, line in enumerate(source.code, 1):
        if re.match(r"\s*typedef\s+(struct|union|enum)\b", line) and "(*" not in line:
            yield i, "typedef of a struct: write `struct name` where it is used"


def check_todo(source, _rooms):
    for i, line in enumerate(source.lines, 1):
        mark = re.search(r"\b(TODO|FIXME|XXX)\b", line)
        if mark and not (mark.group(1) == "TODO" and re.search(r"\b(when|once|until)\b", line[mark.end():])):
            yield i, f"{mark.group(1)} without the condition that ends it (TODO: … when …)"


def check_machine_paths(source, _rooms):
    for i, line in enumerate(source.lines, 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield i, f"'{match.group(0)}' is a path of one machine"


def check_pragma_once(source, _rooms):
    if source.suffix != ".h":
        return
    first = next((line for line in source.code if line.strip()), "")
    if first.strip() != "#pragma once":
        yield 1, "a header begins with #pragma once"


def check_whitespace(source, _rooms):
    if source.suffix not in TEXT and os.path.basename(source.path) != "CMakeLists.txt":
        return
    for i, line in enumerate(source.lines, 1):
        if line != line.rstrip():
            yield i, "trailing whitespace"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "no newline at the end of the file"


RULES = [
    check_file_budget, check_function_budget, check_includes, check_banned_calls, check_typedef, check_todo,
    check_machine_paths, check_pragma_once, check_whitespace,
]


def check_room_readmes(sources, rooms):
    paths = {source.path for source in sources}
    for room in sorted({source.room for source in sources if source.room}):
        readme = f"src/{room}/README.md"
        if room not in rooms:
            yield f"src/{room}", 1, "is no room of cmake/Rooms.cmake"
        if readme not in paths:
            yield readme, 1, "missing: what comes in, what goes out, which rooms it may include"


TREE_RULES = [check_room_readmes]


def rooms_of(cmake_text):
    """room → the rooms it may include, from the rows `room(name MAY a b LIBS …)` of cmake/Rooms.cmake."""
    rooms = {}
    for name, rest in re.findall(r"^room\((\w+)([^)]*)\)", cmake_text, re.M):
        may = re.search(r"\bMAY\b((?:\s+[a-z]\w*)+)", rest)
        rooms[name] = set(may.group(1).split()) if may else set()
    return rooms


def paths_of(root):
    """What is in the repository or is about to be: tracked and not ignored. A copy without git is walked."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"], check=True,
                             capture_output=True).stdout.decode()
        return sorted({path for path in out.split("\0") if path})
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f not in {".git", "build", "__pycache__"}]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
        return sorted(found)


def read_sources(root):
    for path in paths_of(root):
        full = os.path.join(root, path)
        if SAMPLES.search(path) or path.startswith("results/") or not os.path.isfile(full):
            continue
        with open(full, "rb") as file:
            data = file.read()
        try:
            yield Source(path, data.decode("utf-8"))
        except UnicodeDecodeError:
            continue  # not text


def findings(sources, rooms):
    sources = list(sources)
    for source in sources:
        for rule in RULES:
            if source.path.startswith("tests/tidy/") and rule in (check_todo, check_machine_paths):
                continue  # this file and its test spell out what they look for
            for line, message in rule(source, rooms):
                yield source.path, line, message
    for rule in TREE_RULES:
        yield from rule(sources, rooms)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "cmake", "Rooms.cmake"), encoding="utf-8") as file:
        rooms = rooms_of(file.read())
    sources = list(read_sources(root))
    found = sorted(set(findings(sources, rooms)))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"tidy: {len(sources)} files, {len(found)} findings")
    return 1 if found or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
