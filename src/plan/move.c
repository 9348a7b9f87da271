#include <string.h>

#include "base/buf.h"
#include "plan/rows.h"
#include "plan/tree.h"

/* The paths of a merged tree. Which keys hold paths is said by the tables; references are found in any text. */

#define MOVED_CEILING ((size_t)1024 * 1024)

static const char reference[] = "${file:";

struct move {
	struct plan_context *context;
	const char *top_file;
};

/* What a relative path in this node must begin with in the top profile: "base/"; empty: nothing. */
static const char *
prefix_of(const struct move *move, const struct plan_node *node)
{
	const char *top_slash = strrchr(move->top_file, '/'), *slash = strrchr(node->file, '/');
	size_t top_length = top_slash != NULL ? (size_t)(top_slash - move->top_file) + 1 : 0;

	if (node->line == 0 || slash == NULL) /* a --set, or beside the top profile */
		return "";
	size_t length = (size_t)(slash - node->file) + 1;
	bool is_below = length >= top_length && strncmp(node->file, move->top_file, top_length) == 0;
	size_t from = is_below ? top_length : 0;

	return arena_strndup(move->context->arena, node->file + from, length - from);
}

static void
move_path(const struct move *move, struct plan_node *node)
{
	const char *prefix = prefix_of(move, node);

	if (prefix[0] != '\0' && node->source[0] != '/' && strstr(node->source, "${") == NULL)
		node->moved = arena_printf(move->context->arena, "%s%s", prefix, node->source);
}

/* ${file:PATH} wherever it stands, but for `$${file:…`, which is no reference. */
static void
move_references(const struct move *move, struct plan_node *node)
{
	const char *prefix = prefix_of(move, node), *p = node->source, *next;
	struct buf text;

	if (prefix[0] == '\0' || strstr(p, reference) == NULL)
		return;
	buf_init(&text, MOVED_CEILING);
	for (; (next = strstr(p, reference)) != NULL; p = next) {
		bool is_escaped = next > node->source && next[-1] == '$';

		next += strlen(reference);
		buf_add(&text, p, (size_t)(next - p));
		if (!is_escaped && *next != '/')
			buf_add_text(&text, prefix);
	}
	buf_add_text(&text, p);
	if (!text.overflowed)
		node->moved = arena_strndup(move->context->arena, text.bytes, text.length);
	buf_fini(&text);
}

static void
move_all_references(const struct move *move, struct plan_node *node)
{
	for (struct plan_node *child = node->first; child != NULL; child = child->next)
		move_all_references(move, child);
	if (node->kind == NODE_SCALAR)
		move_references(move, node);
}

static bool
is_path(const struct plan_key *key)
{
	return key->is_path || key->parse == plan_parse_path || key->parse == plan_parse_input;
}

static void move_by_keys(const struct move *move, struct plan_node *node, const struct plan_key *keys);

/* The key takes a map of names of the user's to items. */
static bool
is_by_name(const struct plan_key *keys)
{
	return keys == scenario_keys || keys == feed_keys;
}

/* Items of a list, or of a map by names, and a map of keys itself: what is no key of the rows is passed over. */
static void
move_in(const struct move *move, struct plan_node *node, const struct plan_key *keys)
{
	move_by_keys(move, node, keys);
	for (struct plan_node *child = node->first; child != NULL; child = child->next)
		if (node->kind == NODE_LIST || (is_by_name(keys) && child->kind == NODE_MAP))
			move_by_keys(move, child, keys);
}

/* A load's shape stands among its keys, a stage's in an item of the list. */
static void
move_in_shapes(const struct move *move, struct plan_node *node)
{
	const struct plan_choice *const *shapes = move->context->tables->shapes;

	for (struct plan_node *child = node->first; child != NULL; child = child->next) {
		for (size_t i = 0; shapes[i] != NULL && child->key != NULL; i++)
			if (strcmp(child->key, shapes[i]->name) == 0)
				move_by_keys(move, child, shapes[i]->keys);
		move_in_shapes(move, child);
	}
}

static void
move_by_keys(const struct move *move, struct plan_node *node, const struct plan_key *keys)
{
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++) {
		struct plan_node *child = node_get(node, keys->name);

		if (child == NULL)
			continue;
		if (is_path(keys) && child->kind == NODE_SCALAR)
			move_path(move, child);
		if (keys->keys == load_keys)
			move_in_shapes(move, child);
		if (keys->keys != NULL)
			move_in(move, child, keys->keys);
	}
}

void
tree_move_paths(struct plan_context *context, struct plan_node *root, const char *top_file)
{
	const struct move move = {.context = context, .top_file = top_file};

	move_all_references(&move, root);
	move_by_keys(&move, root, profile_keys);
}
