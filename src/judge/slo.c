#include <math.h>

#include "judge/metrics.h"
#include "judge/records.h"

static void
set_status(struct slo_verdict *slo)
{
	const struct expr *expr = slo->expr;

	if (isnan(slo->value))
		slo->status = SLO_NA;
	else if (!expr_holds(expr, slo->value))
		slo->status = SLO_FAIL;
	else if (expr->has_stretch && !expr_stretch_holds(expr, slo->value))
		slo->status = SLO_STRETCH_MISSED;
	else
		slo->status = SLO_PASS;
}

/* A bound that the load never reached proves that the goal holds where it does, but not that it fails. */
static void
judge_of_the_run(struct slo_verdict *slo, const struct verdict *verdict, const struct run_facts *facts)
{
	const struct breaking_point *point = &verdict->breaking_point;
	const struct arm_run run = {.max_sustainable = point->max_sustainable,
		.max_goodput_per_s = point->max_goodput_per_s,
		.sustained = verdict->sustained,
		.memory = verdict->curve.memory,
		.ready_ns = facts->ready_ns > 0 ? facts->ready_ns : -1};
	bool is_of_the_break = slo->expr->metric->unit == UNIT_RATE;

	slo->value = metric_of_the_run(slo->expr->metric, &run);
	if (is_of_the_break && isnan(slo->value) && point->is_found)
		slo->value = 0; /* broken at its lowest level: nothing was sustained */
	set_status(slo);
	if (is_of_the_break && point->is_at_least && slo->status == SLO_FAIL)
		slo->status = SLO_NA;
}

/* In a stepped load a criterion is shown as it stood at the level that answers the question. */
static double
value_at_answer(const struct judge_view *view, const struct breaking_point *point, size_t slo)
{
	int32_t wanted = point->max_sustainable_level >= 0 ? point->max_sustainable_level : point->first_broken_level;

	for (size_t i = 0; i < view->records_n; i++)
		if ((int32_t)view->records[i]->verdict.level == wanted)
			return view->records[i]->slo_values[slo];
	return NAN;
}

void
slo_stand(const struct plan *plan, bool is_stepped, const struct summary *summary, struct slo_verdict *slos)
{
	uint32_t at = summary->now.current_level;
	const struct level_summary *level = is_stepped && at < summary->levels_n ? &summary->levels[at] : NULL;
	bool is_between = is_stepped && (level == NULL || level->live == NULL);

	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;
		bool is_known = !expr->metric->is_of_the_run && !is_between;

		slos[i] =
			(struct slo_verdict){.expr = expr, .value = is_known ? judge_value(expr, summary, level) : NAN};
		set_status(&slos[i]);
	}
}

bool
slo_judge(struct verdict *verdict, const struct judge_view *view, size_t *gated)
{
	bool all_pass = true;

	*gated = 0;
	for (size_t i = 0; i < view->plan->slos_n; i++) {
		struct slo_verdict *slo = &verdict->slos[i];
		bool is_of_the_run = view->plan->slos[i].expr.metric->is_of_the_run;

		slo->expr = &view->plan->slos[i].expr;
		if (is_of_the_run)
			judge_of_the_run(slo, verdict, view->facts);
		else {
			slo->value = view->is_stepped ? value_at_answer(view, &verdict->breaking_point, i)
						      : judge_value(slo->expr, view->summary, NULL);
			set_status(slo);
		}
		if ((view->is_stepped && !is_of_the_run) || slo->status == SLO_NA)
			continue;
		(*gated)++;
		all_pass = all_pass && slo->status != SLO_FAIL;
	}
	return all_pass;
}
