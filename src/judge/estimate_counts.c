#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/estimate.h"
#include "judge/metrics.h"

/* Figures made of counters: whatever the figure is, it is a function of sums of counters and of time. */

#define WORDS (sizeof(struct counts) / sizeof(uint64_t))
_Static_assert(sizeof(struct counts) == WORDS * sizeof(uint64_t), "counts holds nothing but 64 bit counters");

/* The counters of each block, of those counters alone that ever counted anything: most statuses never occur. */
struct counters {
	uint64_t (*blocks)[WORDS];
	int64_t *window_ns;
	size_t used[WORDS], used_n;
};

static void
counters_init(struct counters *counters, const struct sample *sample, const struct expr *measure)
{
	uint64_t any[WORDS] = {0};

	*counters = (struct counters){.blocks = must_calloc(sample->n + 1, sizeof(*counters->blocks)),
		.window_ns = must_calloc(sample->n + 1, sizeof(*counters->window_ns))};
	for (size_t i = 0; i < sample->n; i++) {
		struct counts sum = {0};

		for (size_t k = 0; k < sample->blocks[i].n; k++) {
			counts_merge(&sum, &estimate_cell(&sample->blocks[i].first[k], measure)->counts);
			counters->window_ns[i] += sample->blocks[i].first[k].window_ns;
		}
		memcpy(counters->blocks[i], &sum, sizeof(sum));
		for (size_t w = 0; w < WORDS; w++)
			any[w] |= counters->blocks[i][w];
	}
	for (size_t w = 0; w < WORDS; w++)
		if (any[w] != 0)
			counters->used[counters->used_n++] = w;
}

static void
counters_fini(struct counters *counters)
{
	free(counters->blocks);
	free(counters->window_ns);
}

/* The figure of so many times each block. */
static double
figure_of(const struct counters *counters, const struct expr *measure, const uint16_t *times, size_t n)
{
	uint64_t words[WORDS] = {0};
	int64_t window_ns = 0;
	struct counts counts;

	for (size_t i = 0; i < n; i++) {
		if (times[i] == 0)
			continue;
		window_ns += times[i] * counters->window_ns[i];
		for (size_t u = 0; u < counters->used_n; u++)
			words[counters->used[u]] += times[i] * counters->blocks[i][counters->used[u]];
	}
	memcpy(&counts, words, sizeof(counts));
	return metric_of_counts(measure, &counts, ns_to_s(window_ns));
}

/* Residuals by leaving each block out in turn: the jackknife's pseudo-values, which for a function of sums are its
 * linear part. */
void
estimate_counts(struct estimate *estimate, const struct sample *sample, const struct expr *measure)
{
	uint16_t *once = must_calloc(sample->n + 1, sizeof(*once));
	struct counters counters;

	counters_init(&counters, sample, measure);
	for (size_t i = 0; i < sample->n; i++)
		once[i] = 1;
	estimate->value = figure_of(&counters, measure, once, sample->n);
	for (size_t i = 0; i < sample->n; i++) {
		once[i] = 0;
		double without = figure_of(&counters, measure, once, sample->n);

		estimate->residuals[i] = isfinite(without) ? estimate->value - without : 0;
		once[i] = 1;
	}
	for (size_t b = 0; b < sample->resamples; b++) {
		double drawn = figure_of(&counters, measure, &sample->times[b * sample->n], sample->n);

		estimate->draws[b] = isfinite(drawn) ? drawn : estimate->value;
	}
	counters_fini(&counters);
	free(once);
}
