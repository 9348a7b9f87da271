#include "base/units.h"
#include "judge/rule.h"

static bool
row_is_slow(const struct series_row *row, double threshold_ns)
{
	return (double)row->p95_ns > threshold_ns;
}

static void
latency_look(const struct rule_context *context, struct level_verdict *verdict)
{
	int64_t p95_ns = rule_quantile_ns(context->level, METRIC_RESPONSE, 0.95);
	double limit_ns = RULE_DEGR_LATENCY_FACTOR * (double)context->first.p95_ns;
	char p95_text[32], first_text[32];

	if (context->first.p95_ns < 0 || !((double)p95_ns > limit_ns))
		return;
	struct finding finding = {.rule = "latency",
		.mode = FAILURE_MODE_LATENCY_DEGRADATION,
		.weight = LEVEL_DEGR,
		.onset_ns = rule_onset_ns(context, row_is_slow, limit_ns),
		.measured = (double)p95_ns,
		.threshold = limit_ns};

	rule_say(rule_add(verdict, &finding), "response P95 %s is %.1f times the first level's %s (> %.0f times)",
		units_time_text(p95_ns, p95_text, sizeof(p95_text)), (double)p95_ns / (double)context->first.p95_ns,
		units_time_text(context->first.p95_ns, first_text, sizeof(first_text)), RULE_DEGR_LATENCY_FACTOR);
}

const struct rule latency_rule = {
	.name = "latency",
	.help = "response P95 is more than twice that of the first level",
	.look = latency_look,
};
