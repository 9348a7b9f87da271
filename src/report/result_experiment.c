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
	cJSON *runs = value_add_array(o, "runs");

	for (size_t i = 0; i < experiment->runs_n; i++)
		add_run(runs, experiment, i);
}
