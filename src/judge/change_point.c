#include "judge/change_point.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/order.h"
#include "base/rng.h"

#define SHUFFLES 999
#define EXCEEDED_MOST 20 /* of them at least as large: p is 2% or more then, and known well enough */
#define SEED UINT64_C(0x6272756e74)
#define ALIKE_MOST 0.8
#define CLIP 4.0
#define ALIKE_BIAS 5.0
#define SIGMA_PER_MAD 1.4826 /* of normal values */
#define WEIGHT_SHOWN 0.95
#define NORMAL_975 1.959963984540054

struct scan {
	size_t n;
	double *scores;   /* what each value counts, less their mean */
	double *sums;     /* n + 1: of the scores before i */
	double *shuffled; /* n */
	double *shares;   /* n + 1: 1 / i */
	double variance;  /* of the scores */
};

struct best {
	double z; /* squared */
	size_t at;
};

static double
median_of(const double *values, size_t n)
{
	double *sorted = must_calloc(n, sizeof(*sorted));

	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), order_by_value);
	double median = order_median(sorted, n);

	free(sorted);
	return median;
}

/* The noise from one value to the next, which steps are no part of; 0 where most values are the same. */
static double
noise_of(const double *values, size_t n)
{
	double *changes = must_calloc(n, sizeof(*changes));

	for (size_t i = 1; i < n; i++)
		changes[i - 1] = fabs(values[i] - values[i - 1]);
	double noise = SIGMA_PER_MAD / M_SQRT2 * median_of(changes, n - 1);

	free(changes);
	return noise;
}

/* A value far out counts as one at CLIP deviations. Where there is no noise to measure it by, whatever differs from the
 * median is as far out. */
static void
scan_init(struct scan *scan, const double *values, size_t n)
{
	double median = median_of(values, n), noise = noise_of(values, n), sum = 0, squares = 0;

	*scan = (struct scan){.n = n,
		.scores = must_calloc(n, sizeof(double)),
		.sums = must_calloc(n + 1, sizeof(double)),
		.shuffled = must_calloc(n, sizeof(double)),
		.shares = must_calloc(n + 1, sizeof(double))};
	for (size_t i = 0; i < n; i++) {
		double off = values[i] - median;

		scan->scores[i] = noise > 0 ? fmax(fmin(off / noise, CLIP), -CLIP) : (off > 0) - (off < 0);
		sum += scan->scores[i];
		scan->shares[i + 1] = 1 / (double)(i + 1);
	}
	for (size_t i = 0; i < n; i++) {
		scan->scores[i] -= sum / (double)n;
		squares += scan->scores[i] * scan->scores[i];
	}
	scan->variance = squares / (double)(n - 1);
}

static void
scan_fini(struct scan *scan)
{
	free(scan->scores);
	free(scan->sums);
	free(scan->shuffled);
	free(scan->shares);
}

/* The best split of the values from..to − 1: the difference of the means on either side, squared, over its variance,
 * but for that of the scores. 1 / left + 1 / right is looked up, as this is what all the time goes into. */
static void
look_at_stretch(const struct scan *scan, size_t from, size_t to, struct best *best)
{
	const double *shares = scan->shares;
	double mean = (scan->sums[to] - scan->sums[from]) * shares[to - from];

	for (size_t at = from + CHANGE_SIDE_MIN; at + CHANGE_SIDE_MIN <= to; at++) {
		double beyond = scan->sums[at] - scan->sums[from] - mean * (double)(at - from);
		double z = beyond * beyond * (shares[at - from] + shares[to - at]);

		if (z > best->z)
			*best = (struct best){z, at};
	}
}

/* Of the scores in this order, over all stretches. */
static struct best
statistic(struct scan *scan, const double *scores)
{
	struct best best = {0, 0};

	for (size_t i = 0; i < scan->n; i++)
		scan->sums[i + 1] = scan->sums[i] + scores[i];
	for (size_t parts = 1; scan->n / parts >= 2 * CHANGE_SIDE_MIN; parts *= 2)
		for (size_t i = 0; i < 2 * parts - 1; i++) /* i halves of a stretch from the start */
			look_at_stretch(scan, scan->n * i / (2 * parts), scan->n * (i + 2) / (2 * parts), &best);
	best.z /= scan->variance;
	return best;
}

struct fit {
	size_t from, to; /* a level of its own in between, and one on either side */
	double explained;
};

static double
sum_of(const struct scan *scan, size_t from, size_t to)
{
	return scan->sums[to] - scan->sums[from];
}

static double
explained_by(const struct scan *scan, size_t from, size_t to)
{
	double sum = sum_of(scan, from, to);

	return to > from ? sum * sum * scan->shares[to - from] : 0;
}

/* Two steps, or one where `to` is the end: whatever of a history they leave over is noise, or nearly so. */
static struct fit
fit_levels(const struct scan *scan)
{
	struct fit best = {0, scan->n, -1};

	for (size_t from = CHANGE_SIDE_MIN; from + CHANGE_SIDE_MIN <= scan->n; from++) {
		double before = explained_by(scan, 0, from);

		for (size_t to = from + CHANGE_SIDE_MIN; to <= scan->n; to++) {
			double explained = before + explained_by(scan, from, to) + explained_by(scan, to, scan->n);

			if (explained > best.explained)
				best = (struct fit){from, to, explained};
		}
	}
	return best;
}

/* Lag-1 correlation r of the noise: of what the levels leave over. That comes out too low, the more so as they are laid
 * where they leave least: by about ALIKE_BIAS / n, as simulated. The sums are those of the scores. */
static double
alike(const struct scan *scan)
{
	struct fit fit = fit_levels(scan);
	double products = 0, squares = 0, before = 0;

	for (size_t i = 0; i < scan->n; i++) {
		size_t from = i < fit.from ? 0 : i < fit.to ? fit.from : fit.to;
		size_t to = i < fit.from ? fit.from : i < fit.to ? fit.to : scan->n;
		double left = scan->scores[i] - sum_of(scan, from, to) * scan->shares[to - from];

		products += left * before;
		squares += left * left;
		before = left;
	}
	return squares > 0 ? fmin(fmax(products / squares + ALIKE_BIAS / (double)scan->n, 0), ALIKE_MOST) : 0;
}

static void
shuffle(struct scan *scan, uint64_t *k)
{
	memcpy(scan->shuffled, scan->scores, scan->n * sizeof(*scan->shuffled));
	for (size_t i = scan->n - 1; i > 0; i--) { /* Fisher and Yates, as Durstenfeld (1964) has it */
		size_t other = (size_t)(rng_unit_at(SEED, RNG_RESAMPLE, (*k)++) * (double)(i + 1));
		double kept = scan->shuffled[i];

		scan->shuffled[i] = scan->shuffled[other];
		scan->shuffled[other] = kept;
	}
}

static double
chance_of(struct scan *scan, double z)
{
	unsigned exceeded = 0;
	uint64_t k = 0;

	for (unsigned drawn = 1; drawn <= SHUFFLES; drawn++) {
		shuffle(scan, &k);
		exceeded += statistic(scan, scan->shuffled).z >= z - 1e-9;
		if (exceeded == EXCEEDED_MOST)
			return (double)exceeded / drawn;
	}
	return (double)(exceeded + 1) / (SHUFFLES + 1);
}

/* The steps of the values from..to − 1, in order, each with `at` and p. */
static size_t
find_within(const double *values, size_t from, size_t to, double p_max, struct change_point *into, size_t room)
{
	size_t n = to - from;
	struct scan scan;

	if (n < CHANGE_RUNS_MIN || room == 0)
		return 0;
	scan_init(&scan, values + from, n);
	double p = 1;
	struct best best = {0, 0};

	if (scan.variance > 0) {
		best = statistic(&scan, scan.scores);
		double r = alike(&scan);

		p = chance_of(&scan, best.z * (1 - r) / (1 + r));
	}
	scan_fini(&scan);
	if (p > p_max)
		return 0;
	size_t before = find_within(values, from, from + best.at, p_max, into, room - 1);

	into[before] = (struct change_point){.at = from + best.at, .p = p};
	return before + 1 + find_within(values, from + best.at, to, p_max, into + before + 1, room - before - 1);
}

/* The splits that it may have been as well: each is weighed by its likelihood, ranks being taken for normal values of
 * one spread, and the heaviest that make up WEIGHT_SHOWN are kept. */
static void
set_range(const struct scan *scan, struct change_point *point)
{
	double weights[CHANGE_RUNS_MAX] = {0}, total = 0, shown = 0, n = (double)scan->n;
	double all = scan->variance * (n - 1), least = INFINITY;

	for (size_t at = CHANGE_SIDE_MIN; at + CHANGE_SIDE_MIN <= scan->n; at++) {
		double left = (double)at, explained = scan->sums[at] * scan->sums[at] * n / (left * (n - left));

		weights[at] = fmax(1 - explained / all, 1e-12); /* what it leaves over */
		least = fmin(least, weights[at]);
	}
	for (size_t at = CHANGE_SIDE_MIN; at + CHANGE_SIDE_MIN <= scan->n; at++) {
		weights[at] = pow(weights[at] / least, -n / 2);
		total += weights[at];
	}
	point->first = point->last = point->at;
	while (shown < WEIGHT_SHOWN * total) {
		size_t heaviest = 0;

		for (size_t at = 1; at < scan->n; at++)
			if (weights[at] > weights[heaviest])
				heaviest = at;
		shown += weights[heaviest];
		weights[heaviest] = 0;
		point->first = heaviest < point->first ? heaviest : point->first;
		point->last = heaviest > point->last ? heaviest : point->last;
	}
}

/* Where the step lies among these values; returns how much more their neighbours' likeness makes of any variance. */
static double
date(const double *values, size_t n, struct change_point *point)
{
	struct scan scan;
	struct best best = {0, CHANGE_SIDE_MIN};

	scan_init(&scan, values, n);
	for (size_t i = 0; i < n; i++)
		scan.sums[i + 1] = scan.sums[i] + scan.scores[i];
	look_at_stretch(&scan, 0, n, &best);
	point->at = best.at;
	if (scan.variance > 0)
		set_range(&scan, point);
	double r = alike(&scan);

	scan_fini(&scan);
	return (1 + r) / (1 - r);
}

/* The differences of all pairs are what Mann and Whitney's test counts: those that it does not reject are the middle
 * ones. */
static void
measure(const double *values, size_t n, double widening, struct change_point *point)
{
	size_t left = point->at, right = n - left, pairs = left * right;
	double *deltas = must_calloc(pairs, sizeof(*deltas));

	for (size_t i = 0; i < left; i++)
		for (size_t j = 0; j < right; j++)
			deltas[i * right + j] = values[left + j] - values[i];
	qsort(deltas, pairs, sizeof(*deltas), order_by_value);
	double deviation = sqrt((double)pairs * (double)(n + 1) / 12 * widening);
	double below = floor((double)pairs / 2 - NORMAL_975 * deviation);

	point->before = median_of(values, left);
	point->after = median_of(values + left, right);
	point->delta = order_median(deltas, pairs);
	point->ci[0] = below >= 1 ? deltas[(size_t)below - 1] : -INFINITY;
	point->ci[1] = below >= 1 ? deltas[pairs - (size_t)below] : INFINITY;
	free(deltas);
}

size_t
change_point_find(const double *values, size_t n, double p_max, struct change_point *into)
{
	size_t skipped = n > CHANGE_RUNS_MAX ? n - CHANGE_RUNS_MAX : 0;
	size_t steps = find_within(values, skipped, n, p_max, into, CHANGE_STEPS_MAX);

	for (size_t i = 0; i < steps; i++) {
		/* The one before is dated anew already, the one after is not. */
		size_t from = i > 0 ? into[i - 1].at : skipped, to = i + 1 < steps ? into[i + 1].at : n;
		struct change_point *point = &into[i];
		double widening = date(values + from, to - from, point);

		measure(values + from, to - from, widening, point);
		point->at += from;
		point->first += from;
		point->last += from;
	}
	return steps;
}

double
change_point_statistic(const double *values, size_t n, double *r, size_t *at)
{
	struct scan scan;
	struct best best = {0, 0};

	*r = 0;
	if (n >= CHANGE_RUNS_MIN) {
		scan_init(&scan, values, n);
		if (scan.variance > 0) {
			best = statistic(&scan, scan.scores);
			*r = alike(&scan);
		}
		scan_fini(&scan);
	}
	*at = best.at;
	return sqrt(best.z);
}
