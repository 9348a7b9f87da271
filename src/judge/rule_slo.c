#include <math.h>

#include "judge/metrics.h"
#include "judge/rule.h"

static void
slo_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct plan *plan = context->plan;
	char value_text[64];

	verdict->slo_holds = true;
	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;

		if (expr->metric->is_of_the_run)
			continue;
		double value = judge_value(expr, context->summary, context->level);

		if (isnan(value) || expr_holds(expr, value))
			continue;
		verdict->slo_holds = false;
		struct finding finding = {.rule = "slo",
			.weight = LEVEL_ERR,
			.onset_ns = rule_expr_onset_ns(context, expr, false),
			.measured = value,
			.threshold = expr->value,
			.expr = expr};

		rule_say(rule_add(verdict, &finding), "missed '%s': it was %s", expr->text,
			metric_value_text(expr, value, plan->target.timeout_ns, value_text, sizeof(value_text)));
	}
}

const struct rule slo_rule = {
	.name = "slo",
	.help = "an SLO was missed in this level",
	.look = slo_look,
};
