#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/compare.h"
#include "judge/compared.h"
#include "judge/contrast.h"
#include "judge/estimate.h"
#include "judge/metrics.h"

/* A run against values that somebody wrote down: without samples on that side there is no noise to be told from, and
 * the tolerance alone decides. */

/* Failures rank above every sample: of a distribution without any, in a run with successes, that would make the worst
 * of what was never measured. */
static bool
is_measured(const struct arm *arm, const struct expr *measure)
{
	return metric_kind(measure->metric) != METRIC_OF_DISTRIBUTION || arm->measured.counts.ok == 0 ||
	       arm->measured.histograms[metric_index(measure->metric)].total > 0;
}

static void
set_row(struct comparison_row *row, const struct compared_item *item, double baseline, const struct estimate *current,
	const struct plan *plan)
{
	double rel = contrast_relative(current->value, baseline);

	*row = (struct comparison_row){
		.measure = item->measure,
		.baseline = baseline,
		.current = current->value,
		.samples = {0, current->samples},
		.delta = isfinite(current->value) ? current->value - baseline : NAN,
		.delta_rel = isfinite(rel) ? rel : NAN,
		.ci = {NAN, NAN},
		.ci_rel = {NAN, NAN},
		.p = NAN,
		.tolerance = item->tolerance,
		.is_wanted = item->is_gated,
		.status = compared_status(item->measure.metric->is_higher_better ? -rel : rel, item->tolerance),
	};
	row->is_gated =
		row->is_wanted && row->status != COMPARISON_NA && compared_carries_gate(&row->measure, row->samples[1]);
	compared_name(&row->measure, plan, row->name, sizeof(row->name));
	if (row->status == COMPARISON_NA)
		snprintf(row->note, sizeof(row->note), "%s", current->note);
	else if (row->is_wanted && !row->is_gated)
		snprintf(row->note, sizeof(row->note), "too few samples to gate");
}

/* Whether it is gated, and its tolerance: as of two arms. */
static struct compared_item
item_of(const struct compared *compared, const struct expr *measure, double tolerance)
{
	for (size_t i = 0; i < compared->n; i++)
		if (expr_is_same_measure(&compared->items[i].measure, measure))
			return compared->items[i];
	return (struct compared_item){.measure = *measure, .tolerance = tolerance};
}

struct comparison *
compare_by_hand(
	const struct arm *baseline, const struct arm *current, const struct by_hand *by_hand, const struct plan *plan)
{
	struct comparison *result = must_alloc(sizeof(*result));
	struct compared compared;
	struct sample samples[2];

	*result = (struct comparison){.baseline = baseline, .current = current};
	result->rows = must_calloc(by_hand->n + 1, sizeof(*result->rows));
	compared_init(&compared, current, current, plan);
	sample_init_both(samples, (const struct arm *const[2]){current, current}, 1, plan->seed);
	result->blocks_n[1] = samples[1].n;
	result->block_s = samples[1].block_s;
	for (size_t i = 0; i < by_hand->n; i++) {
		const struct by_hand_value *value = &by_hand->values[i];
		struct compared_item item = item_of(&compared, &value->measure, plan->compare.tolerance);
		struct estimate estimate;

		estimate_init(&estimate, &samples[1], &value->measure, (double)plan->target.timeout_ns);
		if (!is_measured(current, &value->measure)) {
			estimate.value = NAN;
			snprintf(estimate.note, sizeof(estimate.note), "not measured");
		}
		set_row(&result->rows[result->rows_n++], &item, value->value, &estimate, plan);
		estimate_fini(&estimate);
	}
	snprintf(result->method, sizeof(result->method),
		"the baseline was written by hand, values without samples: the tolerance alone decides");
	snprintf(result->warning, sizeof(result->warning),
		"nothing says how much of a difference is noise; compare with a saved run to know");
	for (int i = 0; i < 2; i++)
		sample_fini(&samples[i]);
	compared_fini(&compared);
	return result;
}
