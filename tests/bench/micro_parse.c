#include "micro.h"

#include "base/check.h"
#include "proto/protocol.h"

#include "wire.h"

static const struct plan plan = {.target.response_ceiling_bytes = 65536};
static const struct protocol_ear nobody;
static const struct plan_request get = {.method = "GET"};

static void *
parser_new(void)
{
	void *state = must_alloc(http1_protocol.state_size);

	http1_protocol.init(state, &plan);
	return state;
}

/* The bench server's answer, whole, to a request whose body nobody wants. */
static void
parser_repeat(void *state, uint64_t times)
{
	enum failure failure;

	for (uint64_t i = 0; i < times; i++) {
		http1_protocol.expect(state, &get, &nobody);
		CHECK(http1_protocol.on_bytes(state, WIRE_RESPONSE, WIRE_RESPONSE_BYTES, &failure) ==
			PROTOCOL_COMPLETE);
	}
}

const struct micro micro_parse = {"parse", "one response of 78 bytes", parser_new, parser_repeat, free};
