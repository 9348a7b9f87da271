#include "measure/canary.h"

const struct rollback_row rollback_rows[ROLLBACK_RULES_N] = {
#define ROLLBACK(NAME, rule, what) [ROLLBACK_##NAME] = {.name = #rule, .sentence = what},
#include "measure/rollback.def"
#undef ROLLBACK
};

const char *const rollback_status_names[ROLLBACK_STATUS_COUNT] = {
	[ROLLBACK_OFF] = "off",
	[ROLLBACK_UNKNOWN] = "unknown",
	[ROLLBACK_FINE] = "fine",
	[ROLLBACK_HOLDS] = "holds",
};

const char *const canary_moment_names[CANARY_MOMENTS_N] = {"begins", "decided", "told"};

const char *const canary_state_names[CANARY_STATE_COUNT] = {
	[CANARY_NOT_BEGUN] = "not_begun",
	[CANARY_PROMOTED] = "promoted",
	[CANARY_ROLLED_BACK] = "rolled_back",
	[CANARY_HELD] = "held",
	[CANARY_INTERRUPTED] = "interrupted",
};

const char *const canary_state_words[CANARY_STATE_COUNT] = {
	[CANARY_NOT_BEGUN] = "not begun",
	[CANARY_PROMOTED] = "promoted",
	[CANARY_ROLLED_BACK] = "rolled back",
	[CANARY_HELD] = "held",
	[CANARY_INTERRUPTED] = "interrupted",
};
