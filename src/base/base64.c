#include "base/base64.h"

#include "base/check.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_write(char *into, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i += 3) {
		size_t n = length - i < 3 ? length - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)(n > 1 ? bytes[i + 1] : 0) << 8 |
				 (uint32_t)(n > 2 ? bytes[i + 2] : 0);

		*into++ = alphabet[group >> 18];
		*into++ = alphabet[group >> 12 & 63];
		*into++ = n > 1 ? alphabet[group >> 6 & 63] : '=';
		*into++ = n > 2 ? alphabet[group & 63] : '=';
	}
	return into;
}

char *
base64_encode(const uint8_t *bytes, size_t length)
{
	char *text = must_alloc(BASE64_LENGTH(length) + 1);

	*base64_write(text, bytes, length) = '\0';
	return text;
}

static int
digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters of which the last `padding` are "=": −1 where they are no group, or leave bits over that no encoder
 * sets. */
static int32_t
group_of(const char *text, size_t padding)
{
	int32_t group = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = i < 4 - padding ? digit_of(text[i]) : 0;

		if (digit < 0)
			return -1;
		group = group << 6 | digit;
	}
	return (group & ((1 << 8 * padding) - 1)) == 0 ? group : -1;
}

uint8_t *
base64_decode(const char *text, size_t text_length, size_t *length)
{
	if (text_length == 0 || text_length % 4 != 0)
		return NULL;
	size_t padding = text[text_length - 1] != '=' ? 0 : text[text_length - 2] != '=' ? 1 : 2;
	uint8_t *bytes = must_alloc(text_length / 4 * 3);
	uint8_t *at = bytes;

	for (size_t i = 0; i < text_length; i += 4) {
		int32_t group = group_of(text + i, i + 4 == text_length ? padding : 0);

		if (group < 0) {
			free(bytes);
			return NULL;
		}
		*at++ = (uint8_t)(group >> 16);
		*at++ = (uint8_t)(group >> 8);
		*at++ = (uint8_t)group;
	}
	*length = text_length / 4 * 3 - padding;
	return bytes;
}
