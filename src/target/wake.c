#include "target/wake.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

static void
on_expired(uv_poll_t *poll, int status, int events)
{
	struct wake *w = container_of(poll, struct wake, poll);
	uint64_t expirations;

	(void)status;
	(void)events;
	if (read(w->fd, &expirations, sizeof(expirations)) < 0)
		return; /* set anew since it fired */
	int64_t at_ns = w->at_ns;

	if (at_ns == INT64_MAX)
		return;
	/* wake_set may have moved it while the event was on its way. */
	if (clock_now_ns(&monotonic_clock) < at_ns - w->spin_ns) {
		w->at_ns = INT64_MAX;
		wake_set(w, at_ns);
		return;
	}
	while (clock_now_ns(&monotonic_clock) < at_ns)
		;
	w->at_ns = INT64_MAX;
	w->on_wake(w->user);
}

int
wake_init(struct wake *w, uv_loop_t *loop, int64_t spin_ns, void (*on_wake)(void *user), void *user)
{
	CHECK(spin_ns >= 0 && spin_ns <= WAKE_SPIN_MAX_NS);
	*w = (struct wake){.at_ns = INT64_MAX, .spin_ns = spin_ns, .on_wake = on_wake, .user = user};
	w->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	CHECK_OP(uv_poll_init(loop, &w->poll, w->fd), ==, 0);
	uv_poll_start(&w->poll, UV_READABLE, on_expired);
	return 0;
}

void
wake_close(struct wake *w)
{
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, NULL);
	close(w->fd);
}

void
wake_set(struct wake *w, int64_t at_ns)
{
	if (at_ns == w->at_ns)
		return;
	w->at_ns = at_ns;
	int64_t fire_ns = at_ns == INT64_MAX ? 0 : at_ns - w->spin_ns;

	if (at_ns != INT64_MAX && fire_ns < 1)
		fire_ns = 1; /* 0 would disarm */
	struct itimerspec when = {.it_value = {.tv_sec = fire_ns / NS_PER_S, .tv_nsec = fire_ns % NS_PER_S}};

	CHECK_OP(timerfd_settime(w->fd, TFD_TIMER_ABSTIME, &when, NULL), ==, 0);
}
