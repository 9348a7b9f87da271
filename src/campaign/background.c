#include "campaign/background.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"

/* Not a thread of the pool does the work, but one beside it, for which it waits. Who tells the loop that work is done
 * is held up for as long as its own priority has it: libuv 1.44's uv_async_send wakes the loop before it has said that
 * it is through, and the loop spins until it has (uv__async_spin). A teller of the lowest priority, on the only CPU,
 * is taken off it at that very moment, and does not get it back while the loop spins: tens of milliseconds, once per
 * interval. So the teller is a thread of the pool, as dear as the loop. */
struct aide {
	uv_thread_t thread;
	uv_mutex_t mutex;
	uv_cond_t has_work, is_done;
	struct background_work *work; /* NULL: none, or it is done */
};

static void
aide_live(void *argument)
{
	struct aide *aide = argument;

	/* On Linux a thread's nice value is its own. A failure leaves it as it was, which does no harm. */
	if (BACKGROUND_NICE > 0)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), BACKGROUND_NICE);
	uv_mutex_lock(&aide->mutex);
	for (;;) {
		while (aide->work == NULL)
			uv_cond_wait(&aide->has_work, &aide->mutex);
		struct background_work *work = aide->work;

		uv_mutex_unlock(&aide->mutex);
		work->work(work);
		uv_mutex_lock(&aide->mutex);
		aide->work = NULL;
		uv_cond_signal(&aide->is_done);
	}
}

/* For as long as the process lasts, as its thread of the pool. NULL: there can be no more threads. */
static struct aide *
aide_new(void)
{
	struct aide *aide = must_alloc(sizeof(*aide));

	CHECK_OP(uv_mutex_init(&aide->mutex), ==, 0);
	CHECK_OP(uv_cond_init(&aide->has_work), ==, 0);
	CHECK_OP(uv_cond_init(&aide->is_done), ==, 0);
	if (uv_thread_create(&aide->thread, aide_live, aide) == 0)
		return aide;
	uv_cond_destroy(&aide->has_work);
	uv_cond_destroy(&aide->is_done);
	uv_mutex_destroy(&aide->mutex);
	free(aide);
	return NULL;
}

static void
carry(uv_work_t *carrier)
{
	static _Thread_local struct aide *aide;
	struct background_work *work = container_of(carrier, struct background_work, carrier);

	if (aide == NULL)
		aide = aide_new();
	if (aide == NULL) {
		work->work(work);
		return;
	}
	uv_mutex_lock(&aide->mutex);
	aide->work = work;
	uv_cond_signal(&aide->has_work);
	while (aide->work != NULL)
		uv_cond_wait(&aide->is_done, &aide->mutex);
	uv_mutex_unlock(&aide->mutex);
}

static void
carried(uv_work_t *carrier, int status)
{
	struct background_work *work = container_of(carrier, struct background_work, carrier);

	work->after(work, status);
}

void
background_queue(uv_loop_t *loop, struct background_work *work, void (*todo)(struct background_work *work),
	void (*after)(struct background_work *work, int status))
{
	work->work = todo;
	work->after = after;
	CHECK_OP(uv_queue_work(loop, &work->carrier, carry, carried), ==, 0);
}

void
background_breathe(void)
{
	(void)sched_yield(); /* cannot fail on Linux */
}

void
background_encode(struct interval *interval)
{
	interval_add_up(interval);
	do
		background_breathe();
	while (interval_encode_next(interval));
}
