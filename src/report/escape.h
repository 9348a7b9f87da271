#pragma once

#include <stddef.h>

#include "base/buf.h"

/* What a server or a profile said, made harmless for a terminal, a log or a JSON document: control characters (C0, DEL,
 * C1), bidirectional overrides, invisible characters and bytes that are not UTF-8 are spelled out (\x1b, \u{202e});
 * everything else stays as it is. */
bool escape_add(struct buf *into, const char *text, size_t length);

/* The same into a fixed buffer, cut at a character's edge; returns into. */
const char *escape_text(const char *text, char *into, size_t size);
