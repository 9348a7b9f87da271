#pragma once

#include <stddef.h>
#include <stdint.h>

/* Text as a terminal sees it: UTF-8 in columns. Needs no locale, so that a report looks the same everywhere. */

/* One code point from the front of bytes; returns how many bytes it took, 0 where they are not UTF-8 (RFC 3629: no
 * surrogates, nothing overlong, nothing past U+10FFFF). */
size_t text_decode(const char *bytes, size_t length, uint32_t *point);

/* Columns that a NUL-ended UTF-8 text takes: 0 for combining marks, 2 for East Asian wide ones. */
size_t text_width(const char *text);

/* How many bytes of text fit into `columns`. */
size_t text_fit(const char *text, size_t columns);

/* Copies text cut to `columns`, its end marked by "…" where something is missing; returns into. */
const char *text_cut(const char *text, size_t columns, char *into, size_t size);
