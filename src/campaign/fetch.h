#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"
#include "measure/exchange.h"
#include "net/stream.h"
#include "proto/protocol.h"
#include "plan/course.h"

/* A request that is not of the load: on a connection of its own, which is closed after the answer. Nothing of it is in
 * any figure. The caller owns the struct; one request at a time. Who wants to hear the answer sets `ear` after
 * fetch_init. */
struct fetch_answer {
	uint16_t status;            /* 0: none came */
	enum failure failure;       /* why not; FAILURE_COUNT: an answer came */
	char words[TLS_WORDS_MAX];  /* what is known beyond that, such as what OpenSSL says; "": no more */
	int64_t began_ns, ended_ns; /* CLOCK_MONOTONIC */
};

/* A sentence of failure.def and the words after it. */
#define FETCH_TEXT_MAX 320

struct fetch {
	struct stream stream;
	uv_timer_t timer;
	uv_loop_t *loop;
	const struct plan_fetch *plan;
	struct tls_context *tls; /* NULL: in the clear */
	struct addresses addresses;
	size_t address;     /* the one that is tried */
	struct plan target; /* as much of one as a protocol asks for */
	struct plan_request request;
	struct buf bytes; /* as they go on the wire */
	struct protocol_ear ear;
	void *state; /* the protocol's */
	struct protocol_exchange *exchange;
	struct fetch_answer answer;
	bool is_refused; /* by fetch_resolve: the operator's allowlist does not have it */
	bool is_busy, is_open, is_connected, is_overdue, is_enough;
	bool is_closing, is_timer_closed, is_closed;
	void (*on_done)(void *context, struct fetch *fetch, const struct fetch_answer *answer);
	void *context;
};

/* False with err set: such a request cannot be composed. on_done: from a later loop turn, when the connection is closed
 * and the next request may be begun. */
bool fetch_init(struct fetch *fetch, uv_loop_t *loop, const struct plan_fetch *plan,
	void (*on_done)(void *context, struct fetch *fetch, const struct fetch_answer *answer), void *context,
	struct error *err);
/* Asynchronous; ends what is under way, without a call of on_done. is_closed when a later loop turn has closed it:
 * fetch_fini then frees what it holds. */
void fetch_close(struct fetch *fetch);
void fetch_fini(struct fetch *fetch);

/* Puts these bytes in place of the plan's body, from the next request on; none may be under way. From any thread, as
 * long as no other has to do with it. False with err set: they are too many. */
bool fetch_set_body(struct fetch *fetch, const char *bytes, size_t length, struct error *err);

/* Looks the host up: blocks, and is for before the load. */
bool fetch_resolve(struct fetch *fetch, struct error *err);
/* An address is known, and nothing is under way. */
void fetch_begin(struct fetch *fetch);
/* From within the ear's callbacks: no more is wanted of the answer, which has failed then (FAILURE_BODY). */
static inline void
fetch_break_off(struct fetch *fetch)
{
	fetch->is_enough = true;
}
/* The final response's status, once its head was read; 0: it was not. */
uint16_t fetch_status(const struct fetch *fetch);

/* "it answered 503", "the target's certificate is not valid: unsuitable certificate purpose"; returns into. */
const char *fetch_answer_text(const struct fetch_answer *answer, char *into, size_t size);
/* Whether it is what the plan expects. */
bool fetch_is_good(const struct fetch *fetch, const struct fetch_answer *answer);
