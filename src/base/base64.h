#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 4648 §4, with padding, without line breaks. */
#define BASE64_LENGTH(length) (((length) + 2) / 3 * 4)
char *base64_write(char *into, const uint8_t *bytes, size_t length); /* returns what follows */
char *base64_encode(const uint8_t *bytes, size_t length);            /* malloc'ed text */
/* malloc'ed bytes; NULL where the text is not exactly what encode makes of some bytes. */
uint8_t *base64_decode(const char *text, size_t text_length, size_t *length);
