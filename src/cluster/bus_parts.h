#pragma once

#include <nats/nats.h>

#include "base/list.h"
#include "cluster/bus.h"

/* What bus.c (the connection and its threads) and bus_store.c (what nats-server keeps) share; nobody else includes it.
 */
#define BUS_PATIENCE_MS 5000

struct letter_box {
	struct list letters;
	size_t bytes;
	uint64_t lost;
};

struct bus {
	uv_loop_t *loop;
	struct bus_events events;
	natsConnection *connection;
	jsCtx *jetstream;
	uv_async_t wake;
	uv_thread_t talker;
	uv_mutex_t mutex; /* of what follows, up to the blank line */
	uv_cond_t has_more;
	struct letter_box in, out;
	bool is_connected, is_closing, is_silent;

	bool was_connected, has_talker, is_closed; /* the loop's */
	struct subscription {
		char subject[160];
		natsSubscription *handle;
	} subscriptions[BUS_SUBSCRIPTIONS_MAX];
};
