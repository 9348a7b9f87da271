#pragma once

#include "judge/judge.h"
#include "judge/rule.h"
#include "judge/search_log.h"
#include "measure/curve.h"

/* What the judge keeps of a level once its histograms are gone. */
struct level_record {
	struct level_verdict verdict;
	double offered, achieved_per_s, error_rate;
	struct rule_errors errors;
	int64_t start_ns, end_ns;
	double *slo_values; /* plan->slos_n; NAN: n/a */
	struct curve_point point;
};

/* The pieces of a verdict: each is a pure function of the records. */
struct judge_view {
	const struct plan *plan;
	const struct summary *summary;
	const struct run_facts *facts;
	struct level_record *const *records; /* in the order judged, so by index */
	size_t records_n;
	bool is_stepped;
	const struct search_log *search; /* NULL: the load is none */
};

/* Loads with levels to break at; every other one is judged as a whole. */
bool plan_is_stepped(const struct plan *plan);
bool plan_is_search(const struct plan *plan); /* of its first scenario's load, which a search must be alone */

/* In one level, a consequence never leads its cause: refusals follow a crash, a crash follows the kill. */
void causes_order_level(
	struct level_verdict *verdict, const struct level_summary *level, const struct plan *plan, int64_t row_ns);
/* Fills failure_mode, causes, evidence and onset from the verdict's BROKEN levels; where none is, from the one
 * that a search took for the break, or the first that missed an SLO. breaking_point_find comes before. */
void causes_find(struct verdict *verdict, int64_t row_ns);
bool causes_are_of_a_break(const struct verdict *verdict); /* a level is BROKEN */

/* Of both levels' records; sustained NULL: no level held. */
void confidence_find(struct break_confidence *confidence, const struct plan *plan, const struct level_record *broken,
	const struct level_record *sustained);
void breaking_point_find(struct breaking_point *point, const struct judge_view *view);

/* Fills all of it; no spikes where the load is none of that shape or ended before the first. */
void spike_find(struct spike_verdict *spike, const struct judge_view *view);

/* Fills verdict->slos; true: every one that gates and has a value passed. gated: how many had one. */
bool slo_judge(struct verdict *verdict, const struct judge_view *view, size_t *gated);

/* How they stand while the run lasts, plan->slos_n of them: over the measured phase so far, or, in a stepped load, in
 * the level that goes on; n/a what only the whole run has, and between levels. */
void slo_stand(const struct plan *plan, bool is_stepped, const struct summary *summary, struct slo_verdict *slos);

/* A sentence for every figure that cannot be true. */
void plausibility_check(struct verdict *verdict, const struct judge_view *view);

void verdict_add_reason(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What ended it before its time, or lost its result: as reasons, and then as the status and exit code, which outweigh
 * what the figures said. */
void verdict_say_ending(struct verdict *verdict, const struct run_facts *facts);
void verdict_set_ending(struct verdict *verdict, const struct run_facts *facts);
/* Status, exit code and reasons, from everything else that the verdict holds. */
void verdict_conclude(struct verdict *verdict, const struct judge_view *view);
