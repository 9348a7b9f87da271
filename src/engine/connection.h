#pragma once

#include "engine/channel.h"
#include "engine/pool.h"

#define CONNECTION_MAGIC 0x434f4e4e /* "CONN" */

enum connection_state {
	CONNECTION_UNUSED,
	CONNECTION_CONNECTING,
	CONNECTION_IDLE,
	CONNECTION_BUSY,
	CONNECTION_CLOSING
};

struct connection {
	uint32_t magic, id;
	enum connection_state state;
	struct stream stream;
	struct pool *pool;
	struct list node;     /* in one of the pool's lists: unused, connecting, or those with room; else in none */
	struct list to_write; /* among those that pool_flush writes for */

	const struct protocol_ops *protocol; /* NULL: not connected yet */
	void *protocol_state;
	size_t output_length; /* of what the protocol gave last to be written */

	char *channels; /* those ever used come first; NULL until the first connect */
	uint32_t channels_used;
	struct list free, busy; /* busy: in the order in which their flights began */

	int64_t started_ns;            /* of the connect */
	int64_t opened_ns, connect_ns; /* connect_ns: −1 once a flight has taken note of it */
	uint64_t requests;
	bool was_idle;    /* it was kept alive, and not one byte has come since it is in use again */
	int64_t event_ns; /* when what is being handled happened */
	size_t address;
};

/* When what is being handled happened to a flight on it: never before the flight's request was sent. */
static inline int64_t
connection_event_ns(const struct connection *connection, const struct flight *flight)
{
	return connection->event_ns > flight->x.sent_ns ? connection->event_ns : flight->x.sent_ns;
}

/* Starts connecting; false: it failed at once, `failure` says how, and the connection is still unused. */
bool connection_open(struct connection *connection, const struct address *to, enum failure *failure);
/* Sends the flight's request on a connection with room; where many share a connection, with the next flush. now_ns: the
 * caller has just looked at the clock, and once is enough. */
void connection_send(struct connection *connection, struct flight *flight, int64_t now_ns);
/* How far its connect has come. */
enum exchange_phase connection_phase(const struct connection *connection);
/* Writes what waits to be written. */
void connection_flush(struct connection *connection, int64_t now_ns);
/* Its flight is over without an answer, and nobody is told. x.phase: how far it had come. */
void connection_cancel(struct connection *connection, struct channel *channel);
/* Ends it; no flight may be left on it. reset: the peer may still be answering. */
void connection_close(struct connection *connection, bool reset);
void connection_fini(struct connection *connection);

/* A flight may be begun on it: none that waits for an answer is in the way. */
bool connection_has_room(const struct connection *connection);
/* It was just opened, or has others under way: whoever found a kept connection dead does not find another. */
static inline bool
connection_is_fresh(const struct connection *connection)
{
	return connection->requests == 0 || connection->state == CONNECTION_BUSY;
}
