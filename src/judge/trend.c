#include "judge/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/order.h"
#include "judge/student.h"

#define ALIKE_MOST 0.9

/* What a curve leaves of a line is as alike as the slowest noise, and would leave one or two degrees of freedom, with
 * which nothing is ever told apart. But the count is bounded: it has none of the wild tails that so few stand for. */
#define DF_LEAST 6

/* Slopes of all pairs, sorted; NULL for none. Counts those that rise less those that fall. */
static double *
slopes_of(const double *x, const double *y, size_t n, double *rising)
{
	double *slopes = must_calloc(n * (n - 1) / 2, sizeof(*slopes));
	size_t k = 0;

	*rising = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			slopes[k++] = (y[j] - y[i]) / (x[j] - x[i]);
			*rising += (y[j] > y[i]) - (y[j] < y[i]);
		}
	qsort(slopes, k, sizeof(*slopes), order_by_value);
	return slopes;
}

/* Kendall (1975), eq. 4.9: n (n − 1) (2n + 5), less the same of each group of equal values, over 18. */
static double
variance_of_count(const double *sorted, size_t n)
{
	double sum = (double)n * (double)(n - 1) * (double)(2 * n + 5);

	for (size_t i = 0, group; i < n; i += group) {
		for (group = 1; i + group < n && sorted[i + group] <= sorted[i]; group++)
			continue;
		sum -= (double)group * (double)(group - 1) * (double)(2 * group + 5);
	}
	return sum / 18;
}

/* Midranks, less their mean. */
static void
rank(const double *values, const double *sorted, size_t n, double *ranks)
{
	for (size_t i = 0; i < n; i++) {
		size_t below = 0, equal = 0;

		for (size_t k = 0; k < n; k++) {
			below += sorted[k] < values[i];
			equal += sorted[k] <= values[i] && sorted[k] >= values[i];
		}
		ranks[i] = (double)below + ((double)equal - 1) / 2 - ((double)n - 1) / 2;
	}
}

/* Of ranks, as the normal values would have it that they might be of (Pearson 1907), and free of its bias: of residuals
 * from a line, lag 1 comes out (2 + 4r) / n too low. */
static double
alike(const double *ranks, size_t n)
{
	double products = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		squares += ranks[i] * ranks[i];
	for (size_t i = 1; i < n; i++)
		products += ranks[i] * ranks[i - 1];
	if (squares <= 0)
		return 0;
	double r = 2 * sin(M_PI / 6 * products / squares);

	return fmin(fmax((r * (double)n + 2) / ((double)n - 4), 0), ALIKE_MOST);
}

/* Hamed and Rao (1998), eq. 9, of autocorrelations r^k. */
static double
widening(double r, size_t n)
{
	double sum = 0, power = r, m = (double)n;

	for (size_t k = 1; k < n; k++, power *= r)
		sum += (m - (double)k) * (m - (double)k - 1) * (m - (double)k - 2) * power;
	return 1 + 2 / (m * (m - 1) * (m - 2)) * sum;
}

static double
alike_around_line(const struct trend *trend, const double *x, const double *y, double *scratch)
{
	size_t n = trend->n;
	double *left = scratch, *sorted = scratch + n, *ranks = scratch + 2 * n;

	for (size_t i = 0; i < n; i++)
		left[i] = y[i] - trend->slope * x[i];
	memcpy(sorted, left, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), order_by_value);
	rank(left, sorted, n, ranks);
	return alike(ranks, n);
}

/* Sen (1968): the slopes that are so far from the middle one that their place would be as unlikely as p allows. */
static void
set_interval(struct trend *trend, const double *slopes, double deviation)
{
	double pairs = (double)trend->n * ((double)trend->n - 1) / 2;
	double half = student_bound(1 - TREND_CONFIDENCE, trend->df) * deviation;
	double low = floor((pairs - half) / 2), high = ceil((pairs + half) / 2);

	trend->ci[0] = low >= 0 ? slopes[(size_t)low] : -INFINITY;
	trend->ci[1] = high < pairs ? slopes[(size_t)high] : INFINITY;
}

/* As many pairs rise as fall, or all values are equal: nothing is more ordinary. */
static double
two_sided(const struct trend *trend, double deviation)
{
	double beyond = fabs(trend->rising) - 1; /* correction for continuity */

	return beyond > 0 && deviation > 0 ? student_two_sided(beyond / deviation, trend->df) : 1;
}

bool
trend_find(struct trend *trend, const double *x, const double *y, size_t n)
{
	*trend = (struct trend){.n = n};
	if (n < TREND_POINTS_MIN)
		return false;
	double *scratch = must_calloc(3 * n, sizeof(*scratch));
	double *slopes = slopes_of(x, y, n, &trend->rising);

	trend->slope = order_median(slopes, n * (n - 1) / 2);
	trend->alike = alike_around_line(trend, x, y, scratch);
	/* What the line left over lies sorted in the scratch. */
	trend->intercept = order_median(scratch + n, n);
	memcpy(scratch, y, n * sizeof(*scratch));
	qsort(scratch, n, sizeof(*scratch), order_by_value);
	trend->variance = variance_of_count(scratch, n);
	trend->widening = widening(trend->alike, n);
	trend->df = fmax((double)n * (1 - trend->alike) / (1 + trend->alike) - 2, DF_LEAST);
	double deviation = sqrt(trend->variance * trend->widening);

	set_interval(trend, slopes, deviation);
	trend->p = two_sided(trend, deviation);
	free(slopes);
	free(scratch);
	return true;
}
