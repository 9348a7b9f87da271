#include "measure/utf8.h"

#include <stdbool.h>

static bool
is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t
utf8_length(const char *text, size_t length)
{
	const unsigned char *c = (const unsigned char *)text;

	if (length == 0)
		return 0;
	if (c[0] < 0x80)
		return 1;
	size_t n = is_between(c[0], 0xc2, 0xdf)   ? 2
		   : is_between(c[0], 0xe0, 0xef) ? 3
		   : is_between(c[0], 0xf0, 0xf4) ? 4
						  : 0;

	if (n == 0 || length < n)
		return 0;
	unsigned char low = c[0] == 0xe0 ? 0xa0 : c[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = c[0] == 0xed ? 0x9f : c[0] == 0xf4 ? 0x8f : 0xbf;

	if (!is_between(c[1], low, high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!is_between(c[i], 0x80, 0xbf))
			return 0;
	return n;
}

size_t
utf8_put(uint32_t code, char into[4])
{
	if (code >= 0xd800 && code < 0xe000)
		code = 0xfffd;
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		into[i] = (char)(0x80 | (code & 0x3f));
	into[0] = (char)(first[n] | code);
	return n;
}
