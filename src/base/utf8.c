#include "base/utf8.h"

#include <string.h>

/* What the first byte of a character says of those behind it. False: it begins none. */
static bool
begin_character(struct utf8 *u, uint8_t byte)
{
	u->least = 0x80;
	u->most = 0xbf;
	switch (byte) {
	case 0xe0: u->least = 0xa0; break;
	case 0xed: u->most = 0x9f; break;
	case 0xf0: u->least = 0x90; break;
	case 0xf4: u->most = 0x8f; break;
	}
	u->wanted = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	return byte >= 0xc2 && byte <= 0xf4;
}

/* Text is mostly ASCII, eight of which are told by one look. */
static size_t
skip_ascii(const char *bytes, size_t length)
{
	size_t at = 0;
	uint64_t eight;

	for (; length - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, bytes + at, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			return at;
	}
	return at;
}

bool
utf8_add(struct utf8 *u, const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		if (u->wanted == 0) {
			at += skip_ascii(bytes + at, length - at);
			if (at == length)
				return true;
		}
		uint8_t byte = (uint8_t)bytes[at++];

		if (u->wanted > 0) {
			if (byte < u->least || byte > u->most)
				return false;
			u->wanted--;
			u->least = 0x80;
			u->most = 0xbf;
		} else if (byte >= 0x80 && !begin_character(u, byte))
			return false;
	}
	return true;
}

bool
utf8_is_text(const char *bytes, size_t length)
{
	struct utf8 u = {0};

	return utf8_add(&u, bytes, length) && utf8_is_whole(&u);
}
