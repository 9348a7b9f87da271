#include "report/result.h"

/* What was done around the load and beside it. Nothing where the profile asked for nothing. */

static void
add_hook(cJSON *lifecycle, const char *key, const struct hook_record *record)
{
	if (!record->was_run) {
		value_set(lifecycle, key, cJSON_CreateNull());
		return;
	}
	cJSON *o = value_add_object(lifecycle, key);

	value_set_seconds(o, "took_s", record->took_ns);
	value_set_bool(o, "failed", record->has_failed);
	value_set_text(o, "text", record->text);
}

static void
add_lifecycle(cJSON *result, const struct chronicle *chronicle)
{
	bool was_waited = chronicle->ready_after_ns >= 0 || chronicle->ready_polls > 0;

	if (!chronicle->before.was_run && !chronicle->beside.was_run && !chronicle->after.was_run && !was_waited)
		return;
	cJSON *lifecycle = value_add_object(result, "lifecycle");

	add_hook(lifecycle, "before", &chronicle->before);
	if (was_waited) {
		cJSON *ready = value_add_object(lifecycle, "ready");

		value_set_seconds(ready, "after_s", chronicle->ready_after_ns);
		value_set_count(ready, "polls", chronicle->ready_polls);
	} else
		value_set(lifecycle, "ready", cJSON_CreateNull());
	add_hook(lifecycle, "beside", &chronicle->beside);
	add_hook(lifecycle, "after", &chronicle->after);
}

static void
add_action(cJSON *actions, const struct action_record *record)
{
	static const char *const kinds[] = {
		[ACTION_RUN] = "run", [ACTION_SIGNAL] = "signal", [ACTION_FETCH] = "request", [ACTION_CAP] = "cap"};
	cJSON *o = value_object();

	value_set_text(o, "name", record->action->name);
	value_set_text(o, "kind", kinds[record->action->kind]);
	value_set_seconds(o, "at_s", record->action->at_ns);
	value_set_seconds(o, "started_s", record->started_ns);
	value_set_seconds(o, "ended_s", record->ended_ns);
	value_set_text(o, "state", action_state_names[record->state]);
	value_set_text(o, "text", record->text);
	value_set_text(o, "recovery", recovery_names[record->recovery]);
	value_set_seconds(o, "recovered_after_s", record->recovered_after_ns);
	cJSON_AddItemToArray(actions, o);
}

static void
add_probe(cJSON *probes, const struct probe_record *record)
{
	cJSON *o = value_object();

	value_set_text(o, "name", record->probe->name);
	value_set_count(o, "polls", record->polls);
	value_set_count(o, "changes_n", record->changes_n > 0 ? record->changes_n - 1 : 0);
	cJSON *said = value_add_array(o, "said");

	for (size_t i = 0; i < record->changes_n && i < PROBE_CHANGES_MAX; i++) {
		cJSON *change = value_object();
		char text[64];

		value_set_seconds(change, "at_s", record->changes[i].at_ns);
		value_set_text(change, "said", probe_change_text(&record->changes[i], text, sizeof(text)));
		cJSON_AddItemToArray(said, change);
	}
	if (record->words[0] != '\0')
		value_set_text(o, "words", record->words);
	cJSON_AddItemToArray(probes, o);
}

void
result_add_course(cJSON *result, const struct report *report)
{
	const struct chronicle *chronicle = report->chronicle;

	if (chronicle == NULL)
		return;
	add_lifecycle(result, chronicle);
	if (chronicle->actions_n > 0) {
		cJSON *actions = value_add_array(result, "actions");

		for (size_t i = 0; i < chronicle->actions_n; i++)
			add_action(actions, &chronicle->actions[i]);
	}
	if (chronicle->probes_n > 0) {
		cJSON *probes = value_add_array(result, "probes");

		for (size_t i = 0; i < chronicle->probes_n; i++)
			add_probe(probes, &chronicle->probes[i]);
	}
}
