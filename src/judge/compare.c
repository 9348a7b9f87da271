#include "judge/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/compared.h"
#include "judge/contrast.h"
#include "judge/metrics.h"

#define NEIGHBOURS_ALIKE 0.4 /* correlation of neighbouring blocks from which on the run was too short */

/* One comparison in the making. */
struct comparing {
	struct comparison *result;
	const struct plan *plan;
	struct sample samples[2];
	double beyond; /* the timeout, in ns */
	double lag1;   /* the highest of any gated row */
	bool has_runs; /* the noise between runs is in */
	double df;     /* the lowest of any row */
};

static bool
excludes_zero(const double ci[2])
{
	return ci[0] > 0 || ci[1] < 0;
}

static bool
carries_gate(const struct comparison_row *row)
{
	for (int i = 0; i < 2; i++)
		if (!compared_carries_gate(&row->measure, row->samples[i]))
			return false;
	return !isnan(row->p);
}

static void
note(struct comparison_row *row, const char *text)
{
	if (row->note[0] == '\0')
		snprintf(row->note, sizeof(row->note), "%.*s", COMPARISON_NOTE_MAX - 1, text);
}

/* Above the timeout is all that is known of a value: how far, and so the difference, is not. */
static void
set_values(struct comparison_row *row, const struct estimate estimates[2], const struct contrast *contrast)
{
	bool is_beyond = isinf(estimates[0].value) || isinf(estimates[1].value);

	row->baseline = estimates[0].value;
	row->current = estimates[1].value;
	row->delta = is_beyond ? NAN : contrast->delta;
	row->delta_rel = is_beyond || isinf(contrast->delta_rel) ? NAN : contrast->delta_rel;
	for (int i = 0; i < 2; i++) {
		row->samples[i] = estimates[i].samples;
		row->ci[i] = is_beyond ? NAN : contrast->ci[i];
		row->ci_rel[i] = is_beyond ? NAN : contrast->ci_rel[i];
		note(row, estimates[i].note);
	}
	row->p = contrast->p;
	if (is_beyond)
		note(row, "judged as if what is above the timeout were at it");
}

static void
keep_worst(struct comparing *c, const struct comparison_row *row, const struct contrast *contrast)
{
	c->has_runs = c->has_runs || contrast->is_between_runs;
	if (row->is_wanted && !(contrast->lag1 <= c->lag1))
		c->lag1 = contrast->lag1;
	if (contrast->df < c->df)
		c->df = contrast->df;
}

/* Significance for itself alone, status as yet by the band alone: both know more when all rows are there. */
static void
compare_row(struct comparing *c, struct comparison_row *row, const struct compared_item *what, double *worse)
{
	struct estimate estimates[2];
	struct contrast contrast;

	*row = (struct comparison_row){
		.measure = what->measure, .tolerance = what->tolerance, .is_wanted = what->is_gated};
	compared_name(&what->measure, c->plan, row->name, sizeof(row->name));
	for (int i = 0; i < 2; i++)
		estimate_init(&estimates[i], &c->samples[i], &what->measure, c->beyond);
	contrast_make(&contrast, c->samples, estimates, c->beyond);
	set_values(row, estimates, &contrast);
	row->is_gated = row->is_wanted && carries_gate(row);
	row->is_significant =
		row->p < 1 - CONTRAST_CONFIDENCE && excludes_zero(contrast.ci) &&
		(isnan(contrast.ci_rel[0]) || isnan(contrast.ci_rel[1]) || excludes_zero(contrast.ci_rel));
	if (row->is_wanted && !row->is_gated)
		note(row, "too few samples to gate");
	*worse = what->measure.metric->is_higher_better ? -contrast.delta_rel : contrast.delta_rel;
	keep_worst(c, row, &contrast);
	for (int i = 0; i < 2; i++)
		estimate_fini(&estimates[i]);
}

static int
by_p(const void *a, const void *b)
{
	double x = (*(struct comparison_row *const *)a)->p, y = (*(struct comparison_row *const *)b)->p;

	return (x > y) - (x < y);
}

/* Holm (1979): the smallest p of m is held against α / m, the next against α / (m − 1), …, up to the first that is
 * larger: with whatever dependence, at most α of all families of no difference at all show any. */
static void
correct_by_holm(struct comparison *result)
{
	struct comparison_row **gated = must_calloc(result->rows_n + 1, sizeof(struct comparison_row *));
	bool goes_on = true;
	size_t n = 0;

	for (size_t i = 0; i < result->rows_n; i++)
		if (result->rows[i].is_gated)
			gated[n++] = &result->rows[i];
	qsort(gated, n, sizeof(*gated), by_p);
	for (size_t i = 0; i < n; i++) {
		goes_on = goes_on && gated[i]->p <= (1 - CONTRAST_CONFIDENCE) / (double)(n - i);
		gated[i]->is_significant = gated[i]->is_significant && goes_on;
	}
	free(gated);
}

static enum comparison_status
status_of(const struct comparison_row *row, double worse)
{
	enum comparison_status status = compared_status(worse, row->tolerance);

	if (status == COMPARISON_NA || status == COMPARISON_NOISE || row->is_significant)
		return status;
	return fabs(worse) > row->tolerance && !isnan(row->p) ? COMPARISON_UNSURE : COMPARISON_NOISE;
}

static void
say_method(const struct comparing *c)
{
	struct comparison *r = c->result;
	char text[sizeof(r->method)] = "";

	if (c->has_runs)
		snprintf(text, sizeof(text), ", widened by the noise between %zu and %zu runs (Student's t, %.3g df)",
			c->samples[0].runs_n, c->samples[1].runs_n, c->df);
	snprintf(r->method, sizeof(r->method),
		"block bootstrap, %" PRIu64 " resamples of %zu and %zu blocks of up to %.3g s%.120s", r->resamples,
		r->blocks_n[0], r->blocks_n[1], r->block_s, text);
}

/* The gravest of what the intervals may be too narrow for. */
static void
say_warning(const struct comparing *c)
{
	struct comparison *r = c->result;
	size_t fewest = r->blocks_n[0] < r->blocks_n[1] ? r->blocks_n[0] : r->blocks_n[1];

	if (!c->has_runs && c->lag1 > NEIGHBOURS_ALIKE)
		snprintf(r->warning, sizeof(r->warning),
			"neighbouring blocks are alike (correlation %.2f): the runs are too short for their slow changes",
			fmin(c->lag1, 1)); /* few blocks overstate it */
	else if (!c->has_runs && fewest < SAMPLE_BLOCKS_WANTED)
		snprintf(r->warning, sizeof(r->warning),
			"only %zu blocks of %.3g s: run longer, or with a shorter output.interval", fewest, r->block_s);
	else if (!c->has_runs)
		snprintf(r->warning, sizeof(r->warning),
			"one run per arm: the noise between runs is not in the intervals; repeat the arms");
}

struct comparison *
compare_arms(const struct arm *baseline, const struct arm *current, const struct plan *plan)
{
	struct comparison *result = must_alloc(sizeof(*result));
	int64_t a = baseline->plan->target.timeout_ns, b = current->plan->target.timeout_ns;
	struct comparing c = {
		.result = result, .plan = plan, .beyond = (double)(a > b ? a : b), .lag1 = NAN, .df = INFINITY};
	struct compared compared;

	CHECK_OP(plan->compare.resamples, >, 1);
	*result = (struct comparison){.baseline = baseline,
		.current = current,
		.confidence = CONTRAST_CONFIDENCE,
		.resamples = plan->compare.resamples};
	sample_init_both(c.samples, (const struct arm *const[2]){baseline, current}, result->resamples, plan->seed);
	for (int i = 0; i < 2; i++) {
		result->blocks_n[i] = c.samples[i].n;
		result->block_s = fmax(result->block_s, c.samples[i].block_s);
	}
	compared_init(&compared, baseline, current, plan);
	result->rows = must_calloc(compared.n + 1, sizeof(*result->rows));
	result->rows_n = compared.n;
	double *worse = must_calloc(compared.n + 1, sizeof(*worse));

	for (size_t i = 0; i < compared.n; i++)
		compare_row(&c, &result->rows[i], &compared.items[i], &worse[i]);
	correct_by_holm(result);
	for (size_t i = 0; i < result->rows_n; i++)
		result->rows[i].status = status_of(&result->rows[i], worse[i]);
	say_method(&c);
	say_warning(&c);
	free(worse);
	compared_fini(&compared);
	for (int i = 0; i < 2; i++)
		sample_fini(&c.samples[i]);
	return result;
}

void
compare_free(struct comparison *comparison)
{
	if (comparison == NULL)
		return;
	free(comparison->rows);
	free(comparison);
}

double
compare_value(const struct expr *expr, const struct arm *arm)
{
	double sum = 0;
	size_t n = 0;

	if (metric_kind(expr->metric) != METRIC_OF_THE_RUN)
		return metric_value_arm(expr, arm);
	for (size_t r = 0; r < arm->runs_n; r++) {
		double value = metric_of_the_run(expr->metric, &arm->runs[r]);

		sum += isfinite(value) ? value : 0;
		n += isfinite(value);
	}
	return n > 0 ? sum / (double)n : NAN;
}
