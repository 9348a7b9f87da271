#include "engine/waker.h"

#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "engine/slice.h"

static void
waker_on_timer(uv_poll_t *poll, int status, int events)
{
	struct waker *waker = container_of(poll, struct waker, poll);
	uint64_t expirations;

	(void)status;
	(void)events;
	/* Only to make it unreadable again; it may have been re-armed meanwhile, and then there is nothing to read. */
	if (read(waker->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
}

void
waker_init(struct waker *waker, uv_loop_t *loop, struct run_clock *clock)
{
	*waker = (struct waker){.loop = loop, .clock = clock, .timer_fd = -1, .armed_ns = INT64_MIN};
	waker->is_virtual = clock->clock != &monotonic_clock;
	waker->asked_ns = INT64_MIN;
	if (waker->is_virtual)
		return;
	/* What sleeps without a timerfd would be woken up to 50 µs late, so that wake-ups can be joined. */
	(void)prctl(PR_SET_TIMERSLACK, 1);
	slice_shorten();
	waker->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	CHECK_OP(waker->timer_fd, >=, 0);
	CHECK_OP(uv_poll_init(loop, &waker->poll, waker->timer_fd), ==, 0);
	CHECK_OP(uv_poll_start(&waker->poll, UV_READABLE, waker_on_timer), ==, 0);
}

static void
waker_on_closed(uv_handle_t *handle)
{
	struct waker *waker = container_of((uv_poll_t *)handle, struct waker, poll);

	close(waker->timer_fd);
	waker->is_closed = true;
}

void
waker_close(struct waker *waker)
{
	if (waker->is_virtual)
		waker->is_closed = true;
	else
		uv_close((uv_handle_t *)&waker->poll, waker_on_closed);
}

static void
waker_arm(struct waker *waker, int64_t absolute_ns)
{
	struct itimerspec spec = {
		.it_value = {.tv_sec = absolute_ns / NS_PER_S, .tv_nsec = absolute_ns % NS_PER_S},
	};

	CHECK_OP(timerfd_settime(waker->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL), ==, 0);
	waker->armed_ns = absolute_ns;
}

/* I/O wakes the loop many times before the next moment comes, for which the timer is set once. */
static void
waker_sleep_until(struct waker *waker, int64_t when_ns)
{
	int64_t absolute_ns = waker->clock->t0_ns + when_ns;

	if (absolute_ns != waker->armed_ns)
		waker_arm(waker, absolute_ns);
	uv_run(waker->loop, UV_RUN_ONCE);
}

/* Time alone is waited for, or a signal; then whatever has come is read. */
static void
waker_doze_until(struct waker *waker, int64_t when_ns)
{
	int64_t absolute_ns = waker->clock->t0_ns + when_ns;
	const struct timespec until = {.tv_sec = absolute_ns / NS_PER_S, .tv_nsec = absolute_ns % NS_PER_S};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	uv_run(waker->loop, UV_RUN_NOWAIT);
}

/* The first tick from when_ns on. */
static int64_t
tick_from(int64_t when_ns, int64_t tick_ns)
{
	int64_t rest = when_ns % tick_ns;

	return rest == 0 ? when_ns : when_ns + tick_ns - (rest < 0 ? rest + tick_ns : rest);
}

/* Nothing stays unread for more than a tick, and no tick is a wake-up more than there would be. */
static void
waker_wait_relaxed(struct waker *waker, int64_t now_ns, bool can_doze)
{
	if (waker->asked_ns <= now_ns)
		uv_run(waker->loop, UV_RUN_NOWAIT);
	else if (can_doze && waker->asked_ns - now_ns <= waker->clock->tick_ns)
		waker_doze_until(waker, waker->asked_ns);
	else
		waker_sleep_until(waker, waker->asked_ns);
}

static void
waker_wait_precise(struct waker *waker, int64_t now_ns)
{
	if (waker->asked_ns - now_ns > WAKER_SPIN_NS)
		waker_sleep_until(waker, waker->asked_ns - WAKER_SPIN_NS);
	else
		uv_run(waker->loop, UV_RUN_NOWAIT);
}

static void
waker_wait_virtual(struct waker *waker, int64_t now_ns)
{
	uv_run(waker->loop, UV_RUN_NOWAIT);
	if (waker->asked_ns > now_ns)
		clock_set_ns((struct clock *)waker->clock->clock, waker->clock->t0_ns + waker->asked_ns);
}

void
waker_wait(struct waker *waker, int64_t until_ns, bool can_doze)
{
	int64_t now_ns = run_clock_now(waker->clock), tick_ns = waker->clock->tick_ns;

	waker->clock->polled_ns = waker->clock->polling_ns;
	waker->clock->polling_ns = now_ns;
	waker->asked_ns = tick_ns > 0 && until_ns > now_ns ? tick_from(until_ns, tick_ns) : until_ns;
	if (waker->is_virtual)
		waker_wait_virtual(waker, now_ns);
	else if (tick_ns > 0)
		waker_wait_relaxed(waker, now_ns, can_doze);
	else
		waker_wait_precise(waker, now_ns);
}
