#include "measure/chronicle.h"

#include <stdio.h>

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
probe_change_text(const struct probe_change *change, char *into, size_t size)
{
	if (change->failure != FAILURE_COUNT)
		snprintf(into, size, "%s", failure_rows[change->failure].counter);
	else
		snprintf(into, size, "%u", (unsigned)change->status);
	return into;
}
