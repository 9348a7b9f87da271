#include "proto/protocol.h"

/* Sends nothing and is answered after target.null_service, at once by default: what remains is brunt's own cost, the
 * ceiling of every other protocol. */
struct null {
	struct protocol_response response;
};

static bool
null_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err)
{
	(void)plan;
	(void)request;
	(void)into;
	(void)err;
	return true;
}

static void
null_init(void *state, const struct plan *plan)
{
	struct null *n = state;

	(void)plan;
	*n = (struct null){0};
}

static void
null_expect(void *state, const struct plan_request *request, const struct protocol_ear *ear)
{
	struct null *n = state;

	(void)request;
	(void)ear;
	n->response = (struct protocol_response){
		.status = 200, .has_first_byte = true, .is_complete = true, .keeps_alive = true};
}

static enum protocol_result
null_on_bytes(void *state, const char *bytes, size_t length, enum failure *failure)
{
	(void)state;
	(void)bytes;
	(void)length;
	(void)failure;
	return PROTOCOL_EXTRA;
}

static enum protocol_result
null_on_eof(void *state, enum failure *failure)
{
	(void)state;
	(void)failure;
	return PROTOCOL_COMPLETE;
}

static const struct protocol_response *
null_response(const void *state)
{
	const struct null *n = state;

	return &n->response;
}

const struct protocol_ops null_protocol = {
	.choice = {.name = "null",
		.help = "no network at all: every request completes at once with status 200",
		.is_for_tests = true},
	.needs_stream = false,
	.state_size = sizeof(struct null),
	.compose = null_compose,
	.init = null_init,
	.expect = null_expect,
	.on_bytes = null_on_bytes,
	.on_eof = null_on_eof,
	.response = null_response,
};
