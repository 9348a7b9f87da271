#include "reader/json_scan.h"

#include <string.h>

#include "base/check.h"
#include "base/hex.h"
#include "measure/json.h"
#include "measure/utf8.h"

struct scan {
	const char *at, *end;
	unsigned depth;
	json_found found;
	void *context;
};

/* What may stand in a string as it is: ASCII but for the quote, the backslash and control characters. */
static const bool is_plain[256] = {
	[' ' ... '!'] = true,
	['#' ... '['] = true,
	[']' ... 0x7f] = true,
};

static bool scan_value(struct scan *s, const struct json_want *want, const struct json_want *inside);

static void
skip_space(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
		s->at++;
}

static bool
take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void
tell(const struct scan *s, const struct json_want *want, enum json_type type, const char *text, size_t length)
{
	if (want != NULL && want->meaning != 0)
		s->found(s->context, want->meaning, &(struct json_value){type, text, length});
}

/* After the backslash. */
static bool
scan_escape(struct scan *s)
{
	if (s->at == s->end)
		return false;
	if (*s->at++ != 'u')
		return s->at[-1] != '\0' && strchr("\"\\/bfnrt", s->at[-1]) != NULL;
	if (s->end - s->at < 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (hex_digit(*s->at++) < 0)
			return false;
	return true;
}

/* After the opening quote; *length is that of what stands between the quotes. */
static bool
scan_string(struct scan *s, const char **text, size_t *length)
{
	*text = s->at;
	for (;;) {
		const char *at = s->at, *end = s->end; /* most of a stream passes here, so: in registers */

		while (at < end && is_plain[(unsigned char)*at])
			at++;
		s->at = at;
		if (at == end)
			return false;
		if (take(s, '"')) {
			*length = (size_t)(at - *text);
			return true;
		}
		if (take(s, '\\')) {
			if (!scan_escape(s))
				return false;
			continue;
		}
		if ((unsigned char)*s->at < ' ')
			return false;
		size_t character = utf8_length(s->at, (size_t)(s->end - s->at));

		if (character == 0)
			return false;
		s->at += character;
	}
}

static bool
skip_digits(struct scan *s)
{
	const char *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

static bool
scan_number(struct scan *s, const struct json_want *want)
{
	const char *text = s->at;

	take(s, '-');
	if (!take(s, '0') && !skip_digits(s))
		return false;
	if (take(s, '.') && !skip_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!skip_digits(s))
			return false;
	}
	tell(s, want, JSON_NUMBER, text, (size_t)(s->at - text));
	return true;
}

static bool
scan_word(struct scan *s, const char *word, enum json_type type, const struct json_want *want)
{
	size_t length = strlen(word);

	if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
		return false;
	tell(s, want, type, s->at, length);
	s->at += length;
	return true;
}

/* The row of this member. The name is compared as it is written first, and only one with escapes is unfolded. */
static const struct json_want *
want_of(const struct json_want *inside, const char *name, size_t length)
{
	const struct json_value value = {JSON_STRING, name, length};
	bool is_escaped = memchr(name, '\\', length) != NULL;

	for (const struct json_want *want = inside; want->name != NULL; want++)
		if (is_escaped ? json_says(&value, want->name)
			       : want->length == length && memcmp(want->name, name, length) == 0)
			return want;
	return NULL;
}

static bool
scan_member(struct scan *s, const struct json_want *inside, uint32_t *seen)
{
	const struct json_want *want = NULL;
	const char *name;
	size_t length;

	skip_space(s);
	if (!take(s, '"') || !scan_string(s, &name, &length))
		return false;
	skip_space(s);
	if (!take(s, ':'))
		return false;
	if (inside != NULL)
		want = want_of(inside, name, length);
	if (want != NULL) {
		uint32_t bit = UINT32_C(1) << (want - inside);

		if (*seen & bit)
			return false;
		*seen |= bit;
	}
	return scan_value(s, want, want != NULL ? want->inside : NULL);
}

static bool
scan_object(struct scan *s, const struct json_want *want, const struct json_want *inside)
{
	uint32_t seen = 0;

	tell(s, want, JSON_OBJECT, NULL, 0);
	skip_space(s);
	if (take(s, '}'))
		return true;
	do {
		if (!scan_member(s, inside, &seen))
			return false;
	} while (take(s, ','));
	return take(s, '}');
}

static bool
scan_array(struct scan *s, const struct json_want *want, const struct json_want *inside)
{
	skip_space(s);
	if (take(s, ']'))
		return true;
	do {
		if (!scan_value(s, want, inside))
			return false;
	} while (take(s, ','));
	return take(s, ']');
}

static bool
scan_nested(struct scan *s, const struct json_want *want, const struct json_want *inside)
{
	bool is_object = *s->at++ == '{';

	if (++s->depth > JSON_SCAN_DEPTH_MAX)
		return false;
	if (!(is_object ? scan_object(s, want, inside) : scan_array(s, want, inside)))
		return false;
	s->depth--;
	return true;
}

/* With the white space around it. */
static bool
scan_value(struct scan *s, const struct json_want *want, const struct json_want *inside)
{
	const char *text;
	size_t length;
	bool is_good;

	skip_space(s);
	switch (s->at < s->end ? *s->at : '\0') {
	case '{':
	case '[': is_good = scan_nested(s, want, inside); break;
	case '"':
		s->at++;
		is_good = scan_string(s, &text, &length);
		if (is_good)
			tell(s, want, JSON_STRING, text, length);
		break;
	case 't': is_good = scan_word(s, "true", JSON_TRUE, want); break;
	case 'f': is_good = scan_word(s, "false", JSON_FALSE, want); break;
	case 'n': is_good = scan_word(s, "null", JSON_NULL, want); break;
	default: is_good = scan_number(s, want); break;
	}
	skip_space(s);
	return is_good;
}

bool
json_scan(const char *text, size_t length, const struct json_want *wants, json_found found, void *context)
{
	struct scan s = {.at = text, .end = text + length, .found = found, .context = context};

	return scan_value(&s, NULL, wants) && s.at == s.end;
}

/* The character that begins at *at, which it moves behind; −1: none that ASCII has. */
static int
next_ascii(const char **at)
{
	const char *c = *at;

	if (*c != '\\') {
		(*at)++;
		return (unsigned char)*c < 0x80 ? *c : -1;
	}
	*at += c[1] == 'u' ? 6 : 2;
	switch (c[1]) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'u': break;
	default: return c[1];
	}
	if (c[2] != '0' || c[3] != '0' || c[4] > '7')
		return -1;
	return hex_digit(c[4]) * 16 + hex_digit(c[5]);
}

bool
json_says(const struct json_value *value, const char *plain)
{
	const char *at = value->text, *end = value->text + value->length;

	if (value->type != JSON_STRING)
		return false;
	while (at < end && *plain != '\0')
		if (next_ascii(&at) != *plain++)
			return false;
	return at == end && *plain == '\0';
}

bool
json_count(const struct json_value *value, uint64_t *count)
{
	uint64_t sum = 0;

	if (value->type != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < value->length; i++) {
		if (value->text[i] < '0' || value->text[i] > '9' || sum > JSON_INTEGER_MAX / 10)
			return false;
		sum = sum * 10 + (uint64_t)(value->text[i] - '0');
	}
	*count = sum;
	return sum <= JSON_INTEGER_MAX;
}
