#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "judge/metrics.h"
#include "judge/records.h"

/* Of several exit codes that hold, 5 wins over 128 + signal, that over 4, 3, 1 and 0. */
#define EXIT_SIGNAL_BASE 128

void
verdict_add_reason(struct verdict *verdict, const char *format, ...)
{
	va_list args;

	if (verdict->reasons_n == VERDICT_REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(verdict->reasons[verdict->reasons_n++], FINDING_TEXT_MAX, format, args);
	va_end(args);
}

static const char *
level_text(const struct judge_view *view, double level, char *into, size_t size)
{
	snprintf(into, size, view->plan->scenarios[0].load.in_users ? "%.0f users" : "%.1f/s", level);
	return into;
}

/* What ended it before its time, or made its result worthless: said first, everything else is read in its light. */
void
verdict_say_ending(struct verdict *verdict, const struct run_facts *facts)
{
	if (facts->result_lost || facts->internal_error)
		verdict_add_reason(verdict, "%s%s%s",
			facts->internal_error ? "internal error" : "the results could not be written",
			facts->error_text[0] != '\0' ? ": " : "", facts->error_text);
	if (facts->fleet_is_short)
		verdict_add_reason(verdict, "%s", facts->error_text);
	if (facts->was_interrupted)
		verdict_add_reason(verdict, "interrupted by signal %d (%s): the result is partial", facts->signal,
			strsignal(facts->signal));
	if (facts->was_unreachable)
		verdict_add_reason(verdict, "the target could not be reached: %s", facts->unreachable_text);
}

void
verdict_set_ending(struct verdict *verdict, const struct run_facts *facts)
{
	if (facts->fleet_is_short) {
		verdict->status = VERDICT_INCONCLUSIVE;
		verdict->exit_code = EXIT_INCONCLUSIVE;
	}
	if (facts->was_unreachable) {
		verdict->status = VERDICT_UNREACHABLE;
		verdict->exit_code = EXIT_UNREACHABLE;
	}
	if (facts->was_interrupted) {
		verdict->status = VERDICT_INTERRUPTED;
		verdict->exit_code = EXIT_SIGNAL_BASE + facts->signal;
	}
	/* What was lost is the paper; the exit code says so, and the verdict on the target stands. */
	if (facts->result_lost || facts->internal_error)
		verdict->exit_code = EXIT_INTERNAL;
}

/* Whether the answer is the same whatever that level would have said: one at no less load was sustained, one at no more
 * load broke, or the same load was repeated with success. */
static bool
is_made_good(const struct judge_view *view, const struct breaking_point *point, const struct level_record *spoiled)
{
	if (!view->is_stepped)
		return false;
	if (spoiled->offered <= point->max_sustainable || (point->is_found && spoiled->offered >= point->first_broken))
		return true;
	for (size_t i = 0; i < view->records_n; i++)
		if (view->records[i]->verdict.status < LEVEL_INVALID && view->records[i]->offered == spoiled->offered)
			return true;
	return false;
}

/* The level that the generator spoiled and that the answer hangs on. */
static const struct level_record *
find_limiting(const struct judge_view *view, const struct breaking_point *point)
{
	for (size_t i = 0; i < view->records_n; i++)
		if (view->records[i]->verdict.status == LEVEL_INVALID && !is_made_good(view, point, view->records[i]))
			return view->records[i];
	return NULL;
}

static void
say_limiting(struct verdict *verdict, const struct judge_view *view, const struct level_record *limiting)
{
	char level[32];
	const char *why = "";

	for (size_t i = limiting->verdict.findings_n; i-- > 0;)
		if (limiting->verdict.findings[i].weight == LEVEL_INVALID)
			why = limiting->verdict.findings[i].text;
	verdict_add_reason(verdict, "the generator, not the target, was the limit at %s: %s",
		level_text(view, limiting->offered, level, sizeof(level)), why);
}

/* Whatever the others measured, what the lost one had under way and was still to send is not in it. */
static void
say_workers(struct verdict *verdict, const struct run_facts *facts)
{
	char when[32], more[48] = "";

	uint32_t named = facts->workers_named > 0 ? facts->workers_named : 1;

	if (facts->workers_lost > named)
		snprintf(more, sizeof(more), ", and %u more", facts->workers_lost - named);
	if (facts->workers_lost > 0)
		verdict_add_reason(verdict,
			"%s%s: nothing is known of what it did after %s, and its share of the load is missing",
			facts->worker_lost_text, more, units_time_text(facts->worker_lost_ns, when, sizeof(when)));
	for (size_t i = 0; i < facts->remarks_n; i++)
		verdict_add_reason(verdict, "%s", facts->remarks[i]);
}

/* What was to be done around and beside the load. */
static void
say_course(struct verdict *verdict, const struct run_facts *facts)
{
	char more[48] = "";

	if (facts->actions_failed > 1)
		snprintf(more, sizeof(more), ", and %u more", facts->actions_failed - 1);
	if (facts->actions_failed > 0)
		verdict_add_reason(verdict, "%.*s%s: what was to be tested was not", FINDING_TEXT_MAX - 80,
			facts->action_text, more);
	if (facts->hook_failed)
		verdict_add_reason(verdict, "%s", facts->hook_text);
}

/* Why there is no value of what only a whole run has, by its unit; NULL: that is for others to say. */
static const char *
reason_of_the_run(const struct verdict *verdict, enum plan_unit unit)
{
	switch (unit) {
	case UNIT_GROWTH:
	case UNIT_SLOPE:
		if (verdict->sustained.why_not[0] == '\0')
			return "the target's memory was not read in enough windows";
		return verdict->sustained.why_not;
	case UNIT_CHANGE: return verdict->sustained.why_not[0] != '\0' ? verdict->sustained.why_not : NULL;
	case UNIT_BYTES:
	case UNIT_RATIO: return verdict->curve.memory.why_not;
	default: return NULL;
	}
}

static const char *
reason_for_none(const struct verdict *verdict, const struct slo_verdict *slo)
{
	const struct plan_metric *metric = slo->expr->metric;
	const char *reason = metric->is_of_the_run ? reason_of_the_run(verdict, metric->unit) : NULL;

	if (!isnan(slo->value))
		return verdict->breaking_point.is_found ? "a level below the break could not be tested"
							: "the load ended before the target broke";
	if (metric->scraped != NULL)
		return "nothing was scraped of it";
	return reason != NULL ? reason : "too few samples";
}

static void
say_slos(struct verdict *verdict, const struct judge_view *view)
{
	char value[64];

	for (size_t i = 0; i < view->plan->slos_n && !view->facts->is_part; i++) {
		const struct slo_verdict *slo = &verdict->slos[i];
		bool gates = !view->is_stepped || slo->expr->metric->is_of_the_run;

		metric_value_text(slo->expr, slo->value, view->plan->target.timeout_ns, value, sizeof(value));
		if (gates && slo->status == SLO_FAIL)
			verdict_add_reason(verdict, "missed '%s': it was %s", slo->expr->text, value);
		else if (gates && slo->status == SLO_NA)
			verdict_add_reason(verdict, "'%s' could not be judged: %s", slo->expr->text,
				reason_for_none(verdict, slo));
	}
}

static void
mark_about_break(struct verdict *verdict, size_t from)
{
	for (size_t i = from; i < verdict->reasons_n; i++)
		verdict->is_about_break[i] = true;
}

static void
say_breaking_point(struct verdict *verdict, const struct judge_view *view)
{
	const struct breaking_point *point = &verdict->breaking_point;
	size_t before = verdict->reasons_n;
	char broken[32], sustained[32];

	if (point->is_found && isnan(point->max_sustainable))
		verdict_add_reason(verdict, "the target broke at %s, and no lower level held",
			level_text(view, point->first_broken, broken, sizeof(broken)));
	else if (point->is_found)
		verdict_add_reason(verdict, "the target broke at %s and sustained %s%s",
			level_text(view, point->first_broken, broken, sizeof(broken)),
			point->is_at_least ? "at least " : "",
			level_text(view, point->max_sustainable, sustained, sizeof(sustained)));
	else if (!isnan(point->max_sustainable))
		verdict_add_reason(verdict, "nothing broke: the target sustains at least %s",
			level_text(view, point->max_sustainable, sustained, sizeof(sustained)));
	mark_about_break(verdict, before);
	if (point->is_found && view->facts->did_not_recover)
		verdict_add_reason(verdict, "the target did not recover after it broke");
}

static void
say_causes(struct verdict *verdict)
{
	size_t before = verdict->reasons_n;

	for (size_t i = 0; i < verdict->causes_n; i++)
		verdict_add_reason(verdict, "%s: %s: %s", failure_mode_rows[verdict->causes[i]].name,
			failure_mode_rows[verdict->causes[i]].sentence, verdict->evidence[i]->text);
	mark_about_break(verdict, before);
}

/* A bound on what nobody could scrape never held, whatever the target did: a name that no exporter knows must not make
 * a run a pass. */
static bool
say_blind(struct verdict *verdict, const struct judge_view *view, const char *key, const struct expr *exprs, size_t n)
{
	bool is_blind = false;

	/* Of several shards the first one scrapes for all. */
	for (size_t i = 0; i < n && view->summary->measured_s > 0 && !view->facts->is_shard; i++) {
		if (exprs[i].metric->scraped == NULL || !isnan(judge_value(&exprs[i], view->summary, NULL)))
			continue;
		is_blind = true;
		verdict_add_reason(
			verdict, "'%s' of %s could not be judged: nothing was scraped of it", exprs[i].text, key);
	}
	return is_blind;
}

/* Where nothing was forbidden, nothing went wrong either; but a target that never answered well has passed no test. */
static bool
say_nothing_succeeded(struct verdict *verdict, const struct judge_view *view)
{
	const struct counts *c = &view->summary->everything.counts;

	if (c->ok > 0 || view->facts->was_unreachable || verdict->breaking_point.is_found || view->facts->is_shard)
		return false;
	verdict_add_reason(
		verdict, "not one of %" PRIu64 " requests was answered well: nothing was measured", c->scheduled);
	return true;
}

/* 3: nothing can be said; 1: a gate failed; 0. */
static int
conclude_figures(struct verdict *verdict, const struct judge_view *view)
{
	const struct level_record *limiting = find_limiting(view, &verdict->breaking_point);
	size_t gates = 0, gated, before = verdict->reasons_n;
	verdict->is_generator_limited = limiting != NULL;
	verdict->breaking_point.is_at_least |= view->is_stepped && limiting != NULL;
	bool slos_hold = slo_judge(verdict, view, &gated) || view->facts->is_part;
	bool is_broken = !view->is_stepped && causes_are_of_a_break(verdict);

	for (size_t i = 0; i < view->plan->slos_n && !view->facts->is_part; i++)
		gates += !view->is_stepped || view->plan->slos[i].expr.metric->is_of_the_run;
	if (!view->facts->was_unreachable)
		plausibility_check(verdict, view);
	bool is_implausible = verdict->reasons_n > before;

	say_workers(verdict, view->facts);
	say_course(verdict, view->facts);
	if (limiting != NULL && view->facts->workers_lost == 0)
		say_limiting(verdict, view, limiting);
	say_slos(verdict, view);
	say_breaking_point(verdict, view);
	say_causes(verdict);
	if (view->facts->abort_when_held && view->facts->abort_expr != NULL)
		verdict_add_reason(verdict, "abort_when '%s' held and ended the run", view->facts->abort_expr->text);
	bool is_blind =
		say_blind(verdict, view, "break_when", view->plan->break_when.also, view->plan->break_when.also_n);

	is_blind = say_blind(verdict, view, "abort_when", view->plan->abort_when, view->plan->abort_when_n) || is_blind;
	if (is_implausible || limiting != NULL || view->facts->workers_lost > 0 || view->facts->is_doubtful ||
		view->facts->actions_failed > 0)
		return EXIT_INCONCLUSIVE;
	if (gates > 0 && gated == 0 && !is_broken && !view->facts->abort_when_held && !view->facts->hook_failed)
		return EXIT_INCONCLUSIVE;
	if (!slos_hold || is_broken || view->facts->abort_when_held || view->facts->hook_failed)
		return EXIT_FAILED_GATE;
	is_blind = say_nothing_succeeded(verdict, view) || is_blind;
	return is_blind ? EXIT_INCONCLUSIVE : EXIT_PASSED;
}

void
verdict_conclude(struct verdict *verdict, const struct judge_view *view)
{
	verdict_say_ending(verdict, view->facts);
	int code = conclude_figures(verdict, view);

	verdict->exit_code = code;
	verdict->status = code == EXIT_PASSED        ? VERDICT_PASS
			  : code == EXIT_FAILED_GATE ? VERDICT_FAIL
						     : VERDICT_INCONCLUSIVE;
	verdict_set_ending(verdict, view->facts);
	if (verdict->reasons_n == 0)
		verdict_add_reason(verdict, "%s",
			view->facts->is_shard ? "it sent its share; brunt merge judges all of them together"
			: view->plan->slos_n > 0 && !view->facts->is_part ? "every SLO held"
									  : "nothing broke");
}
