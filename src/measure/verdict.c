#include "measure/verdict.h"

const char *const level_status_names[] = {
	[LEVEL_OK] = "OK",
	[LEVEL_ERR] = "ERR",
	[LEVEL_DEGR] = "DEGR",
	[LEVEL_BROKEN] = "BROKEN",
	[LEVEL_INVALID] = "INVALID",
	[LEVEL_CUT] = "CUT",
};

const char *const verdict_status_names[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
	[VERDICT_UNREACHABLE] = "unreachable",
	[VERDICT_INTERRUPTED] = "interrupted",
};

const char *const slo_status_names[] = {
	[SLO_PASS] = "pass",
	[SLO_STRETCH_MISSED] = "stretch",
	[SLO_FAIL] = "fail",
	[SLO_NA] = "na",
};

const char *const search_outcome_names[] = {"held", "broke", "void"};
const char *const search_end_names[] = {
	[SEARCH_END_NONE] = "none",
	[SEARCH_END_FOUND] = "found",
	[SEARCH_END_MAX] = "max",
	[SEARCH_END_MIN] = "min",
	[SEARCH_END_LIMIT] = "limit",
	[SEARCH_END_GENERATOR] = "generator",
	[SEARCH_END_GONE] = "gone",
	[SEARCH_END_UNSTEADY] = "unsteady",
};

const struct failure_mode_row failure_mode_rows[FAILURE_MODE_COUNT] = {
#define FAILURE_MODE(NAME, mode_name, text, next_step)                                                                 \
	[FAILURE_MODE_##NAME] = {                                                                                      \
		.name = #mode_name,                                                                                    \
		.sentence = text,                                                                                      \
		.advice = next_step,                                                                                   \
	},
#include "measure/failure_mode.def"
#undef FAILURE_MODE
};
