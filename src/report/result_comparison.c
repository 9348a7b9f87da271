#include <math.h>

#include "measure/outlier.h"
#include "report/figure.h"
#include "report/result.h"

/* Arms side by side, and what comparing them found. */

static cJSON *
interval(const double ci[2])
{
	cJSON *values = value_array();

	for (int i = 0; i < 2; i++)
		cJSON_AddItemToArray(values, value_of_number(ci[i]));
	return values;
}

static void
add_arm(cJSON *arms, const struct arm *arm)
{
	cJSON *o = value_object();
	size_t blocks = 0;

	for (size_t r = 0; r < arm->runs_n; r++)
		blocks += arm->runs[r].blocks->n;
	value_set_text(o, "name", arm->name);
	value_set_count(o, "repeats", arm->runs_n);
	value_set_count(o, "blocks", blocks);
	value_set_number(o, "measured_s", arm->measured_s);
	value_set_number(o, "achieved_per_s", arm_achieved_per_s(arm));
	value_set_number(o, "spike_rate",
		outlier_share(&arm->measured.histograms[METRIC_RESPONSE],
			arm->baseline != NULL ? &arm->baseline->measured.histograms[METRIC_RESPONSE] : NULL));
	value_set_number(o, "in_flight_avg", arm->measured_s > 0 ? arm->in_flight_s / arm->measured_s : NAN);
	value_set_count(o, "in_flight_peak", arm->in_flight_peak);
	result_set_counts(value_add_object(o, "totals"), &arm->totals);
	result_add_latency(o, arm->measured.histograms);
	result_add_tokens(o, &arm->totals, &arm->measured, arm->measured_s);
	cJSON_AddItemToArray(arms, o);
}

static void
add_row(cJSON *comparison, const struct comparison *c, const struct comparison_row *row)
{
	cJSON *o = value_object(), *samples;

	value_set_text(o, "metric", row->name);
	value_set_text(o, "arm", c->current->name);
	value_set_text(o, "unit", unit_rows[row->measure.metric->unit].name);
	value_set_number(o, "baseline", row->baseline);
	value_set_number(o, "current", row->current);
	value_set_bool(o, "baseline_above_timeout", isinf(row->baseline) != 0);
	value_set_bool(o, "current_above_timeout", isinf(row->current) != 0);
	value_set_number(o, "delta", row->delta);
	value_set_number(o, "delta_rel", row->delta_rel);
	value_set(o, "ci", interval(row->ci));
	value_set(o, "ci_rel", interval(row->ci_rel));
	value_set_number(o, "p", row->p);
	value_set_number(o, "tolerance", row->tolerance);
	value_set_bool(o, "higher_is_better", row->measure.metric->is_higher_better);
	value_set_bool(o, "gated", row->is_gated);
	value_set_bool(o, "significant", row->is_significant);
	value_set_text(o, "status", comparison_status_names[row->status]);
	samples = value_add_array(o, "samples");
	for (int i = 0; i < 2; i++)
		cJSON_AddItemToArray(samples, value_of_count(row->samples[i]));
	value_set_text(o, "note", row->note);
	cJSON_AddItemToArray(comparison, o);
}

/* How the intervals of each arm's rows were made. */
static void
add_method(cJSON *methods, const struct comparison *c)
{
	cJSON *o = value_object(), *blocks;

	value_set_text(o, "arm", c->current->name);
	value_set_text(o, "baseline", c->baseline->name);
	value_set_text(o, "method", c->method);
	value_set_text(o, "warning", c->warning);
	value_set_number(o, "confidence", c->confidence);
	value_set_count(o, "resamples", c->resamples);
	blocks = value_add_array(o, "blocks");
	for (int i = 0; i < 2; i++)
		cJSON_AddItemToArray(blocks, value_of_count(c->blocks_n[i]));
	value_set_number(o, "block_s", c->block_s);
	cJSON_AddItemToArray(methods, o);
}

void
result_add_comparison(cJSON *result, const struct report *report)
{
	const struct experiment *experiment = report_comparisons(report);

	if (experiment == NULL)
		return;
	cJSON *arms = value_add_array(result, "arms");

	for (size_t i = 0; i < experiment->arms_n; i++)
		add_arm(arms, experiment->arms[i]);
	cJSON *comparison = value_add_array(result, "comparison");

	for (size_t c = 0; c < experiment->comparisons_n; c++)
		for (size_t i = 0; i < experiment->comparisons[c]->rows_n; i++)
			add_row(comparison, experiment->comparisons[c], &experiment->comparisons[c]->rows[i]);
	cJSON *methods = value_add_array(result, "comparison_method");

	for (size_t c = 0; c < experiment->comparisons_n; c++)
		add_method(methods, experiment->comparisons[c]);
}

void
result_add_gates(cJSON *slos, const struct experiment *experiment)
{
	for (size_t i = 0; experiment != NULL && i < experiment->gates_n; i++) {
		const struct gate_verdict *gate = &experiment->gates[i];
		cJSON *o = result_slo(&gate->slo);

		value_set(o, "ci", interval(gate->ci));
		value_set_bool(o, "ci_inside", gate->is_inside);
		cJSON_AddItemToArray(slos, o);
	}
}
