#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "judge/estimate.h"
#include "judge/metrics.h"

/* Percentiles of merged histograms, thousands of times: for every place that holds anything, how many samples each
 * block has up to there. A resample's percentile is then a search over places, where each look is a sum over blocks. */
struct ranking {
	size_t n;       /* blocks */
	size_t *places; /* of the histogram, in order */
	size_t places_n;
	uint64_t *until;          /* [place × n + block] */
	uint64_t *totals, *above; /* by block: samples, and requests that rank above all of them */
};

/* Every place of the sample, in order: the union of what the blocks' tallies hold. */
static void
ranking_find_places(struct ranking *ranking, const struct sample *sample, const struct expr *measure)
{
	size_t metric = metric_index(measure->metric);
	bool *is_used = must_calloc(HISTOGRAM_COUNTS_LEN, sizeof(*is_used));

	for (size_t i = 0; i < sample->n; i++)
		for (size_t k = 0; k < sample->blocks[i].n; k++) {
			const struct tally *tally =
				&estimate_cell(&sample->blocks[i].first[k], measure)->tallies[metric];

			for (size_t w = 0; w < tally->words_n; w++)
				is_used[tally_place(tally->words[w])] = true;
		}
	for (size_t place = 0; place < HISTOGRAM_COUNTS_LEN; place++)
		ranking->places_n += is_used[place];
	ranking->places = must_calloc(ranking->places_n + 1, sizeof(*ranking->places));
	for (size_t place = 0, p = 0; place < HISTOGRAM_COUNTS_LEN; place++)
		if (is_used[place])
			ranking->places[p++] = place;
	free(is_used);
}

static void
ranking_add_tally(struct ranking *ranking, size_t block, const struct tally *tally)
{
	for (size_t w = 0, p = 0; w < tally->words_n; w++) {
		while (ranking->places[p] != tally_place(tally->words[w]))
			p++;
		ranking->until[p * ranking->n + block] += tally_count(tally->words[w]);
	}
	ranking->totals[block] += tally->total;
}

static void
ranking_init(struct ranking *ranking, const struct sample *sample, const struct expr *measure)
{
	enum metric metric = (enum metric)metric_index(measure->metric);

	*ranking = (struct ranking){.n = sample->n,
		.totals = must_calloc(sample->n + 1, sizeof(*ranking->totals)),
		.above = must_calloc(sample->n + 1, sizeof(*ranking->above))};
	ranking_find_places(ranking, sample, measure);
	ranking->until = must_calloc(ranking->places_n * ranking->n + 1, sizeof(*ranking->until));
	for (size_t i = 0; i < sample->n; i++)
		for (size_t k = 0; k < sample->blocks[i].n; k++) {
			const struct block_cell *cell = estimate_cell(&sample->blocks[i].first[k], measure);

			ranking_add_tally(ranking, i, &cell->tallies[metric]);
			ranking->above[i] += metric_samples_above(metric, &cell->counts);
		}
	for (size_t at = ranking->n; at < ranking->places_n * ranking->n; at++)
		ranking->until[at] += ranking->until[at - ranking->n];
}

static void
ranking_fini(struct ranking *ranking)
{
	free(ranking->places);
	free(ranking->until);
	free(ranking->totals);
	free(ranking->above);
}

static uint64_t
sum_of(const uint64_t *values, const uint16_t *times, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i] * times[i];
	return sum;
}

/* The place, among `places`, of quantile q of so many times each block, of which some have samples; places_n: it falls
 * above all of them. */
static size_t
ranking_find(const struct ranking *ranking, double q, const uint16_t *times, uint64_t n)
{
	uint64_t rank = histogram_rank(q, n);
	size_t low = 0, high = ranking->places_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sum_of(&ranking->until[middle * ranking->n], times, ranking->n) >= rank)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static double
ranking_value(const struct ranking *ranking, size_t p, double beyond)
{
	return p < ranking->places_n ? (double)histogram_highest_at_ns(ranking->places[p]) : beyond;
}

/* A resample of blocks in which nothing ended says nothing new. */
static double
ranking_draw(const struct ranking *ranking, double q, const uint16_t *times, double beyond, double otherwise)
{
	uint64_t n = sum_of(ranking->totals, times, ranking->n) + sum_of(ranking->above, times, ranking->n);

	return n > 0 ? ranking_value(ranking, ranking_find(ranking, q, times, n), beyond) : otherwise;
}

/* How many more samples than its share a block has up to the percentile. */
static void
ranking_residuals(const struct ranking *ranking, size_t p, double *residuals)
{
	double until = 0, all = 0;
	size_t row = p < ranking->places_n ? p : ranking->places_n - 1;

	for (size_t i = 0; i < ranking->n; i++) {
		until += ranking->places_n > 0 ? (double)ranking->until[row * ranking->n + i] : 0;
		all += (double)(ranking->totals[i] + ranking->above[i]);
	}
	for (size_t i = 0; i < ranking->n; i++)
		residuals[i] = (ranking->places_n > 0 ? (double)ranking->until[row * ranking->n + i] : 0) -
			       until / all * (double)(ranking->totals[i] + ranking->above[i]);
}

void
estimate_percentile(struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond)
{
	uint16_t *once = must_calloc(sample->n + 1, sizeof(*once));
	double q = measure->quantile;
	struct ranking ranking;

	ranking_init(&ranking, sample, measure);
	for (size_t i = 0; i < sample->n; i++) {
		once[i] = 1;
		estimate->samples += ranking.above[i];
	}
	if (histogram_shows(estimate->samples, q)) {
		size_t p = ranking_find(&ranking, q, once, estimate->samples);
		double shown = ranking_value(&ranking, p, beyond);

		estimate->value = ranking_value(&ranking, p, INFINITY);
		ranking_residuals(&ranking, p, estimate->residuals);
		for (size_t b = 0; b < sample->resamples; b++)
			estimate->draws[b] = ranking_draw(&ranking, q, &sample->times[b * sample->n], beyond, shown);
	} else if (estimate->samples > 0) {
		snprintf(estimate->note, sizeof(estimate->note), "n/a (n=%" PRIu64 ")", estimate->samples);
	}
	ranking_fini(&ranking);
	free(once);
}
