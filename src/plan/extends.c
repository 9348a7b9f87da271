#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "plan/files.h"
#include "plan/rows.h"
#include "plan/split.h"
#include "plan/tree.h"

/* The files that are being read, each extending the next: a cycle comes back to one of them. */
struct chain {
	const struct chain *outer;
	const char *real_path;
	unsigned depth;
};

/* The scalar becomes a map with this key alone. */
static void
expand(struct plan_context *context, struct plan_node *parent, struct plan_node *child, const char *key)
{
	struct plan_node *map = node_new_map(context->arena, child->file);

	map->line = child->line;
	map->column = child->column;
	node_replace(parent, child, map);
	map->key_line = child->key_line;
	map->key_column = child->key_column;
	child->key = key;
	node_add(map, child);
}

static bool
is_value(const struct plan_node *node)
{
	return node != NULL && node->kind == NODE_SCALAR && !node_is_null(node);
}

/* A feed that is a file alone, and synthetic prompts that are a length alone. */
static void
expand_data(struct plan_context *context, struct plan_node *data)
{
	struct plan_node *next;

	for (struct plan_node *feed = data->first; feed != NULL; feed = next) {
		struct plan_node *synthetic = node_get(feed, "synthetic");

		next = feed->next;
		if (is_value(feed))
			expand(context, data, feed, "file");
		else if (is_value(synthetic))
			expand(context, feed, synthetic, "tokens");
	}
}

void
tree_expand_shorthands(struct plan_context *context, struct plan_node *root)
{
	struct plan_node *data = node_get(root, "data");

	for (const struct plan_key *key = profile_keys; key->type != PLAN_KEYS_END_TYPE; key++)
		if (key->shorthand != NULL && is_value(node_get(root, key->name)))
			expand(context, root, node_get(root, key->name), key->shorthand);
	if (data != NULL && data->kind == NODE_MAP)
		expand_data(context, data);
}

static bool
is_shape(const struct plan_context *context, const char *name)
{
	for (size_t i = 0; context->tables->shapes[i] != NULL; i++)
		if (strcmp(context->tables->shapes[i]->name, name) == 0)
			return true;
	return false;
}

void
tree_keep_shape(struct plan_context *context, struct plan_node *load, const char *keep)
{
	if (!is_shape(context, keep))
		return;
	for (struct plan_node *child = load->first, *next; child != NULL; child = next) {
		next = child->next;
		if (strcmp(child->key, keep) != 0 && is_shape(context, child->key))
			node_remove(load, child);
	}
}

/* `over` wins: maps are merged, null removes, everything else replaces. A load that names a shape replaces the other's.
 */
static void
merge(struct plan_context *context, struct plan_node *base, struct plan_node *over)
{
	bool is_load = over->key != NULL && strcmp(over->key, "load") == 0;

	for (struct plan_node *child = over->first, *next; child != NULL; child = next) {
		struct plan_node *same = node_get(base, child->key);

		next = child->next;
		if (is_load && same == NULL && !node_is_null(child))
			tree_keep_shape(context, base, child->key);
		if (node_is_null(child)) {
			if (same != NULL)
				node_remove(base, same);
		} else if (same != NULL && same->kind == NODE_MAP && child->kind == NODE_MAP)
			merge(context, same, child);
		else if (same != NULL) {
			size_t line = child->key_line, column = child->key_column;

			node_replace(base, same, child);
			child->key_line = line;
			child->key_column = column;
		} else
			node_add(base, child);
	}
	base->file = over->file; /* what is still missing is missing here */
	base->line = over->line;
	base->column = over->column;
}

static struct plan_node *read_chained(struct plan_context *context, const char *text, size_t length, const char *file,
	const struct chain *chain, struct error *err);

static struct plan_node *
read_base(struct plan_context *context, const struct plan_node *extends, const struct chain *outer, struct error *err)
{
	const char *path, *text;
	size_t length;

	if (extends->kind != NODE_SCALAR || node_is_null(extends) || strstr(extends->text, "${") != NULL) {
		plan_error(extends, err, "extends: write the path of one profile");
		return NULL;
	}
	path = files_resolve(context->arena, extends, extends->text);
	char *real = realpath(path, NULL);
	struct chain chain = {.outer = outer,
		.real_path = real ? arena_strdup(context->arena, real) : path,
		.depth = outer->depth + 1};

	free(real);
	for (const struct chain *c = outer; c != NULL; c = c->outer)
		if (strcmp(c->real_path, chain.real_path) == 0) {
			plan_error(extends, err, "extends: '%s' extends itself, through this line", extends->text);
			return NULL;
		}
	if (chain.depth > TREE_EXTENDS_CEILING) {
		plan_error(extends, err, "extends: more than %d profiles extend one another", TREE_EXTENDS_CEILING);
		return NULL;
	}
	if (!files_read(context->arena, extends, extends->text, PLAN_FILE_CEILING, &text, &length, err))
		return NULL;
	return read_chained(context, text, length, path, &chain, err);
}

static struct plan_node *
read_chained(struct plan_context *context, const char *text, size_t length, const char *file, const struct chain *chain,
	struct error *err)
{
	struct plan_node *root = yaml_read(context->arena, text, length, file, true, err);

	if (root == NULL)
		return NULL;
	if (node_is_null(root) || (root->kind == NODE_MAP && root->n == 0)) {
		plan_error(root, err, "it is empty; a profile says at least 'target:' and 'load:'");
		return NULL;
	}
	if (root->kind != NODE_MAP) {
		plan_error(root, err, "a profile is a map of keys, such as 'target: http://127.0.0.1:8080'");
		return NULL;
	}
	tree_expand_shorthands(context, root);
	struct plan_node *extends = node_get(root, "extends");

	if (extends == NULL)
		return root;
	struct plan_node *base = read_base(context, extends, chain, err);

	if (base == NULL)
		return NULL;
	node_remove(root, extends);
	merge(context, base, root);
	return base;
}

struct plan_node *
tree_read(struct plan_context *context, const char *text, size_t length, const char *file, struct error *err)
{
	char *real = realpath(file, NULL);
	struct chain chain = {.real_path = real ? arena_strdup(context->arena, real) : file};

	free(real);
	return read_chained(context, text, length, file, &chain, err);
}

struct plan_node *
tree_read_set(struct plan_context *context, const char *text, size_t length, const char *file,
	const struct plan_setting *settings, size_t settings_n, struct error *err)
{
	struct plan_node *root = tree_read(context, text, length, file, err);

	if (root != NULL && !split_take_environment(context, root, err))
		return NULL;
	for (size_t i = 0; root != NULL && i < settings_n; i++) {
		if (!tree_set(context, root, &settings[i], err))
			return NULL;
		tree_expand_shorthands(context, root);
	}
	return root;
}
