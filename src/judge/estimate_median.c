#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/order.h"
#include "judge/estimate.h"

/* Of runs that came one after the other, night by night, the middle one is what is usual: one bad night does not move
 * it. */

/* Medians scatter more than means do: of normal values never by more than this in the variance (Laplace 1812). */
#define MEDIAN_VARIANCE (M_PI / 2)

/* Sorts them; what is n/a in any of them has no median. */
static double
median_of(double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(values[i]))
			return NAN;
	qsort(values, n, sizeof(*values), order_by_value);
	return order_median(values, n);
}

/* The same figure of each run by itself. */
static double
median_of_runs(const struct sample *sample, const struct expr *measure, double beyond)
{
	double *values = must_calloc(sample->runs_n + 1, sizeof(*values));
	size_t runs = 0;

	for (size_t from = 0, i = 1; i <= sample->n; i++) {
		if (i < sample->n && sample->blocks[i].run == sample->blocks[from].run)
			continue;
		struct sample run = {.arm = sample->arm,
			.blocks = &sample->blocks[from],
			.n = i - from,
			.runs_n = 1,
			.block_s = sample->block_s};
		struct estimate estimate;

		estimate_init(&estimate, &run, measure, beyond);
		values[runs++] = estimate.value;
		estimate_fini(&estimate);
		from = i;
	}
	double median = median_of(values, runs);

	free(values);
	return median;
}

/* Draws lie about the median then as they lay about the value of all runs together, and as much wider as a median
 * scatters; by their logarithms where they have some, so that none falls below 0. */
static void
move_draws(struct estimate *estimate, size_t n, double from, double to)
{
	bool has_logarithms = from > 0 && to > 0;

	for (size_t b = 0; b < n; b++)
		has_logarithms = has_logarithms && estimate->draws[b] > 0;
	for (size_t b = 0; b < n; b++)
		estimate->draws[b] = has_logarithms ? to * pow(estimate->draws[b] / from, sqrt(MEDIAN_VARIANCE))
						    : to + sqrt(MEDIAN_VARIANCE) * (estimate->draws[b] - from);
}

void
estimate_take_median(struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond)
{
	double pooled = estimate->value;

	if (estimate->of_runs != NULL) {
		estimate->value = median_of(estimate->of_runs, estimate->of_runs_n);
		return;
	}
	if (estimate->draws == NULL)
		return;
	double median = median_of_runs(sample, measure, beyond);

	if (isnan(median))
		return;
	estimate->value = median;
	move_draws(estimate, sample->resamples, isinf(pooled) ? beyond : pooled, isinf(median) ? beyond : median);
}
