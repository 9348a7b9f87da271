#include "request/feed_json.h"

#include <stdint.h>
#include <string.h>

#include "measure/json_character.h"

const char *
feed_json_skip_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Past the closing quote. */
static const char *
end_of_string(const char *string)
{
	const char *at = string + 1;

	while (*at != '"')
		at += *at == '\\' ? 2 : 1;
	return at + 1;
}

const char *
feed_json_end(const char *value)
{
	size_t depth = 0;
	const char *at = value;

	if (*at != '{' && *at != '[' && *at != '"')
		return at + strcspn(at, ",]} \t\r\n");
	do {
		if (*at == '"') {
			at = end_of_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth > 0);
	return at;
}

/* Past a comma, or NULL where the list or object ends. */
static const char *
after_comma(const char *at)
{
	at = feed_json_skip_space(at);
	return *at == ',' ? feed_json_skip_space(at + 1) : NULL;
}

static const char *
first_in(const char *value, char open, char close)
{
	if (*value != open)
		return NULL;
	value = feed_json_skip_space(value + 1);
	return *value == close ? NULL : value;
}

const char *
feed_json_first(const char *list)
{
	return first_in(list, '[', ']');
}

const char *
feed_json_next(const char *item)
{
	return after_comma(feed_json_end(item));
}

const char *
feed_json_member(const char *object, const char *name, size_t length)
{
	const char *at = first_in(object, '{', '}');

	while (at != NULL) {
		const char *value = feed_json_skip_space(end_of_string(at));

		value = feed_json_skip_space(value + 1); /* past the colon */
		if (feed_json_string_is(at, name, length))
			return value;
		at = feed_json_next(value);
	}
	return NULL;
}

static const char *
find_item(const char *list, const char *digits, size_t length)
{
	const char *item = feed_json_first(list);
	size_t i = 0;

	if (length == 0 || length > 9 || strspn(digits, "0123456789") < length)
		return NULL;
	for (size_t d = 0; d < length; d++)
		i = 10 * i + (size_t)(digits[d] - '0');
	for (; i > 0 && item != NULL; i--)
		item = feed_json_next(item);
	return item;
}

const char *
feed_json_find(const char *value, const char *path, size_t length)
{
	while (value != NULL) {
		const char *whole = feed_json_member(value, path, length), *dot;

		if (whole != NULL)
			return whole;
		if (*value == '[' && (whole = find_item(value, path, length)) != NULL)
			return whole;
		dot = memchr(path, '.', length);
		if (dot == NULL)
			return NULL;
		size_t head = (size_t)(dot - path);

		value = *value == '[' ? find_item(value, path, head) : feed_json_member(value, path, head);
		length -= head + 1;
		path = dot + 1;
	}
	return NULL;
}

/* json_check saw it: it is whole, and ends before the text does. */
static size_t
take_character(const char **at, char into[4])
{
	return json_take_character(at, *at + JSON_CHARACTER_MAX, into);
}

void
feed_json_add_string(const char *string, struct buf *into)
{
	const char *at = string + 1;
	char bytes[4];

	while (*at != '"') {
		size_t plain = strcspn(at, "\"\\");

		buf_add(into, at, plain);
		at += plain;
		if (*at == '\\')
			buf_add(into, bytes, take_character(&at, bytes));
	}
}

bool
feed_json_string_is(const char *string, const char *text, size_t length)
{
	const char *at = string + 1, *end = text + length;
	char bytes[4];

	while (*at != '"') {
		size_t n = take_character(&at, bytes);

		if ((size_t)(end - text) < n || memcmp(text, bytes, n) != 0)
			return false;
		text += n;
	}
	return text == end;
}

enum feed_value
feed_json_add(const char *value, struct buf *into)
{
	if (*value == '"') {
		feed_json_add_string(value, into);
		return FEED_STRING;
	}
	buf_add(into, value, (size_t)(feed_json_end(value) - value));
	return *value == '{' || *value == '[' || *value == 'n' ? FEED_JSON : FEED_NUMBER;
}
