#pragma once

#include "judge/search.h"
#include "measure/chronicle.h"
#include "measure/summary.h"
#include "measure/verdict.h"

/* Summary → verdict. Pure: no clock, no I/O; the same summary gives the same verdict. */

#define RUN_REMARKS_MAX 8

/* Facts that no histogram holds. Filled by the engine. */
struct run_facts {
	bool was_interrupted; /* by a signal: exit 128 + signal */
	int signal;
	bool was_unreachable; /* refused or not connected from the first request on, and never answered */
	char unreachable_text[FINDING_TEXT_MAX];
	bool abort_when_held; /* and which */
	const struct expr *abort_expr;
	bool target_started; /* brunt started it itself … */
	bool target_exited;  /* … and it ended during the run */
	int target_exit_code, target_signal;
	int64_t target_exited_ns;
	bool result_lost; /* results could not be written: exit 5 */
	bool internal_error;
	bool fleet_is_short; /* other machines were to share the load and did not: exit 3, nothing was sent */
	char error_text[160];
	bool did_not_recover;   /* in flight and latency never came back after a broken level */
	uint32_t workers;       /* processes that share the load; 0 or 1: it was one */
	uint32_t workers_named; /* of those lost, how many the text names; 0: one */
	uint32_t workers_lost;  /* that went missing, and what became of the first of them, when: exit 3 */
	int64_t worker_lost_ns;
	char worker_lost_text[160];
	/* What else there is to say of them, a sentence each; is_doubtful: so that nothing can be concluded, exit 3. */
	char remarks[RUN_REMARKS_MAX][FINDING_TEXT_MAX];
	size_t remarks_n;
	bool is_doubtful;
	bool paced_relaxed; /* pacing: relaxed, or auto that chose it */
	int64_t ready_ns;   /* how long the target took to be ready; 0: nobody waited */
	bool is_part;       /* one of an experiment's runs: SLOs are judged over all runs of its arm */
	/* One of several shards that nobody leads: the target is judged by all of them together, and this one says no
	 * more than whether it sent its own share as it should. */
	bool is_shard;
	/* What was to be done beside the load and could not be, so that what was to be tested was not: exit 3. */
	uint32_t actions_failed;
	char action_text[FINDING_TEXT_MAX]; /* the first of them, and why */
	/* `after` failed, or `beside` did: exit 1. */
	bool hook_failed;
	char hook_text[FINDING_TEXT_MAX];
};

struct judge;

struct judge *judge_new(const struct plan *plan);
void judge_free(struct judge *judge);

/* A closed level, its histograms still live. The verdict stays the judge's. Called once per level, in order. */
const struct level_verdict *judge_level(struct judge *judge, const struct summary *summary,
	const struct level_summary *level, const struct run_facts *facts);

enum judge_advice { JUDGE_GO_ON, JUDGE_STOP, JUDGE_REPEAT };

/* What the load should do next, by plan->stop: STOP after the first broken level (or N more), REPEAT the level once
 * where it was INVALID. */
enum judge_advice judge_next(const struct judge *judge);

/* Where the load is a search: the level to try next, with so much left of its limit, and the answer as far as it came.
 * They follow from the levels judged so far. */
bool judge_is_search(const struct judge *judge);
/* What the level judged last came to; a level may have broken that no rule of break_when calls BROKEN: an SLO was
 * missed, or less achieved than offered. NULL: none was judged yet. */
const struct search_trial *judge_search_trial(const struct judge *judge);
struct search_step judge_search_step(const struct judge *judge, int64_t left_ns);
struct search_answer judge_search_answer(const struct judge *judge);

/* Looks whether all held over the last interval. Where a plan has timed actions, for judge_recovery; where the load is
 * a search, it is a window of the level, which is then judged by its windows. Every interval, in order, before the
 * level is judged that it may be of. The alerts of the plan are looked at too. */
void judge_interval(struct judge *judge, const struct summary *summary);

/* When all held again after each action, as far as the intervals tell. */
void judge_recovery(const struct judge *judge, struct chronicle *chronicle);

/* The first abort_when expression that holds over the last interval; NULL: none. */
const struct expr *judge_abort(const struct judge *judge, const struct summary *summary);

/* How the objectives stand as of the last interval, plan->slos_n of them: over the measured phase so far, or, where
 * levels are held to them one by one, in the one that goes on. */
void judge_stand(const struct judge *judge, const struct summary *summary, struct slo_verdict *slos);

/* The whole run; judge's memory. */
const struct verdict *judge_run(struct judge *judge, const struct summary *summary, const struct run_facts *facts);

/* The metrics that expressions may name: from metric.def, gauge.def and judge's own table. Ended by NULL. */
extern const struct plan_metric *const judge_metrics[];

/* The value of an expression over the measured phases, or one level; NAN: n/a, INFINITY: above the timeout. */
double judge_value(const struct expr *expr, const struct summary *summary, const struct level_summary *level);
