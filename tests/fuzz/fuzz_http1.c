#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "proto/protocol.h"

/* Any bytes as the response to a request. The first byte says to which request and how the rest is cut into reads; the
 * outcome must not depend on the cuts. */

#define BODY_CEILING ((size_t)1 << 20)

struct answer {
	struct protocol_exchange x;
	enum protocol_fate fate;
	struct buf body;
};

static const struct plan plan = {.target.response_ceiling_bytes = 512};
static const struct plan_request get = {.method = "GET"}, head = {.method = "HEAD"};

static void
keep_body(void *context, const char *bytes, size_t length)
{
	struct answer *a = context;

	CHECK(buf_add(&a->body, bytes, length));
}

/* A copy of its very size lets the sanitizer see every byte read beyond a piece. */
static void
feed_piece(void *state, const uint8_t *bytes, size_t length)
{
	char *piece = malloc(length);

	CHECK(piece != NULL);
	memcpy(piece, bytes, length);
	http1_protocol.on_bytes(state, piece, length);
	free(piece);
}

static void
feed(struct protocol_state *state, const struct plan_request *request, const uint8_t *bytes, size_t length, size_t step,
	struct answer *a)
{
	*a = (struct answer){0};
	buf_init(&a->body, BODY_CEILING);
	http1_protocol.init(state, &plan, false);
	http1_protocol.begin(state, &a->x, request, "", 0, &(struct protocol_ear){.on_body = keep_body, .context = a});
	for (size_t at = 0; at < length && state->fate != PROTOCOL_BROKEN; at += step)
		feed_piece(state, bytes + at, length - at < step ? length - at : step);
	if (state->fate != PROTOCOL_BROKEN)
		http1_protocol.on_eof(state);
	a->fate = state->fate;
	CHECK(a->x.has_ended);
	CHECK(state->room == 0);
	CHECK(a->x.failure == FAILURE_COUNT || a->fate == PROTOCOL_BROKEN);
}

static void
check_same(const struct answer *a, const struct answer *b)
{
	CHECK_OP(a->fate, ==, b->fate);
	CHECK_OP(a->x.failure, ==, b->x.failure);
	CHECK_OP(a->x.status, ==, b->x.status);
	CHECK_OP(a->body.length, ==, b->body.length);
	CHECK(a->body.length == 0 || memcmp(a->body.bytes, b->body.bytes, a->body.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > BODY_CEILING)
		return 0;
	const struct plan_request *request = data[0] & 0x80 ? &head : &get;
	size_t step = (data[0] & 0x7f) + 1;
	void *state = must_alloc(http1_protocol.state_size);
	struct answer whole, cut;

	feed(state, request, data + 1, size - 1, size, &whole);
	feed(state, request, data + 1, size - 1, step, &cut);
	check_same(&whole, &cut);
	buf_fini(&whole.body);
	buf_fini(&cut.body);
	free(state);
	return 0;
}
