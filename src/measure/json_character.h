#pragma once

#include <stddef.h>

/* The longest way to write one: "\uD83D\uDE00". */
#define JSON_CHARACTER_MAX 12

/* The four hexadecimal digits after "\u"; *at moves behind them. −1: there are not four. */
long json_take_hex(const char **at, const char *end);

/* What comes next between the quotes of a JSON string, as 1 to 4 bytes of UTF-8: an escape, or one byte of what stands
 * there as it is. *at, which is before `end`, moves behind it. 0: an escape that is broken, or half a surrogate pair.
 */
size_t json_take_character(const char **at, const char *end, char into[4]);
