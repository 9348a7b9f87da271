#include "judge/metrics.h"

#include <math.h>
#include <string.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"
#include "measure/outlier.h"
#include "plan/scrape.h"

/* The table of what an expression may name: the distributions of metric.def, the gauges of gauge.def (the target's),
 * and the figures of figure.def. In this order, so that a metric's place says what it is. */
enum figure {
#define FIGURE(NAME, name, unit, stats, per_request, higher_is_better, of_the_run, value, help) FIGURE_##NAME,
#include "judge/figure.def"
#undef FIGURE
	FIGURE_COUNT,
};

#define FIRST_GAUGE METRIC_COUNT
#define FIRST_FIGURE (METRIC_COUNT + GAUGE_COUNT)
#define TABLE_LENGTH (METRIC_COUNT + GAUGE_COUNT + FIGURE_COUNT)

static const struct plan_metric table[TABLE_LENGTH] = {
#define METRIC(NAME, metric_name, of_unit, value, when, per_request, ranks, text)                                      \
	[METRIC_##NAME] = {                                                                                            \
		.name = #metric_name,                                                                                  \
		.unit = UNIT_##of_unit,                                                                                \
		.stats = STAT_DISTRIBUTION,                                                                            \
		.is_per_request = per_request,                                                                         \
		.is_of_an_answer = ranks,                                                                              \
		.help = text,                                                                                          \
	},
#include "measure/metric.def"
#undef METRIC
#define GAUGE(NAME, gauge_name, of_unit, across, over, text)                                                           \
	[FIRST_GAUGE + GAUGE_##NAME] = {                                                                               \
		.name = #gauge_name,                                                                                   \
		.unit = UNIT_##of_unit,                                                                                \
		.stats = STAT_GAUGE,                                                                                   \
		.is_of_the_target = true,                                                                              \
		.help = "the target's " text,                                                                          \
	},
#include "measure/gauge.def"
#undef GAUGE
#define FIGURE(NAME, figure_name, of_unit, of_stats, per_request, higher_is_better, of_the_run, value, text)           \
	[FIRST_FIGURE + FIGURE_##NAME] = {                                                                             \
		.name = #figure_name,                                                                                  \
		.unit = UNIT_##of_unit,                                                                                \
		.stats = STAT_##of_stats,                                                                              \
		.is_per_request = per_request,                                                                         \
		.is_higher_better = higher_is_better,                                                                  \
		.is_of_the_run = of_the_run,                                                                           \
		.help = text,                                                                                          \
	},
#include "judge/figure.def"
#undef FIGURE
};

const struct plan_metric *const judge_metrics[] = {
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help) &table[METRIC_##NAME],
#include "measure/metric.def"
#undef METRIC
#define GAUGE(NAME, name, unit, across, over, help) &table[FIRST_GAUGE + GAUGE_##NAME],
#include "measure/gauge.def"
#undef GAUGE
#define FIGURE(NAME, name, unit, stats, per_request, higher_is_better, of_the_run, value, help)                        \
	&table[FIRST_FIGURE + FIGURE_##NAME],
#include "judge/figure.def"
#undef FIGURE
	NULL,
};

/* What a value is taken from: a level, the measured phases, or the last interval. */
struct source {
	const struct cell *all, *requests; /* requests NULL: not kept apart */
	const struct arm *baseline;        /* of an arm; NULL: of a run, or there is none */
	bool is_interval;                  /* in which may end what was due before it */
	bool had_tokens;                   /* of an interval: tokens came before, so that none is a rate of 0 */
	const struct counts *counts;
	const struct gauge_set *target;
	const struct scraped_set *scraped;
	double window_s, achieved_per_s;
	double in_flight_avg, in_flight_peak, in_flight_last;
};

static int
place_of(const struct plan_metric *metric)
{
	CHECK(metric >= table && metric < table + TABLE_LENGTH);
	return (int)(metric - table);
}

/* Whatever failed, was dropped or never sent waited for an answer that never came: it ranks above every success.
 * Lateness, connecting and failing are recorded for what they are. */
uint64_t
metric_samples_above(enum metric metric, const struct counts *counts)
{
	return metric_rows[metric].ranks_failures
		       ? counts->failed + counts->dropped + counts->unsent + counts->unfinished
		       : 0;
}

static double
percentile(const struct histogram *h, double q, uint64_t above)
{
	/* 1e-9: n (1 − 0.95) of 20 is a hair below 1 in floating point. */
	if ((double)(h->total + above) * (1 - q) + 1e-9 < 1)
		return NAN;
	int64_t value_ns = histogram_quantile_with_above_ns(h, q, above);

	return value_ns == INT64_MAX ? INFINITY : value_ns < 0 ? NAN : (double)value_ns;
}

static double
distribution_value(const struct expr *expr, const struct cell *cell, const struct counts *counts, enum metric metric)
{
	const struct histogram *h = &cell->histograms[metric];
	uint64_t above = metric_samples_above(metric, counts);

	if (!histogram_is_ready(h) || h->total + above == 0)
		return NAN;
	switch (expr->stat) {
	case EXPR_PERCENTILE: return percentile(h, expr->quantile, above);
	case EXPR_MAX: return above > 0 ? INFINITY : (double)h->max_ns;
	case EXPR_MIN: return h->total > 0 ? (double)h->min_ns : INFINITY;
	case EXPR_MEAN: return h->total > 0 ? histogram_mean_ns(h) : INFINITY;
	case EXPR_STDDEV: return histogram_stddev_ns(h);
	default: return NAN;
	}
}

static double
stats_value(const struct expr *expr, const struct gauge_stats *stats)
{
	if (stats->n == 0)
		return NAN;
	switch (expr->stat) {
	case EXPR_PEAK: return stats->peak;
	case EXPR_LAST: return stats->last;
	case EXPR_MIN: return stats->min;
	default: return gauge_stats_avg(stats);
	}
}

static double
share(uint64_t n, uint64_t of)
{
	return of > 0 ? (double)n / (double)of : NAN;
}

static double
per_second(uint64_t n, const struct source *source)
{
	return source->window_s > 0 ? (double)n / source->window_s : NAN;
}

/* A run's own spikes do not widen what they are measured by, and an arm is held against the baseline. */
static double
spike_share(const struct expr *expr, const struct source *source)
{
	const struct cell *cell = expr->request < 0 ? source->all : &source->requests[expr->request];
	const struct cell *baseline = NULL;

	if (cell == NULL || !histogram_is_ready(&cell->histograms[METRIC_RESPONSE]))
		return NAN;
	if (source->baseline != NULL)
		baseline = expr->request < 0 ? &source->baseline->measured : &source->baseline->requests[expr->request];
	return outlier_share(
		&cell->histograms[METRIC_RESPONSE], baseline != NULL ? &baseline->histograms[METRIC_RESPONSE] : NULL);
}

static double
in_flight_value(const struct expr *expr, const struct source *source)
{
	switch (expr->stat) {
	case EXPR_PEAK: return source->in_flight_peak;
	case EXPR_LAST: return source->in_flight_last;
	default: return source->in_flight_avg;
	}
}

static double
error_rate(const struct counts *c, const struct source *source)
{
	return source->is_interval ? counts_interval_error_rate(c) : counts_error_rate(c);
}

static double
timeout_rate(const struct counts *c, const struct source *source)
{
	return source->is_interval ? counts_interval_timeout_rate(c) : counts_timeout_rate(c);
}

static double
figure_value(const struct expr *expr, const struct source *source, const struct counts *c, enum figure figure)
{
	switch (figure) {
#define FIGURE(NAME, name, unit, stats, per_request, higher_is_better, of_the_run, value, help)                        \
	case FIGURE_##NAME:                                                                                            \
		return value;
#include "judge/figure.def"
#undef FIGURE
	case FIGURE_COUNT: break;
	}
	return NAN;
}

static double
value_from(const struct expr *expr, const struct source *source)
{
	const struct plan_scraped *scraped = expr->metric->scraped;
	const struct cell *cell = source->all;
	const struct counts *counts = source->counts;

	if (scraped != NULL)
		return scraped_in_unit(scraped, stats_value(expr, &source->scraped->list[scraped->index]));
	int place = place_of(expr->metric);

	if (expr->request >= 0) {
		if (source->requests == NULL)
			return NAN;
		cell = &source->requests[expr->request];
		counts = &cell->counts;
	}
	if (place >= FIRST_FIGURE)
		return figure_value(expr, source, counts, (enum figure)(place - FIRST_FIGURE));
	if (place >= FIRST_GAUGE)
		return stats_value(expr, &source->target->gauges[place - FIRST_GAUGE]);
	return cell != NULL ? distribution_value(expr, cell, counts, (enum metric)place) : NAN;
}

double
judge_value(const struct expr *expr, const struct summary *summary, const struct level_summary *level)
{
	if (level != NULL)
		return value_from(expr, &(struct source){.all = level->live,
						.requests = level->live_requests,
						.counts = &level->counts,
						.target = &level->target,
						.scraped = &level->scraped,
						.window_s = level->window_s,
						.achieved_per_s = level_achieved_per_s(level),
						.in_flight_avg = level->in_flight_avg,
						.in_flight_peak = level->in_flight_peak,
						.in_flight_last = NAN});

	return value_from(expr, &(struct source){.all = &summary->measured,
					.requests = summary->requests,
					.counts = &summary->measured.counts,
					.target = &summary->target,
					.scraped = &summary->scraped,
					.window_s = summary->measured_s,
					.achieved_per_s = summary_achieved_per_s(summary),
					.in_flight_avg = summary->in_flight_avg,
					.in_flight_peak = summary->in_flight_peak,
					.in_flight_last = summary->now.in_flight});
}

double
metric_value_arm(const struct expr *expr, const struct arm *arm)
{
	return value_from(expr, &(struct source){.all = &arm->measured,
					.requests = arm->requests,
					.baseline = arm->baseline,
					.counts = &arm->measured.counts,
					.target = &arm->target,
					.scraped = &arm->scraped,
					.window_s = arm->measured_s,
					.achieved_per_s = arm_achieved_per_s(arm),
					.in_flight_avg = arm->measured_s > 0 ? arm->in_flight_s / arm->measured_s : NAN,
					.in_flight_peak = arm->in_flight_peak,
					.in_flight_last = NAN});
}

double
metric_value_window(
	const struct expr *expr, const struct summary *summary, const struct cell *window, int64_t window_ns)
{
	struct gauge_set target;
	struct scraped_set scraped;
	double window_s = ns_to_s(window_ns);

	scraped_set_init(&scraped);
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		gauge_stats_add(&scraped.list[i], summary->now.scraped[i]);
	gauge_set_init(&target);
	if (summary->now.target.at_ns >= 0)
		gauge_set_add(&target, &summary->now.target);
	return value_from(expr, &(struct source){.all = window,
					.counts = &window->counts,
					.target = &target,
					.scraped = &scraped,
					.is_interval = true,
					.had_tokens = summary->everything.counts.generations > 0,
					.window_s = window_s,
					.achieved_per_s = window_s > 0 ? (double)window->counts.ok / window_s : NAN,
					.in_flight_avg = summary->now.in_flight,
					.in_flight_peak = summary->now.in_flight,
					.in_flight_last = summary->now.in_flight});
}

double
metric_value_last(const struct expr *expr, const struct summary *summary)
{
	return metric_value_window(expr, summary, &summary->last, summary->last_interval_ns);
}

enum metric_kind
metric_kind(const struct plan_metric *metric)
{
	if (metric->scraped != NULL)
		return METRIC_OF_SCRAPED;
	int place = place_of(metric);

	if (metric->is_of_the_run)
		return METRIC_OF_THE_RUN;
	if (place == FIRST_FIGURE + FIGURE_IN_FLIGHT)
		return METRIC_OF_IN_FLIGHT;
	if (place == FIRST_FIGURE + FIGURE_SPIKE_RATE)
		return METRIC_OF_ALL_SAMPLES;
	return place >= FIRST_FIGURE  ? METRIC_OF_COUNTS
	       : place >= FIRST_GAUGE ? METRIC_OF_GAUGE
				      : METRIC_OF_DISTRIBUTION;
}

size_t
metric_index(const struct plan_metric *metric)
{
	int place = place_of(metric);

	CHECK(place < FIRST_FIGURE);
	return (size_t)(place >= FIRST_GAUGE ? place - FIRST_GAUGE : place);
}

double
metric_of_counts(const struct expr *expr, const struct counts *counts, double window_s)
{
	struct source source = {.counts = counts,
		.window_s = window_s,
		.achieved_per_s = window_s > 0 ? (double)counts->ok_in_window / window_s : NAN};

	CHECK(metric_kind(expr->metric) == METRIC_OF_COUNTS);
	return figure_value(expr, &source, counts, (enum figure)(place_of(expr->metric) - FIRST_FIGURE));
}

double
metric_of_the_run(const struct plan_metric *metric, const struct arm_run *run)
{
	switch ((enum figure)(place_of(metric) - FIRST_FIGURE)) {
	case FIGURE_MAX_SUSTAINABLE_RATE: return run->max_sustainable;
	case FIGURE_MAX_GOODPUT_RATE: return run->max_goodput_per_s;
	case FIGURE_READY_TIME: return run->ready_ns >= 0 ? (double)run->ready_ns : NAN;
	case FIGURE_P50_DRIFT: return drift_value(&run->sustained.p50);
	case FIGURE_P95_DRIFT: return drift_value(&run->sustained.p95);
	case FIGURE_P99_DRIFT: return drift_value(&run->sustained.p99);
	case FIGURE_ACHIEVED_DRIFT: return drift_value(&run->sustained.achieved);
	case FIGURE_MEMORY_GROWTH: return sustained_memory_growth(&run->sustained);
	case FIGURE_MEMORY_SLOPE: return sustained_memory_slope(&run->sustained);
	case FIGURE_MEMORY_PER_LOAD: return memory_fit_is_known(&run->memory) ? run->memory.per_load_bytes : NAN;
	case FIGURE_MEMORY_ABOVE_IDLE: return memory_fit_is_known(&run->memory) ? run->memory.above_idle_share : NAN;
	default: CHECK(!"a figure of the whole run"); return NAN;
	}
}

bool
metric_interval_of_the_run(const struct plan_metric *metric, const struct arm_run *run, double interval[2])
{
	if ((enum figure)(place_of(metric) - FIRST_FIGURE) != FIGURE_MAX_SUSTAINABLE_RATE)
		return false;
	memcpy(interval, run->breaks_between, sizeof(run->breaks_between));
	return interval[0] > 0 && isfinite(interval[1]);
}

const char *
metric_value_text(const struct expr *expr, double value, int64_t timeout_ns, char *into, size_t size)
{
	char timeout_text[32];

	if (isnan(value))
		snprintf(into, size, "n/a");
	else if (isinf(value))
		snprintf(into, size, "> timeout (%s)", units_time_text(timeout_ns, timeout_text, sizeof(timeout_text)));
	else
		expr_value_text(expr->metric->unit, value, into, size);
	return into;
}
