#pragma once

#include "engine/pool.h"
#include "request/extract.h"

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
	bool is_partial; /* while BUSY: a part of the response has come */
	struct stream stream;
	struct pool *pool;
	struct list node;      /* in one of the pool's lists, by state */
	struct flight *flight; /* while BUSY */
	void *protocol_state, *reader_state;
	const struct reader_ops *reader;
	struct buf scratch;           /* what is put together: a header field, then whatever the reader needs */
	struct extraction extraction; /* of a flow's step: what its session wants of the answer */
	char *send_buffer;            /* for requests with slots; NULL until the first */
	size_t send_room;             /* bytes of it */
	char *expected;               /* what this answer must contain, filled in; NULL until the first with slots */
	size_t expected_room;
	int64_t started_ns;            /* of the connect */
	int64_t opened_ns, connect_ns; /* connect_ns: −1 once a flight has taken note of it */
	uint64_t requests;
	int64_t event_ns;      /* when what is being handled happened */
	size_t request_length; /* of the one under way, on the wire */
	size_t address;
};

/* Starts connecting; false: it failed at once, `failure` says how, and the connection is still unused. */
bool connection_open(struct connection *connection, const struct address *to, enum failure *failure);
/* Sends the flight's request on an idle connection. now_ns: the caller has just looked at the clock, and once is
 * enough. */
void connection_send(struct connection *connection, struct flight *flight, int64_t now_ns);
/* How far its flight has come, or its connect. */
enum exchange_phase connection_phase(const struct connection *connection);
/* Ends it, whatever it was doing, without a word to its flight. reset: the peer may still be answering. */
void connection_close(struct connection *connection, bool reset);
