#pragma once

#include "judge/sample.h"
#include "measure/comparison.h"

/* One figure of one arm, how it came out in each resample, and how much each block pulls at it. */
struct estimate {
	double value;      /* in the metric's unit; NAN: n/a; INFINITY: above the timeout */
	uint64_t samples;  /* exchanges, readings or runs that it rests on */
	double *draws;     /* by resample; NULL: there is no interval to be had of it */
	double *residuals; /* by block, to a common factor, adding up to about 0: the value's linear part (its influence
			    * function), which says how blocks of one run hang together; NULL where draws are */
	double *of_runs;   /* of what only a run has: its values, by run, of_runs_n of them; else NULL */
	size_t of_runs_n;
	double log_error; /* of a single one of them: its own standard error, of its logarithm; NAN: not known */
	char note[COMPARISON_NOTE_MAX]; /* why there is no value or no interval */
};

#define MEDIAN_RUNS_LEAST 3 /* of an arm whose value is its runs' median; of fewer it is that of all together */

/* measure: metric, stat, quantile and request. beyond: what stands for a value above the timeout in the draws, in ns.
 */
void estimate_init(struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond);
void estimate_fini(struct estimate *estimate);

/* The parts of estimate.c that know percentiles, and what counters make. */
void estimate_percentile(
	struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond);
void estimate_counts(struct estimate *estimate, const struct sample *sample, const struct expr *measure);
/* The median of the runs in place of what all of them together come to. */
void estimate_take_median(
	struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond);

/* What of a block a measure is about: all requests, or one. */
static inline const struct block_cell *
estimate_cell(const struct block *block, const struct expr *measure)
{
	return measure->request < 0 ? &block->all : &block->requests[measure->request];
}
