#pragma once

#include "base/list.h"
#include "measure/exchange.h"

struct channel;
struct lane;
struct visit;

/* An exchange under way: it holds a slot of its scenario's in-flight cap, and waits for a connection or is on one. */
struct flight {
	struct exchange x;
	struct lane *lane;
	struct visit *visit;     /* whose step it is; NULL: it belongs to no flow */
	struct channel *channel; /* NULL while it waits */
	struct list waiting;     /* in the pool's queue for a connection */
	struct list by_deadline; /* in its lane, or among the pump's steps: deadlines there never decrease */
	unsigned resends;        /* connections that died under it before it was sent */
	bool needs_fresh; /* not a kept-alive connection again: those of a server that closes them may all be stale */
	int64_t deadline_ns;
	char *location; /* LOCATION_MAX bytes where it ever followed a redirect; its memory is kept for the next */
	size_t location_length; /* 0: it follows none */
	bool follows_by_get;
};

/* All the flights that a run may have at once, allocated at start. */
struct flights {
	struct flight *all;
	struct list free;
	uint32_t n;
};

void flights_init(struct flights *flights, uint32_t n);
void flights_fini(struct flights *flights);

/* A blank flight; there always is one, since the lanes' caps add up to n. */
struct flight *flights_take(struct flights *flights);
void flights_give(struct flights *flights, struct flight *flight);
