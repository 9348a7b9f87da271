#include "reader/reader.h"

static void
discard_begin(void *state, const struct plan_request *request)
{
	(void)state;
	(void)request;
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
discard_end(void *state)
{
	(void)state;
	return FAILURE_COUNT;
}

const struct reader_ops discard_reader = {
	.choice = {.name = "discard", .help = "the body is counted but not looked at"},
	.ignores_bytes = true,
	.begin = discard_begin,
	.on_bytes = discard_on_bytes,
	.end = discard_end,
};
