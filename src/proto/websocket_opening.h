#pragma once

#include <llhttp.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* The opening handshake of WebSocket (RFC 6455 §4): a request of HTTP/1.1 with a key, and an answer, 101, that shows
 * that the server has understood it. */

#define WEBSOCKET_NONCE_BYTES ((size_t)16)
#define WEBSOCKET_ACCEPT_LENGTH ((size_t)28) /* Base64 of a SHA-1 */
#define WEBSOCKET_NAME_MAX ((size_t)32)      /* longer than the name of any field that matters */
#define WEBSOCKET_VALUE_MAX ((size_t)128)
#define WEBSOCKET_WORDS_MAX 96

struct websocket_opening {
	llhttp_t parser;
	struct buf text; /* what is to be sent */
	const struct plan_websocket *plan;
	char accept[WEBSOCKET_ACCEPT_LENGTH + 1]; /* what Sec-WebSocket-Accept must be */
	uint64_t room_bytes;                      /* that the answer may still have */
	/* The field that is being put together; longer ones do not matter. */
	char name[WEBSOCKET_NAME_MAX], value[WEBSOCKET_VALUE_MAX];
	size_t name_length, value_length;
	bool is_accepted, is_upgraded;
	const char *broken;   /* what a field says that it must not; NULL: nothing */
	enum failure failure; /* it was not opened; FAILURE_COUNT: not yet, or it was */
	char words[WEBSOCKET_WORDS_MAX];
};

enum websocket_opened { WEBSOCKET_OPENS, WEBSOCKET_IS_OPEN, WEBSOCKET_IS_REFUSED };

void websocket_opening_init(struct websocket_opening *opening, const struct plan_target *target,
	const struct plan_backend *backend, const uint8_t nonce[WEBSOCKET_NONCE_BYTES]);
void websocket_opening_fini(struct websocket_opening *opening);
/* Bytes of the answer; *taken: how many were, where it is open, and frames follow. Where it is refused, `failure` and
 * `words` say why. */
enum websocket_opened websocket_opening_take(
	struct websocket_opening *opening, const char *bytes, size_t length, size_t *taken);
