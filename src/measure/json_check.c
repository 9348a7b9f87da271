#include <string.h>

#include "measure/json.h"
#include "measure/json_character.h"
#include "measure/utf8.h"

struct scan {
	const char *at, *end;
	const char *problem; /* NULL so far */
	unsigned depth, depth_max;
};

static bool
fail(struct scan *scan, const char *problem)
{
	if (scan->problem == NULL)
		scan->problem = problem;
	return false;
}

static char
peek(const struct scan *scan)
{
	return scan->at < scan->end ? *scan->at : '\0';
}

static bool
take(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static void
skip_space(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
		scan->at++;
}

static size_t
skip_digits(struct scan *scan)
{
	const char *first = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return (size_t)(scan->at - first);
}

static bool
check_number(struct scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && skip_digits(scan) == 0)
		return fail(scan, "this is no JSON value");
	if (take(scan, '.') && skip_digits(scan) == 0)
		return fail(scan, "a number ends after its point");
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			take(scan, '-');
		if (skip_digits(scan) == 0)
			return fail(scan, "a number ends after its exponent's e");
	}
	return true;
}

static bool
check_escape(struct scan *scan)
{
	if (peek(scan) != 'u') {
		if (peek(scan) == '\0' || strchr("\"\\/bfnrt", peek(scan)) == NULL)
			return fail(scan, "an unknown escape");
		scan->at++;
		return true;
	}
	scan->at++;
	long high = json_take_hex(&scan->at, scan->end);

	if (high <= 0)
		return fail(scan, "\\u wants four hexadecimal digits, not all 0");
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(scan, "half a surrogate pair");
	if (high < 0xd800 || high > 0xdbff)
		return true;
	if (!take(scan, '\\') || !take(scan, 'u'))
		return fail(scan, "half a surrogate pair");
	long low = json_take_hex(&scan->at, scan->end);

	return (low >= 0xdc00 && low <= 0xdfff) || fail(scan, "half a surrogate pair");
}

static bool
check_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return fail(scan, "a name in quotes is missing");
	while (!take(scan, '"')) {
		if (scan->at == scan->end)
			return fail(scan, "a string does not end");
		if ((unsigned char)*scan->at < ' ')
			return fail(scan, "a control character in a string");
		if (take(scan, '\\')) {
			if (!check_escape(scan))
				return false;
			continue;
		}
		size_t length = utf8_length(scan->at, (size_t)(scan->end - scan->at));

		if (length == 0)
			return fail(scan, "this is not UTF-8");
		scan->at += length;
	}
	return true;
}

static bool check_value(struct scan *scan);

static bool
check_members(struct scan *scan, char close, bool are_named)
{
	if (++scan->depth > scan->depth_max)
		return fail(scan, "nested too deeply");
	scan->at++;
	skip_space(scan);
	if (take(scan, close)) {
		scan->depth--;
		return true;
	}
	do {
		skip_space(scan);
		if (are_named) {
			if (!check_string(scan))
				return false;
			skip_space(scan);
			if (!take(scan, ':'))
				return fail(scan, "a colon is missing");
		}
		if (!check_value(scan))
			return false;
	} while (take(scan, ','));
	if (!take(scan, close))
		return fail(scan, "a comma or a closing bracket is missing");
	scan->depth--;
	return true;
}

static bool
check_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return fail(scan, "this is no JSON value");
	scan->at += length;
	return true;
}

static bool
check_value(struct scan *scan)
{
	bool is_one;

	skip_space(scan);
	switch (peek(scan)) {
	case '{': is_one = check_members(scan, '}', true); break;
	case '[': is_one = check_members(scan, ']', false); break;
	case '"': is_one = check_string(scan); break;
	case 't': is_one = check_word(scan, "true"); break;
	case 'f': is_one = check_word(scan, "false"); break;
	case 'n': is_one = check_word(scan, "null"); break;
	default: is_one = check_number(scan); break;
	}
	skip_space(scan);
	return is_one;
}

const char *
json_check(const char *text, size_t length, size_t *at)
{
	return json_check_depth(text, length, JSON_DEPTH_MAX, at);
}

const char *
json_check_depth(const char *text, size_t length, unsigned depth_max, size_t *at)
{
	struct scan scan = {.at = text, .end = text + length, .depth_max = depth_max};

	if (check_value(&scan) && scan.at != scan.end)
		fail(&scan, "more follows after the value");
	*at = (size_t)(scan.at - text);
	return scan.problem;
}
