#include <math.h>

#include "judge/metrics.h"
#include "judge/rule.h"

/* Since when it held: the end of the rows tells of an average or a last value as it does of a peak. −1: no row has this
 * figure. */
static int64_t
find_onset_ns(const struct rule_context *context, const struct expr *expr)
{
	const struct series *series = &context->summary->series;
	const struct level_summary *level = context->level;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];
		int64_t from_ns = row->at_ns - series->step_ns;

		if (row->at_ns <= level->start_ns || from_ns >= level->end_ns ||
			!expr_holds(expr, metric_value_row(expr, row)))
			continue;
		return from_ns > level->start_ns ? from_ns : level->start_ns;
	}
	return -1;
}

static void
threshold_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct plan *plan = context->plan;
	char value_text[64];

	for (size_t i = 0; i < plan->break_when.also_n; i++) {
		const struct expr *expr = &plan->break_when.also[i];
		double value = judge_value(expr, context->summary, context->level);

		if (isnan(value) || !expr_holds(expr, value))
			continue;
		struct finding finding = {.rule = "threshold",
			.mode = FAILURE_MODE_THRESHOLD,
			.weight = LEVEL_BROKEN,
			.onset_ns = find_onset_ns(context, expr),
			.measured = value,
			.threshold = expr->value,
			.expr = expr};

		rule_say(rule_add(verdict, &finding), "'%s' held: it was %s", expr->text,
			metric_value_text(expr, value, plan->target.timeout_ns, value_text, sizeof(value_text)));
	}
}

const struct rule threshold_rule = {
	.name = "threshold",
	.help = "a threshold of the profile's own was crossed (break_when.also)",
	.look = threshold_look,
};
