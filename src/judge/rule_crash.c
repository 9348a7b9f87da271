#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "judge/refusals.h"

static bool
row_is_gone(const struct series_row *row, double threshold)
{
	return row->target[GAUGE_PROCESSES] <= threshold; /* false for NAN */
}

static bool
answered_before(const struct summary *summary)
{
	const struct counts *all = &summary->everything.counts;

	return all->ok > 0 || all->by_failure[FAILURE_STATUS] > 0;
}

/* Seen in the level's window, or since it closed. */
static bool
was_seen_gone(const struct rule_context *context)
{
	const struct gauge_stats *processes = &context->level->target.gauges[GAUGE_PROCESSES];
	const struct reading *now = &context->summary->now.target;

	return (processes->n > 0 && processes->min == 0) || (now->at_ns >= 0 && now->values[GAUGE_PROCESSES] == 0);
}

static void
say_exit(struct finding *finding, const struct run_facts *facts)
{
	if (facts->target_signal != 0)
		rule_say(finding, "the target's process was ended by signal %d (%s)", facts->target_signal,
			strsignal(facts->target_signal));
	else
		rule_say(finding, "the target's process ended by itself with exit status %d", facts->target_exit_code);
}

static void
crash_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct run_facts *facts = context->facts;
	struct refusals refusals = refusals_of(context, -1);
	bool is_death = refusals.death_onset_ns >= 0 || !refusals.is_answering_beside;
	struct finding finding = {.rule = "crash", .mode = FAILURE_MODE_CRASH, .weight = LEVEL_BROKEN};

	if (!context->plan->break_when.crash)
		return;
	if (facts->target_started && facts->target_exited) {
		finding.onset_ns = facts->target_exited_ns;
		say_exit(rule_add(verdict, &finding), facts);
	} else if (was_seen_gone(context)) {
		finding.onset_ns = rule_onset_ns(context, row_is_gone, 0);
		rule_say(rule_add(verdict, &finding), "the target's process is gone%s",
			context->summary->now.target.values[GAUGE_PROCESSES] > 0 ? "; another took its place" : "");
	} else if (refusals.refused >= REFUSALS_MIN && is_death && answered_before(context->summary)) {
		finding.onset_ns = refusals.death_onset_ns >= 0 ? refusals.death_onset_ns : refusals.beside_onset_ns;
		finding.measured = (double)refusals.refused;
		finding.threshold = REFUSALS_MIN;
		rule_say(rule_add(verdict, &finding),
			"%" PRIu64 " connections were refused where the target had answered before", refusals.refused);
	}
}

const struct rule crash_rule = {
	.name = "crash",
	.help = "the target's process ended, or it refuses connections where it answered before",
	.look = crash_look,
};
