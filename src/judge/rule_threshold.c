#include <math.h>

#include "judge/metrics.h"
#include "judge/rule.h"

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
			.onset_ns = rule_expr_onset_ns(context, expr, true),
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
