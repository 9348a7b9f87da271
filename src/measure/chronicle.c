#include "measure/chronicle.h"

#include <stdio.h>

#include "base/units.h"

const char *const action_state_names[ACTION_STATE_COUNT] = {
	[ACTION_WAITING] = "not_reached",
	[ACTION_RUNNING] = "running",
	[ACTION_DONE] = "done",
	[ACTION_FAILED] = "failed",
	[ACTION_CUT] = "cut",
};

const char *const recovery_names[RECOVERY_COUNT] = {
	[RECOVERY_UNKNOWN] = "unknown",
	[RECOVERY_NOT_NEEDED] = "not_needed",
	[RECOVERY_DONE] = "recovered",
	[RECOVERY_NOT_SEEN] = "did_not_recover",
};

const char *
action_outcome_text(const struct action_record *record, char *into, size_t size)
{
	bool has_ended = record->state == ACTION_DONE || record->state == ACTION_FAILED;
	char took[32];

	if (has_ended && record->action->kind != ACTION_SIGNAL &&
		!(record->action->kind == ACTION_CAP && record->state == ACTION_FAILED))
		snprintf(into, size, "%s %s %s", action_state_names[record->state],
			record->state == ACTION_DONE ? "in" : "after",
			units_time_text(record->ended_ns - record->started_ns, took, sizeof(took)));
	else
		snprintf(into, size, "%s", action_state_names[record->state]);
	return into;
}

const char *
probe_change_text(const struct probe_change *change, char *into, size_t size)
{
	if (change->failure != FAILURE_COUNT)
		snprintf(into, size, "%s", failure_rows[change->failure].counter);
	else
		snprintf(into, size, "%u", (unsigned)change->status);
	return into;
}
