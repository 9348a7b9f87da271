#include "plan/compare.h"

#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/files.h"

/* `gate` may be a list of measures, one that stands for a list, or off. */
static bool
is_off(const struct plan_node *gate)
{
	return gate->kind == NODE_SCALAR && strcmp(gate->text, "off") == 0;
}

static size_t
gates_n(const struct plan_node *gate)
{
	return gate == NULL || is_off(gate) ? 0 : gate->kind == NODE_LIST ? gate->n : 1;
}

/* A measure is gated once, whoever names it; its last tolerance holds. */
static struct plan_compared *
named_of(struct plan_compare *compare, const struct expr *measure)
{
	for (size_t i = 0; i < compare->named_n; i++)
		if (expr_is_same_measure(&compare->named[i].measure, measure))
			return &compare->named[i];
	compare->named[compare->named_n] = (struct plan_compared){.measure = *measure, .tolerance = compare->tolerance};
	return &compare->named[compare->named_n++];
}

static struct plan_compared *
compile_measure(struct plan_context *context, struct plan_compare *compare, const struct plan_node *node,
	const char *text, const char *const *names, size_t names_n, struct error *err)
{
	struct expr measure = {.request = -1};
	struct error what = {0};

	if (text != NULL && expr_parse_measure(text, context->metrics, names, names_n, context->arena, &measure, &what))
		return named_of(compare, &measure);
	plan_error(node, err, "compare: %s",
		text == NULL       ? "each item of gate is a measure such as ttft.p95"
		: node->is_tainted ? "what the reference stands for is no measure such as ttft.p95"
				   : what.message);
	return NULL;
}

static bool
compile_gate(struct plan_context *context, struct plan_compare *compare, const struct plan_node *gate,
	const char *const *names, size_t names_n, struct error *err)
{
	compare->has_gate = gate != NULL;
	if (gates_n(gate) == 0)
		return gate == NULL || gate->kind != NODE_MAP ||
		       plan_error(gate, err, "gate: write a list of measures such as [ttft.p95, error_rate], or off");
	for (const struct plan_node *item = gate->kind == NODE_LIST ? gate->first : gate; item != NULL;
		item = item->next) {
		if (compile_measure(context, compare, item, item->kind == NODE_SCALAR ? item->text : NULL, names,
			    names_n, err) == NULL)
			return false;
		if (item == gate)
			break;
	}
	return true;
}

static bool
compile_tolerances(struct plan_context *context, struct plan_compare *compare, const struct plan_node *map,
	const char *const *names, size_t names_n, struct error *err)
{
	if (map == NULL)
		return true;
	if (map->kind != NODE_MAP)
		return plan_error(map, err, "%s: write a map of measures to shares such as {ttft.p95: 5%%}", map->key);
	for (const struct plan_node *item = map->first; item != NULL; item = item->next) {
		struct plan_compared *named = compile_measure(context, compare, item, item->key, names, names_n, err);

		if (named == NULL)
			return false;
		if (item->kind != NODE_SCALAR || !units_parse_ratio(item->text, &named->tolerance))
			return plan_error(item, err, "%s: %.64s is not %s", map->key, item->key, units_ratio_form);
		named->has_own = true;
	}
	return true;
}

/* Of whatever has none of its own. */
static void
set_tolerance(struct plan_compare *compare, double tolerance)
{
	compare->tolerance = tolerance;
	for (size_t i = 0; i < compare->named_n; i++)
		if (!compare->named[i].has_own)
			compare->named[i].tolerance = tolerance;
}

/* The goals of two arms go to the gates: no single run is judged by them. */
static void
take_gates(struct arena *arena, struct plan *plan)
{
	size_t kept = 0;

	plan->gates = arena_alloc(arena, (plan->slos_n + 1) * sizeof(*plan->gates));
	for (size_t i = 0; i < plan->slos_n; i++) {
		if (plan->slos[i].expr.of == EXPR_OF_RUN)
			plan->slos[kept++] = plan->slos[i];
		else
			plan->gates[plan->gates_n++] = plan->slos[i];
	}
	plan->slos_n = kept;
}

/* `regression` has a tolerance of its own: of everything, or a map as above. */
static bool
compile_regression(struct plan_context *context, struct profile *profile, const char *const *names, size_t names_n,
	struct error *err)
{
	struct plan *plan = &profile->plan;
	const struct plan_node *tolerance = profile->regression.tolerance;
	double share;

	plan->regression = (struct plan_regression){profile->regression.baseline, profile->regression.is_forced};
	if (tolerance == NULL || tolerance->kind != NODE_SCALAR)
		return compile_tolerances(context, &plan->compare, tolerance, names, names_n, err);
	if (!units_parse_ratio(tolerance->text, &share))
		return plan_error(tolerance, err, "tolerance: '%.64s' is not %s", tolerance->source, units_ratio_form);
	set_tolerance(&plan->compare, share);
	return true;
}

/* A name is looked up where baselines are saved; what looks like a path is one, relative to the profile. */
bool
plan_parse_baseline(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	if (node->kind != NODE_SCALAR || node->text[0] == '\0')
		return plan_error(node, err, "baseline: write a saved baseline's name, a file or a results directory");
	bool is_path = strchr(node->text, '/') != NULL || strstr(node->text, ".yaml") != NULL ||
		       strstr(node->text, ".yml") != NULL || strstr(node->text, ".json") != NULL;

	*(const char **)into = is_path ? files_resolve(context->arena, node, node->text) : node->text;
	return true;
}

bool
compare_compile(struct plan_context *context, struct profile *profile, const char *const *names, size_t names_n,
	struct error *err)
{
	const struct plan_node *gate = profile->compare.gate, *tolerances = profile->compare.tolerances;
	struct plan_compare *compare = &profile->plan.compare;
	size_t most = gates_n(gate) + (tolerances != NULL ? tolerances->n : 0);

	take_gates(context->arena, &profile->plan);
	most += profile->regression.tolerance != NULL ? profile->regression.tolerance->n : 0;
	compare->tolerance = profile->compare.tolerance;
	compare->resamples = profile->compare.resamples;
	compare->named = arena_alloc(context->arena, (most + 1) * sizeof(*compare->named));
	return compile_gate(context, compare, gate, names, names_n, err) &&
	       compile_tolerances(context, compare, tolerances, names, names_n, err) &&
	       compile_regression(context, profile, names, names_n, err);
}

/* "MEASURE=SHARE" stands in two parts: the measure, and what is behind the sign. */
static bool
split(struct arena *arena, const char *text, const char **measure, const char **share)
{
	const char *sign = strrchr(text, '=');

	*share = sign != NULL ? sign + 1 : text;
	*measure = sign != NULL ? arena_strndup(arena, text, (size_t)(sign - text)) : NULL;
	return sign == NULL || sign > text;
}

bool
compare_adjust(struct plan *plan, const char *text, const struct plan_metric *const *metrics, struct error *err)
{
	struct plan_compare *compare = &plan->compare;
	const char **names = arena_alloc(&plan->arena, (plan->requests_n + 1) * sizeof(*names));
	const char *measure, *share;
	struct expr expr = {.request = -1};
	double tolerance;

	for (size_t i = 0; i < plan->requests_n; i++)
		names[i] = plan->requests[i].name;
	if (!split(&plan->arena, text, &measure, &share) || !units_parse_ratio(share, &tolerance))
		return error_set(err, "'%.64s' is not a share such as 5%%, or MEASURE=SHARE such as p95=5%%", text);
	if (measure == NULL) {
		set_tolerance(compare, tolerance);
		return true;
	}
	if (!expr_parse_measure(measure, metrics, names, plan->requests_n, &plan->arena, &expr, err))
		return false;
	struct plan_compared *named = arena_alloc(&plan->arena, (compare->named_n + 1) * sizeof(*named));

	if (compare->named_n > 0)
		memcpy(named, compare->named, compare->named_n * sizeof(*named));
	compare->named = named;
	struct plan_compared *one = named_of(compare, &expr);

	one->tolerance = tolerance;
	one->has_own = true;
	return true;
}

bool
compare_check(const struct plan_experiment *experiment, struct error *err)
{
	const struct plan *plan = experiment->arms[experiment->baseline].plan;
	const char *arms[EXPERIMENT_ARMS_CEILING];
	size_t n = 0;

	arms[n++] = experiment->arms[experiment->baseline].name;
	for (size_t i = 0; experiment->kind == EXPERIMENT_ARMS && i < experiment->arms_n; i++)
		if (i != experiment->baseline)
			arms[n++] = experiment->arms[i].name;
	for (size_t i = 0; i < plan->gates_n; i++)
		if (!expr_check_arms(&plan->gates[i].expr, arms, n, err))
			return error_place(err, plan->path, plan->gates[i].line, plan->gates[i].column);
	return true;
}
