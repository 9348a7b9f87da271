#pragma once

#include "measure/comparison.h"
#include "plan/by_hand.h"

/* Two arms → what differs, by how much, and whether that is more than noise. Pure, and seeded: the same arms and the
 * same plan give the same intervals. Takes up to a second: for the thread pool, or after the load.
 *
 *   struct arm *a = arm_new("off", plan_a), *b = arm_new("on", plan_b);
 *   … for every run: blocks_new, blocks_add_interval for each interval, arm_add_run …
 *   struct comparison *c = compare_arms(a, b, plan);
 *   struct gate_verdict *gates = compare_gates(plan, &c, 1);
 *   compare_conclude(verdict, &(struct experiment){…});
 */

/* plan: the profile's own, whose `compare` says tolerances and gates; its `slo` what else is to be compared. Both arms
 * and the plan must outlive the comparison. */
struct comparison *compare_arms(const struct arm *baseline, const struct arm *current, const struct plan *plan);

/* The same against values without samples: no intervals, and nothing beyond the noise; the tolerance decides. baseline:
 * an arm without runs, for its name. Figures that the values do not name are left out. */
struct comparison *compare_by_hand(
	const struct arm *baseline, const struct arm *current, const struct by_hand *by_hand, const struct plan *plan);
void compare_free(struct comparison *comparison);

/* The plan's improvement(…) and speedup(…) goals, plan->gates_n of them; malloc'ed, the caller's to free. */
struct gate_verdict *compare_gates(
	const struct plan *plan, const struct comparison *const *comparisons, size_t comparisons_n);

/* Adds what the comparisons and the gates say to a verdict that was PASS, FAIL or INCONCLUSIVE of itself: a regression
 * or a goal missed makes it FAIL (exit 1); where rows or goals were wanted and none could be gated it is INCONCLUSIVE
 * (exit 3); else it stays. The reasons name each. */
void compare_conclude(struct verdict *verdict, const struct experiment *experiment);

/* A plain expression over all runs of an arm, as judge_value is over one run: NAN n/a, INFINITY above the timeout. Of
 * what only a run has (max_sustainable_rate), the mean over the runs. */
double compare_value(const struct expr *expr, const struct arm *arm);
