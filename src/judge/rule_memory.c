#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "judge/rule.h"

/* Memory used at the moment of death, as a share of the limit, that makes an exit an out-of-memory one. */
#define MEMORY_AT_EXIT_SHARE 0.9

static bool
row_is_full(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_MEMORY] > threshold * row->target[GAUGE_MEMORY_LIMIT]; /* false for NAN */
}

static bool
row_has_kills(const struct series_row *row, double before)
{
	return row->target[GAUGE_OOM_KILLS] > before;
}

static const struct finding *
find_exit(const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].mode == FAILURE_MODE_CRASH)
			return &verdict->findings[i];
	return NULL;
}

/* Of the level; one in which it died before it was looked at has nothing of its own. */
static double
last_seen(const struct rule_context *context, enum gauge gauge)
{
	double of_level = gauge_last(&context->level->target, gauge);

	return isnan(of_level) ? gauge_last(&context->summary->target, gauge) : of_level;
}

/* The counter stands still in a healthy run, so that any rise since the level before is this level's. A cgroup that is
 * gone with its process reads NAN, which never rises. */
static bool
look_at_kills(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct gauge_stats *kills = &context->summary->target.gauges[GAUGE_OOM_KILLS];
	double before = context->oom_kills_before;

	if (kills->n == 0 || !(kills->last > before))
		return false;
	struct finding finding = {.rule = "memory",
		.mode = FAILURE_MODE_OUT_OF_MEMORY,
		.weight = LEVEL_BROKEN,
		.onset_ns = rule_onset_ns(context, row_has_kills, before),
		.measured = kills->last - before};
	double memory = last_seen(context, GAUGE_MEMORY), limit = last_seen(context, GAUGE_MEMORY_LIMIT);
	char held[96] = "", memory_text[32], limit_text[32];

	if (memory >= 0 && isfinite(limit))
		snprintf(held, sizeof(held), "; it held %s, %.0f%% of its limit of %s, when it was last looked at",
			units_bytes_text((uint64_t)memory, memory_text, sizeof(memory_text)), memory / limit * 100,
			units_bytes_text((uint64_t)limit, limit_text, sizeof(limit_text)));
	rule_say(rule_add(verdict, &finding), "the kernel killed for memory %.0f time%s in the target's cgroup%s",
		finding.measured, finding.measured == 1 ? "" : "s", held);
	return true;
}

/* It was full when it ended, and not only later, as another that took its place. */
static bool
has_died_full(const struct rule_context *context, const struct finding *death, double share)
{
	int64_t full_ns = rule_onset_ns(context, row_is_full, MEMORY_AT_EXIT_SHARE);

	return death != NULL && share > MEMORY_AT_EXIT_SHARE &&
	       full_ns <= death->onset_ns + context->summary->series.step_ns;
}

static void
memory_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct gauge_set *target = &context->level->target;
	double limit = last_seen(context, GAUGE_MEMORY_LIMIT), threshold = context->plan->break_when.memory;
	double peak = gauge_peak(target, GAUGE_MEMORY), last = last_seen(context, GAUGE_MEMORY);
	const struct finding *death = find_exit(verdict);
	bool died_full = has_died_full(context, death, last / limit);
	char memory_text[32], limit_text[32];

	if (look_at_kills(context, verdict) || (!(peak > threshold * limit) && !died_full))
		return;
	double memory = died_full ? last : peak;

	if (died_full)
		threshold = MEMORY_AT_EXIT_SHARE;
	struct finding finding = {.rule = "memory",
		.mode = FAILURE_MODE_OUT_OF_MEMORY,
		.weight = LEVEL_BROKEN,
		.onset_ns = rule_onset_ns(context, row_is_full, threshold),
		.measured = memory / limit,
		.threshold = threshold};

	if (finding.onset_ns < 0 && died_full) /* it was full before this level began */
		finding.onset_ns = death->onset_ns;
	rule_say(rule_add(verdict, &finding), "%s, %.0f%% of its limit of %s (> %.0f%%)%s",
		units_bytes_text((uint64_t)memory, memory_text, sizeof(memory_text)), memory / limit * 100,
		units_bytes_text((uint64_t)limit, limit_text, sizeof(limit_text)), threshold * 100,
		died_full ? ", was the last that was seen of its memory before it ended" : " of memory");
}

const struct rule memory_rule = {
	.name = "memory",
	.help = "the target's memory reached its limit, or the kernel killed for memory",
	.look = memory_look,
};
