#pragma once

#include "plan/plan.h"

/* A run that is compared with an earlier one: the baseline is read before anything is sent, so that what cannot be
 * compared is known then, and the run's verdict takes in what the comparison says. */
struct regression;
struct summary;
struct verdict;
struct against;
struct run_identity;

/* baseline: what --baseline names; NULL: what the plan does. store_dir: --baselines, or NULL. NULL with err set: it
 * cannot be read, or is not alike. The plan must outlive it. */
struct regression *regression_new(const struct plan *plan, const char *baseline, const char *store_dir,
	const struct plan_tables *tables, struct error *err);
void regression_free(struct regression *regression);

/* The run is over: its verdict with what the comparison adds, in regression's memory. A run that was ended before its
 * time, or measured nothing, is not compared, and its verdict says so. The first time it takes the summary's blocks. */
const struct verdict *regression_judge(struct regression *regression, struct summary *summary,
	const struct run_identity *identity, const char *results_dir, const struct verdict *verdict);

/* What was compared, for the report; NULL: nothing. */
const struct against *regression_against(const struct regression *regression);
