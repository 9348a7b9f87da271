#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* A protocol turns bytes into responses; it owns no socket and no memory. One state per connection, embedded in it and
 * sized once at start. One file and one row of protocols.def each; `target.http` names it. */

/* What a response amounts to, as far as it has come. */
struct protocol_response {
	uint16_t status;          /* 0: no status line yet; never 1xx */
	bool has_first_byte;      /* any byte of it came, 1xx included */
	bool is_complete;
	bool keeps_alive;         /* meaningful once complete: the connection may carry another request */
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
	bool needs_stream;         /* false: completes at once, without a connection (null) */
	size_t state_size;

	/* The wire bytes of a request, still with its ${…} slots, from which request/ makes a template. A body that the plan
	 * gives as bytes is included; content_length_slot: where a body with slots needs its length rendered. */
	bool (*compose)(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err);

	void (*init)(void *state, const struct plan *plan);
	/* A request was written: the next bytes are its response. on_body gets the body's bytes without transfer coding. */
	void (*expect)(void *state, const struct plan_request *request,
		void (*on_body)(void *context, const char *bytes, size_t length), void *context);
	enum protocol_result (*on_bytes)(void *state, const char *bytes, size_t length, enum failure *failure);
	/* The peer closed its side: COMPLETE where that ends a body, else FAILED with TRUNCATED or RESET. */
	enum protocol_result (*on_eof)(void *state, enum failure *failure);
	const struct protocol_response *(*response)(const void *state);
};

extern const struct protocol_ops *const protocols[]; /* from protocols.def, ended by NULL */
extern const struct plan_choice *const protocol_choices[];

const struct protocol_ops *protocol_of(const struct plan_choice *choice);
