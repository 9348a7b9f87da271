#include "judge/estimate.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "judge/contrast.h"
#include "judge/metrics.h"

/* One part of a sum, as a block has it. */
struct part {
	double above, below; /* of the fraction line */
};

static struct part
part_of_mean(const struct block *block, const struct expr *measure)
{
	const struct tally *tally = &estimate_cell(block, measure)->tallies[metric_index(measure->metric)];

	return (struct part){(double)tally->sum_ns, (double)tally->total};
}

static struct part
part_of_gauge(const struct block *block, const struct expr *measure)
{
	const struct gauge_stats *stats = &block->target.gauges[metric_index(measure->metric)];

	return (struct part){stats->sum, (double)stats->n};
}

static struct part
part_of_in_flight(const struct block *block, const struct expr *measure)
{
	(void)measure;
	return (struct part){block->in_flight_ns, (double)block->window_ns};
}

static double
ratio(struct part part)
{
	return part.below > 0 ? part.above / part.below : NAN;
}

/* What is a sum over a sum: Σ above / Σ below. A resample that drew nothing at all of it says nothing new. */
static void
estimate_ratio(struct estimate *estimate, const struct sample *sample, const struct expr *measure,
	struct part (*part_of)(const struct block *block, const struct expr *measure))
{
	struct part *parts = must_calloc(sample->n + 1, sizeof(*parts)), all = {0};

	for (size_t i = 0; i < sample->n; i++) {
		for (size_t k = 0; k < sample->blocks[i].n; k++) {
			struct part part = part_of(&sample->blocks[i].first[k], measure);

			parts[i].above += part.above;
			parts[i].below += part.below;
		}
		all.above += parts[i].above;
		all.below += parts[i].below;
	}
	estimate->value = ratio(all);
	for (size_t i = 0; i < sample->n; i++)
		estimate->residuals[i] = parts[i].above - estimate->value * parts[i].below;
	for (size_t b = 0; b < sample->resamples; b++) {
		struct part drawn = {0};

		for (size_t i = 0; i < sample->n; i++) {
			double times = sample->times[b * sample->n + i];

			drawn.above += times * parts[i].above;
			drawn.below += times * parts[i].below;
		}
		estimate->draws[b] = drawn.below > 0 ? ratio(drawn) : estimate->value;
	}
	free(parts);
}

static void
drop_draws(struct estimate *estimate, const char *why)
{
	free(estimate->draws);
	free(estimate->residuals);
	estimate->draws = estimate->residuals = NULL;
	if (estimate->note[0] == '\0')
		snprintf(estimate->note, sizeof(estimate->note), "%s", why);
}

static uint64_t
samples_of(const struct sample *sample, const struct expr *measure)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sample->n; i++)
		for (size_t k = 0; k < sample->blocks[i].n; k++) {
			const struct block *block = &sample->blocks[i].first[k];
			const struct block_cell *cell = estimate_cell(block, measure);

			switch (metric_kind(measure->metric)) {
			case METRIC_OF_DISTRIBUTION: n += cell->tallies[metric_index(measure->metric)].total; break;
			case METRIC_OF_GAUGE: n += block->target.gauges[metric_index(measure->metric)].n; break;
			default: n += cell->counts.scheduled;
			}
		}
	return n;
}

/* Of an extreme no resample says anything: none can find a slower request than there was. */
static double
extreme_of(const struct sample *sample, const struct expr *measure)
{
	const struct cell *cell =
		measure->request < 0 ? &sample->arm->measured : &sample->arm->requests[measure->request];
	const struct histogram *h = &cell->histograms[metric_index(measure->metric)];
	bool has_worse = metric_samples_above((enum metric)metric_index(measure->metric), &cell->counts) > 0;

	if (!histogram_is_ready(h) || h->total == 0)
		return NAN;
	return measure->stat == EXPR_MIN ? (double)h->min_ns : has_worse ? INFINITY : (double)h->max_ns;
}

static void
estimate_stddev(struct estimate *estimate, const struct sample *sample, const struct expr *measure)
{
	const struct cell *cell =
		measure->request < 0 ? &sample->arm->measured : &sample->arm->requests[measure->request];

	estimate->value = histogram_stddev_ns(&cell->histograms[metric_index(measure->metric)]);
	drop_draws(estimate, "no interval is made of a standard deviation");
}

static void
estimate_distribution(struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond)
{
	switch (measure->stat) {
	case EXPR_PERCENTILE: estimate_percentile(estimate, sample, measure, beyond); break;
	case EXPR_MEAN: estimate_ratio(estimate, sample, measure, part_of_mean); break;
	case EXPR_STDDEV: estimate_stddev(estimate, sample, measure); break;
	default: estimate->value = extreme_of(sample, measure); drop_draws(estimate, "an extreme has no interval");
	}
}

static void
estimate_gauge(struct estimate *estimate, const struct sample *sample, const struct expr *measure)
{
	enum gauge gauge = (enum gauge)metric_index(measure->metric);
	const struct gauge_set *target = &sample->arm->target;

	if (measure->stat == EXPR_AVG) {
		estimate_ratio(estimate, sample, measure, part_of_gauge);
		return;
	}
	estimate->value = measure->stat == EXPR_PEAK ? gauge_peak(target, gauge) : gauge_last(target, gauge);
	drop_draws(estimate, "a single reading has no interval");
}

/* A search says of itself how sure it is: an interval about as wide on either side, as a ratio. */
static double
log_error_of_a_run(const struct arm *arm, const struct expr *measure)
{
	double interval[2];

	if (arm->runs_n != 1 || !metric_interval_of_the_run(measure->metric, &arm->runs[0], interval))
		return NAN;
	return log(interval[1] / interval[0]) / (2 * CONTRAST_NORMAL_BOUND);
}

/* What a run has only once: each of the arm's runs is one sample, whose mean is the arm's. */
static void
estimate_of_the_run(struct estimate *estimate, const struct arm *arm, const struct expr *measure)
{
	double sum = 0;

	estimate->of_runs = must_calloc(arm->runs_n + 1, sizeof(*estimate->of_runs));
	for (size_t r = 0; r < arm->runs_n; r++) {
		double value = metric_of_the_run(measure->metric, &arm->runs[r]);

		if (isfinite(value)) {
			estimate->of_runs[estimate->of_runs_n++] = value;
			sum += value;
		}
	}
	estimate->samples = estimate->of_runs_n;
	estimate->value = estimate->of_runs_n > 0 ? sum / (double)estimate->of_runs_n : NAN;
	estimate->log_error = log_error_of_a_run(arm, measure);
	drop_draws(estimate, "");
}

static bool
is_kept_apart(const struct sample *sample, const struct expr *measure)
{
	for (size_t r = 0; measure->request >= 0 && r < sample->arm->runs_n; r++)
		if (!sample->arm->runs[r].blocks->is_kept[measure->request])
			return false;
	return true;
}

void
estimate_init(struct estimate *estimate, const struct sample *sample, const struct expr *measure, double beyond)
{
	CHECK(is_kept_apart(sample, measure));
	*estimate = (struct estimate){
		.value = NAN,
		.log_error = NAN,
		.samples = samples_of(sample, measure),
		.draws = must_calloc(sample->resamples + 1, sizeof(*estimate->draws)),
		.residuals = must_calloc(sample->n + 1, sizeof(*estimate->residuals)),
	};
	switch (metric_kind(measure->metric)) {
	case METRIC_OF_DISTRIBUTION: estimate_distribution(estimate, sample, measure, beyond); break;
	case METRIC_OF_GAUGE: estimate_gauge(estimate, sample, measure); break;
	case METRIC_OF_COUNTS: estimate_counts(estimate, sample, measure); break;
	case METRIC_OF_SCRAPED:
		estimate->value = metric_value_arm(measure, sample->arm);
		drop_draws(estimate, "no interval is made of what was scraped");
		break;
	case METRIC_OF_ALL_SAMPLES:
		estimate->value = metric_value_arm(measure, sample->arm);
		drop_draws(estimate, "no interval is made of a spike rate");
		break;
	case METRIC_OF_THE_RUN: estimate_of_the_run(estimate, sample->arm, measure); break;
	case METRIC_OF_IN_FLIGHT:
		estimate_ratio(estimate, sample, measure, part_of_in_flight);
		if (measure->stat != EXPR_AVG) {
			estimate->value = measure->stat == EXPR_PEAK ? sample->arm->in_flight_peak : NAN;
			drop_draws(estimate, "a peak has no interval");
		}
	}
	if (isnan(estimate->value))
		drop_draws(estimate, "not measured");
	else if (sample->n < 2)
		drop_draws(estimate, "too short for an interval: one block");
	if (sample->arm->is_median && sample->runs_n >= MEDIAN_RUNS_LEAST)
		estimate_take_median(estimate, sample, measure, beyond);
}

void
estimate_fini(struct estimate *estimate)
{
	free(estimate->draws);
	free(estimate->residuals);
	free(estimate->of_runs);
	*estimate = (struct estimate){0};
}
