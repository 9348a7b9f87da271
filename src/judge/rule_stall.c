#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "judge/rule.h"

/* A quota that is used up in a quarter of its periods: kubernetes-mixin's CPUThrottlingHigh. */
#define THROTTLED_SHARE 0.25
/* The kernel gives no threshold of its own for pressure: a fifth of the time is more than hiccups. */
#define PRESSURE_SHARE 0.2
/* What is commonly watched for as a noisy neighbour (awesome-prometheus-alerts, HostCpuStealNoisyNeighbor). */
#define STOLEN_SHARE 0.1

static bool
row_is_throttled(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_THROTTLED] > threshold; /* false for NAN, here and below */
}

static bool
row_lacks_memory(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_MEMORY_PRESSURE] > threshold;
}

static bool
row_lacks_disk(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_IO_PRESSURE] > threshold;
}

static bool
row_is_stolen_from(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_STOLEN] > threshold;
}

/* What makes a target wait without its CPU being busy. */
static const struct stall {
	const char *rule;
	enum failure_mode mode; /* beside slow answers */
	enum gauge gauge;
	double threshold;
	bool (*holds)(const struct series_row *row, double threshold);
	const char *what, *of;
} stalls[] = {
	{"throttled", FAILURE_MODE_RESOURCE_EXHAUSTION, GAUGE_THROTTLED, THROTTLED_SHARE, row_is_throttled,
		"its CPU quota was used up, and it stood still, in", "the periods"},
	{"memory_pressure", FAILURE_MODE_RESOURCE_EXHAUSTION, GAUGE_MEMORY_PRESSURE, PRESSURE_SHARE, row_lacks_memory,
		"some of its tasks stood still for memory for", "the time"},
	{"io_pressure", FAILURE_MODE_RESOURCE_EXHAUSTION, GAUGE_IO_PRESSURE, PRESSURE_SHARE, row_lacks_disk,
		"some of its tasks stood still for a disk for", "the time"},
	/* No failure of the target's, nor of ours: told, so that nobody looks for it there. */
	{"stolen", FAILURE_MODE_NONE, GAUGE_STOLEN, STOLEN_SHARE, row_is_stolen_from,
		"the host of its virtual machine took a CPU away for", "the time"},
};

static bool
missed_a_time(const struct rule_context *context)
{
	for (size_t i = 0; i < context->plan->slos_n; i++) {
		const struct expr *expr = &context->plan->slos[i].expr;

		if (expr->metric->is_of_the_run || expr->metric->unit != UNIT_TIME)
			continue;
		double value = judge_value(expr, context->summary, context->level);

		if (!isnan(value) && !expr_holds(expr, value))
			return true;
	}
	return false;
}

/* Who is made to wait answers late, or not in time. Answers that are wrong at once have another cause. */
static const char *
find_slowness(const struct rule_context *context, const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++) {
		enum failure_mode mode = verdict->findings[i].mode;

		if (mode == FAILURE_MODE_TIMEOUT || mode == FAILURE_MODE_SATURATION ||
			mode == FAILURE_MODE_LATENCY_DEGRADATION)
			return verdict->findings[i].rule;
	}
	return missed_a_time(context) ? "slo" : NULL;
}

static void
look_at_stall(const struct rule_context *context, struct level_verdict *verdict, const struct stall *stall,
	const char *slowness)
{
	const struct gauge_set *target = &context->level->target;
	double average = gauge_avg(target, stall->gauge), threshold = stall->threshold;
	double idle = gauge_avg(&context->summary->target_idle, stall->gauge);
	bool is_average = average > threshold, is_cause = slowness != NULL && !(idle > threshold);
	char ending[64];

	if (!is_average && !rule_is_sustained(context, stall->holds, threshold))
		return;
	struct finding finding = {.rule = stall->rule,
		.mode = is_cause ? stall->mode : FAILURE_MODE_NONE,
		.weight = LEVEL_OK,
		.onset_ns = rule_stretch_onset_ns(context, stall->holds, threshold),
		.measured = is_average ? average : gauge_peak(target, stall->gauge),
		.threshold = threshold};

	snprintf(ending, sizeof(ending), "beside %s", slowness != NULL ? slowness : "");
	rule_say(rule_add(verdict, &finding), "%s %.0f%% of %s (> %.0f%%%s): %s", stall->what, finding.measured * 100,
		stall->of, threshold * 100, is_average ? "" : ", for a while",
		is_cause           ? ending
		: slowness != NULL ? "without any load too, so this says nothing"
				   : "it answers in time all the same");
}

static void
stall_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const char *slowness = find_slowness(context, verdict);

	for (size_t i = 0; i < ARRAY_LEN(stalls); i++)
		look_at_stall(context, verdict, &stalls[i], slowness);
}

const struct rule stall_rule = {
	.name = "stall",
	.help = "the target stood still for its CPU quota, for memory, for a disk or for its host; a cause only beside slow answers",
	.look = stall_look,
};
