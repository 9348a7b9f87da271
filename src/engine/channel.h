#pragma once

#include <stdalign.h>

#include "base/buf.h"
#include "engine/flight.h"
#include "proto/protocol.h"
#include "reader/decoder.h"
#include "reader/reader.h"
#include "request/checks.h"
#include "request/extract.h"

struct connection;
struct pool;

/* A text of a request's, filled in. */
struct channel_text {
	char *bytes; /* NULL until the first */
	size_t room;
};

/* What one flight goes through on a connection: its request's bytes, who reads the answer and what is made of it. A
 * connection has one where its protocol carries one exchange at a time, else as many as were ever under way on it at
 * once. Their memory is made once and used again. */
struct channel {
	struct connection *connection;
	struct flight *flight; /* NULL: it is free */
	struct list node;      /* in its connection: among the free ones, or by when their flights began */
	bool is_partial;       /* a part of the response has come */
	const struct reader_ops *reader;
	void *reader_state;           /* behind the protocol's in `memory` */
	struct buf scratch;           /* what is put together: a header field, then whatever the reader needs */
	struct decoder decoder;       /* between the protocol and all who read */
	struct checking checking;     /* what the profile expects of the answer beside its status */
	struct extraction extraction; /* of a flow's step: what its session wants of the answer */
	struct buf location;          /* of a request that follows redirects: where its answer sends it */
	bool has_proxy_failed;        /* the answer is the proxy's, which says so */
	const char *request_bytes;    /* those of its flight, until the next one's */
	size_t request_length;
	char *send_buffer;                   /* for requests with slots; NULL until the first */
	size_t send_room;                    /* bytes of it */
	struct channel_text expected, until; /* what this answer must contain, and ends with, where it has slots */
	alignas(max_align_t) char memory[];  /* struct protocol_exchange, and what its protocol keeps beyond it */
};

static inline struct protocol_exchange *
channel_exchange(struct channel *channel)
{
	return (struct protocol_exchange *)channel->memory;
}

static inline const struct protocol_exchange *
channel_exchange_const(const struct channel *channel)
{
	return (const struct protocol_exchange *)channel->memory;
}

static inline struct channel *
channel_of_exchange(struct protocol_exchange *x)
{
	return (struct channel *)((char *)x - offsetof(struct channel, memory));
}

/* `channel` is blank memory, of the size that the pool has worked out. */
void channel_init(struct channel *channel, struct connection *connection);
void channel_fini(struct channel *channel);

/* The flight's request goes to the protocol, and its answer comes here. */
void channel_begin(struct channel *channel, struct flight *flight);
/* Its flight was ended, cancelled or is to be sent elsewhere: what was sent and received is added to its exchange. The
 * protocol knows of it no longer, or is not asked again. */
void channel_release(struct channel *channel);

/* What the answer is made of, as far as it came; NULL: nobody counts. */
const struct generation *channel_generation(const struct channel *channel);
/* The answer is complete, under this status: was it the one that the profile expects? FAILURE_COUNT: it was. */
enum failure channel_judge(struct channel *channel, unsigned status);
/* The answer is a redirect that the request follows. */
bool channel_is_redirected(const struct channel *channel);
/* Its flight is to be sent again, to where the answer leads. FAILURE_COUNT: it is ready for that; else why it cannot
 * be. */
enum failure channel_follow(struct channel *channel);
/* The answer is good: what the flow's session wants of it is taken. FAILURE_COUNT, or why it cannot be. */
enum failure channel_take_answer(struct channel *channel);
/* The answer is over: what the request's synthetic prompt was wanted to have goes into its exchange, and in the warm-up
 * the server's count teaches how long words are. flight->x.generation is there. */
void channel_note_prompt(const struct channel *channel, enum outcome outcome);
