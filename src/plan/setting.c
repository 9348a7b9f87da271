#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "plan/names.h"
#include "plan/tree.h"

#define PATH_PARTS_CEILING 16

/* A walk along "requests[1].weight" or "requests.buy.weight". */
struct walk {
	struct arena *arena;
	const char *label;              /* "--set requests[1].weight" … */
	const struct plan_node *placed; /* … or, where the profile itself sets, what stands there; else NULL */
	const char *rest;               /* what is still to go */
	struct plan_node *parent, *node;
	struct error *err;
};

/* False, as every message of this file is about the flag, or whatever sets in its place. */
__attribute__((format(printf, 2, 3))) static bool
refuse(struct walk *walk, const char *format, ...)
{
	char message[sizeof(walk->err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (walk->placed != NULL)
		return error_at(walk->err, walk->placed->file, walk->placed->key_line, walk->placed->key_column,
			"%s: %s", walk->label, message);
	return error_at(walk->err, walk->label, 0, 0, "%s", message);
}

/* A map that the path goes through and that nobody wrote. */
static struct plan_node *
make_map(const struct walk *walk, const char *key)
{
	struct plan_node *map = node_new_map(walk->arena, walk->placed ? walk->placed->file : walk->label);

	map->key = key;
	if (walk->placed != NULL) {
		map->line = map->key_line = walk->placed->key_line;
		map->column = map->key_column = walk->placed->key_column;
	}
	return map;
}

bool
plan_setting_parse(const char *text, struct plan_setting *setting, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		return error_set(err, "--set: '%.200s' is not KEY=VALUE, such as load.steps.to=500/s", text);
	*setting = (struct plan_setting){.path = text, .value = equals + 1};
	return true;
}

static bool
ends_name(char c)
{
	return c == '\0' || c == '.' || c == '[' || c == '=';
}

static bool
is_at_end(const struct walk *walk)
{
	return walk->rest[0] == '\0' || walk->rest[0] == '=';
}

static bool
walk_index(struct walk *walk)
{
	char *end;
	unsigned long i = strtoul(walk->rest + 1, &end, 10);

	if (!isdigit((unsigned char)walk->rest[1]) || *end != ']' || !ends_name(end[1]))
		return refuse(walk, "write a list's item as requests[0], counting from 0");
	if (walk->node->kind != NODE_LIST)
		return refuse(walk, "'%s' is not a list", walk->node->key ? walk->node->key : "that");
	walk->parent = walk->node;
	walk->node = node_at(walk->parent, i);
	walk->rest = end + 1;
	return walk->node != NULL || refuse(walk, "there is no item [%lu]: the list has %zu", i, walk->parent->n);
}

/* The item whose name: is what the path goes on with; names may hold dots, so the longest that fits is meant. */
static bool
walk_item_name(struct walk *walk)
{
	struct names names = {.n = 0};
	char word[80], advice[768];
	size_t longest = 0;

	walk->parent = walk->node;
	walk->node = NULL;
	for (struct plan_node *item = walk->parent->first; item != NULL; item = item->next) {
		const struct plan_node *name = node_get(item, "name");

		if (name == NULL || name->kind != NODE_SCALAR)
			continue;
		size_t length = strlen(name->text);

		names_add(&names, name->text);
		if (length > longest && strncmp(walk->rest, name->text, length) == 0 && ends_name(walk->rest[length])) {
			longest = length;
			walk->node = item;
		}
	}
	if (walk->node != NULL) {
		walk->rest += longest;
		return true;
	}
	size_t length = strcspn(walk->rest, ".[=");
	const char *list = walk->parent->key ? walk->parent->key : "list";

	snprintf(word, sizeof(word), "%.*s", (int)length, walk->rest);
	if (word[0] != '\0' && word[strspn(word, "0123456789")] == '\0')
		return refuse(walk, "write a list's item as %s[%s], counting from 0", list, word);
	if (names.n == 0)
		return refuse(walk, "the items of '%s' have no names; write the first one as %s[0]", list, list);
	return refuse(
		walk, "no item of the list is named '%s'%s", word, names_advice(&names, word, advice, sizeof(advice)));
}

/* Keys may hold dots, those of `matrix` and of an arm's `set` do: of the keys that are there the longest that fits is
 * meant, else what comes before the next dot. */
static size_t
key_length(const struct walk *walk)
{
	size_t longest = strcspn(walk->rest, ".[=");

	for (const struct plan_node *child = walk->node->kind == NODE_MAP ? walk->node->first : NULL; child != NULL;
		child = child->next) {
		size_t length = strlen(child->key);

		if (length > longest && strncmp(walk->rest, child->key, length) == 0 && ends_name(walk->rest[length]))
			longest = length;
	}
	return longest;
}

/* A key of a map, which is made where it is missing: as a map, or as something that the value replaces. */
static bool
walk_key(struct walk *walk)
{
	size_t length = key_length(walk);
	const char *key = arena_strndup(walk->arena, walk->rest, length);

	if (length == 0)
		return refuse(walk, "a key is missing in the path; write load.steps.to=500/s");
	if (walk->node->kind != NODE_MAP)
		return refuse(walk, "'%s' has no keys: it is '%.100s'", walk->node->key ? walk->node->key : "that",
			walk->node->source);
	walk->rest += length;
	walk->parent = walk->node;
	walk->node = node_get(walk->parent, key);
	if (walk->node == NULL || (node_is_null(walk->node) && !is_at_end(walk))) {
		struct plan_node *made = make_map(walk, key);

		if (walk->node != NULL)
			node_remove(walk->parent, walk->node);
		node_add(walk->parent, made);
		walk->node = made;
	}
	return true;
}

static bool
walk_step(struct walk *walk)
{
	if (walk->rest[0] == '[')
		return walk_index(walk);
	if (walk->rest[0] == '.' && walk->parent != NULL)
		walk->rest++;
	return walk->node->kind == NODE_LIST ? walk_item_name(walk) : walk_key(walk);
}

/* To the end of the path, where `value` is put; null removes what is there. */
static bool
walk_and_put(struct plan_context *context, struct walk *walk, struct plan_node *value)
{
	size_t parts = 0;

	if (strncmp(walk->rest, "extends", 7) == 0 && ends_name(walk->rest[7]))
		return refuse(walk, "extends stands in the profile only");
	do {
		if (++parts > PATH_PARTS_CEILING)
			return refuse(walk, "the path has more than %d parts", PATH_PARTS_CEILING);
		if (!walk_step(walk))
			return false;
		if (walk->parent->key != NULL && strcmp(walk->parent->key, "load") == 0 &&
			walk->parent->kind == NODE_MAP)
			tree_keep_shape(context, walk->parent, walk->node->key);
	} while (!is_at_end(walk));
	if (node_is_null(value))
		node_remove(walk->parent, walk->node);
	else
		node_replace(walk->parent, walk->node, value);
	return true;
}

bool
tree_set(struct plan_context *context, struct plan_node *root, const struct plan_setting *setting, struct error *err)
{
	struct walk walk = {.arena = context->arena, .rest = setting->path, .node = root, .err = err};

	walk.label = arena_printf(context->arena, "--set %.*s", (int)strcspn(setting->path, "="), setting->path);
	if (setting->value[strspn(setting->value, " ")] == '\0')
		return refuse(&walk, "there is no value; write KEY=VALUE, or KEY=null to remove the key");
	struct plan_node *value =
		yaml_read(context->arena, setting->value, strlen(setting->value), walk.label, false, err);

	return value != NULL && walk_and_put(context, &walk, value);
}

bool
tree_put(struct plan_context *context, struct plan_node *root, const char *path, struct plan_node *value,
	struct error *err)
{
	/* Where it stands is told once it has become part of the tree, and its key another one. */
	struct plan_node place = *value;
	struct walk walk = {.arena = context->arena, .label = path, .rest = path, .node = root, .err = err};

	if (place.key == NULL) { /* a value of a list */
		place.key_line = place.line;
		place.key_column = place.column;
	}
	walk.placed = &place;
	if (strchr(path, '=') != NULL || path[0] == '\0')
		return refuse(&walk, "a path such as load.steady.rate, and its value after the colon");
	if (!walk_and_put(context, &walk, value))
		return false;
	tree_expand_shorthands(context, root);
	return true;
}
