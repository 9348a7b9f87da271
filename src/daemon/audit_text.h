#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Text of anybody's as the inside of a JSON string that is also safe to be shown on a terminal: control characters (C0,
 * DEL, C1), line separators and what turns the direction of text around are escaped, bytes that are no UTF-8 become
 * U+FFFD. At most `share` bytes of it, the last of them an ellipsis where it was cut. */
void audit_text_add(struct buf *into, const char *text, size_t share);
