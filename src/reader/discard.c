#include "reader/reader.h"

static void
discard_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	(void)state;
	(void)request;
	(void)host;
}

static void
discard_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	(void)state;
	(void)bytes;
	(void)length;
	(void)now_ns;
}

static enum failure
discard_end(void *state, unsigned status)
{
	(void)state;
	(void)status;
	return FAILURE_COUNT;
}

const struct reader_ops discard_reader = {
	.choice = {.name = "discard", .help = "the body is counted but not looked at"},
	.ignores_bytes = true,
	.begin = discard_begin,
	.on_bytes = discard_on_bytes,
	.end = discard_end,
};
