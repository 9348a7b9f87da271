#include "campaign/against.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "judge/compare.h"
#include "judge/compared.h"
#include "judge/records.h"
#include "plan/compare.h"

static bool
adjust(struct plan *plan, const struct against_ask *ask, struct error *err)
{
	for (size_t i = 0; i < ask->tolerances_n; i++)
		if (!compare_adjust(plan, ask->tolerances[i], ask->tables->metrics, err))
			return error_place(err, "--tolerance", 0, 0);
	return true;
}

/* The sides, and the plan by which they are compared: a run's own, with what the flags say. */
static bool
open_sides(struct against_answer *answer, const struct against_ask *ask, struct error *err)
{
	struct side *baseline = &answer->baseline, *current = &answer->current;

	if (!side_open(baseline, "baseline", ask->baselines, ask->baselines_n, ask->store_dir, ask->tables, err) ||
		!side_open(current, "current", ask->currents, ask->currents_n, ask->store_dir, ask->tables, err))
		return false;
	if (current->n == 0)
		return error_set(err,
			"'%s' was written by hand, which a baseline may be; what is compared with it must be "
			"a run",
			current->by_hand_path);
	answer->plan = current->plan;
	if (!adjust(answer->plan, ask, err))
		return false;
	if (baseline->plan != NULL && !side_has_same_names(baseline->plan, current->plan)) {
		side_leave_names_out(answer->plan);
		against_note(&answer->against, "requests, or what is scraped, differ: single ones are left out");
	}
	return true;
}

static bool
check_sides(struct against_answer *answer, int *exit_code, struct error *err)
{
	struct against *against = &answer->against;
	const struct side *baseline = &answer->baseline, *current = &answer->current;

	if (!against_check_side(against, baseline, exit_code, err) ||
		!against_check_side(against, current, exit_code, err))
		return false;
	if (baseline->n == 0)
		return true;
	const struct against_subject before = {&baseline->about[0], baseline->runs[0].profile},
				     now = {&current->about[0], current->runs[0].profile};

	return against_check_alike(against, &before, &now, err);
}

/* A stepped load ends where it breaks, and a search goes where it has to: its figures are of whatever was offered. */
static void
say_other_levels(struct verdict *verdict, const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->rows_n && plan_is_stepped(comparison->current->plan); i++) {
		const struct comparison_row *row = &comparison->rows[i];

		if (strcmp(row->name, "offered_rate") == 0 && fabs(row->delta_rel) > COMPARED_NOISE_BAND)
			verdict_add_reason(verdict,
				"the levels differ (%.4g/s offered in all, then %.4g/s), and so does the load that figures over "
				"all of them are of; max_sustainable_rate is what can be compared",
				row->baseline, row->current);
	}
}

void
against_say_unsure(struct verdict *verdict, const struct comparison *comparison)
{
	say_other_levels(verdict, comparison);
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];

		if (row->is_gated && row->status == COMPARISON_UNSURE &&
			(row->delta_rel > 0) != row->measure.metric->is_higher_better)
			verdict_add_reason(verdict,
				"unsure of %s: %+.1f%% is beyond the tolerance, and not beyond the noise; measure for longer, or "
				"several runs",
				row->name, row->delta_rel * 100);
	}
}

static void
compare(struct against_answer *answer)
{
	const struct side *baseline = &answer->baseline;
	struct verdict *verdict = &answer->verdict;

	answer->comparison = baseline->by_hand != NULL ? compare_by_hand(baseline->arm, answer->current.arm,
								 baseline->by_hand, answer->plan)
						       : compare_arms(baseline->arm, answer->current.arm, answer->plan);
	answer->comparisons[0] = answer->comparison;
	answer->arms[0] = baseline->arm;
	answer->arms[1] = answer->current.arm;
	answer->experiment = (struct experiment){
		.arms = answer->arms, .arms_n = 2, .comparisons = answer->comparisons, .comparisons_n = 1};
	answer->against.baseline = side_about(&answer->baseline);
	answer->against.current = side_about(&answer->current);
	answer->against.experiment = &answer->experiment;
	*verdict = (struct verdict){.status = VERDICT_PASS, .exit_code = EXIT_PASSED, .onset_ns = -1};
	compare_conclude(verdict, &answer->experiment);
	against_say_unsure(verdict, answer->comparison);
	if (verdict->reasons_n == 0)
		verdict_add_reason(verdict, "nothing is gated: the figures inform");
}

bool
against_compare(struct against_answer *answer, const struct against_ask *ask, int *exit_code, struct error *err)
{
	*answer = (struct against_answer){.against = {.is_forced = ask->is_forced, .how_to_force = "--force"}};
	*exit_code = EXIT_USAGE;
	if (!open_sides(answer, ask, err) || !check_sides(answer, exit_code, err) ||
		!side_read(&answer->baseline, answer->plan, err) || !side_read(&answer->current, answer->plan, err)) {
		against_free(answer);
		return false;
	}
	compare(answer);
	*exit_code = answer->verdict.exit_code;
	return true;
}

void
against_free(struct against_answer *answer)
{
	compare_free(answer->comparison);
	side_close(&answer->baseline);
	side_close(&answer->current);
	*answer = (struct against_answer){.plan = NULL};
}
