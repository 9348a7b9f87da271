#include "report/result.h"

/* The runs that are compared: arms, comparison and comparison_method say what came of it. */

static void
add_runs(cJSON *into, const struct against_side *side)
{
	cJSON *runs = value_add_array(into, "runs");

	for (size_t i = 0; i < side->runs_n; i++) {
		const struct against_run *run = &side->runs[i];
		cJSON *o = value_object();

		value_set_text(o, "dir", run->dir);
		value_set_text(o, "id", run->id);
		value_set_text(o, "started_at", run->started_at);
		value_set_text(o, "brunt", run->brunt);
		value_set_text(o, "target_version", run->version);
		value_set_text(o, "profile_hash", run->hash);
		value_set_text(o, "status", run->status);
		cJSON_AddItemToArray(runs, o);
	}
}

static void
add_side(cJSON *into, const char *key, const struct against_side *side)
{
	cJSON *o = value_add_object(into, key);

	value_set_text(o, "values", side->runs_n == 0 ? "by_hand" : side->is_median ? "median" : "all_runs");
	value_set_text(o, "file", side->path);
	add_runs(o, side);
}

void
result_add_against(cJSON *result, const struct report *report)
{
	const struct against *against = report->against;

	if (against == NULL)
		return;
	cJSON *o = value_add_object(result, "against");

	add_side(o, "baseline", &against->baseline);
	add_side(o, "current", &against->current);
	value_set_bool(o, "forced", against->is_forced);
	cJSON *notes = value_add_array(o, "notes");

	for (size_t i = 0; i < against->notes_n; i++)
		cJSON_AddItemToArray(notes, value_of_text(against->notes[i]));
}
