#include "report/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "report/text.h"

/* Longest spelling of one character: "\u{10ffff}". */
#define ESCAPE_ONE_MAX 16

static bool
is_harmful(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) /* C0, DEL, C1: escape sequences begin with these */
	       || point == 0x061c || (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) /* bidi marks, invisible characters, separators */
	       || point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
	       (point & 0xfffe) == 0xfffe /* no characters at all */
	       || (point >= 0xe0000 && point <= 0xe007f);
}

/* Spells the character at the front of text; returns how many bytes it took. */
static size_t
spell(const char *text, size_t length, char into[ESCAPE_ONE_MAX])
{
	uint32_t point;
	size_t n = text_decode(text, length, &point);

	if (n == 0)
		snprintf(into, ESCAPE_ONE_MAX, "\\x%02x", (unsigned char)text[0]);
	else if (is_harmful(point))
		snprintf(into, ESCAPE_ONE_MAX, point < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)point);
	else
		snprintf(into, ESCAPE_ONE_MAX, "%.*s", (int)n, text);
	return n == 0 ? 1 : n;
}

bool
escape_add(struct buf *into, const char *text, size_t length)
{
	char one[ESCAPE_ONE_MAX];

	for (size_t at = 0; at < length;) {
		at += spell(text + at, length - at, one);
		if (!buf_add_text(into, one))
			return false;
	}
	return true;
}

const char *
escape_text(const char *text, char *into, size_t size)
{
	size_t length = strlen(text), used = 0;
	char one[ESCAPE_ONE_MAX];

	for (size_t at = 0; at < length;) {
		at += spell(text + at, length - at, one);
		size_t n = strlen(one);

		if (used + n >= size)
			break;
		memcpy(into + used, one, n);
		used += n;
	}
	into[used] = '\0';
	return into;
}
