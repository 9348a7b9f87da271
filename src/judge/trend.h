#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether a series of evenly spaced values goes anywhere, and how fast. Nothing is asked of how they are distributed:
 * one wild value moves neither the slope nor the test by much.
 *
 * The slope is the median of the slopes of all pairs (Theil 1950, Sen 1968); the test counts the pairs that rise less
 * those that fall (Mann 1945, Kendall 1975, with his correction for ties); the interval is what the test does not
 * reject, as order statistics of the slopes (Sen 1968). Neighbours that are alike leave less to be told: the variance
 * of the count is widened as Hamed and Rao (1998) weight the autocorrelations, which are taken to be r^k, since theirs,
 * of every lag that is significant, covered 64 to 92% instead of 95. r is the lag-1 correlation of the ranks of what
 * the line leaves over, corrected for its bias (Marriott and Pope 1954); Student's t of the effective number of values,
 * 8 at least, stands for the normal distribution. tests/unit/judge/test_trend_coverage.c proves what that covers. */
#define TREND_CONFIDENCE 0.95
#define TREND_POINTS_MIN 10 /* below, the count is no normal variable */

struct trend {
	size_t n;
	double slope, intercept; /* y = intercept + slope × x; the line's median residual is 0 */
	double ci[2];            /* of the slope; infinite: as few values as that rule nothing out */
	double rising;           /* pairs that rise less those that fall: S */
	double variance;         /* of S, of independent values */
	double alike;            /* r, 0..0.9 */
	double widening;         /* factor upon the variance */
	double df;
	double p; /* two-sided */
};

/* x rises. False: fewer than TREND_POINTS_MIN values. */
bool trend_find(struct trend *trend, const double *x, const double *y, size_t n);
