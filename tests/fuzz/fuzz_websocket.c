#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "proto/websocket.h"

/* Any bytes as what a server says to one message. The first byte says how they are cut into reads, the second whether
 * they answer the opening handshake or begin behind it, and what the answer is: the outcome must not depend on the
 * cuts.
 */

#define BODY_CEILING ((size_t)1 << 20)

static struct plan plan = {.target = {.response_ceiling_bytes = 512, .websocket.message_bytes = 4096}};
static const struct plan_pair headers[] = {{"Host", "x"}};
static const struct plan_request opening = {.method = "GET", .path = "/", .headers = {(void *)headers, 1}};
static const struct plan_backend backend = {.opening = &opening};
static const struct plan_request message = {.method = "MESSAGE"};

struct answer {
	struct protocol_exchange x;
	enum protocol_fate fate;
	struct buf body;
	unsigned messages;
};

static void
keep_body(void *context, const char *bytes, size_t length)
{
	struct answer *a = context;

	CHECK(buf_add(&a->body, bytes, length));
}

static bool
count_message(void *context)
{
	struct answer *a = context;

	return ++a->messages == 3;
}

static void
take_output(struct protocol_state *state)
{
	const char *bytes;
	size_t length;

	while (state->has_output && (length = websocket_protocol.output(state, &bytes)) > 0)
		while (protocol_take_sent(state, length) != NULL)
			;
}

/* A copy of its very size lets the sanitizer see every byte read beyond a piece. */
static void
feed_piece(struct protocol_state *state, const char *bytes, size_t length)
{
	char *piece = malloc(length);

	CHECK(piece != NULL);
	memcpy(piece, bytes, length);
	websocket_protocol.on_bytes(state, piece, length);
	free(piece);
	take_output(state);
}

static void
open_it(struct protocol_state *state)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
		"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		((struct websocket *)state)->opening->accept);

	feed_piece(state, text, (size_t)n);
	CHECK(state->is_ready && state->room == 1);
}

static void
feed(const char *bytes, size_t length, size_t step, unsigned how, struct answer *a)
{
	struct protocol_state *state = must_alloc(websocket_protocol.state_size);
	const char *last;

	*a = (struct answer){.messages = 0};
	buf_init(&a->body, BODY_CEILING);
	plan.target.websocket.unasked = how & 2 ? UNASKED_IGNORE : UNASKED_CLOSE;
	websocket_protocol.init(state, &plan, false);
	websocket_protocol.greet(state, &backend);
	take_output(state);
	if (how & 1) {
		open_it(state);
		websocket_protocol.begin(state, &a->x, &message, "ask", 3,
			&(struct protocol_ear){
				.on_body = keep_body, .on_message = how & 4 ? count_message : NULL, .context = a});
		take_output(state);
	}
	for (size_t at = 0; at < length && state->fate != PROTOCOL_BROKEN; at += step)
		feed_piece(state, bytes + at, length - at < step ? length - at : step);
	a->fate = state->fate;
	websocket_protocol.on_eof(state);
	CHECK(state->room == 0 && (!(how & 1) || a->x.has_ended));
	CHECK(!a->x.has_ended || a->x.failure != FAILURE_COUNT || a->x.status == 101);
	(void)websocket_protocol.farewell(state, &last);
	websocket_protocol.fini(state);
	free(state);
}

static void
check_same(const struct answer *a, const struct answer *b)
{
	CHECK_OP(a->x.bytes_received, ==, b->x.bytes_received);
	CHECK_OP(a->messages, ==, b->messages);
	CHECK_OP(a->body.length, ==, b->body.length);
	CHECK(a->body.length == 0 || memcmp(a->body.bytes, b->body.bytes, a->body.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer whole, cut;

	if (size < 3)
		return 0;
	feed((const char *)data + 2, size - 2, size, data[1], &whole);
	feed((const char *)data + 2, size - 2, data[0] > 0 ? data[0] : 1, data[1], &cut);
	CHECK(whole.fate == cut.fate && whole.x.has_ended == cut.x.has_ended && whole.x.failure == cut.x.failure);
	if (whole.x.failure == FAILURE_COUNT) /* of what failed, how much was told before depends on the cuts */
		check_same(&whole, &cut);
	buf_fini(&whole.body);
	buf_fini(&cut.body);
	return 0;
}
