#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that begins here, 1 to 4; 0: none does, by the table of RFC 3629 §4 (no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
size_t utf8_length(const char *text, size_t length);

/* Writes a code point as 1 to 4 bytes; how many. A surrogate, which is no character, becomes U+FFFD. */
size_t utf8_put(uint32_t code, char into[4]);
