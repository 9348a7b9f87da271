#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plan/data.h"

/* Which of n rows arrival k gets: a pure function of its arguments, without memory. FEED_ZIPF needs more than that
 * (zipf.h); FEED_UNIQUE is in order, and its user ends it. */
size_t feed_order_row(enum plan_feed_order order, size_t n, uint64_t seed, uint64_t stream, uint64_t k);
