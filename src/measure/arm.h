#pragma once

#include "measure/blocks.h"
#include "measure/summary.h"
#include "measure/verdict.h"

/* One side of a comparison: what is kept of its runs once each of them is over. */
struct arm_run {
	struct blocks *blocks; /* the arm's */
	/* What only a whole run has; NAN: not known */
	double max_sustainable, max_goodput_per_s;
	double breaks_between[2]; /* 95% interval of the rate at which it breaks, or the bracket; NAN upper: it did not
				   */
	struct sustained sustained;
	struct memory_fit memory;
	int64_t ready_ns; /* from start to ready; −1: it was not started anew */
};

#define ARM_RUNS_MAX 200

struct arm {
	const char *name;           /* the plan's */
	const struct plan *plan;    /* with the arm's overrides */
	const struct arm *baseline; /* whose spread says what a spike is: itself, for the baseline; NULL: none is */
	bool is_median;             /* its value is the median of its runs': those of a rolling baseline */
	struct arm_run *runs;       /* its repeats, in the order in which they ran */
	size_t runs_n;
	struct counts totals; /* every phase of every run */
	struct cell measured; /* the measured phases of all runs */
	struct cell *requests;
	struct gauge_set target; /* of all runs */
	struct scraped_set scraped;
	double measured_s, in_flight_s;
	uint32_t in_flight_peak;
};

struct arm *arm_new(const char *name, const struct plan *plan);
void arm_free(struct arm *arm);

/* A run is over. Takes blocks; summary and verdict (NULL: no judge looked) are only read. A run without any use (the
 * target was never reached, it was interrupted before it measured) is better left out. */
void arm_add_run(struct arm *arm, const struct summary *summary, struct blocks *blocks, const struct verdict *verdict,
	int64_t ready_ns);

double arm_achieved_per_s(const struct arm *arm); /* over the measured windows of all runs; NAN before any */
