#pragma once

#include "request/feed.h"
#include "request/slot.h"

/* "NAME.COLUMN": the feed of that name, and what comes after the dot; NULL: there is none. */
struct feed *slot_find_feed(const struct slot_text *text, const struct slot_scope *scope, struct slot_text *column);
