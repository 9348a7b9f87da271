#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "proto/protocol.h"

/* Any frames as what a server says to two requests, one of which is cancelled in between. The first byte says how they
 * are cut into reads. Where a server's settings and a whole answer begin, the corpus knows. */

#define BODY_CEILING ((size_t)1 << 20)
#define EXCHANGES 4

static const struct plan plan = {.target = {.response_ceiling_bytes = 512, .streams = EXCHANGES}};
static const struct plan_request get = {.method = "GET"};
static const char text[] = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
static const char settings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};

struct side {
	struct protocol_state *state;
	struct protocol_exchange *all[EXCHANGES];
	struct buf body;
};

static void
keep_body(void *context, const char *bytes, size_t length)
{
	struct side *side = context;

	(void)buf_add(&side->body, bytes, length);
}

static void
keep_field(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	keep_body(context, name, name_length);
	keep_body(context, value, value_length);
}

/* What a connection does after each read. Each exchange ends once, with a status where it is complete. */
static void
settle(struct side *side)
{
	struct protocol_exchange *x;
	const char *bytes;
	size_t length;

	while ((x = protocol_take_news(side->state)) != NULL)
		CHECK(!x->has_ended || x->failure != FAILURE_COUNT || (x->status >= 200 && x->status < 1000));
	while (side->state->has_output && (length = http2_protocol.output(side->state, &bytes)) > 0)
		while (protocol_take_sent(side->state, length) != NULL)
			;
}

static void
hear(struct side *side, const char *bytes, size_t length)
{
	char *piece = malloc(length);

	CHECK(piece != NULL);
	memcpy(piece, bytes, length);
	http2_protocol.on_bytes(side->state, piece, length);
	free(piece);
	settle(side);
}

static void
begin_all(struct side *side)
{
	for (size_t i = 0; i < EXCHANGES && side->state->room > 0; i++) {
		side->all[i] = must_alloc(http2_protocol.exchange_size);
		http2_protocol.begin(side->state, side->all[i], &get, text, sizeof(text) - 1,
			&(struct protocol_ear){.on_header = keep_field,
				.on_trailer = keep_field,
				.on_body = keep_body,
				.context = side});
	}
	settle(side);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct side side = {.state = must_alloc(http2_protocol.state_size)};
	size_t step = data[0] > 0 ? data[0] : size;

	buf_init(&side.body, BODY_CEILING);
	http2_protocol.init(side.state, &plan, false);
	settle(&side);
	hear(&side, settings, sizeof(settings));
	begin_all(&side);
	for (size_t at = 1; at < size && side.state->fate != PROTOCOL_BROKEN; at += step) {
		hear(&side, (const char *)data + at, size - at < step ? size - at : step);
		if (side.all[0] != NULL && !side.all[0]->has_ended && at > size / 2) {
			CHECK(http2_protocol.cancel(side.state, side.all[0]));
			free(side.all[0]);
			side.all[0] = NULL;
			settle(&side);
		}
	}
	http2_protocol.on_eof(side.state);
	CHECK(side.state->fate != PROTOCOL_OPEN && side.state->room == 0);
	http2_protocol.fini(side.state);
	for (size_t i = 0; i < EXCHANGES; i++)
		free(side.all[i]);
	buf_fini(&side.body);
	free(side.state);
	return 0;
}
