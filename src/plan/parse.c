#include "plan/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "plan/names.h"
#include "plan/plan.h"
#include "plan/rows.h"
#include "plan/scalar.h"

#define ADVICE_BYTES 768

bool
plan_error(const struct plan_node *node, struct error *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_at(err, node->file, node->line, node->column, "%s", message);
}

struct plan_said
plan_said_at(const struct plan_context *context, const struct plan_node *node)
{
	return (struct plan_said){.shown = node->kind == NODE_SCALAR ? node->source : NULL,
		.file = arena_strdup(context->arena, node->file),
		.line = node->line,
		.column = node->column};
}

static bool
error_at_key(const struct plan_node *node, struct error *err, const char *message)
{
	return error_at(err, node->file, node->key_line, node->key_column, "%s", message);
}

static const struct plan_key *
find_key(const struct plan_key *keys, const char *name)
{
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool
unknown_key(const struct plan_node *node, const struct plan_key *keys, const char *const *also, struct error *err)
{
	struct names names = {.n = 0};
	char advice[ADVICE_BYTES], message[ADVICE_BYTES + 128];

	for (size_t i = 0; also != NULL && also[i] != NULL; i++)
		names_add(&names, also[i]);
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++)
		names_add(&names, keys->name);
	snprintf(message, sizeof(message), "unknown key '%.64s'%s", node->key,
		names_advice(&names, node->key, advice, sizeof(advice)));
	return error_at_key(node, err, message);
}

static bool
is_among(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* "a map", "the list", … for the sentence about a value of the wrong kind. */
static const char *
kind_text(const struct plan_node *node)
{
	return node->kind == NODE_MAP ? "a map" : node->kind == NODE_LIST ? "a list" : node->source;
}

static bool
wrong_kind(const struct plan_node *node, const struct plan_key *key, struct error *err)
{
	const char *quote = node->kind == NODE_SCALAR ? "'" : "";

	return plan_error(
		node, err, "%s: %s%.200s%s is not %s", key->name, quote, kind_text(node), quote, scalar_form(key));
}

static bool
parse_default(struct plan_context *context, const struct plan_key *key, void *into, struct error *err)
{
	struct plan_node node = {
		.kind = NODE_SCALAR, .text = key->default_text, .source = key->default_text, .file = "default"};

	if (key->type == PLAN_SECTION) { /* what is left out still has its defaults */
		for (const struct plan_key *inner = key->keys; inner->type != PLAN_KEYS_END_TYPE; inner++)
			if (inner->default_text != NULL &&
				!parse_default(context, inner, (char *)into + key->offset, err))
				return false;
		return true;
	}
	return key->default_text[0] == '\0' || plan_parse_value(context, &node, key, into, err);
}

bool
plan_parse_map(struct plan_context *context, const struct plan_node *node, const struct plan_key *keys,
	const char *const *also, void *into, struct error *err)
{
	CHECK(node->kind == NODE_MAP);
	for (const struct plan_node *child = node->first; child != NULL; child = child->next) {
		const struct plan_key *key = find_key(keys, child->key);

		if (key == NULL && !is_among(also, child->key))
			return unknown_key(child, keys, also, err);
		if (key != NULL && !plan_parse_value(context, child, key, into, err))
			return false;
	}
	for (const struct plan_key *key = keys; key->type != PLAN_KEYS_END_TYPE; key++) {
		if (node_get(node, key->name) != NULL)
			continue;
		if (key->default_text == NULL)
			return plan_error(node, err, "%s%s'%s' is missing: %s", node->key ? node->key : "",
				node->key ? ": " : "", key->name, key->help);
		if (!parse_default(context, key, into, err))
			return false;
	}
	return true;
}

/* A section, or the value that stands for its most important key. */
static bool
parse_section(struct plan_context *context, const struct plan_node *node, const struct plan_key *key, void *into,
	struct error *err)
{
	if (node->kind == NODE_MAP)
		return plan_parse_map(context, node, key->keys, NULL, into, err);
	if (key->shorthand == NULL)
		return wrong_kind(node, key, err);
	struct plan_node map = {.kind = NODE_MAP, .file = node->file, .line = node->line, .column = node->column};
	struct plan_node *only = arena_alloc(context->arena, sizeof(*only)); /* rows may keep it for later */

	*only = *node;
	map.key = node->key;
	only->key = key->shorthand;
	node_add(&map, only);
	return plan_parse_map(context, &map, key->keys, NULL, into, err);
}

static bool
parse_list(struct plan_context *context, const struct plan_node *node, const struct plan_key *key,
	struct plan_list *list, struct error *err)
{
	char *items = arena_alloc(context->arena, node->n * key->size);

	if (node->kind != NODE_LIST)
		return wrong_kind(node, key, err);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		if (item->kind != NODE_MAP)
			return plan_error(item, err, "%s: each item is a map of keys", key->name);
		if (!plan_parse_map(context, item, key->keys, NULL, items + list->n * key->size, err))
			return false;
		list->n++;
	}
	list->items = items;
	return true;
}

static bool
parse_texts(struct plan_context *context, const struct plan_node *node, const struct plan_key *key,
	struct plan_list *list, struct error *err)
{
	const char **texts = arena_alloc(context->arena, (node->n + 1) * sizeof(*texts));

	list->items = texts;
	if (node->kind == NODE_SCALAR)
		texts[list->n++] = node->text;
	else if (node->kind != NODE_LIST)
		return wrong_kind(node, key, err);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		if (item->kind != NODE_SCALAR)
			return wrong_kind(item, key, err);
		texts[list->n++] = item->text;
	}
	return true;
}

static bool
parse_pairs(struct plan_context *context, const struct plan_node *node, const struct plan_key *key,
	struct plan_list *list, struct error *err)
{
	struct plan_pair *pairs = arena_alloc(context->arena, node->n * sizeof(*pairs));

	if (node->kind != NODE_MAP)
		return wrong_kind(node, key, err);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		if (item->kind != NODE_SCALAR)
			return plan_error(item, err, "%s: the value of '%.64s' must be text", key->name, item->key);
		pairs[list->n++] = (struct plan_pair){item->key, item->text};
	}
	list->items = pairs;
	return true;
}

bool
plan_parse_value(struct plan_context *context, const struct plan_node *node, const struct plan_key *key, void *into,
	struct error *err)
{
	void *field = (char *)into + key->offset;

	if (node_is_null(node))
		return plan_error(node, err, "%s: there is no value; write %s, or leave the key out", key->name,
			scalar_form(key));
	switch (key->type) {
	case PLAN_SECTION: return parse_section(context, node, key, field, err);
	case PLAN_LIST: return parse_list(context, node, key, field, err);
	case PLAN_TEXTS: return parse_texts(context, node, key, field, err);
	case PLAN_PAIRS: return parse_pairs(context, node, key, field, err);
	case PLAN_CUSTOM:
		return key->parse(context, node, field, err) || error_place(err, node->file, node->line, node->column);
	default:
		if (node->kind != NODE_SCALAR)
			return wrong_kind(node, key, err);
		return scalar_parse(context, node, key, field, err);
	}
}
