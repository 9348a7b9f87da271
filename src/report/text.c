#include "report/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

size_t
text_decode(const char *bytes, size_t length, uint32_t *point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)bytes;

	if (length == 0)
		return 0;
	size_t n = b[0] < 0x80 ? 1 : b[0] >= 0xf0 && b[0] < 0xf5 ? 4 : b[0] >= 0xe0 ? 3 : b[0] >= 0xc2 ? 2 : 0;

	if (n == 0 || n > length || b[0] >= 0xf5)
		return 0;
	uint32_t value = n == 1 ? b[0] : b[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (b[i] & 0x3f);
	}
	if (value < smallest[n] || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
		return 0;
	*point = value;
	return n;
}

struct text_range {
	uint32_t from, to;
};

static int
is_within(const struct text_range *ranges, size_t n, uint32_t point)
{
	for (size_t i = 0; i < n; i++)
		if (point >= ranges[i].from && point <= ranges[i].to)
			return 1;
	return 0;
}

/* Unicode 15's EastAsianWidth.txt (W and F) and combining blocks, by block: enough for names that people give. */
static size_t
point_width(uint32_t point)
{
	static const struct text_range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xa960, 0xa97f},
		{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
	static const struct text_range combining[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
		{0x064b, 0x065f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};

	if (point < 0x300)
		return 1;
	if (is_within(combining, ARRAY_LEN(combining), point))
		return 0;
	return is_within(wide, ARRAY_LEN(wide), point) ? 2 : 1;
}

/* A byte that is not UTF-8 counts as one column. */
static size_t
step(const char *text, size_t length, size_t *columns)
{
	uint32_t point;
	size_t n = text_decode(text, length, &point);

	*columns = n == 0 ? 1 : point_width(point);
	return n == 0 ? 1 : n;
}

size_t
text_width(const char *text)
{
	size_t length = strlen(text), width = 0, columns;

	for (size_t at = 0; at < length; width += columns)
		at += step(text + at, length - at, &columns);
	return width;
}

size_t
text_fit(const char *text, size_t columns)
{
	size_t length = strlen(text), at = 0, width = 0, more;

	while (at < length) {
		size_t n = step(text + at, length - at, &more);

		if (width + more > columns)
			break;
		width += more;
		at += n;
	}
	return at;
}

const char *
text_cut(const char *text, size_t columns, char *into, size_t size)
{
	bool is_whole = text_width(text) <= columns && strlen(text) < size;

	if (is_whole || columns == 0)
		snprintf(into, size, "%s", is_whole ? text : "");
	else {
		size_t fits = text_fit(text, columns - 1);

		CHECK(size > 8);
		if (fits > size - 4) { /* room for the three bytes of "…", at a character's edge */
			fits = size - 4;
			while (fits > 0 && ((unsigned char)text[fits] & 0xc0) == 0x80)
				fits--;
		}
		snprintf(into, size, "%.*s…", (int)fits, text);
	}
	return into;
}
