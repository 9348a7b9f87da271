#pragma once

#include <stdbool.h>
#include <uv.h>

#include "campaign/background.h"
#include "base/buf.h"
#include "measure/events.h"

/* What a shard says, on its way out: lines and intervals, in the order in which they happened, encoded and written in
 * the thread pool, one batch at a time. A reader that does not read is waited for there: the load goes on, and the
 * running interval becomes longer. */
#define OUTBOX_LINES_MAX ((size_t)64 * 1024 * 1024)

struct outbox {
	uv_loop_t *loop;
	const struct plan *plan;
	int fd;
	struct buf before, after; /* lines of before and after the interval that waits */
	struct interval *waiting; /* NULL: none */
	struct background_work work;
	struct buf job;
	struct interval *running;
	struct buf running_after;
	bool is_busy, is_broken; /* broken: nobody reads any more */

	void (*on_interval_written)(void *context, struct interval *interval); /* it is the loop's again */
	void (*on_broken)(void *context);
	void *context;
};

void outbox_init(struct outbox *outbox, uv_loop_t *loop, const struct plan *plan, int fd);
void outbox_fini(struct outbox *outbox);
/* The buffer for lines; outbox_send after they were added. */
struct buf *outbox_lines(struct outbox *outbox);
void outbox_add_interval(struct outbox *outbox, struct interval *interval);
void outbox_send(struct outbox *outbox);
/* Nothing is under way: writes what is left, blocking. */
bool outbox_flush(struct outbox *outbox);
