#include "measure/json_character.h"

#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "measure/utf8.h"

long
json_take_hex(const char **at, const char *end)
{
	long value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = *at < end ? hex_digit(**at) : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
		++*at;
	}
	return value;
}

/* After "\u". A character beyond U+FFFF is two of them (RFC 8259 §7). −1: it is broken. */
static long
take_code(const char **at, const char *end)
{
	long high = json_take_hex(at, end);

	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return -1;
	*at += 2;
	long low = json_take_hex(at, end);

	return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00)) : -1;
}

size_t
json_take_character(const char **at, const char *end, char into[4])
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";

	if (**at != '\\') {
		into[0] = *(*at)++;
		return 1;
	}
	if (++*at == end)
		return 0;
	char escape = *(*at)++;

	if (escape == 'u') {
		long code = take_code(at, end);

		return code < 0 ? 0 : utf8_put((uint32_t)code, into);
	}
	const char *letter = escape != '\0' ? strchr(letters, escape) : NULL;

	if (letter == NULL)
		return 0;
	into[0] = meanings[letter - letters];
	return 1;
}
