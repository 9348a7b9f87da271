#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A text as a value of block YAML that reads back as exactly these bytes: plain where that is the same, between quotes
 * where it is not, several lines as a block. */

/* UTF-8 without NUL: whatever else goes into a file of its own. */
bool yaml_text_can_hold(const char *text, size_t length);

/* What stands after "key: "; blocks are indented by so many spaces. */
void yaml_text_add(struct buf *into, const char *text, size_t length, unsigned indent);

/* The same inside { } and [ ]: always between double quotes, as in JSON. */
void yaml_text_add_quoted(struct buf *into, const char *text, size_t length);
