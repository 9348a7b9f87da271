#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/list.h"

/* N worker processes that burn CPU for real, each fed over a socketpair, one errand at a time. An errand burns cpu_ns
 * (CLOCK_THREAD_CPUTIME_ID) and then sleeps out what is left of its service time, counted from when its worker was free
 * and it had arrived, so that the hand-over's delay does not add up. A worker dies with its parent. */
struct crew;

/* In its owner's memory until on_done. */
struct errand {
	struct list node;
	int64_t arrival_ns, cpu_ns, service_ns;
	int64_t done_ns; /* when its worker was done with it */
};

/* Forks: call it before anything is set up that a child should not have. NULL with err set when it cannot. */
struct crew *crew_new(size_t workers, size_t queue_max, struct error *err);

/* on_done is called once per errand; on_loss if a worker died, which leaves the crew unusable. */
void crew_start(struct crew *crew, uv_loop_t *loop, void (*on_done)(struct errand *errand, void *user),
	void (*on_loss)(void *user), void *user);

/* False if all are busy and the queue is full. */
bool crew_submit(struct crew *crew, struct errand *errand);
size_t crew_queued(const struct crew *crew);
size_t crew_queued_peak(const struct crew *crew);

/* Ends the workers and waits for them; the loop's handles are closed by the next turn of the loop. */
void crew_stop(struct crew *crew);
void crew_free(struct crew *crew);
