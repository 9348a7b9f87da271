#pragma once

#include <stddef.h>

#include "request/slot.h"

/* Texts that are not known to be harmless where they are filled in. */

/* Most bytes that `length` bytes become in this context. */
size_t slot_escape_most(enum slot_context context, size_t length);

/* Writes the text as the context wants it and returns what follows. The text is UTF-8; SLOT_IN_JSON_VALUE makes a
 * string of it, quotes and all; in a header control characters but the tab become spaces. */
char *slot_escape_put(enum slot_context context, const char *text, size_t length, char *into);
