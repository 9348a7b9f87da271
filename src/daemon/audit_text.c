#include "daemon/audit_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xfffd
#define ELLIPSIS "\xe2\x80\xa6"
#define PIECE_MAX 8 /* an escape, or a character, and NUL */

/* One character of UTF-8 (RFC 3629): its length, and 0 where the bytes are none. The shortest form alone, no
 * surrogates. */
static size_t
decode(const unsigned char *text, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80       ? 1
			: text[0] >> 5 == 6  ? 2
			: text[0] >> 4 == 14 ? 3
			: text[0] >> 3 == 30 ? 4
					     : 0;

	if (length <= 1) {
		*point = text[0];
		return length;
	}
	*point = text[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (text[i] >> 6 != 2) /* a NUL, too */
			return 0;
		*point = *point << 6 | (text[i] & 0x3fu);
	}
	return *point >= least[length] && *point <= 0x10ffff && (*point < 0xd800 || *point > 0xdfff) ? length : 0;
}

/* Unicode's bidirectional marks (UAX #9), and the separators that are line ends to some. */
static bool
is_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0x061c ||
	       point == 0xfeff;
}

static void
make_piece(char piece[PIECE_MAX], const unsigned char *text, size_t length, uint32_t point)
{
	if (length == 0)
		snprintf(piece, PIECE_MAX, "\\u%04x", REPLACEMENT);
	else if (is_hidden(point))
		snprintf(piece, PIECE_MAX, "\\u%04x", (unsigned)(point & 0xffff));
	else if (point == '"' || point == '\\')
		snprintf(piece, PIECE_MAX, "\\%c", (char)point);
	else
		snprintf(piece, PIECE_MAX, "%.*s", (int)length, (const char *)text);
}

void
audit_text_add(struct buf *into, const char *text, size_t share)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0;

	while (*at != '\0') {
		char piece[PIECE_MAX];
		uint32_t point;
		size_t length = decode(at, &point);

		make_piece(piece, at, length, point);
		if (used + strlen(piece) > share - strlen(ELLIPSIS)) {
			buf_add_text(into, ELLIPSIS);
			return;
		}
		buf_add_text(into, piece);
		used += strlen(piece);
		at += length > 0 ? length : 1;
	}
}
