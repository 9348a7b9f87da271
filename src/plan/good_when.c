#include <string.h>

#include "base/units.h"
#include "plan/compile.h"
#include "plan/names.h"

/* When an answer counts into the goodput: requests per second within all objectives (Zhong et al., "DistServe", OSDI
 * 2024). `good_when` says so, else the objectives themselves: `ttft.p95 <= 550ms` bounds the TTFT of each answer. */

static const struct plan_metric *
find_metric(const struct plan_metric *const *metrics, const struct plan_node *node, struct error *err)
{
	struct names names = {.n = 0};
	char advice[768];

	for (size_t i = 0; metrics[i] != NULL; i++) {
		if (!metrics[i]->is_of_an_answer)
			continue;
		if (strcmp(metrics[i]->name, node->key) == 0)
			return metrics[i];
		names_add(&names, metrics[i]->name);
	}
	plan_error(node, err, "good_when: '%.64s' is not a time that each answer has%s", node->key,
		names_advice(&names, node->key, advice, sizeof(advice)));
	return NULL;
}

static bool
compile_bound(struct plan_context *context, const struct plan_node *node, struct plan_bound *bound, struct error *err)
{
	bound->request = -1;
	bound->metric = find_metric(context->tables->metrics, node, err);
	if (bound->metric == NULL)
		return false;
	if (node->kind == NODE_SCALAR && units_parse_time_ns(node->text, &bound->most_ns) && bound->most_ns > 0)
		return true;
	return plan_error(node, err, "good_when: '%s' is not a time above 0; write %s",
		node->kind == NODE_SCALAR ? node->source : "a map or list", units_time_form);
}

/* An objective about percentiles or the largest of all, downwards: the others say nothing of one answer. */
static bool
bound_of_slo(const struct expr *expr, struct plan_bound *bound)
{
	bool is_upper = expr->op == EXPR_LT || expr->op == EXPR_LE;

	if (!expr->metric->is_of_an_answer || !is_upper || (expr->stat != EXPR_PERCENTILE && expr->stat != EXPR_MAX))
		return false;
	*bound = (struct plan_bound){.metric = expr->metric, .request = expr->request, .most_ns = (int64_t)expr->value};
	return true;
}

bool
compile_good_when(struct plan_context *context, struct profile *profile, struct error *err)
{
	const struct plan_node *map = profile->good_when;
	struct plan *plan = &profile->plan;
	size_t most = map != NULL ? map->n : plan->slos_n;

	if (map != NULL && (map->kind != NODE_MAP || map->n == 0))
		return plan_error(map, err, "good_when: write a map such as {ttft: 550ms, tpot: 50ms}");
	plan->good_when = arena_alloc(context->arena, (most + 1) * sizeof(*plan->good_when));
	if (map == NULL) {
		for (size_t i = 0; i < plan->slos_n; i++)
			plan->good_when_n += bound_of_slo(&plan->slos[i].expr, &plan->good_when[plan->good_when_n]);
		return true;
	}
	for (const struct plan_node *node = map->first; node != NULL; node = node->next)
		if (!compile_bound(context, node, &plan->good_when[plan->good_when_n++], err))
			return false;
	return true;
}
