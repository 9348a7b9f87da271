#include "daemon/queue.h"

#include <string.h>

#include "base/check.h"

void
queue_init(struct queue *queue, size_t at_once, size_t length)
{
	*queue = (struct queue){.at_once = at_once, .length = length};
	list_init(&queue->waiting);
	list_init(&queue->running);
}

static bool
shares_target(const struct queue_item *a, const struct queue_item *b)
{
	for (size_t i = 0; i < a->targets_n; i++)
		for (size_t j = 0; j < b->targets_n; j++)
			if (strcmp(a->targets[i], b->targets[j]) == 0)
				return true;
	return false;
}

/* How many of the list, up to `until` (NULL: all), share a target with it. */
static size_t
sharing(const struct list *list, const struct queue_item *item, const struct list *until)
{
	size_t n = 0;

	for (const struct list *node = list->next; node != list && node != until; node = node->next) {
		const struct queue_item *other = container_of(node, struct queue_item, node);

		n += other != item && shares_target(other, item);
	}
	return n;
}

bool
queue_add(struct queue *queue, struct queue_item *item)
{
	if (queue->waiting_n >= queue->length)
		return false;
	item->is_running = false;
	list_add_last(&queue->waiting, &item->node);
	queue->waiting_n++;
	return true;
}

void
queue_restore(struct queue *queue, struct queue_item *item, bool is_running)
{
	item->is_running = is_running;
	list_add_last(is_running ? &queue->running : &queue->waiting, &item->node);
	queue->running_n += is_running;
	queue->waiting_n += !is_running;
}

static bool
may_begin(const struct queue *queue, const struct queue_item *item)
{
	return sharing(&queue->running, item, NULL) == 0 && sharing(&queue->waiting, item, &item->node) == 0;
}

struct queue_item *
queue_next(struct queue *queue)
{
	if (queue->is_halted || queue->running_n >= queue->at_once)
		return NULL;
	for (struct list *node = queue->waiting.next; node != &queue->waiting; node = node->next) {
		struct queue_item *item = container_of(node, struct queue_item, node);

		if (!may_begin(queue, item))
			continue;
		list_remove(&item->node);
		queue->waiting_n--;
		list_add_last(&queue->running, &item->node);
		queue->running_n++;
		item->is_running = true;
		return item;
	}
	return NULL;
}

void
queue_remove(struct queue *queue, struct queue_item *item)
{
	list_remove(&item->node);
	if (item->is_running)
		queue->running_n--;
	else
		queue->waiting_n--;
	item->is_running = false;
}

bool
queue_is_busy(const struct queue *queue, const struct queue_item *item)
{
	return sharing(&queue->running, item, NULL) > 0 || sharing(&queue->waiting, item, NULL) > 0;
}

size_t
queue_position(const struct queue *queue, const struct queue_item *item)
{
	size_t before = sharing(&queue->waiting, item, &item->node);

	return item->is_running ? 0 : before + 1;
}
