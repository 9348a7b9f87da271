#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "judge/rule.h"

/* In flight, and the response P50 of a row, beyond this much of the first level's pace: requests pile up. */
#define PILED_UP_FACTOR 2.0

static bool
row_is_slow(const struct series_row *row, double threshold_ns)
{
	return (double)row->p50_ns > threshold_ns;
}

/* A first level has none before it to be held against: how it began then says what the target does without a queue. */
static int64_t
unloaded_p50_ns(const struct rule_context *context)
{
	const struct series *series = &context->summary->series;

	for (size_t i = 0; i < series->n && context->is_first; i++)
		if (series->rows[i].at_ns > context->level->start_ns && series->rows[i].p50_ns >= 0)
			return series->rows[i].p50_ns;
	return context->first.p50_ns;
}

/* At the end of the last row that ended by then; 0: none did. */
static double
in_flight_at(const struct series *series, int64_t at_ns)
{
	double in_flight = 0;

	for (size_t i = 0; i < series->n && series->rows[i].at_ns <= at_ns + series->step_ns / 2; i++)
		in_flight = series->rows[i].in_flight;
	return in_flight;
}

/* Where many run out of time, all must have waited for long: those that only hang leave the others as fast as ever. */
static bool
is_everybody_waiting(const struct rule_context *context)
{
	double timeouts = rule_errors_of(context->level).timeout_rate;

	return timeouts <= 1 - RULE_DEGR_ACHIEVED_SHARE ||
	       rule_quantile_ns(context->level, METRIC_RESPONSE, 0.95) >= context->plan->target.timeout_ns / 2;
}

/* Under way at the end of that row, and no answer ever came: they ran out of time since. */
static double
hanging_at(const struct rule_context *context, size_t row)
{
	const struct series *series = &context->summary->series;
	int64_t until_ns = series->rows[row].at_ns + context->plan->target.timeout_ns + series->step_ns / 2;
	double hanging = 0;

	for (size_t i = row + 1; i < series->n && series->rows[i].at_ns <= until_ns; i++)
		hanging += (double)series->rows[i].timeouts;
	return hanging;
}

/* The most that was under way for three rows in a row: a pile may be worked off again when something else turns the
 * load away, but a hiccup makes none. */
static double
in_flight_lasting(const struct rule_context *context, bool with_hanging)
{
	const struct series *series = &context->summary->series;
	double most = 0, last[3] = {0};

	for (size_t i = 0; i < series->n; i++) {
		if (series->rows[i].at_ns <= context->level->start_ns || series->rows[i].at_ns > context->level->end_ns)
			continue;
		last[0] = last[1];
		last[1] = last[2];
		last[2] = series->rows[i].in_flight - (with_hanging ? 0 : hanging_at(context, i));
		most = fmax(most, fmin(last[0], fmin(last[1], last[2])));
	}
	return most;
}

/* By how much more was under way than at the window's start, and what ran out of time, as a share. What the target
 * turned away or answered with an error is no backlog, nor is what hangs by itself. */
static double
share_piled_up(const struct rule_context *context)
{
	const struct level_summary *level = context->level;
	const struct series *series = &context->summary->series;
	bool with_hanging = is_everybody_waiting(context);
	double before = in_flight_at(series, level->start_ns), after = in_flight_at(series, level->end_ns);
	double pile = in_flight_lasting(context, with_hanging) - before;

	if (with_hanging)
		pile = fmax(pile, fmax(after - before, 0)) + (double)rule_errors_of(level).timeouts;
	return pile / (double)level->counts.scheduled;
}

/* What one sees of a target that does all that it can: requests that get no answer of any kind in time, more and more
 * under way (or as many as the cap allows), and answers that have waited. */
static bool
is_piling_up(const struct rule_context *context, double offered, int64_t p50_ns)
{
	const struct level_summary *level = context->level;
	uint64_t cap = context->plan->scenarios[0].load.in_flight_max;
	double pace = offered * (double)p50_ns / 1e9;
	double share = share_piled_up(context) - pace / (double)level->counts.scheduled;
	bool is_full = cap > 0 && level->in_flight_peak >= cap;

	return p50_ns >= 0 && share > 1 - RULE_DEGR_ACHIEVED_SHARE &&
	       (is_full || level->in_flight_peak > PILED_UP_FACTOR * pace);
}

static void
say_saturation(struct finding *finding, const struct level_summary *level, double achieved, double offered)
{
	char pile[96] = "", p95[32];

	if (finding != NULL && finding->mode == FAILURE_MODE_SATURATION)
		snprintf(pile, sizeof(pile), ", while in flight grew to %u and response P95 to %s",
			level->in_flight_peak,
			units_time_text(rule_quantile_ns(level, METRIC_RESPONSE, 0.95), p95, sizeof(p95)));
	rule_say(finding, "achieved %.1f/s of %.1f/s offered: %.1f%% < %.0f%%%s", achieved, offered,
		achieved / offered * 100, RULE_DEGR_ACHIEVED_SHARE * 100, pile);
}

/* What is still under way when the window closes is no shortfall: at the pace of the first level, rate × its P50
 * (Little), and the last one sent in any case. Offered is what the schedule really asked for, so that the chance of
 * Poisson arrivals is no shortfall either. */
static void
saturation_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct level_summary *level = context->level;
	const struct counts *c = &level->counts;

	if (level->is_cut || level->window_s <= 0 || c->scheduled < RULE_FEW_REQUESTS ||
		c->scheduled <= c->ok_in_window + 1 || context->plan->scenarios[0].load.in_users)
		return;
	double offered = (double)c->scheduled / level->window_s, achieved = level_achieved_per_s(level);
	double under_way = context->first.p50_ns < 0 ? 0 : offered * (double)context->first.p50_ns / 1e9;

	if (achieved + under_way / level->window_s >= RULE_DEGR_ACHIEVED_SHARE * offered)
		return;
	int64_t p50_ns = unloaded_p50_ns(context);
	struct finding finding = {.rule = "saturation",
		.weight = LEVEL_DEGR,
		.onset_ns = level->start_ns,
		.measured = achieved / offered,
		.threshold = RULE_DEGR_ACHIEVED_SHARE};

	int64_t slow_from_ns = rule_onset_ns(context, row_is_slow, PILED_UP_FACTOR * (double)p50_ns);

	if (slow_from_ns >= 0 && slow_from_ns < level->end_ns && is_piling_up(context, offered, p50_ns)) {
		finding.mode = FAILURE_MODE_SATURATION;
		finding.onset_ns = slow_from_ns;
	}
	say_saturation(rule_add(verdict, &finding), level, achieved, offered);
}

const struct rule saturation_rule = {
	.name = "saturation",
	.help = "good answers came at less than 98% of the offered rate",
	.look = saturation_look,
};
