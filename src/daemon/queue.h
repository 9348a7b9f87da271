#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* Whose turn it is: runs of one target follow one another, in the order in which they came, so that they never load it
 * together; of different targets at most `at_once` run side by side. One that waits for its target lets others pass,
 * but none that shares a target with it. Pure: nothing begins here, it is only said what may. */

struct queue_item {
	struct list node;
	const char *const
		*targets; /* of all its arms and backends, "127.0.0.1:8080", "unix:/run/x.sock"; targets_n of them */
	size_t targets_n;
	bool is_running;
};

struct queue {
	struct list waiting, running; /* in order of arrival; of beginning */
	size_t waiting_n, running_n;
	size_t at_once, length; /* most that run, and that wait */
	bool is_halted;         /* nothing begins */
};

void queue_init(struct queue *queue, size_t at_once, size_t length);

/* False: there is no room for another that waits. The item is the caller's, and stays where it is until removed. */
bool queue_add(struct queue *queue, struct queue_item *item);

/* As an earlier life left it, in that order: one that runs, or that waits, whatever room there is. */
void queue_restore(struct queue *queue, struct queue_item *item, bool is_running);

/* The next that may begin; it runs from now on. NULL: none may. */
struct queue_item *queue_next(struct queue *queue);

/* It has ended, or was withdrawn. */
void queue_remove(struct queue *queue, struct queue_item *item);

/* Whether somebody runs against one of its targets, or waits for one. */
bool queue_is_busy(const struct queue *queue, const struct queue_item *item);

/* How many must end, or begin, before it may: 1 is the next of its targets. 0: it runs. */
size_t queue_position(const struct queue *queue, const struct queue_item *item);
