#pragma once

#include "base/buf.h"

/* Text within XML, harmless: what escape_text spells out and no XML 1.0 document may hold (its §2.2), then what is
 * structure there. */
void xml_add_text(struct buf *into, const char *text);
void xml_add_attribute(struct buf *into, const char *name, const char *value); /* ' name="value"' */
