#include "judge/grade.h"

static void
count(struct scorecard *score, const struct slo_verdict *slo)
{
	score->judged += slo->status != SLO_NA;
	score->met += slo->status == SLO_PASS || slo->status == SLO_STRETCH_MISSED;
}

/* In whole numbers, so that 9 of 10 are 90% and not a hair less. */
static enum grade
grade_of(const struct scorecard *score)
{
	if (score->judged == 0)
		return GRADE_NONE;
	return score->met * 10 >= score->judged * 9   ? GRADE_EXCELLENT
	       : score->met * 10 >= score->judged * 8 ? GRADE_GOOD
	       : score->met * 10 >= score->judged * 6 ? GRADE_ACCEPTABLE
						      : GRADE_POOR;
}

void
grade_find(struct verdict *verdict, const struct plan *plan, bool is_stepped, const struct gate_verdict *gates)
{
	struct scorecard *score = &verdict->score;

	*score = (struct scorecard){.grade = GRADE_NONE};
	for (size_t i = 0; i < plan->slos_n; i++)
		if (!is_stepped || plan->slos[i].expr.metric->is_of_the_run)
			count(score, &verdict->slos[i]);
	for (size_t i = 0; gates != NULL && i < plan->gates_n; i++)
		count(score, &gates[i].slo);
	/* What is not to be relied on, or only a part, has no grade. */
	if (verdict->status == VERDICT_PASS || verdict->status == VERDICT_FAIL)
		score->grade = grade_of(score);
}
