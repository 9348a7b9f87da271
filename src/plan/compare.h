#pragma once

#include "plan/experiment.h"
#include "plan/rows.h"

/* How two arms are held against one another: `compare`, and the goals under `slo` that are about two arms. */

/* profile->compare and the gates among plan.slos → plan.compare and plan.gates; names: the requests'. */
bool compare_compile(struct plan_context *context, struct profile *profile, const char *const *names, size_t names_n,
	struct error *err);

/* What a flag says of tolerances: "5%" of everything that has none of its own, or "ttft.p95=5%", which is gated then.
 */
bool compare_adjust(struct plan *plan, const char *text, const struct plan_metric *const *metrics, struct error *err);

/* Whether the arms are there that the plan's gates compare. */
bool compare_check(const struct plan_experiment *experiment, struct error *err);
