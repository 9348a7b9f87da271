#include "request/json_pointer.h"

#include <string.h>

#include "measure/json_character.h"

/* The rest of the text. */
struct cursor {
	const char *at, *end;
};

static void
skip_space(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
		c->at++;
}

static bool
take(struct cursor *c, char wanted)
{
	skip_space(c);
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* Past the quote that ends the string; the cursor stands behind the one that begins it. */
static bool
skip_string(struct cursor *c)
{
	while (c->at < c->end) {
		if (*c->at == '"') {
			c->at++;
			return true;
		}
		c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
	}
	return false;
}

/* Past an object or array with all that is in it: brackets are counted, not matched by kind. */
static bool
skip_nested(struct cursor *c)
{
	size_t depth = 0;

	while (c->at < c->end) {
		char byte = *c->at++;

		if (byte == '"' && !skip_string(c))
			return false;
		depth += byte == '{' || byte == '[';
		if ((byte == '}' || byte == ']') && --depth == 0)
			return true;
	}
	return false;
}

static bool
ends_scalar(char byte)
{
	return byte == '\0' || strchr(",]} \t\r\n:\"", byte) != NULL;
}

static bool
skip_value(struct cursor *c)
{
	skip_space(c);
	if (c->at == c->end)
		return false;
	if (*c->at == '"') {
		c->at++;
		return skip_string(c);
	}
	if (*c->at == '{' || *c->at == '[')
		return skip_nested(c);
	const char *first = c->at;

	while (c->at < c->end && !ends_scalar(*c->at))
		c->at++;
	return c->at > first;
}

/* One part of a pointer, between two '/'. */
struct part {
	const char *at, *end;
};

/* The next byte of it, where ~1 is '/' and ~0 is '~'. */
static char
take_part_byte(struct part *part)
{
	char byte = *part->at++;

	if (byte == '~' && part->at < part->end)
		byte = *part->at++ == '1' ? '/' : '~';
	return byte;
}

/* The member's name, its quotes cut off. */
static bool
name_is(struct cursor name, struct part part)
{
	while (name.at < name.end) {
		char bytes[4];
		size_t n = json_take_character(&name.at, name.end, bytes);

		if (n == 0)
			return false;
		for (size_t i = 0; i < n; i++)
			if (part.at == part.end || take_part_byte(&part) != bytes[i])
				return false;
	}
	return part.at == part.end;
}

/* To the value of the member; the cursor stands behind the '{'. */
static bool
enter_object(struct cursor *c, struct part part)
{
	do {
		if (!take(c, '"'))
			return false;
		struct cursor name = {c->at, NULL};

		if (!skip_string(c))
			return false;
		name.end = c->at - 1;
		if (!take(c, ':'))
			return false;
		skip_space(c);
		if (name_is(name, part))
			return true;
	} while (skip_value(c) && take(c, ','));
	return false;
}

/* RFC 6901 §4: digits without a leading zero. */
static bool
index_of(struct part part, size_t *index)
{
	size_t value = 0, n = (size_t)(part.end - part.at);

	if (n == 0 || n > 9 || (n > 1 && *part.at == '0'))
		return false;
	for (; part.at < part.end; part.at++) {
		if (*part.at < '0' || *part.at > '9')
			return false;
		value = 10 * value + (size_t)(*part.at - '0');
	}
	*index = value;
	return true;
}

static bool
enter_array(struct cursor *c, struct part part)
{
	size_t index;

	if (!index_of(part, &index))
		return false;
	for (; index > 0; index--)
		if (!skip_value(c) || !take(c, ','))
			return false;
	skip_space(c);
	return c->at < c->end && *c->at != ']';
}

const char *
json_pointer_find(const char *text, size_t length, const char *pointer, size_t *value_length)
{
	struct cursor c = {text, text + length};

	while (*pointer == '/') {
		struct part part = {pointer + 1, pointer + 1 + strcspn(pointer + 1, "/")};
		bool is_there = take(&c, '{') ? enter_object(&c, part) : take(&c, '[') ? enter_array(&c, part) : false;

		if (!is_there)
			return NULL;
		pointer = part.end;
	}
	skip_space(&c);
	const char *value = c.at;

	if (!skip_value(&c))
		return NULL;
	*value_length = (size_t)(c.at - value);
	return value;
}

static bool
unescape(struct cursor string, char *into, size_t size, size_t *length)
{
	*length = 0;
	while (string.at < string.end) {
		char bytes[4];
		size_t n = json_take_character(&string.at, string.end, bytes);

		if (n == 0 || n > size - *length)
			return false;
		memcpy(into + *length, bytes, n);
		*length += n;
	}
	return true;
}

bool
json_pointer_text(const char *value, size_t value_length, char *into, size_t size, size_t *length)
{
	if (value[0] == '"')
		return unescape((struct cursor){value + 1, value + value_length - 1}, into, size, length);
	if (value_length > size || (value_length == 4 && memcmp(value, "null", 4) == 0))
		return false;
	memcpy(into, value, value_length);
	*length = value_length;
	return true;
}
