#include "plan/split.h"

#include <stdlib.h>
#include <string.h>

#include "plan/tree.h"

bool
split_take_environment(struct plan_context *context, struct plan_node *root, struct error *err)
{
	struct plan_node *split = node_get(root, "split");
	const char *text = getenv(SPLIT_ENVIRONMENT);

	if (text == NULL || text[0] == '\0' || split == NULL || split->kind != NODE_MAP)
		return true;
	struct plan_node *value = yaml_read(
		context->arena, arena_strdup(context->arena, text), strlen(text), SPLIT_ENVIRONMENT, false, err);
	struct plan_node *percent = node_get(split, "percent");

	if (value == NULL)
		return false;
	if (percent != NULL)
		node_replace(split, percent, value);
	else {
		value->key = "percent";
		node_add(split, value);
	}
	return true;
}

bool
split_put_side(struct plan_context *context, struct plan_node *root, bool is_candidate, struct error *err)
{
	const struct plan_node *split = node_get(root, "split");
	const char *side = is_candidate ? "candidate" : "baseline";

	if (split == NULL)
		return true;
	struct plan_node *value = yaml_read(context->arena, side, strlen(side), split->file, false, err);

	if (value == NULL)
		return false;
	value->key_line = split->key_line;
	value->key_column = split->key_column;
	return tree_put(context, root, "split.side", value, err);
}

bool
split_compile(const struct plan_node *root, struct plan *plan, struct error *err)
{
	const struct plan_node *split = node_get(root, "split");

	if (split == NULL)
		return true;
	const struct plan_node *key = node_get(split, "key");

	if (node_get(split, "percent") == NULL)
		return plan_error(
			split, err, "split: 'percent' is missing: how much goes to the candidate, such as 25%%");
	plan->split.key_shown = key->source;
	plan->split.line = key->line;
	plan->split.column = key->column;
	return plan->split.side != SPLIT_BOTH ||
	       plan_error(split, err,
		       "split: there are no 'arms' whose traffic this could be; write arms: {baseline: {}, candidate: {set: "
		       "{target.url: \"http://127.0.0.1:8081\"}}}, or the side that this run is");
}

bool
split_compile_experiment(const struct plan_node *root, struct plan_experiment *experiment, struct error *err)
{
	const struct plan_node *split = node_get(root, "split"), *order = node_get(root, "order");
	const struct plan_node *side = split != NULL ? node_get(split, "side") : NULL;

	if (split == NULL || experiment->kind == EXPERIMENT_ONE_RUN)
		return true;
	if (experiment->kind == EXPERIMENT_MATRIX)
		return plan_error(
			split, err, "split: traffic is split between two 'arms', not between the cells of a matrix");
	if (experiment->arms_n != 2)
		return plan_error(node_get(root, "arms"), err,
			"arms: 'split' has two sides, the baseline and the candidate; there are %zu arms",
			experiment->arms_n);
	if (side != NULL)
		return plan_error(side, err, "side: both arms are run; leave it out");
	if (order != NULL)
		return plan_error(order, err, "order: with 'split' both arms run at the same time; leave it out");
	experiment->order = ORDER_TOGETHER;
	return true;
}
