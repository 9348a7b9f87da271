#include "judge/metrics.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"

/* The table of what an expression may name: the distributions of metric.def, the gauges of gauge.def (the target's),
 * and these. In this order, so that a metric's place says what it is. */
enum figure {
	FIGURE_ERROR_RATE,
	FIGURE_TIMEOUT_RATE,
	FIGURE_SUCCESS_RATE,
	FIGURE_ACHIEVED_RATE,
	FIGURE_OFFERED_RATE,
	FIGURE_IN_FLIGHT,
	FIGURE_MAX_SUSTAINABLE_RATE,
	FIGURE_MAX_GOODPUT_RATE,
	FIGURE_COUNT,
};

#define FIRST_GAUGE METRIC_COUNT
#define FIRST_FIGURE (METRIC_COUNT + GAUGE_COUNT)
#define TABLE_LENGTH (METRIC_COUNT + GAUGE_COUNT + FIGURE_COUNT)

static const struct plan_metric table[TABLE_LENGTH] = {
#define METRIC(NAME, metric_name, unit, value, when, per_request, ranks, text)                                         \
	[METRIC_##NAME] = {#metric_name, UNIT_##unit, STAT_DISTRIBUTION, per_request, false, text, false, false},
#include "measure/metric.def"
#undef METRIC
#define GAUGE(NAME, gauge_name, unit, across, text)                                                                    \
	[FIRST_GAUGE + GAUGE_##NAME] = {                                                                               \
		#gauge_name, UNIT_##unit, STAT_GAUGE, false, false, "the target's " text, false, true},
#include "measure/gauge.def"
#undef GAUGE
	[FIRST_FIGURE + FIGURE_ERROR_RATE] = {"error_rate", UNIT_RATIO, STAT_NONE, true, false,
		"failed, dropped, unsent and unfinished / scheduled", false, false},
	[FIRST_FIGURE + FIGURE_TIMEOUT_RATE] = {"timeout_rate", UNIT_RATIO, STAT_NONE, true, false,
		"timeouts of every kind / scheduled", false, false},
	[FIRST_FIGURE + FIGURE_SUCCESS_RATE] = {"success_rate", UNIT_RATIO, STAT_NONE, true, true, "ok / scheduled",
		false, false},
	[FIRST_FIGURE + FIGURE_ACHIEVED_RATE] = {"achieved_rate", UNIT_RATE, STAT_NONE, false, true,
		"good answers inside the window per second", false, false},
	[FIRST_FIGURE + FIGURE_OFFERED_RATE] = {"offered_rate", UNIT_RATE, STAT_NONE, false, true,
		"requests scheduled per second", false, false},
	[FIRST_FIGURE + FIGURE_IN_FLIGHT] = {"in_flight", UNIT_COUNT, STAT_GAUGE, false, false, "requests under way",
		false, false},
	[FIRST_FIGURE + FIGURE_MAX_SUSTAINABLE_RATE] = {"max_sustainable_rate", UNIT_RATE, STAT_NONE, false, true,
		"highest level below the first broken one that held every SLO", true, false},
	[FIRST_FIGURE + FIGURE_MAX_GOODPUT_RATE] = {"max_goodput_rate", UNIT_RATE, STAT_NONE, false, true,
		"most good answers per second at any level", true, false},
};

const struct plan_metric *const judge_metrics[] = {
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help) &table[METRIC_##NAME],
#include "measure/metric.def"
#undef METRIC
#define GAUGE(NAME, name, unit, across, help) &table[FIRST_GAUGE + GAUGE_##NAME],
#include "measure/gauge.def"
#undef GAUGE
	&table[FIRST_FIGURE + FIGURE_ERROR_RATE],
	&table[FIRST_FIGURE + FIGURE_TIMEOUT_RATE],
	&table[FIRST_FIGURE + FIGURE_SUCCESS_RATE],
	&table[FIRST_FIGURE + FIGURE_ACHIEVED_RATE],
	&table[FIRST_FIGURE + FIGURE_OFFERED_RATE],
	&table[FIRST_FIGURE + FIGURE_IN_FLIGHT],
	&table[FIRST_FIGURE + FIGURE_MAX_SUSTAINABLE_RATE],
	&table[FIRST_FIGURE + FIGURE_MAX_GOODPUT_RATE],
	NULL,
};

/* What a value is taken from: a level, the measured phases, or the last interval. */
struct source {
	const struct cell *all, *requests; /* requests NULL: not kept apart */
	const struct counts *counts;
	const struct gauge_set *target;
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
static uint64_t
samples_above(enum metric metric, const struct counts *counts)
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
	uint64_t above = samples_above(metric, counts);

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
gauge_value(const struct expr *expr, const struct gauge_set *target, enum gauge gauge)
{
	switch (expr->stat) {
	case EXPR_PEAK: return gauge_peak(target, gauge);
	case EXPR_LAST: return gauge_last(target, gauge);
	case EXPR_MIN: return target->gauges[gauge].n > 0 ? target->gauges[gauge].min : NAN;
	default: return gauge_avg(target, gauge);
	}
}

static double
figure_value(const struct expr *expr, const struct source *source, const struct counts *c, enum figure figure)
{
	switch (figure) {
	case FIGURE_ERROR_RATE: return counts_error_rate(c);
	case FIGURE_TIMEOUT_RATE: return counts_timeout_rate(c);
	case FIGURE_SUCCESS_RATE: return c->scheduled > 0 ? (double)c->ok / (double)c->scheduled : NAN;
	case FIGURE_ACHIEVED_RATE: return source->achieved_per_s;
	case FIGURE_OFFERED_RATE: return source->window_s > 0 ? (double)c->scheduled / source->window_s : NAN;
	case FIGURE_IN_FLIGHT:
		return expr->stat == EXPR_PEAK   ? source->in_flight_peak
		       : expr->stat == EXPR_LAST ? source->in_flight_last
						 : source->in_flight_avg;
	default: return NAN;
	}
}

static double
value_from(const struct expr *expr, const struct source *source)
{
	int place = place_of(expr->metric);
	const struct cell *cell = source->all;
	const struct counts *counts = source->counts;

	if (expr->request >= 0) {
		if (source->requests == NULL)
			return NAN;
		cell = &source->requests[expr->request];
		counts = &cell->counts;
	}
	if (place >= FIRST_FIGURE)
		return figure_value(expr, source, counts, (enum figure)(place - FIRST_FIGURE));
	if (place >= FIRST_GAUGE)
		return gauge_value(expr, source->target, (enum gauge)(place - FIRST_GAUGE));
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
						.window_s = level->window_s,
						.achieved_per_s = level_achieved_per_s(level),
						.in_flight_avg = level->in_flight_avg,
						.in_flight_peak = level->in_flight_peak,
						.in_flight_last = NAN});

	return value_from(expr, &(struct source){.all = &summary->measured,
					.requests = summary->requests,
					.counts = &summary->measured.counts,
					.target = &summary->target,
					.window_s = summary->measured_s,
					.achieved_per_s = summary_achieved_per_s(summary),
					.in_flight_avg = summary->in_flight_avg,
					.in_flight_peak = summary->in_flight_peak,
					.in_flight_last = summary->now.in_flight});
}

double
metric_value_last(const struct expr *expr, const struct summary *summary)
{
	struct gauge_set target;
	double window_s = ns_to_s(summary->last_interval_ns);

	gauge_set_init(&target);
	if (summary->now.target.at_ns >= 0)
		gauge_set_add(&target, &summary->now.target);
	return value_from(
		expr, &(struct source){.all = &summary->last,
			      .counts = &summary->last.counts,
			      .target = &target,
			      .window_s = window_s,
			      .achieved_per_s = window_s > 0 ? (double)summary->last.counts.ok / window_s : NAN,
			      .in_flight_avg = summary->now.in_flight,
			      .in_flight_peak = summary->now.in_flight,
			      .in_flight_last = summary->now.in_flight});
}

double
metric_of_the_run(const struct plan_metric *metric, const struct breaking_point *point)
{
	return place_of(metric) == FIRST_FIGURE + FIGURE_MAX_SUSTAINABLE_RATE ? point->max_sustainable
									      : point->max_goodput_per_s;
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
