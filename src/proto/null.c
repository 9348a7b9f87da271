#include "proto/protocol.h"

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
null_init(void *state, const struct plan *plan, bool is_tls)
{
	struct protocol_state *n = state;

	(void)plan;
	(void)is_tls;
	protocol_state_init(n);
	n->is_ready = true;
	n->room = UINT32_MAX;
}

static void
null_fini(void *state)
{
	(void)state;
}

static void
null_begin(void *state, struct protocol_exchange *x, const struct plan_request *request, const char *bytes,
	size_t length, const struct protocol_ear *ear)
{
	(void)request;
	(void)bytes;
	(void)length;
	protocol_exchange_begin(x, ear);
	x->status = 200;
	protocol_end(state, x, FAILURE_COUNT);
}

static size_t
null_output(void *state, const char **bytes)
{
	(void)state;
	(void)bytes;
	return 0;
}

static void
null_on_bytes(void *state, const char *bytes, size_t length)
{
	(void)state;
	(void)bytes;
	(void)length;
}

static void
null_on_eof(void *state)
{
	(void)state;
}

static bool
null_cancel(void *state, struct protocol_exchange *x)
{
	(void)state;
	list_remove(&x->news);
	return true;
}

/* Sends nothing and is answered after target.null_service, at once by default: what remains is brunt's own cost, the
 * ceiling of every other protocol. */
static const struct protocol_ops *
null_agree(bool is_tls, const char *alpn)
{
	(void)is_tls;
	(void)alpn;
	return &null_protocol;
}

const struct protocol_ops null_protocol = {
	.choice = {.name = "null",
		.help = "no network at all: every request completes at once with status 200",
		.is_for_tests = true},
	.needs_stream = false,
	.state_size = sizeof(struct protocol_state),
	.exchange_size = sizeof(struct protocol_exchange),
	.agree = null_agree,
	.compose = null_compose,
	.init = null_init,
	.fini = null_fini,
	.begin = null_begin,
	.output = null_output,
	.on_bytes = null_on_bytes,
	.on_eof = null_on_eof,
	.cancel = null_cancel,
};
