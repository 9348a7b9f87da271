#include "base/clock.h"
#include "report/result.h"

/* What was asked for, and the runs that came of it. The arms' figures and how they compare have places of their own. */

static void
add_values(cJSON *into, const struct plan_experiment *plan, const struct plan_arm *arm)
{
	cJSON *values = value_add_object(into, "values");

	for (size_t i = 0; i < plan->keys_n; i++)
		value_set_text(values, plan->keys[i], arm->shown[i]);
}

static void
add_run(cJSON *runs, const struct experiment *experiment, size_t i)
{
	const struct run_record *run = &experiment->runs[i];
	cJSON *o = value_object();
	char started[32];

	value_set_count(o, "run", i + 1);
	value_set_text(o, "arm", experiment->arms[run->arm]->name);
	value_set_bool(o, "was_run", run->was_run);
	value_set_text(o, "status", run->was_run ? verdict_status_names[run->status] : NULL);
	value_set_text(o, "reason", run->reason);
	value_set_text(o, "dir", run->was_run ? run->dir : NULL);
	value_set_text(o, "started_at",
		run->started_wall_ns > 0 ? wall_text(run->started_wall_ns, started, sizeof(started)) : NULL);
	value_set_seconds(o, "duration_s", run->was_run ? run->duration_ns : -1);
	value_set_seconds(o, "before_s", run->before_ns);
	value_set_seconds(o, "ready_s", run->ready_ns);
	value_set_count(o, "scheduled", run->scheduled);
	value_set_count(o, "ok", run->ok);
	cJSON_AddItemToArray(runs, o);
}

static void
add_rule(cJSON *rules, enum rollback_rule rule, const struct rollback_finding *finding)
{
	cJSON *o = value_object();

	value_set_text(o, "rule", rollback_rows[rule].name);
	value_set_text(o, "status", rollback_status_names[finding->status]);
	value_set_number(o, "baseline", finding->baseline);
	value_set_number(o, "candidate", finding->candidate);
	value_set_number(o, "limit", finding->limit);
	value_set_text(o, "text", finding->text);
	cJSON_AddItemToArray(rules, o);
}

static void
add_told(cJSON *into, const struct canary_stage_record *stage)
{
	if (!stage->told.was_run) {
		value_set(into, "told", cJSON_CreateNull());
		return;
	}
	cJSON *o = value_add_object(into, "told");

	value_set_text(o, "event", stage->state == CANARY_ROLLED_BACK ? "rollback" : "promote");
	value_set_bool(o, "failed", stage->told.has_failed);
	value_set_seconds(o, "took_s", stage->told.took_ns);
	value_set_text(o, "text", stage->told.text);
}

static void
add_stage(cJSON *stages, const struct canary_stage_record *stage, size_t i)
{
	cJSON *o = value_object();

	value_set_count(o, "stage", i + 1);
	value_set_number(o, "share", stage->share);
	value_set_number(o, "next_share", stage->next_share);
	value_set_seconds(o, "hold_s", stage->hold_ns);
	value_set_seconds(o, "took_s", stage->took_ns);
	value_set_text(o, "status", canary_state_names[stage->state]);
	value_set_text(o, "reason", stage->reason);
	value_set_count(o, "checks", stage->checks);
	for (int side = 0; side < 2; side++) {
		cJSON *figures = value_add_object(o, side == 0 ? "baseline" : "candidate");

		value_set_number(figures, "error_rate", stage->errors[side]);
		value_set_number(figures, "p95_ns", stage->p95[side]);
	}
	cJSON *rules = value_add_array(o, "rules");

	for (int rule = 0; rule < ROLLBACK_RULES_N; rule++)
		add_rule(rules, (enum rollback_rule)rule, &stage->rules[rule]);
	add_told(o, stage);
	cJSON_AddItemToArray(stages, o);
}

static void
add_canary(cJSON *into, const struct canary_record *canary)
{
	cJSON *o = value_add_object(into, "canary");

	value_set_text(o, "status", canary_state_names[canary->state]);
	value_set_number(o, "share", canary->share);
	cJSON *stages = value_add_array(o, "stages");

	for (size_t i = 0; i < canary->stages_n; i++)
		add_stage(stages, &canary->stages[i], i);
}

static void
add_split(cJSON *into, const struct plan *plan)
{
	cJSON *o = value_add_object(into, "split");

	value_set_text(o, "key", plan->split.key_shown);
	value_set_number(o, "share", plan->split.share);
}

void
result_add_experiment(cJSON *result, const struct report *report)
{
	const struct experiment *experiment = report->experiment;

	if (experiment == NULL || experiment->plan == NULL)
		return;
	const struct plan_experiment *plan = experiment->plan;
	bool is_matrix = plan->kind == EXPERIMENT_MATRIX;
	cJSON *o = value_add_object(result, "experiment");

	value_set_text(o, "kind", is_matrix ? "matrix" : "arms");
	value_set_text(o, "order", experiment_order_names[plan->order]);
	value_set_count(o, "repeats", plan->repeats);
	if (plan->order == ORDER_TOGETHER)
		add_split(o, &plan->whole);
	value_set_text(o, "baseline", is_matrix ? NULL : experiment->arms[0]->name);
	if (is_matrix) {
		cJSON *cells = value_add_array(o, "cells");

		for (size_t i = 0; i < plan->arms_n; i++) {
			cJSON *cell = value_object();

			value_set_text(cell, "name", plan->arms[i].name);
			add_values(cell, plan, &plan->arms[i]);
			cJSON_AddItemToArray(cells, cell);
		}
	}
	if (experiment->canary != NULL)
		add_canary(o, experiment->canary);
	cJSON *runs = value_add_array(o, "runs");

	for (size_t i = 0; i < experiment->runs_n; i++)
		add_run(runs, experiment, i);
}
