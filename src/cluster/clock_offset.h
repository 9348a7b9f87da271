#pragma once

#include <stdint.h>

#include "cluster/message.h"

/* How far another machine's monotonic clock is ahead of ours, by round trips. Of several the quickest counts: what it
 * took is twice the most by which the answer can be wrong. Pure. */
struct clock_offset {
	int64_t offset_ns; /* theirs − ours */
	int64_t round_ns;  /* of the quickest round trip, without what they took to answer */
	unsigned rounds;   /* so far; 0: nothing is known */
};

/* A ping that came back at back_ns by our clock. */
void clock_offset_add(struct clock_offset *offset, const struct ping *ping, int64_t back_ns);
