#include "judge/rule.h"

/* What is still under way when the window closes is no shortfall: at the pace of the first level, rate × its P50
 * (Little). Offered is what the schedule really asked for, so that the chance of Poisson arrivals is no shortfall
 * either. */
static void
saturation_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct level_summary *level = context->level;
	const struct counts *c = &level->counts;

	if (level->is_cut || level->window_s <= 0 || c->scheduled < RULE_FEW_REQUESTS ||
		context->plan->scenarios[0].load.in_users)
		return;
	double offered = (double)c->scheduled / level->window_s, achieved = level_achieved_per_s(level);
	double under_way = context->first.p50_ns < 0 ? 0 : offered * (double)context->first.p50_ns / 1e9;

	if (achieved + under_way / level->window_s >= RULE_DEGR_ACHIEVED_SHARE * offered)
		return;
	struct finding finding = {.rule = "saturation",
		.weight = LEVEL_DEGR,
		.onset_ns = level->start_ns,
		.measured = achieved / offered,
		.threshold = RULE_DEGR_ACHIEVED_SHARE};

	rule_say(rule_add(verdict, &finding), "achieved %.1f/s of %.1f/s offered: %.1f%% < %.0f%%", achieved, offered,
		finding.measured * 100, RULE_DEGR_ACHIEVED_SHARE * 100);
}

const struct rule saturation_rule = {
	.name = "saturation",
	.help = "good answers came at less than 98% of the offered rate",
	.look = saturation_look,
};
