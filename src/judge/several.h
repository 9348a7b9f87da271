#pragma once

#include "judge/judge.h"
#include "measure/comparison.h"

/* The verdict over several runs: what they say of themselves, the SLOs over all runs of each arm, what compare_conclude
 * adds, and how it ended. Of arms the baseline is what the others are held against: that it breaks or misses an SLO is
 * no failure of theirs. facts: of the whole. slos: plan->slos_n of them, filled with the worst of any arm; they become
 * the verdict's. */
void several_judge(struct verdict *verdict, const struct experiment *experiment, const struct plan *plan,
	const struct run_facts *facts, struct slo_verdict *slos);
