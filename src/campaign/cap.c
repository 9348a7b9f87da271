#include "campaign/cap.h"

#include "base/check.h"
#include "base/units.h"
#include "campaign/background.h"
#include "sampler/proc_find.h"

/* The cgroup of the first of its processes, or the one that it is watched by. */
static void
put(struct cap *cap)
{
	struct cgroup_limits places;
	struct proc_roots roots;

	if (cap->config.target.pid == 0 && cap->config.target.watch == NULL)
		error_set(&cap->err, "the target does not run");
	else if (proc_find(&cap->config.target, "", &roots, &cap->err)) {
		cgroup_limits_find(&places, "", roots.pids[0], roots.cgroup);
		cap->stands = cap_files_set(&cap->files, cap->config.plan, &places, &cap->err);
	}
}

static void
work(struct background_work *uv_work)
{
	struct cap *cap = container_of(uv_work, struct cap, work);

	if (cap->stands) {
		cap_files_restore(&cap->files, &cap->err);
		cap->stands = false;
	} else
		put(cap);
}

static void
on_closed(uv_handle_t *handle)
{
	struct cap *cap = handle->data;

	cap->is_closed = true;
	cap->config.on_over(cap->config.context, &cap->err);
}

static void on_timer(uv_timer_t *timer);

static void
after_work(struct background_work *uv_work, int status)
{
	struct cap *cap = container_of(uv_work, struct cap, work);

	CHECK_OP(status, ==, 0);
	cap->is_working = false;
	if (!cap->stands)
		uv_close((uv_handle_t *)&cap->timer, on_closed);
	else if (cap->is_ending)
		on_timer(&cap->timer);
	else if (cap->config.for_ns > 0)
		CHECK_OP(uv_timer_start(&cap->timer, on_timer,
				 (uint64_t)((cap->config.for_ns + NS_PER_MS - 1) / NS_PER_MS), 0),
			==, 0);
}

static void
go_to_work(struct cap *cap)
{
	cap->is_working = true;
	background_queue(cap->timer.loop, &cap->work, work, after_work);
}

/* Its time is over. */
static void
on_timer(uv_timer_t *timer)
{
	struct cap *cap = timer->data;

	uv_timer_stop(timer);
	go_to_work(cap);
}

void
cap_begin(struct cap *cap, uv_loop_t *loop, const struct cap_config *config)
{
	*cap = (struct cap){.config = *config, .is_open = true};
	CHECK_OP(uv_timer_init(loop, &cap->timer), ==, 0);
	cap->timer.data = cap;
	go_to_work(cap);
}

void
cap_end(struct cap *cap)
{
	if (!cap->is_open || cap->is_ending || cap->is_closed)
		return;
	cap->is_ending = true;
	if (!cap->is_working && cap->stands)
		on_timer(&cap->timer);
}
