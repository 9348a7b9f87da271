#include "plan/compile.h"
#include "plan/tree.h"

/* What a profile adds to a verdict without gating anything: `recommend` and `alerts`. */

#define REMARKS_CEILING ((size_t)32) /* of each */

static bool
check_list(const struct plan_node *list, struct error *err)
{
	if (list->kind != NODE_LIST)
		return plan_error(list, err, "%s: write a list such as [{when: 'p95 > 1s', ...}]", list->key);
	return list->n <= REMARKS_CEILING ||
	       plan_error(list, err, "%s: %zu are more than there may be, %zu", list->key, list->n, REMARKS_CEILING);
}

static bool
check_item(const struct plan_node *item, struct error *err)
{
	return item->kind == NODE_MAP || plan_error(item, err, "each item is a map such as {when: 'p95 > 1s', ...}");
}

static bool
compile_recommendation(struct plan_context *context, const struct plan_node *item, const struct plan *plan,
	const char *const *names, struct plan_recommendation *into, struct error *err)
{
	struct recommend_row row = {0};

	if (!check_item(item, err) || !plan_parse_map(context, item, recommend_keys, NULL, &row, err) ||
		!compile_expr(context, row.when, names, plan->requests_n, &into->when, err))
		return false;
	into->text = row.text;
	return into->when.of == EXPR_OF_RUN ||
	       plan_error(row.when, err, "advice is about one run; two arms are compared under 'slo'");
}

static bool
compile_alert(struct plan_context *context, const struct plan_node *item, const struct plan *plan,
	const char *const *names, struct plan_alert *into, struct error *err)
{
	struct alert_row row = {0};

	if (!check_item(item, err) || !plan_parse_map(context, item, alert_keys, NULL, &row, err) ||
		!compile_expr(context, row.when, names, plan->requests_n, &into->when, err) ||
		!compile_check_meanwhile(row.when, &into->when, GOALS_ABORT, names, err))
		return false;
	into->name = row.name != NULL && row.name[0] != '\0' ? row.name : into->when.text;
	into->for_ns = row.for_ns;
	return true;
}

static bool
compile_alerts(struct plan_context *context, const struct plan_node *list, struct plan *plan, const char *const *names,
	struct error *err)
{
	if (!check_list(list, err))
		return false;
	plan->alerts = arena_alloc(context->arena, (list->n + 1) * sizeof(*plan->alerts));
	for (const struct plan_node *item = list->first; item != NULL; item = item->next)
		if (!compile_alert(context, item, plan, names, &plan->alerts[plan->alerts_n++], err))
			return false;
	return true;
}

bool
remarks_compile(struct plan_context *context, struct profile *profile, const char *const *names, struct error *err)
{
	const struct plan_node *list = profile->recommend;
	struct plan *plan = &profile->plan;

	if (list != NULL && !check_list(list, err))
		return false;
	plan->recommendations =
		arena_alloc(context->arena, ((list != NULL ? list->n : 0) + 1) * sizeof(*plan->recommendations));
	for (const struct plan_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next)
		if (!compile_recommendation(
			    context, item, plan, names, &plan->recommendations[plan->recommendations_n++], err))
			return false;
	return profile->alerts == NULL || compile_alerts(context, profile->alerts, plan, names, err);
}
