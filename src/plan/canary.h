#pragma once

#include "plan/course.h"

/* `canary`: a split whose percentage rises by stages, each of which is held for a while and passed only by a candidate
 * that does as well as the baseline. Everything lives in the experiment's arena. */

#define CANARY_STAGES_CEILING ((size_t)20)

struct plan_canary_stage {
	double share;    /* of the keys, the candidate's */
	int64_t hold_ns; /* how long its load lasts */
};

/* When the candidate is taken back at once: NAN, where a rule is off. */
struct plan_rollback {
	double errors; /* times the baseline's error rate */
	double p95;    /* times the baseline's P95 */
	double memory_growth_per_h;
	double crash_rate;
};

/* What is done about a promotion or a rollback: a command, a request, both or nothing. */
struct plan_announce {
	struct plan_shell command;
	int64_t within_ns;
	struct plan_fetch fetch; /* body NULL: brunt's own */
};

struct plan_canary {
	const struct plan_canary_stage *stages; /* each with a higher share; the promotion after the last is to all */
	size_t stages_n;
	struct plan_rollback rollback_when;
	int64_t check_ns; /* how often that is looked at */
	struct plan_announce promote, rollback;
	bool rolls_back_regressions; /* else what is not promoted stays where it is */
};

/* What a stage is promoted to. */
static inline double
canary_next_share(const struct plan_canary *canary, size_t stage)
{
	return stage + 1 < canary->stages_n ? canary->stages[stage + 1].share : 1;
}

/* Of the whole: sets experiment->canary, and as many rounds as there are stages. */
struct plan_experiment;
bool canary_compile(
	struct plan_context *context, struct plan_node *root, struct plan_experiment *experiment, struct error *err);

/* The tree of one arm becomes that of the first stage; its canary is the whole's matter. Nothing where there is none.
 */
bool canary_put_first(struct plan_context *context, struct plan_node *root, struct error *err);
