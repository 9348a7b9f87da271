#include <string.h>

#include "base/check.h"
#include "plan/names.h"
#include "plan/parse.h"
#include "plan/plan.h"

bool
plan_parse_chosen(struct plan_context *context, const struct plan_choice *choice, const struct plan_node *node,
	struct plan_chosen *into, struct error *err)
{
	struct plan_node map = {.kind = NODE_MAP, .file = node->file, .line = node->line, .column = node->column};
	struct plan_node only = *node;

	*into = (struct plan_chosen){.choice = choice, .line = node->line, .column = node->column};
	into->params = arena_alloc(context->arena, choice->params_size);
	map.key = choice->name;
	if (node->kind == NODE_LIST && choice->keys[0].type != PLAN_KEYS_END_TYPE) {
		only.key = choice->keys[0].name;
		node_add(&map, &only);
		node = &map;
	}
	if (node->kind != NODE_MAP)
		return plan_error(node, err, "%s: '%.64s' is not a map of its keys; write %s: %s", choice->name,
			node->kind == NODE_SCALAR ? node->source : "a list", choice->name,
			choice->example ? choice->example : "{...}");
	if (!plan_parse_map(context, node, choice->keys, NULL, into->params, err))
		return false;
	if (choice->check != NULL && !choice->check(into->params, err))
		return error_place(err, node->file, node->line, node->column);
	return true;
}

/* Which shape an item of a list is, and the node of its parameters. */
static const struct plan_choice *
choice_of_item(const struct plan_choice *const *shapes, const struct plan_node *item, const struct plan_node **params)
{
	for (size_t i = 0; shapes[i] != NULL; i++)
		if (item->n == 1 && strcmp(item->first->key, shapes[i]->name) == 0) {
			*params = item->first;
			return shapes[i];
		}
	*params = item;
	for (size_t i = 0; shapes[i] != NULL; i++)
		if (shapes[i]->flat_key != NULL && node_get(item, shapes[i]->flat_key) != NULL)
			return shapes[i];
	return NULL;
}

static bool
no_shape(const struct plan_node *item, const struct plan_choice *const *shapes, struct error *err)
{
	struct names names = {.n = 0};
	char advice[768];

	if (item->kind != NODE_MAP || item->n == 0)
		return plan_error(item, err, "each item is a map such as {rate: 50/s, for: 10s}");
	for (size_t i = 0; shapes[i] != NULL; i++) {
		if (shapes[i]->flat_key != NULL)
			names_add(&names, shapes[i]->flat_key);
		names_add(&names, shapes[i]->name);
	}
	return plan_error(item, err, "'%.64s' does not say which shape this is%s", item->first->key,
		names_advice(&names, item->first->key, advice, sizeof(advice)));
}

bool
plan_parse_chosen_list(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_choice *const *shapes = context->tables->shapes;
	struct plan_list *list = into;

	if (node->kind != NODE_LIST || node->n == 0)
		return plan_error(
			node, err, "write a list of shapes, such as [{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]");
	struct plan_chosen *chosen = arena_alloc(context->arena, node->n * sizeof(*chosen));
	const char *list_path = context->load_path;

	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		const struct plan_node *params;
		const struct plan_choice *choice =
			item->kind == NODE_MAP ? choice_of_item(shapes, item, &params) : NULL;

		if (choice == NULL)
			return no_shape(item, shapes, err);
		context->load_path = arena_printf(context->arena, "%s[%zu]%s%s", list_path, list->n,
			params == item ? "" : ".", params == item ? "" : choice->name);
		if (!plan_parse_chosen(context, choice, params, &chosen[list->n++], err))
			return false;
	}
	context->load_path = list_path;
	list->items = chosen;
	return true;
}
