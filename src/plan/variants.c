#include "plan/variants.h"

#include <string.h>

#include "base/check.h"
#include "plan/canary.h"
#include "plan/compile.h"
#include "plan/split.h"
#include "plan/tree.h"

/* In a map of arms the name is the key. */
static bool
parse_arm(struct plan_context *context, const struct plan_node *item, struct arm_row *row, struct error *err)
{
	*row = (struct arm_row){0};
	if (item->kind != NODE_MAP)
		return plan_error(item, err,
			"arms: each is a map such as {set: {target.url: \"http://127.0.0.1:8081\"}}; an arm that is "
			"the profile as it stands is {}");
	if (!plan_parse_map(context, item, arm_keys, NULL, row, err))
		return false;
	if (row->set != NULL && row->set->kind != NODE_MAP)
		return plan_error(row->set, err,
			"set: write a map of paths to values, such as {target.url: \"http://127.0.0.1:8081\"}");
	if (row->name == NULL)
		row->name = item->key;
	if (row->name == NULL)
		return plan_error(item, err, "'name' is missing: what results call the arm");
	const struct plan_node *name = node_get(item, "name");

	return compile_name(name ? name : item, "name", row->name, err);
}

static void
keep_own(struct arena *arena, const struct arm_row *row, struct plan_arm *arm)
{
	const struct plan_node *const own[] = {row->before, row->ready, row->after};

	arm->own = arena_alloc(arena, ((row->set ? row->set->n : 0) + 3) * sizeof(*arm->own));
	for (const struct plan_node *node = row->set ? row->set->first : NULL; node != NULL; node = node->next)
		arm->own[arm->own_n++] = arena_printf(arena, "%s: %s", node->key, matrix_value_text(arena, node));
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (own[i] != NULL)
			arm->own[arm->own_n++] =
				arena_printf(arena, "%s: %s", own[i]->key, matrix_value_text(arena, own[i]));
}

static bool
find_arms(struct plan_context *context, const struct plan_node *list, struct plan_experiment *experiment,
	struct error *err)
{
	if (list->kind == NODE_SCALAR || list->n < 2)
		return plan_error(list, err,
			"arms: an experiment compares at least two of them, such as {baseline: {}, candidate: {set: "
			"{target.url: \"http://127.0.0.1:8081\"}}}");
	if (list->n > EXPERIMENT_ARMS_CEILING)
		return plan_error(list, err, "arms: more than %zu of them", EXPERIMENT_ARMS_CEILING);
	experiment->kind = EXPERIMENT_ARMS;
	experiment->arms = arena_alloc(context->arena, list->n * sizeof(*experiment->arms));
	for (const struct plan_node *item = list->first; item != NULL; item = item->next) {
		struct arm_row row;

		if (!parse_arm(context, item, &row, err))
			return false;
		CHECK(row.name != NULL);
		for (size_t i = 0; i < experiment->arms_n; i++)
			if (strcmp(experiment->arms[i].name, row.name) == 0)
				return plan_error(item, err, "name: there is an arm '%s' already", row.name);
		experiment->arms[experiment->arms_n].name = row.name;
		keep_own(context->arena, &row, &experiment->arms[experiment->arms_n++]);
	}
	return true;
}

static bool
find_one(struct plan_context *context, const struct plan_node *root, struct plan_experiment *experiment,
	struct error *err)
{
	static const char *const of_many[] = {"baseline", "order", "repeats", "canary"};

	for (size_t i = 0; i < ARRAY_LEN(of_many); i++)
		if (node_get(root, of_many[i]) != NULL)
			return plan_error(node_get(root, of_many[i]), err,
				"%s: there are no 'arms' and no 'matrix' that this belongs to", of_many[i]);
	experiment->kind = EXPERIMENT_ONE_RUN;
	experiment->arms = arena_alloc(context->arena, sizeof(*experiment->arms));
	experiment->arms_n = 1;
	return true;
}

bool
variants_find(struct plan_context *context, const struct plan_node *root, struct plan_experiment *experiment,
	struct error *err)
{
	const struct plan_node *arms = node_get(root, "arms"), *matrix = node_get(root, "matrix");

	if (arms != NULL && matrix != NULL)
		return plan_error(matrix, err,
			"matrix: 'arms' is here already; an experiment is one or the other, and a matrix with the key "
			"that the arms differ in has all that both say");
	if (arms != NULL)
		return find_arms(context, arms, experiment, err);
	return matrix != NULL ? matrix_find(context, matrix, experiment, err)
			      : find_one(context, root, experiment, err);
}

/* Puts what an arm has of its own where it belongs in the profile. Nodes move out of the arm, whose next must be known
 * before. */
static bool
apply_arm(struct plan_context *context, struct plan_node *root, struct plan_node *arm, struct error *err)
{
	static const char *const own[] = {"before", "after", "ready"};
	struct plan_node *set = node_get(arm, "set");

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct plan_node *node = node_get(arm, own[i]);

		if (node == NULL)
			continue;
		node_remove(arm, node);
		if (!tree_put(context, root, own[i], node, err))
			return false;
	}
	for (struct plan_node *node = set ? set->first : NULL, *next; node != NULL; node = next) {
		next = node->next;
		if (!tree_put(context, root, node->key, node, err))
			return false;
	}
	return true;
}

/* The one that is named; else the first. */
static bool
is_baseline(const struct plan_node *root, const struct plan_node *arm, size_t index)
{
	const struct plan_node *baseline = node_get(root, "baseline");
	const struct plan_node *name = node_get(arm, "name");
	const char *own = name != NULL ? name->text : arm->key;

	if (baseline == NULL)
		return index == 0;
	return own != NULL && baseline->kind == NODE_SCALAR && strcmp(own, baseline->text) == 0;
}

void
variants_strip(struct plan_node *root)
{
	static const char *const keys[] = {"arms", "matrix", "baseline", "order", "repeats"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (node_get(root, keys[i]) != NULL)
			node_remove(root, node_get(root, keys[i]));
}

bool
variants_apply(struct plan_context *context, struct plan_node *root, size_t index, struct error *err)
{
	struct plan_node *arms = node_get(root, "arms"), *matrix = node_get(root, "matrix");
	struct plan_node *arm = arms != NULL ? node_at(arms, index) : NULL;
	bool is_candidate = arm != NULL && !is_baseline(root, arm, index);

	variants_strip(root);
	if (arm != NULL)
		return apply_arm(context, root, arm, err) && canary_put_first(context, root, err) &&
		       split_put_side(context, root, is_candidate, err);
	return matrix == NULL || matrix_apply(context, root, matrix, index, err);
}
