#include <string.h>

#include "base/check.h"
#include "plan/yaml.h"

bool
node_is_null(const struct plan_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != NODE_SCALAR || node->is_quoted)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (strcmp(node->source, nulls[i]) == 0)
			return true;
	return false;
}

struct plan_node *
node_get(const struct plan_node *map, const char *key)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (struct plan_node *child = map->first; child != NULL; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

struct plan_node *
node_at(const struct plan_node *list, size_t i)
{
	struct plan_node *child = list->first;

	while (child != NULL && i-- > 0)
		child = child->next;
	return child;
}

struct plan_node *
node_new_map(struct arena *arena, const char *file)
{
	struct plan_node *map = arena_alloc(arena, sizeof(*map));

	map->kind = NODE_MAP;
	map->file = file;
	return map;
}

void
node_add(struct plan_node *parent, struct plan_node *child)
{
	child->next = NULL;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
	parent->n++;
}

/* The link that points to child. */
static struct plan_node **
link_to(struct plan_node *parent, const struct plan_node *child, struct plan_node **before)
{
	struct plan_node **link = &parent->first;

	*before = NULL;
	while (*link != child) {
		CHECK(*link != NULL);
		*before = *link;
		link = &(*link)->next;
	}
	return link;
}

void
node_remove(struct plan_node *parent, struct plan_node *child)
{
	struct plan_node *before, **link = link_to(parent, child, &before);

	*link = child->next;
	if (parent->last == child)
		parent->last = before;
	parent->n--;
}

void
node_replace(struct plan_node *parent, struct plan_node *child, struct plan_node *with)
{
	struct plan_node *before, **link = link_to(parent, child, &before);

	if (with == child)
		return;
	with->key = child->key;
	with->key_line = with->line;
	with->key_column = with->column;
	with->next = child->next;
	*link = with;
	if (parent->last == child)
		parent->last = with;
}
