#pragma once

#include "measure/interval.h"
#include "measure/tally.h"

/* The measured phase of one run, cut into stretches of time, each with all that happened in it: what the noise of a
 * figure is estimated from (judge/compare.h). A block is one interval at first; when there are BLOCKS_MAX of them,
 * neighbours are joined, so that memory does not depend on the duration, and a long run has between half of BLOCKS_MAX
 * and BLOCKS_MAX blocks of equal length. An exchange counts in the block that it ended in. What comes after the last
 * window (a drain) belongs to the last block. The warm-up is left out. */
#define BLOCKS_MAX 120

struct block_cell {
	struct counts counts;
	struct tally tallies[METRIC_COUNT];
};

struct block {
	int64_t start_ns, end_ns; /* since T0 */
	int64_t window_ns;        /* how much of the levels' windows it covers */
	double in_flight_ns;      /* integral of in flight over the window */
	uint32_t in_flight_peak;
	struct gauge_set target;
	struct block_cell all;
	struct block_cell *requests; /* requests_n; those that are not kept apart stay empty */
};

struct blocks {
	struct block *blocks;
	size_t n;
	int64_t interval_ns;
	int64_t length_ns; /* of the window of a block, but for the last */
	uint32_t requests_n;
	bool *is_kept; /* by request */
};

/* interval_ns: plan->output.interval_ns. is_kept: which requests are kept apart, NULL: none; copied. */
struct blocks *blocks_new(int64_t interval_ns, const bool *is_kept, uint32_t requests_n);
void blocks_free(struct blocks *blocks);

/* Beside summary_add_interval, in the digest's thread; intervals in order, added up or decoded. */
void blocks_add_interval(struct blocks *blocks, const struct interval *interval);

/* Joins neighbours until there are at most n_max: an arm of many runs needs few of each (BLOCKS_PER_ARM / runs). */
void blocks_join(struct blocks *blocks, size_t n_max);

/* Takes from their end what they have of the windows beyond measured_s: where iterations end a closed loop, it is known
 * only a turn after the last answer that its window has ended with it. */
void blocks_trim(struct blocks *blocks, double measured_s);
