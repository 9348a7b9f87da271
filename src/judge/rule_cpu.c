#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/rule.h"

static bool
row_is_busy(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_CPU] > threshold; /* false for NAN */
}

/* Errors, an SLO missed, or less achieved than offered. Answers that only became slower are none: that is what a busy
 * server's queue looks like long before it breaks. */
static bool
is_symptom(const struct finding *finding)
{
	static const char *const symptoms[] = {"error_rate", "timeout_rate", "crash", "saturation", "slo", "threshold"};

	for (size_t i = 0; i < ARRAY_LEN(symptoms); i++)
		if (strcmp(finding->rule, symptoms[i]) == 0)
			return true;
	return false;
}

static const struct finding *
find_symptom(const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (is_symptom(&verdict->findings[i]))
			return &verdict->findings[i];
	return NULL;
}

static void
say_cpu(struct finding *finding, const struct gauge_set *target, const char *ending)
{
	double wait = gauge_avg(target, GAUGE_RUN_WAIT), throttled = gauge_avg(target, GAUGE_THROTTLED);
	char more[80] = "";

	/* Who is stopped by a quota waits too, but for that. */
	if (throttled > 0.01)
		snprintf(more, sizeof(more), ", stopped by its quota in %.0f%% of the periods", throttled * 100);
	else if (wait > 0.05)
		snprintf(more, sizeof(more), ", and waited for a CPU for %.0f%% of the time", wait * 100);
	rule_say(finding,
		"CPU %.0f%% of what it may use (> %.0f%%; %.2f cores of %.2f, busiest thread %.0f%% of one)%s: %s",
		finding->measured * 100, finding->threshold * 100, gauge_avg(target, GAUGE_CPU_CORES),
		gauge_last(target, GAUGE_CPU_ALLOWED), gauge_avg(target, GAUGE_CPU_THREAD) * 100, more, ending);
}

static void
cpu_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct gauge_set *target = &context->level->target;
	double threshold = context->plan->break_when.cpu, average = gauge_avg(target, GAUGE_CPU);
	double idle = gauge_avg(&context->summary->target_idle, GAUGE_CPU);
	bool is_average = average > threshold;

	if (!is_average && !rule_is_sustained(context, row_is_busy, threshold))
		return;
	const struct finding *symptom = find_symptom(verdict);
	struct finding finding = {.rule = "cpu",
		.weight = LEVEL_OK,
		/* A CPU that was used up when the level began was so before. */
		.onset_ns = rule_stretch_onset_ns(context, row_is_busy, threshold),
		.measured = is_average ? average : gauge_peak(target, GAUGE_CPU),
		.threshold = threshold};

	if (idle > threshold)
		say_cpu(rule_add(verdict, &finding), target, "it is as busy without any load, so this says nothing");
	else if (symptom == NULL)
		say_cpu(rule_add(verdict, &finding), target, "it answers well all the same");
	else {
		char ending[64];

		snprintf(ending, sizeof(ending), "beside %s", symptom->rule);
		finding.mode = FAILURE_MODE_RESOURCE_EXHAUSTION;
		finding.weight = LEVEL_BROKEN;
		say_cpu(rule_add(verdict, &finding), target, ending);
	}
}

const struct rule cpu_rule = {
	.name = "cpu",
	.help = "the target uses up the CPU that it may use; a cause only beside a symptom",
	.look = cpu_look,
};
