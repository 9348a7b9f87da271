#include "reader/match.h"
#include "reader/reader.h"

/* Searches the body for what is expected of it, as it streams by. */

static void
text_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	(void)request;
	match_begin(state, host->expected);
}

static void
text_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	(void)now_ns;
	match_add(state, bytes, length);
}

static enum failure
text_end(void *state, unsigned status)
{
	(void)status;
	return match_is_found(state) ? FAILURE_COUNT : FAILURE_BODY;
}

const struct reader_ops text_reader = {
	.choice = {.name = "text", .help = "the body must contain expect.body", .searches_body = true},
	.state_size = sizeof(struct match),
	.begin = text_begin,
	.on_bytes = text_on_bytes,
	.end = text_end,
};
