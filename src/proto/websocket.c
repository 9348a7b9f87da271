#include "proto/websocket.h"

#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include "base/check.h"
#include "base/rng.h"

/* WebSocket (RFC 6455), without extensions. The opening handshake is part of the connect; then exchanges follow one
 * another: each sends its request as one message and ends with the message that its ear takes for the last of the
 * answer. Whatever else the server says is answered (ping, close), or means that it and we are no longer of one mind
 * about whose answer comes next: the connection is of no further use then. */

/* Most of a message that is given as output at once, and its head with a pong before it. */
#define OUTPUT_MAX ((size_t)64 * 1024)
#define OUTPUT_HEADS_MAX (2 * WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTROL_MAX)
static void
websocket_init(void *state, const struct plan *plan, bool is_tls)
{
	struct websocket *w = state;

	(void)is_tls;
	*w = (struct websocket){.target = &plan->target, .code = WEBSOCKET_NORMAL};
	protocol_state_init(&w->state);
}

static void
websocket_fini(void *state)
{
	struct websocket *w = state;

	websocket_end_opening(w);
	free(w->out);
}

static void
websocket_make_room(struct websocket *w, size_t room)
{
	if (room <= w->out_room)
		return;
	free(w->out);
	w->out = must_alloc(room);
	w->out_room = room;
}

static void
websocket_greet(void *state, const struct plan_backend *backend)
{
	struct websocket *w = state;
	uint8_t nonce[WEBSOCKET_NONCE_BYTES];

	CHECK_OP(getrandom(nonce, sizeof(nonce), 0), ==, (ssize_t)sizeof(nonce));
	CHECK_OP(getrandom(&w->seed, sizeof(w->seed), 0), ==, (ssize_t)sizeof(w->seed));
	w->opening = must_alloc(sizeof(*w->opening));
	websocket_opening_init(w->opening, w->target, backend, nonce);
	websocket_make_room(w, OUTPUT_HEADS_MAX);
	w->state.has_output = true;
}

static void
websocket_begin(void *state, struct protocol_exchange *x, const struct plan_request *request, const char *bytes,
	size_t length, const struct protocol_ear *ear)
{
	struct websocket *w = state;

	CHECK_OP(w->state.room, ==, 1);
	protocol_exchange_begin(x, ear);
	x->begins_at = SIZE_MAX; /* known when it is given */
	w->x = x;
	w->bytes = bytes;
	w->length = length;
	w->given = 0;
	w->is_binary = request->is_binary;
	w->has_begun = false;
	websocket_make_room(w, OUTPUT_HEADS_MAX + (length < OUTPUT_MAX ? length : OUTPUT_MAX));
	w->state.room = 0;
	w->state.has_output = true;
	list_add_last(&w->state.unsent, &x->unsent);
}

/* §5.3: a key for each frame, that no one can foresee. */
static void
websocket_draw_key(struct websocket *w)
{
	uint64_t drawn = rng_at(w->seed, 0, w->frames++);

	memcpy(w->key, &drawn, sizeof(w->key));
}

static size_t
websocket_give_control(struct websocket *w, enum websocket_opcode opcode, const char *payload, size_t length)
{
	websocket_draw_key(w);
	size_t n = websocket_write_head(w->out, opcode, length, w->key);

	websocket_mask(w->out + n, payload, length, w->key, 0);
	return n + length;
}

/* As much as fits behind the `at` bytes that stand there already; returns where it ends. */
static size_t
websocket_give_message(struct websocket *w, size_t at)
{
	size_t from = at;

	if (!w->has_begun) {
		websocket_draw_key(w);
		w->x->begins_at = at;
		at += websocket_write_head(
			w->out + at, w->is_binary ? WEBSOCKET_BINARY : WEBSOCKET_TEXT, w->length, w->key);
		w->has_begun = true;
	}
	size_t n = w->length - w->given < w->out_room - at ? w->length - w->given : w->out_room - at;

	websocket_mask(w->out + at, w->bytes + w->given, n, w->key, w->given);
	w->given += n;
	w->x->bytes_sent += at + n - from;
	w->x->is_sent_whole = w->given == w->length;
	return at + n;
}

/* A pong may not stand inside a message's frame: it waits for its end. */
static size_t
websocket_output(void *state, const char **bytes)
{
	struct websocket *w = state;
	size_t n = 0;

	if (w->opening != NULL) {
		n = w->state.has_output ? w->opening->text.length : 0;
		*bytes = w->opening->text.bytes;
		w->state.has_output = false;
		return n;
	}
	if (w->has_pong && !(websocket_is_sending(w) && w->has_begun)) {
		n = websocket_give_control(w, WEBSOCKET_PONG, w->pong.payload, w->pong.length);
		w->has_pong = false;
	}
	if (websocket_is_sending(w))
		n = websocket_give_message(w, n);
	w->state.has_output = w->has_pong || websocket_is_sending(w);
	*bytes = w->out;
	return n;
}

static void
websocket_on_eof(void *state)
{
	struct websocket *w = state;

	websocket_leave(w, WEBSOCKET_NORMAL);
	w->is_gone = true;
	if (w->x != NULL)
		websocket_end(w, FAILURE_TRUNCATED);
}

/* Its answer would come before the next one's. */
static bool
websocket_cancel(void *state, struct protocol_exchange *x)
{
	struct websocket *w = state;

	list_remove(&x->unsent);
	list_remove(&x->news);
	w->x = NULL;
	w->is_over = true;
	w->state.fate = PROTOCOL_BROKEN;
	w->state.failure = FAILURE_RESET;
	w->state.room = 0;
	return false;
}

/* §7.1.1, as far as it can be done without waiting for the server's. */
static size_t
websocket_farewell(void *state, const char **bytes)
{
	struct websocket *w = state;
	const char code[] = {(char)(w->code >> 8), (char)(w->code & 0xff)};

	if (w->opening != NULL || w->is_gone)
		return 0;
	w->is_over = w->is_gone = true;
	*bytes = w->out;
	return websocket_give_control(w, WEBSOCKET_CLOSE, code, sizeof(code));
}

static const char *const websocket_alpn[] = {"http/1.1", NULL};

static const struct protocol_ops *
websocket_agree(bool is_tls, const char *alpn)
{
	(void)is_tls;
	return alpn == NULL || strcmp(alpn, websocket_alpn[0]) == 0 ? &websocket_protocol : NULL;
}

/* A message has no head of its own: the body is all. */
static bool
websocket_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err)
{
	(void)plan;
	(void)request;
	(void)into;
	(void)err;
	return true;
}

const struct protocol_ops websocket_protocol = {
	.choice = {.name = "websocket",
		.help = "WebSocket, one exchange of messages at a time per connection; ws:// and wss:// choose it",
		.scheme = "ws"},
	.needs_stream = true,
	.state_size = sizeof(struct websocket),
	.exchange_size = sizeof(struct protocol_exchange),
	.alpn = websocket_alpn,
	.agree = websocket_agree,
	.compose = websocket_compose,
	.init = websocket_init,
	.greet = websocket_greet,
	.fini = websocket_fini,
	.begin = websocket_begin,
	.output = websocket_output,
	.on_bytes = websocket_on_bytes,
	.on_eof = websocket_on_eof,
	.cancel = websocket_cancel,
	.farewell = websocket_farewell,
};
