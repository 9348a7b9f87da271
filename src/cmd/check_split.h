#pragma once

#include "base/buf.h"
#include "engine/requests.h"

/* The dry run of a split: how much of what the load sends goes to which side, and where the first keys go. Nothing
 * where nothing is split. */
void check_print_split(const struct plan *plan, const struct requests *requests, struct buf *out);
