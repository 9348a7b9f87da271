#pragma once

#include "base/units.h"
#include "measure/canary.h"
#include "measure/summary.h"
#include "plan/canary.h"

/* Whether a canary's candidate is to be taken back, by what both sides have measured so far. A rule holds where the
 * figure is beyond its limit, and not by chance: as much, or more, would come in one of 1 / ROLLBACK_CHANCE cases if
 * the candidate were just within the limit. That is strict, as the rules are looked at many times.
 *
 * errors, crash_rate: requests are taken to be independent of one another. p95: that too, and beyond it the candidate
 * must have been slow in most of the time: of the windows of its run (measure/blocks.h), more than chance allows where
 * half of them were; a pause of one side's machine is no reason. memory_growth: as `memory.growth` has it
 * (judge/sustained.h), once an hour was measured, or half of the hold where that is less: whatever begins takes memory
 * first. */
#define ROLLBACK_CHANCE 0.001
#define ROLLBACK_MEMORY_AFTER_NS (3600 * NS_PER_S)

struct rollback_sides {
	const char *baseline_name, *candidate_name;
	const struct plan *plan; /* either's: its load */
	int64_t hold_ns;
	const struct summary *baseline, *candidate; /* NULL: nothing is known of it yet */
};

/* into: ROLLBACK_RULES_N of them. True: one of them holds. */
bool rollback_judge(
	const struct plan_rollback *rules, const struct rollback_sides *sides, struct rollback_finding *into);

/* Of k events in n trials, where each had a probability of p: the chance of as many or more. */
double rollback_tail(uint64_t k, uint64_t n, double p);
