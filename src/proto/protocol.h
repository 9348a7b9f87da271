#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* A protocol turns bytes into responses; it owns no socket and no memory. One state per connection, embedded in it and
 * sized once at start. One file and one row of protocols.def each; `target.http` names it. */

/* Where the rendered length of a body with slots belongs: the same text as request/template.h's. */
#define PROTOCOL_CONTENT_LENGTH "${content_length}"

/* Where the cookies of a session belong, as a line of their own or none: the same text as in request/'s slots.def. */
#define PROTOCOL_COOKIES "${cookies}"

/* The largest head that compose makes. */
#define PROTOCOL_HEAD_CEILING ((size_t)64 * 1024)

/* What a response amounts to, as far as it has come. */
struct protocol_response {
	uint16_t status;     /* 0: no status line yet; never 1xx */
	bool has_first_byte; /* any byte of it came, 1xx included */
	bool is_complete;
	bool keeps_alive; /* meaningful once complete: the connection may carry another request */
};

/* A header field longer than this, name and value together, is not shown to who listens; the response is none the
 * worse. */
#define PROTOCOL_FIELD_MAX ((size_t)8 * 1024)

/* Who wants to know what a final response says. What is NULL nobody wants, and it costs nothing. */
struct protocol_ear {
	/* One field of its header section, whole, in order, before the body; trailers are left out. */
	void (*on_header)(void *context, const char *name, size_t name_length, const char *value, size_t value_length);
	/* Bytes of its body without transfer coding. */
	void (*on_body)(void *context, const char *bytes, size_t length);
	void *context;
	struct buf *field; /* lent to put a field together, where on_header is there; left empty */
};

/* What on_bytes found. */
enum protocol_result {
	PROTOCOL_MORE,     /* the response goes on */
	PROTOCOL_COMPLETE, /* it is complete, and nothing follows */
	PROTOCOL_EXTRA,    /* it is complete, and bytes follow that nobody asked for: the connection is poisoned */
	PROTOCOL_FAILED,   /* it breaks the rules: *failure says how */
};

struct protocol_ops {
	struct plan_choice choice; /* name "1", "2", "null" as `target.http` says; help */
	bool needs_stream;         /* false: answers by itself, without a connection (null) */
	size_t state_size;

	/* The head of a request as it goes on the wire, still with its ${…} slots: request line and headers up to and
	 * with the empty line. The body follows it as request/ renders it; where its length depends on slots, the head
	 * carries PROTOCOL_CONTENT_LENGTH in place of the digits. Adds nothing where the protocol sends nothing. False
	 * with err set: the method, path or a header cannot be sent. */
	bool (*compose)(
		const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err);

	/* `state` has state_size bytes, aligned for any type. */
	void (*init)(void *state, const struct plan *plan);
	/* A request was written: the next bytes are its response. Called again only when the last response is complete.
	 */
	void (*expect)(void *state, const struct plan_request *request, const struct protocol_ear *ear);
	enum protocol_result (*on_bytes)(void *state, const char *bytes, size_t length, enum failure *failure);
	/* The peer closed its side: COMPLETE where that ends a body, else FAILED with TRUNCATED. */
	enum protocol_result (*on_eof)(void *state, enum failure *failure);
	const struct protocol_response *(*response)(const void *state);
};

extern const struct protocol_ops *const protocols[]; /* from protocols.def, ended by NULL */
extern const struct plan_choice *const protocol_choices[];

const struct protocol_ops *protocol_of(const struct plan_choice *choice);

#define PROTOCOL(name) extern const struct protocol_ops name##_protocol;
#include "proto/protocols.def"
#undef PROTOCOL

/* RFC 9110 §9.2.2: sending it twice means the same as once, so that a stale connection may be retried. */
bool protocol_method_is_idempotent(const char *method);
