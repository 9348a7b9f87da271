#include "micro.h"

#include <stdlib.h>

#include "base/check.h"
#include "proto/protocol.h"

#include "wire.h"

static const struct plan plan = {.target.response_ceiling_bytes = 65536};
static const struct protocol_ear nobody;
static const struct plan_request get = {.method = "GET"};

struct parser {
	struct protocol_state *state;
	struct protocol_exchange x;
};

static void *
parser_new(void)
{
	struct parser *parser = must_alloc(sizeof(*parser));

	CHECK_OP(http1_protocol.exchange_size, ==, sizeof(parser->x));
	parser->state = must_alloc(http1_protocol.state_size);
	http1_protocol.init(parser->state, &plan, false);
	return parser;
}

static void
parser_free(void *context)
{
	struct parser *parser = context;

	free(parser->state);
	free(parser);
}

/* The bench server's answer, whole, to a request whose body nobody wants; all that a connection asks of the protocol.
 */
static void
parser_repeat(void *context, uint64_t times)
{
	struct parser *parser = context;
	const char *bytes;

	for (uint64_t i = 0; i < times; i++) {
		http1_protocol.begin(parser->state, &parser->x, &get, "", 0, &nobody);
		http1_protocol.output(parser->state, &bytes);
		CHECK(protocol_take_sent(parser->state, 1) == &parser->x);
		http1_protocol.on_bytes(parser->state, WIRE_RESPONSE, WIRE_RESPONSE_BYTES);
		CHECK(protocol_take_news(parser->state) == &parser->x && parser->x.has_ended);
	}
}

const struct micro micro_parse = {"parse", "one response of 78 bytes", parser_new, parser_repeat, parser_free};
