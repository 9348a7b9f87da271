#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/* An intrusive, circular, doubly linked list: the head is a node too, and an unlinked node points to itself, so that
 * removing twice does no harm. */
struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool
list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void
list_add_last(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void
list_add_first(struct list *head, struct list *node)
{
	list_add_last(head->next, node);
}

static inline void
list_remove(struct list *node)
{
	/* The analyser does not see that what list_first gave is the head's next: to it, a list that is freed node by
	 * node still holds the first. */
	node->prev->next = node->next; // NOLINT(clang-analyzer-unix.Malloc)
	node->next->prev = node->prev;
	list_init(node);
}

#define list_first(head, type, member) (list_is_empty(head) ? NULL : container_of((head)->next, type, member))
#define list_last(head, type, member) (list_is_empty(head) ? NULL : container_of((head)->prev, type, member))
