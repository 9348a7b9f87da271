#include "daemon/desk.h"

#include <signal.h>

#include "base/check.h"

struct desk {
	uv_loop_t *loop;
	struct ledger *ledger; /* the thread's */
	uv_thread_t thread;
	uv_mutex_t mutex;
	uv_cond_t has_news;
	struct list given, carried_out; /* under the mutex */
	bool is_over;                   /* likewise */
	uv_async_t wake;
	size_t waiting; /* the loop's */
	bool is_closed;
};

static struct desk_order *
take_order(struct desk *desk)
{
	struct desk_order *order;

	uv_mutex_lock(&desk->mutex);
	while (list_is_empty(&desk->given) && !desk->is_over)
		uv_cond_wait(&desk->has_news, &desk->mutex);
	order = list_first(&desk->given, struct desk_order, node);
	if (order != NULL)
		list_remove(&order->node);
	uv_mutex_unlock(&desk->mutex);
	return order;
}

static void
put_back(struct desk *desk, struct desk_order *order)
{
	uv_mutex_lock(&desk->mutex);
	list_add_last(&desk->carried_out, &order->node);
	uv_mutex_unlock(&desk->mutex);
	CHECK_OP(uv_async_send(&desk->wake), ==, 0);
}

static void
desk_thread(void *context)
{
	struct desk *desk = context;
	struct desk_order *order;
	sigset_t all;

	/* Signals are the loop's. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
	while ((order = take_order(desk)) != NULL) {
		if (order->work != NULL)
			order->work(order, desk->ledger);
		put_back(desk, order);
	}
}

static struct desk_order *
take_done(struct desk *desk)
{
	uv_mutex_lock(&desk->mutex);
	struct desk_order *order = list_first(&desk->carried_out, struct desk_order, node);

	if (order != NULL)
		list_remove(&order->node);
	uv_mutex_unlock(&desk->mutex);
	return order;
}

static void
on_wake(uv_async_t *wake)
{
	struct desk *desk = wake->data;
	struct desk_order *order;

	while ((order = take_done(desk)) != NULL) {
		desk->waiting--;
		order->done(order);
	}
}

struct desk *
desk_new(uv_loop_t *loop, struct ledger *ledger)
{
	struct desk *desk = must_alloc(sizeof(*desk));

	desk->loop = loop;
	desk->ledger = ledger;
	list_init(&desk->given);
	list_init(&desk->carried_out);
	CHECK_OP(uv_mutex_init(&desk->mutex), ==, 0);
	CHECK_OP(uv_cond_init(&desk->has_news), ==, 0);
	CHECK_OP(uv_async_init(loop, &desk->wake, on_wake), ==, 0);
	desk->wake.data = desk;
	CHECK_OP(uv_thread_create(&desk->thread, desk_thread, desk), ==, 0);
	return desk;
}

void
desk_give(struct desk *desk, struct desk_order *order)
{
	CHECK(order->done != NULL);
	desk->waiting++;
	uv_mutex_lock(&desk->mutex);
	CHECK(!desk->is_over);
	list_add_last(&desk->given, &order->node);
	uv_cond_signal(&desk->has_news);
	uv_mutex_unlock(&desk->mutex);
}

size_t
desk_waiting(const struct desk *desk)
{
	return desk->waiting;
}

static void
on_closed(uv_handle_t *handle)
{
	struct desk *desk = handle->data;

	desk->is_closed = true;
}

void
desk_free(struct desk *desk)
{
	while (desk->waiting > 0)
		uv_run(desk->loop, UV_RUN_ONCE);
	uv_mutex_lock(&desk->mutex);
	desk->is_over = true;
	uv_cond_signal(&desk->has_news);
	uv_mutex_unlock(&desk->mutex);
	CHECK_OP(uv_thread_join(&desk->thread), ==, 0);
	uv_close((uv_handle_t *)&desk->wake, on_closed);
	while (!desk->is_closed)
		uv_run(desk->loop, UV_RUN_ONCE);
	uv_cond_destroy(&desk->has_news);
	uv_mutex_destroy(&desk->mutex);
	free(desk);
}
