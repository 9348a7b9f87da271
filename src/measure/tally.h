#pragma once

#include "measure/histogram.h"

/* A histogram at rest: only the places that hold anything, in order, so that hundreds of them can be kept. */
struct tally {
	uint64_t *words; /* place << TALLY_PLACE_SHIFT | how many, by place */
	size_t words_n;
	uint64_t total;
	histogram_sum sum_ns, sum_squares_ns;
	int64_t min_ns, max_ns; /* exact; INT64_MAX and −1 while total is 0 */
};

#define TALLY_PLACE_SHIFT 48 /* counts stay below HISTOGRAM_TOTAL_MAX < 2^48, places below 2^16 */

static inline size_t
tally_place(uint64_t word)
{
	return (size_t)(word >> TALLY_PLACE_SHIFT);
}

static inline uint64_t
tally_count(uint64_t word)
{
	return word & ((UINT64_C(1) << TALLY_PLACE_SHIFT) - 1);
}

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);
void tally_add(struct tally *tally, const struct histogram *h);
void tally_merge(struct tally *into, const struct tally *from);
