#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* Where the rendered length of a body with slots belongs: the same text as request/template.h's. */
#define PROTOCOL_CONTENT_LENGTH "${content_length}"

/* Where the cookies of a session belong, as a line of their own or none: the same text as in request/'s slots.def. */
#define PROTOCOL_COOKIES "${cookies}"

/* The largest head that compose makes. */
#define PROTOCOL_HEAD_CEILING ((size_t)64 * 1024)

/* A header field longer than this, name and value together, is not shown to who listens; the response is none the
 * worse. */
#define PROTOCOL_FIELD_MAX ((size_t)8 * 1024)

typedef void protocol_hear_field(
	void *context, const char *name, size_t name_length, const char *value, size_t value_length);

/* Who wants to know what a final response says. What is NULL nobody wants, and it costs nothing. */
struct protocol_ear {
	/* One field of its header section, whole, in order, before the body; trailers are left out. */
	protocol_hear_field *on_header;
	/* The same of its trailers, after the body. */
	protocol_hear_field *on_trailer;
	/* Bytes of its body without transfer coding. */
	void (*on_body)(void *context, const char *bytes, size_t length);
	/* Of a protocol whose bodies are messages: one is complete. True: it is the last. NULL: the first one is. */
	bool (*on_message)(void *context);
	void *context;
	struct buf *field; /* lent to put a field together, behind what is there; left as it was */
};

/* One exchange as its protocol sees it: what the exchange_size bytes begin with that the protocol keeps for it. */
struct protocol_exchange {
	struct protocol_ear ear;
	bool has_ended;
	enum failure failure; /* once it ended; FAILURE_COUNT: the response is complete */
	const char *words;    /* what the peer said of that, or broke, until the next call; NULL: the row says it all */
	bool is_refused;      /* it failed, and the peer says that it did nothing about it: it may be sent again */
	bool is_sent_whole;   /* the last byte of its request was given as output */
	uint16_t status;      /* of the final response; 0: it did not come that far */
	uint64_t bytes_sent, bytes_received; /* its own, with their framing */
	size_t begins_at;                    /* where in the output its first byte is, while it waits in `unsent` */
	struct list unsent, news;            /* see struct protocol_state */
};

enum protocol_fate {
	PROTOCOL_OPEN,
	PROTOCOL_DRAINING, /* no exchange may begin any more; those under way go on */
	PROTOCOL_BROKEN,   /* nothing that comes means anything any longer: those under way end by `failure` */
};

/* What a protocol's state begins with: what its connection wants to know of it, after whatever it was told. */
struct protocol_state {
	enum protocol_fate fate;
	enum failure failure; /* where it is BROKEN */
	const char *words;    /* of that, as an exchange's */
	uint32_t room;        /* exchanges that may begin now, besides those under way; 0 where it is not OPEN */
	bool is_ready;        /* the server has said what it takes; before, the connection counts as connecting */
	bool has_output;      /* there may be something to be written */
	bool was_cut;         /* the end that on_eof tells of was not announced, as TLS wants it: it ends no body */
	struct list unsent;   /* exchanges whose first byte is in the output, or will be, in that order */
	struct list news;     /* exchanges that have ended, or for which the last read brought something */
};

/* A protocol turns requests into bytes and bytes into responses; it owns no socket and no clock, and calls nobody but
 * the ears. One state per connection, and a piece of memory for each exchange on it, both the connection's and sized
 * once at start. One file and one row of protocols.def each; `target.http` names it. */
struct protocol_ops {
	struct plan_choice choice; /* name "1", "2", "null" as `target.http` says; help; whether one connection carries
				      many exchanges */
	bool needs_stream;         /* false: answers by itself, without a connection (null) */
	size_t state_size, exchange_size;
	const char *const *alpn; /* what it is called where a TLS handshake chooses (RFC 7301), ended by NULL */
	/* What a connection speaks that is open now; alpn: what the server chose in its TLS handshake, if anything.
	 * NULL: the server does not speak this. Where it leads elsewhere, of the rest only compose and alpn are there.
	 */
	const struct protocol_ops *(*agree)(bool is_tls, const char *alpn);

	/* The head of a request as text, still with its ${…} slots: request line and headers up to and with the empty
	 * line, which HTTP/1.1 sends as it stands. The body follows it as request/ renders it; where its length depends
	 * on slots, the head carries PROTOCOL_CONTENT_LENGTH in place of the digits. Adds nothing where the protocol
	 * sends nothing. False with err set: the method, path or a header cannot be sent. */
	bool (*compose)(
		const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err);

	/* A connection is there. `state` has state_size bytes, aligned for any type; fini frees what it holds. */
	void (*init)(void *state, const struct plan *plan, bool is_tls);
	/* Then, of a protocol that opens each connection with words for the backend alone. NULL: it has none. */
	void (*greet)(void *state, const struct plan_backend *backend);
	void (*fini)(void *state);
	/* An exchange begins, where there is room. `x` has exchange_size bytes and is the protocol's until the exchange
	 * has ended or is cancelled; so are the request's bytes, head and body. */
	void (*begin)(void *state, struct protocol_exchange *x, const struct plan_request *request, const char *bytes,
		size_t length, const struct protocol_ear *ear);
	/* What is to be written next, valid until it is asked again: when all of it was written. 0: nothing. */
	size_t (*output)(void *state, const char **bytes);
	void (*on_bytes)(void *state, const char *bytes, size_t length);
	/* The peer closed its side, which ends some responses and truncates others. */
	void (*on_eof)(void *state);
	/* Nobody waits for it any longer. False: the connection is of no further use. */
	bool (*cancel)(void *state, struct protocol_exchange *x);
	/* The connection will be closed, and nothing is half written: what is said before, as output is. NULL: nothing.
	 */
	size_t (*farewell)(void *state, const char **bytes);
};

/* The kernel took the first `taken` bytes of what output gave last: the next exchange that began with one of them. */
static inline struct protocol_exchange *
protocol_take_sent(struct protocol_state *state, size_t taken)
{
	struct protocol_exchange *x = list_first(&state->unsent, struct protocol_exchange, unsent);

	if (x == NULL || x->begins_at >= taken)
		return NULL;
	list_remove(&x->unsent);
	return x;
}

/* Asked until there is none, after each read and each output. */
static inline struct protocol_exchange *
protocol_take_news(struct protocol_state *state)
{
	struct protocol_exchange *x = list_first(&state->news, struct protocol_exchange, news);

	if (x != NULL)
		list_remove(&x->news);
	return x;
}

/* For protocols: what all of them keep alike. */
void protocol_state_init(struct protocol_state *state);
void protocol_exchange_begin(struct protocol_exchange *x, const struct protocol_ear *ear);
/* Something came for it: its connection is to look at it. */
static inline void
protocol_note_news(struct protocol_state *state, struct protocol_exchange *x)
{
	if (list_is_empty(&x->news))
		list_add_last(&state->news, &x->news);
}
void protocol_end(struct protocol_state *state, struct protocol_exchange *x, enum failure failure);

extern const struct protocol_ops *const protocols[]; /* from protocols.def, ended by NULL */
extern const struct plan_choice *const protocol_choices[];

const struct protocol_ops *protocol_of(const struct plan_choice *choice);
/* What a connection may need of it, whatever is agreed on. */
size_t protocol_state_size(const struct protocol_ops *ops);
size_t protocol_exchange_size(const struct protocol_ops *ops);

#define PROTOCOL(name) extern const struct protocol_ops name##_protocol;
#include "proto/protocols.def"
#undef PROTOCOL

/* RFC 9110 §9.2.2: sending it twice means the same as once, so that a stale connection may be retried. */
bool protocol_method_is_idempotent(const char *method);
