#pragma once

#include "judge/estimate.h"

/* How far apart two estimates are, and how sure that is.
 *
 * The interval is a percentile interval of the block bootstrap (Künsch 1989), widened about the estimate by what
 * resampling independent blocks leaves out, each by its ratio of variances:
 *   – n blocks show too little of their spread: n / (n − 1), and Student's t in place of the normal;
 *   – blocks that still depend on their neighbours: their correlation at lag 1;
 *   – runs that differ more than their blocks explain: the design effect of survey statistics (Kish 1965), the variance
 *     of the runs' sums over that of their blocks, both of the estimate's linear part, with as many degrees of freedom
 *     as there are runs less the arms. It is taken to be the same in both arms, so that a single run is held against
 *     the noise between the runs of the other arm.
 * What only a whole run has is one value per run: Student's t of two samples. Of a single run on either side, each of
 * which says itself how sure it is, the ratio is log-normal with the sum of both variances.
 * tests/unit/judge/test_coverage.c says what that covers. */
struct contrast {
	double delta, delta_rel; /* current − baseline; as a share of the baseline, NAN where that is 0 */
	double ci[2], ci_rel[2]; /* NAN: cannot be had */
	double p;                /* two-sided, of Student's t; NAN */
	double df;               /* degrees of freedom; NAN */
	bool is_between_runs;    /* the noise between runs is in it */
	double lag1;             /* correlation of neighbouring blocks; NAN where it did not matter */
};

#define CONTRAST_CONFIDENCE 0.95
#define CONTRAST_NORMAL_BOUND 1.959963984540054 /* of the normal distribution: 95% lie nearer to 0 */

/* Current over baseline, less 1; of a baseline of 0, 0 for the same and infinity for anything else. NAN: either is. */
double contrast_relative(double current, double baseline);

void contrast_make(
	struct contrast *contrast, const struct sample samples[2], const struct estimate estimates[2], double beyond);
