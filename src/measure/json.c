#include "measure/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "measure/utf8.h"

static void
add_quoted(struct buf *into, const char *text)
{
	size_t left = strlen(text);

	buf_add_char(into, '"');
	while (left > 0) {
		size_t length = utf8_length(text, left);

		if (length == 0) {
			buf_add_text(into, "\\ufffd");
			length = 1;
		} else if (*text == '"' || *text == '\\') {
			buf_printf(into, "\\%c", *text);
		} else if ((unsigned char)*text < ' ' || *text == 0x7f) {
			buf_printf(into, "\\u%04x", (unsigned)*text);
		} else {
			buf_add(into, text, length);
		}
		text += length;
		left -= length;
	}
	buf_add_char(into, '"');
}

static void
add_name(struct buf *into, const char *name)
{
	if (into->length > 0 && strchr("{[:\n", into->bytes[into->length - 1]) == NULL)
		buf_add_char(into, ',');
	if (name == NULL)
		return;
	add_quoted(into, name);
	buf_add_char(into, ':');
}

void
json_open(struct buf *into, const char *name, char bracket)
{
	add_name(into, name);
	buf_add_char(into, bracket);
}

void
json_close(struct buf *into, char bracket)
{
	buf_add_char(into, bracket);
}

void
json_add_text(struct buf *into, const char *name, const char *text)
{
	add_name(into, name);
	add_quoted(into, text);
}

void
json_add_u64(struct buf *into, const char *name, uint64_t value)
{
	add_name(into, name);
	buf_printf(into, value > JSON_INTEGER_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, value);
}

void
json_add_i64(struct buf *into, const char *name, int64_t value)
{
	if (value >= 0) {
		json_add_u64(into, name, (uint64_t)value);
		return;
	}
	add_name(into, name);
	buf_printf(into, value < -(int64_t)JSON_INTEGER_MAX ? "\"%" PRId64 "\"" : "%" PRId64, value);
}

/* 17 digits bring every double back as it was. */
void
json_add_double(struct buf *into, const char *name, double value)
{
	add_name(into, name);
	if (isfinite(value))
		buf_printf(into, "%.17g", value);
	else
		buf_add_text(into, "null");
}

void
json_add_bool(struct buf *into, const char *name, bool value)
{
	add_name(into, name);
	buf_add_text(into, value ? "true" : "false");
}

void
json_add_null(struct buf *into, const char *name)
{
	add_name(into, name);
	buf_add_text(into, "null");
}
