#include "measure/arm.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

struct arm *
arm_new(const char *name, const struct plan *plan)
{
	struct arm *arm = must_alloc(sizeof(*arm));

	arm->name = name;
	arm->plan = plan;
	arm->runs = must_calloc(ARM_RUNS_MAX, sizeof(*arm->runs));
	cell_init(&arm->measured, false);
	arm->requests = must_calloc(plan->requests_n + 1, sizeof(*arm->requests));
	for (size_t i = 0; i < plan->requests_n; i++)
		cell_init(&arm->requests[i], true);
	gauge_set_init(&arm->target);
	scraped_set_init(&arm->scraped);
	return arm;
}

void
arm_free(struct arm *arm)
{
	if (arm == NULL)
		return;
	for (size_t i = 0; i < arm->runs_n; i++)
		blocks_free(arm->runs[i].blocks);
	free(arm->runs);
	cell_fini(&arm->measured);
	for (size_t i = 0; i < arm->plan->requests_n; i++)
		cell_fini(&arm->requests[i]);
	free(arm->requests);
	free(arm);
}

void
arm_add_run(struct arm *arm, const struct summary *summary, struct blocks *blocks, const struct verdict *verdict,
	int64_t ready_ns)
{
	CHECK_OP(arm->runs_n, <, ARM_RUNS_MAX);
	CHECK_OP(blocks->requests_n, ==, arm->plan->requests_n);
	blocks_trim(blocks, summary->measured_s);
	arm->runs[arm->runs_n++] = (struct arm_run){
		.blocks = blocks,
		.max_sustainable = verdict != NULL ? verdict->breaking_point.max_sustainable : NAN,
		.max_goodput_per_s = verdict != NULL ? verdict->breaking_point.max_goodput_per_s : NAN,
		.breaks_between = {NAN, NAN},
		.ready_ns = ready_ns,
	};
	if (verdict != NULL) {
		memcpy(arm->runs[arm->runs_n - 1].breaks_between, verdict->breaking_point.interval,
			sizeof(verdict->breaking_point.interval));
		arm->runs[arm->runs_n - 1].sustained = verdict->sustained;
		arm->runs[arm->runs_n - 1].memory = verdict->curve.memory;
	}
	counts_merge(&arm->totals, &summary->everything.counts);
	cell_merge(&arm->measured, &summary->measured);
	for (size_t i = 0; i < arm->plan->requests_n; i++)
		cell_merge(&arm->requests[i], &summary->requests[i]);
	gauge_set_merge(&arm->target, &summary->target);
	scraped_set_merge(&arm->scraped, &summary->scraped);
	arm->measured_s += summary->measured_s;
	if (isfinite(summary->in_flight_avg))
		arm->in_flight_s += summary->in_flight_avg * summary->measured_s;
	if (summary->in_flight_peak > arm->in_flight_peak)
		arm->in_flight_peak = summary->in_flight_peak;
}

double
arm_achieved_per_s(const struct arm *arm)
{
	return arm->measured_s > 0 ? (double)arm->measured.counts.ok_in_window / arm->measured_s : NAN;
}
