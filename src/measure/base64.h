#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 4648 §4, with padding, without line breaks. */
char *base64_encode(const uint8_t *bytes, size_t length); /* malloc'ed text */
/* malloc'ed bytes; NULL where the text is not exactly what encode makes of some bytes. */
uint8_t *base64_decode(const char *text, size_t text_length, size_t *length);
