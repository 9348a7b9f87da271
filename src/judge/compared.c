#include "judge/compared.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"
#include "judge/records.h"

/* DEFINITIONS, "Comparing": gated by default, where there is any of it. quantile 0: it has no stat. */
static const struct {
	const char *metric;
	double quantile;
} usual[] = {
	{"response", 0.5},
	{"response", 0.95},
	{"response", 0.99},
	{"ttft", 0.5},
	{"ttft", 0.95},
	{"ttft", 0.99},
	{"tokens_per_s", 0},
	{"error_rate", 0},
	{"achieved_rate", 0},
};

#define GATED_SAMPLES_ABOVE 10

static const double shown_quantiles[] = {0.5, 0.95, 0.99};

/* The first to name a measure says whether it is gated, and its tolerance. */
static void
add(struct compared *compared, const struct expr *measure, bool is_gated, double tolerance)
{
	for (size_t i = 0; i < compared->n; i++)
		if (expr_is_same_measure(&compared->items[i].measure, measure))
			return;
	compared->items = must_realloc(compared->items, (compared->n + 1) * sizeof(*compared->items));
	compared->items[compared->n++] = (struct compared_item){
		.measure = {.metric = measure->metric,
			.request = measure->request,
			.stat = measure->stat,
			.quantile = measure->quantile},
		.is_gated = is_gated,
		.tolerance = tolerance,
	};
}

static bool
has_any(const struct expr *measure, const struct arm *arm)
{
	if (metric_kind(measure->metric) != METRIC_OF_THE_RUN)
		return !isnan(metric_value_arm(measure, arm));
	for (size_t r = 0; r < arm->runs_n; r++)
		if (metric_of_the_run(measure->metric, &arm->runs[r]) > 0)
			return true;
	return false;
}

static void
add_where_any(struct compared *compared, const struct expr *measure, bool is_gated, double tolerance,
	const struct arm *const arms[2])
{
	if (has_any(measure, arms[0]) || has_any(measure, arms[1]))
		add(compared, measure, is_gated, tolerance);
}

/* Whether a distribution has samples at all: of too few for a percentile it is said so. */
static bool
is_recorded(const struct plan_metric *metric, const struct arm *const arms[2])
{
	enum metric m = (enum metric)metric_index(metric);

	return arms[0]->measured.histograms[m].total + arms[1]->measured.histograms[m].total > 0;
}

static void
add_distribution(struct compared *compared, const struct plan_metric *metric, double tolerance)
{
	struct expr measure = {.metric = metric, .request = -1, .stat = EXPR_MEAN};

	add(compared, &measure, false, tolerance);
	measure.stat = EXPR_PERCENTILE;
	for (size_t i = 0; i < ARRAY_LEN(shown_quantiles); i++) {
		measure.quantile = shown_quantiles[i];
		add(compared, &measure, false, tolerance);
	}
}

/* Each side of a split has the rates that its share gives it: they say nothing of it. */
static bool
is_of_share(const struct plan_metric *metric)
{
	return metric->unit == UNIT_RATE || strcmp(metric->name, "in_flight") == 0;
}

/* A search goes where it has to, so that figures over all of its levels are of whatever was offered: what it found is
 * what can be worse (DEFINITIONS: in a search only max_sustainable_rate gates). */
static void
add_what_is_found(struct compared *compared, const struct plan *plan, const struct arm *const arms[2])
{
	for (size_t m = 0; judge_metrics[m] != NULL; m++) {
		struct expr measure = {.metric = judge_metrics[m], .request = -1, .stat = EXPR_VALUE};

		if (strcmp(judge_metrics[m]->name, "max_sustainable_rate") == 0)
			add_where_any(compared, &measure, !plan->compare.has_gate, plan->compare.tolerance, arms);
	}
}

static void
add_usual(struct compared *compared, const struct plan *plan, const struct arm *const arms[2])
{
	bool is_gated = !plan->compare.has_gate && !plan_is_search(plan), is_split = plan->split.key != NULL;
	double tolerance = plan->compare.tolerance;

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		for (size_t m = 0; judge_metrics[m] != NULL; m++) {
			struct expr measure = {.metric = judge_metrics[m],
				.request = -1,
				.stat = usual[i].quantile > 0 ? EXPR_PERCENTILE : EXPR_VALUE,
				.quantile = usual[i].quantile};

			if (strcmp(judge_metrics[m]->name, usual[i].metric) != 0 ||
				(is_split && is_of_share(judge_metrics[m])))
				continue;
			if (metric_kind(judge_metrics[m]) != METRIC_OF_DISTRIBUTION)
				add_where_any(compared, &measure, is_gated, tolerance, arms);
			else if (is_recorded(judge_metrics[m], arms))
				add(compared, &measure, is_gated, tolerance);
		}
}

/* Whoever wants them compared names them: what the generator did says nothing of an arm, and what is a change over time
 * is mostly 0, of which there are no percents. */
static bool
is_left_out(const struct plan_metric *metric)
{
	return strcmp(metric->name, "lateness") == 0 || strcmp(metric->name, "loop_lag") == 0 ||
	       metric->unit == UNIT_CHANGE || metric->unit == UNIT_GROWTH || metric->unit == UNIT_SLOPE;
}

static void
add_the_rest(struct compared *compared, const struct plan *plan, const struct arm *const arms[2])
{
	double tolerance = plan->compare.tolerance;

	for (size_t m = 0; judge_metrics[m] != NULL; m++) {
		struct expr measure = {.metric = judge_metrics[m],
			.request = -1,
			.stat = judge_metrics[m]->stats == STAT_GAUGE ? EXPR_AVG : EXPR_VALUE};

		if (is_left_out(judge_metrics[m]) || (plan->split.key != NULL && is_of_share(judge_metrics[m])))
			continue;
		if (metric_kind(judge_metrics[m]) != METRIC_OF_DISTRIBUTION)
			add_where_any(compared, &measure, false, tolerance, arms);
		else if (is_recorded(judge_metrics[m], arms))
			add_distribution(compared, judge_metrics[m], tolerance);
	}
}

void
compared_init(struct compared *compared, const struct arm *baseline, const struct arm *current, const struct plan *plan)
{
	const struct plan_compare *compare = &plan->compare;
	const struct arm *const arms[2] = {baseline, current};

	*compared = (struct compared){0};
	for (size_t i = 0; i < compare->named_n; i++)
		add(compared, &compare->named[i].measure, true, compare->named[i].tolerance);
	if (plan_is_search(plan))
		add_what_is_found(compared, plan, arms);
	add_usual(compared, plan, arms);
	for (size_t i = 0; i < plan->gates_n; i++)
		add(compared, &plan->gates[i].expr, false, compare->tolerance);
	add_the_rest(compared, plan, arms);
}

void
compared_fini(struct compared *compared)
{
	free(compared->items);
	*compared = (struct compared){0};
}

static const char *
stat_name(const struct expr *measure, char into[32])
{
	static const char *const names[] = {
		[EXPR_MEAN] = "mean",
		[EXPR_MIN] = "min",
		[EXPR_MAX] = "max",
		[EXPR_STDDEV] = "stddev",
		[EXPR_AVG] = "avg",
		[EXPR_PEAK] = "peak",
		[EXPR_LAST] = "last",
	};

	if (measure->stat != EXPR_PERCENTILE)
		return names[measure->stat];
	snprintf(into, 32, "p%.10g", measure->quantile * 100);
	return into;
}

const char *
compared_name(const struct expr *measure, const struct plan *plan, char *into, size_t size)
{
	const char *request = measure->request >= 0 ? plan->requests[measure->request].name : "";
	const char *dot = measure->request >= 0 ? "." : "";
	char stat[32];

	if (measure->stat == EXPR_VALUE)
		snprintf(into, size, "%s%s%s", request, dot, measure->metric->name);
	else
		snprintf(into, size, "%s%s%s.%s", request, dot, measure->metric->name, stat_name(measure, stat));
	return into;
}

bool
compared_carries_gate(const struct expr *measure, uint64_t samples)
{
	return measure->stat != EXPR_PERCENTILE ||
	       (double)samples * (1 - measure->quantile) + 1e-9 >= GATED_SAMPLES_ABOVE;
}

enum comparison_status
compared_status(double worse, double tolerance)
{
	if (isnan(worse))
		return COMPARISON_NA;
	if (fabs(worse) <= fmin(COMPARED_NOISE_BAND, tolerance))
		return COMPARISON_NOISE;
	if (worse > 0)
		return worse > tolerance ? COMPARISON_REGRESSION : COMPARISON_SMALL_REGRESSION;
	return worse < -tolerance ? COMPARISON_IMPROVEMENT : COMPARISON_SMALL_IMPROVEMENT;
}
