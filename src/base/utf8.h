#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether bytes that stream by are UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong forms). All zero: nothing
 * has come yet. */
struct utf8 {
	uint8_t wanted;      /* bytes still to come of a character */
	uint8_t least, most; /* of the next one of them */
};

/* False: they are not, and what follows does not matter. */
bool utf8_add(struct utf8 *utf8, const char *bytes, size_t length);

/* No character is half there. */
static inline bool
utf8_is_whole(const struct utf8 *utf8)
{
	return utf8->wanted == 0;
}

bool utf8_is_text(const char *bytes, size_t length);
