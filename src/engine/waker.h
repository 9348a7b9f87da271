#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "engine/run_clock.h"
#include "plan/plan.h"

/* How the loop waits for the next moment that matters. Precise: a timerfd until shortly before it, then non-blocking
 * loop turns until it is there, since a timerfd alone wakes some 60 µs late. Relaxed (the clock has a tick): a timerfd
 * on ticks, no spinning, and where nothing but responses can come, not even they wake the loop: they are read with the
 * next tick, and when they came the kernel has noted. On a virtual clock: the clock is moved. */
struct waker {
	uv_loop_t *loop;
	struct run_clock *clock;
	uv_poll_t poll;
	int timer_fd; /* −1 on a virtual clock */
	bool is_virtual, is_closed;
	int64_t asked_ns; /* until when the last wait was meant to last */
	int64_t armed_ns; /* what the timer is set to; INT64_MIN: it never was */
};

/* Spinning begins this long before the moment: a bit more than a timerfd is usually late. */
#define WAKER_SPIN_NS INT64_C(100000)

void waker_init(struct waker *waker, uv_loop_t *loop, struct run_clock *clock);
void waker_close(struct waker *waker); /* is_closed once a later loop turn has closed it */

/* Polls once: returns when `until_ns` is near or when I/O happened; the caller looks at the clock and calls again.
 * can_doze: I/O may wait for the next tick, where there are any. */
void waker_wait(struct waker *waker, int64_t until_ns, bool can_doze);
