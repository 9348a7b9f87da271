#include "plan/by_hand.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "plan/parse.h"

#define FORM "holds 'values: {ttft.p95: 650ms, ...}'"
#define BY_HAND_BYTES_CEILING ((size_t)64 * 1024)

struct reading {
	struct plan_context context;
	const struct plan_metric *const *metrics;
};

/* A value is written as an SLO writes it, so that it is read as one. */
static bool
read_value(struct reading *r, const struct plan_node *node, struct by_hand_value *into, struct error *err)
{
	struct error what = {0};
	const char *text;

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "%.64s: write one value, such as 650ms", node->key);
	text = arena_printf(r->context.arena, "%s <= %s", node->key, node->text);
	if (!expr_parse(text, r->metrics, NULL, 0, r->context.arena, &into->measure, &what))
		return plan_error(node, err, "%s", what.message);
	into->value = into->measure.value;
	if (into->measure.of == EXPR_OF_RUN && !into->measure.has_stretch)
		return true;
	return plan_error(node, err, "%.64s: write one value of a run, such as 650ms", node->key);
}

static bool
is_new(const struct by_hand *by_hand, const struct expr *measure)
{
	for (size_t i = 0; i < by_hand->n; i++)
		if (expr_is_same_measure(&by_hand->values[i].measure, measure))
			return false;
	return true;
}

static bool
read_values(struct reading *r, const struct plan_node *values, struct by_hand *into, struct error *err)
{
	if (values->kind != NODE_MAP || values->n == 0)
		return plan_error(values, err, "values: write a map of measures to values such as {ttft.p95: 650ms}");
	if (values->n > BY_HAND_VALUES_CEILING)
		return plan_error(values, err, "values: there may be %zu at most", BY_HAND_VALUES_CEILING);
	into->values = arena_alloc(r->context.arena, values->n * sizeof(*into->values));
	for (const struct plan_node *item = values->first; item != NULL; item = item->next) {
		struct by_hand_value *value = &into->values[into->n];

		if (!read_value(r, item, value, err))
			return false;
		if (!is_new(into, &value->measure))
			return plan_error(item, err, "%.64s: it has a value already", item->key);
		into->n++;
	}
	return true;
}

static bool
read_tree(struct reading *r, const struct plan_node *root, const char *path, struct by_hand *into, struct error *err)
{
	const struct plan_node *name = root->kind == NODE_MAP ? node_get(root, "baseline") : NULL;
	const struct plan_node *values = root->kind == NODE_MAP ? node_get(root, "values") : NULL;

	if (node_is_null(root))
		return plan_error(root, err, "it is empty; a baseline that is written by hand " FORM);
	if (values == NULL)
		return plan_error(root, err, "this is no baseline; one that is written by hand " FORM);
	for (const struct plan_node *item = root->first; item != NULL; item = item->next)
		if (item != name && item != values)
			return plan_error(item, err,
				"'%.64s' is no key of a baseline; there are baseline (its name) and "
				"values",
				item->key);
	if (name != NULL && (name->kind != NODE_SCALAR || name->text[0] == '\0'))
		return plan_error(name, err, "baseline: write its name");
	into->name = name != NULL ? name->text : path;
	return read_values(r, values, into, err);
}

struct by_hand *
by_hand_load(const char *path, const struct plan_metric *const *metrics, struct error *err)
{
	size_t length;
	char *text = file_read(path, BY_HAND_BYTES_CEILING, &length, err);

	if (text == NULL)
		return NULL;
	struct by_hand *by_hand = must_alloc(sizeof(*by_hand));

	arena_init(&by_hand->arena);
	struct reading r = {.context = {.arena = &by_hand->arena}, .metrics = metrics};
	const char *file = arena_strdup(&by_hand->arena, path);
	const struct plan_node *root = yaml_read(&by_hand->arena, text, length, file, true, err);
	bool is_read = root != NULL && read_tree(&r, root, file, by_hand, err);

	free(text);
	if (is_read)
		return by_hand;
	by_hand_free(by_hand);
	return NULL;
}

void
by_hand_free(struct by_hand *by_hand)
{
	if (by_hand == NULL)
		return;
	struct arena arena = by_hand->arena;

	free(by_hand);
	arena_fini(&arena);
}
