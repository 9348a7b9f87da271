"""What a scenario expects of a value, as its YAML writes it."""
import re

NUMBER = r"-?[\d.]+(?:e-?\d+)?"
COMPARE = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def match_text(expected, actual):
    """Whether a matcher written as text holds; None: it is no matcher but a plain value."""
    if expected.startswith("~ "):
        return isinstance(actual, str) and re.search(expected[2:], actual) is not None
    near = re.fullmatch(rf"({NUMBER}) ± ({NUMBER})(%?)", expected)
    if near:
        value, by = float(near[1]), float(near[2])
        return is_number(actual) and abs(actual - value) <= (abs(value) * by / 100 if near[3] else by)
    between = re.fullmatch(rf"({NUMBER})\.\.({NUMBER})", expected)
    if between:
        return is_number(actual) and float(between[1]) <= actual <= float(between[2])
    compared = re.fullmatch(rf"(<=|>=|<|>) ({NUMBER})", expected)
    if compared:
        return is_number(actual) and COMPARE[compared[1]](actual, float(compared[2]))
    return None


def match_mapping(expected, actual):
    if set(expected) & {"has", "all", "count"}:
        if not isinstance(actual, (list, dict)):
            return False
        items = list(actual)
        return ("has" not in expected or any(matches(expected["has"], item) for item in items)) and \
            ("all" not in expected or bool(items) and all(matches(expected["all"], item) for item in items)) and \
            ("count" not in expected or matches(expected["count"], len(items)))
    return isinstance(actual, dict) and all(matches(m, actual.get(key)) for key, m in expected.items())


def matches(expected, actual):
    if isinstance(expected, str):
        holds = match_text(expected, actual)
        return expected == actual if holds is None else holds
    if isinstance(expected, dict):
        return match_mapping(expected, actual)
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(map(matches, expected, actual))
    if isinstance(expected, bool) or expected is None:
        return actual is expected
    return is_number(actual) and expected == actual


def at(path, value):
    """The part of a JSON value that a path names: "levels.-1.status"; "levels.*.status" is the list of them all."""
    for i, key in enumerate(path.split(".")):
        if key == "*":
            rest = ".".join(path.split(".")[i + 1:])
            items = value.values() if isinstance(value, dict) else value or []
            return [at(rest, item) if rest else item for item in items]
        if isinstance(value, list) and re.fullmatch(r"-?\d+", key):
            value = value[int(key)] if -len(value) <= int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value
