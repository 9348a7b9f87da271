#include "engine/waker.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

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
waker_init(struct waker *waker, uv_loop_t *loop, struct run_clock *clock, bool is_relaxed, int64_t tick_ns)
{
	*waker = (struct waker){
		.loop = loop, .clock = clock, .timer_fd = -1, .is_relaxed = is_relaxed, .tick_ns = tick_ns};
	waker->is_virtual = clock->clock != &monotonic_clock;
	waker->asked_ns = INT64_MIN;
	if (waker->is_virtual)
		return;
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
waker_sleep_until(struct waker *waker, int64_t when_ns)
{
	int64_t absolute_ns = waker->clock->t0_ns + when_ns;
	struct itimerspec spec = {
		.it_value = {.tv_sec = absolute_ns / NS_PER_S, .tv_nsec = absolute_ns % NS_PER_S},
	};

	CHECK_OP(timerfd_settime(waker->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL), ==, 0);
	uv_run(waker->loop, UV_RUN_ONCE);
}

static int64_t
round_up_to_tick(int64_t when_ns, int64_t tick_ns)
{
	int64_t rest = when_ns % tick_ns;

	return rest == 0 ? when_ns : when_ns + tick_ns - (rest < 0 ? rest + tick_ns : rest);
}

void
waker_wait(struct waker *waker, int64_t until_ns)
{
	int64_t now_ns = run_clock_now(waker->clock);

	waker->clock->polled_ns = waker->clock->polling_ns;
	waker->clock->polling_ns = now_ns;
	if (waker->is_relaxed && until_ns > now_ns)
		until_ns = round_up_to_tick(until_ns, waker->tick_ns);
	waker->asked_ns = until_ns;
	if (waker->is_virtual) {
		uv_run(waker->loop, UV_RUN_NOWAIT);
		if (until_ns > now_ns)
			clock_set_ns((struct clock *)waker->clock->clock, waker->clock->t0_ns + until_ns);
	} else if (waker->is_relaxed && until_ns > now_ns) {
		waker_sleep_until(waker, until_ns);
	} else if (until_ns - now_ns > WAKER_SPIN_NS) {
		waker_sleep_until(waker, until_ns - WAKER_SPIN_NS);
	} else
		uv_run(waker->loop, UV_RUN_NOWAIT);
}
