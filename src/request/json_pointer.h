#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a JSON pointer (RFC 6901) points at in a JSON text. It is followed and nothing else is looked at, without
 * allocation or recursion: whether the whole text is JSON is the json reader's to say. Of two members of one name the
 * first is meant. */

/* Where the value stands; NULL: there is none. */
const char *json_pointer_find(const char *text, size_t length, const char *pointer, size_t *value_length);

/* A value as text: a string without quotes and escapes, everything else as it stands. False: it is null, is larger than
 * `size`, or is a string that is none (a broken escape, half a surrogate pair). */
bool json_pointer_text(const char *value, size_t value_length, char *into, size_t size, size_t *length);
