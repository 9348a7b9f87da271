#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/address_set.h"
#include "engine/flight.h"
#include "engine/run_clock.h"
#include "measure/recorder.h"
#include "net/sources.h"
#include "net/stream.h"
#include "proto/protocol.h"
#include "reader/reader.h"
#include "request/template.h"

/* The connections to one backend of the target: opened on demand up to the plan's limit, kept alive, picked in O(1). A
 * flight that finds none with room waits its turn; whichever connection has some first takes the one that waits
 * longest.
 */

/* What the pool tells the engine. on_sent and on_end may come from inside pool_send (a write that fails at once); none
 * comes from inside pool_cancel. */
struct pool_events {
	void (*on_sent)(void *context, struct flight *flight);
	/* The answer under way grew by tokens, so long after those before. */
	void (*on_gap)(void *context, struct flight *flight, int64_t gap_ns);
	/* The flight is the engine's again; its connection is not. x.generation holds until the call returns. */
	void (*on_end)(void *context, struct flight *flight, enum outcome outcome, enum failure failure);
	/* A connection is done with what it read at now_ns, which the kernel had received at arrived_ns; others may
	 * still have something. The callee may send. */
	void (*on_read)(void *context, int64_t arrived_ns, int64_t now_ns);
	/* The very first connect failed at every address: there is no such backend. */
	void (*on_unreachable)(void *context, enum failure failure);
};

struct pool_config {
	const struct plan *plan;
	uv_loop_t *loop;
	const struct run_clock *clock;
	uint32_t backend;
	uint64_t connections;              /* most at once */
	const struct addresses *addresses; /* where they go at first */
	struct sources *sources;           /* where they come from; its turns are shared by all pools */
	struct tls_context *const *tls;    /* its TLS; *tls NULL: in the clear */
	struct recorder *recorder;         /* told where exchanges went, and of every connect */
	struct template *const *templates; /* per request of the plan */
	const struct reader_ops *const *readers;
	struct extractor *const *extractors; /* each may be NULL */
	struct follow *const *follows;       /* per request; each may be NULL */
	struct checks *const *checks;        /* each may be NULL */
	struct template *const *expected;    /* what answers must contain, where that has slots; each may be NULL */
	struct template *const *until;       /* likewise: what the last message of an answer contains */
	const struct pool_events *events;
	void *context;
};

struct pool {
	struct pool_config config;
	const struct protocol_ops *protocol;
	struct connection *all; /* plan->target.connections of them, used from the front */
	uint32_t channels_n;    /* exchanges that one may carry at once … */
	uint32_t expected_room; /* … and that one will that connects now, as far as can be told */
	size_t channel_size, reader_offset, send_buffer_size;
	struct list unused;
	struct list ready;      /* connections with room: the one that got it last is at the end */
	struct list connecting; /* by age: deadlines never decrease */
	struct list to_write;   /* connections that have something to be written, once for all that is sent in a turn */
	struct list waiting;    /* flights without a connection */
	uint32_t used_first;    /* connections of `all` that were ever used */
	uint32_t open_n, connecting_n, waiting_n;
	uint32_t partial_n; /* flights with a part of a response */
	struct address_set addresses;
	uint64_t prefetch_left;   /* connections still to be opened before the load begins … */
	uint64_t prefetch_failed; /* … and those of them that could not be */
	uint32_t nowhere;         /* the recorder's peer of flights that have no address yet */
	bool ever_connected, is_unreachable, is_prefetching, is_closing;
};

void pool_init(struct pool *pool, const struct pool_config *config);
void pool_fini(struct pool *pool); /* after pool_is_closed */

/* The backend's name stands for these from now on: new connections go to them, and those to others are closed when they
 * are idle. True: that is a change. */
bool pool_list_addresses(struct pool *pool, const struct addresses *addresses);

/* Takes charge of the flight until on_end. now_ns: the clock as the caller just read it. */
void pool_send(struct pool *pool, struct flight *flight, int64_t now_ns);
/* Gives the flight back without on_end: whatever it waits for or owns is dropped. x.phase: how far it had come. */
void pool_cancel(struct pool *pool, struct flight *flight);

/* Writes what was sent but waits to be written with others: to be called whenever no more is to be sent for now. */
void pool_flush(struct pool *pool);

/* Opens n connections, before anything is sent, some at a time: in this call and in the turns that follow. */
void pool_prefetch(struct pool *pool, uint64_t n);
bool pool_is_prefetching(const struct pool *pool);

/* Connects that took too long fail. Call once per loop turn. */
void pool_turn(struct pool *pool, int64_t now_ns);
int64_t pool_next_deadline_ns(const struct pool *pool); /* INT64_MAX: none */

/* Nothing is lost where what comes is read later: it is stamped by the kernel, and nobody waits for it, neither a
 * flight for a connection nor a server for room to send. */
bool pool_can_be_read_later(const struct pool *pool);

void pool_close(struct pool *pool); /* no flight may be left */
bool pool_is_closed(const struct pool *pool);

/* For connection*.c alone. */
void pool_connected(struct pool *pool, struct connection *connection);
void pool_connect_failed(struct pool *pool, struct connection *connection, enum failure failure);
/* It has room: whoever waits longest gets it. */
void pool_give(struct pool *pool, struct connection *connection);
void pool_write_later(struct pool *pool, struct connection *connection);
void pool_forget(struct pool *pool, struct connection *connection);
/* Its connection died before the request was sent, or was stale: it waits again, before all others. */
void pool_resend(struct pool *pool, struct flight *flight);
