#pragma once

#include <stddef.h>

/* Bytes of the character that begins here, 1 to 4; 0: none does, by the table of RFC 3629 §4 (no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
size_t utf8_length(const char *text, size_t length);
