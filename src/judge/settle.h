#pragma once

#include "measure/summary.h"

/* Whether a target has settled at a new level: over two intervals in a row the median response was the same, to within
 * a tenth or a millisecond, and no more was in flight at the end of the second than of the first. Caches that fill,
 * code that is still compiled and queues that build up make it wait; a target that never settles is measured all the
 * same, once the time that the search gives it (`settle`) is over. Pure. */
struct settle {
	int64_t p50_ns; /* of the interval before; −1: there is none */
	uint32_t in_flight;
};

void settle_begin(struct settle *settle);

/* The summary's last interval, which lies wholly in the time at that level. */
bool settle_add(struct settle *settle, const struct summary *summary);
