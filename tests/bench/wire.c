#include "wire.h"

#include <string.h>

unsigned
wire_count_ends(uint8_t *matched, const char *bytes, size_t length)
{
	static const char end[] = "\r\n\r\n";
	unsigned ends = 0;

	for (const char *p = bytes, *limit = bytes + length; p < limit; p++) {
		if (*matched == 0 && (p = memchr(p, '\r', (size_t)(limit - p))) == NULL)
			break;
		if (*p == end[*matched])
			(*matched)++;
		else
			*matched = *p == '\r';
		if (*matched == 4) {
			ends++;
			*matched = 0;
		}
	}
	return ends;
}
