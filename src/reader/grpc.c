#include <string.h>
#include <strings.h>

#include "reader/progress.h"
#include "reader/reader.h"

/* A call of gRPC: messages, each behind its length, and how it ended, in the trailers (or in the headers, where there
 * is nothing but them). Unary or streaming, each message is an event, when its last byte has come. What they say nobody
 * looks at. The grammar is that of doc/PROTOCOL-HTTP2.md of gRPC. */

#define PREFIX_BYTES 5
#define STATUS_NONE UINT64_MAX
#define STATUS_MALFORMED (UINT64_MAX - 1)

struct grpc {
	struct progress progress;
	unsigned char prefix[PREFIX_BYTES];
	size_t prefix_length; /* what has come of it */
	uint64_t left;        /* of the message, once its prefix is whole */
	uint64_t status;      /* grpc-status */
	uint64_t wanted;      /* by the profile */
	bool is_grpc;         /* by its content type */
	bool is_compressed;   /* a message is, though nobody said that we could read it */
	bool is_malformed;
};

static void
grpc_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	struct grpc *g = state;

	(void)host;
	*g = (struct grpc){.status = STATUS_NONE, .wanted = request->expect.grpc_status};
	progress_init(&g->progress);
}

static bool
is_named(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

/* Digits alone; what is more than there are codes for is still a status, and another than was wanted. */
static uint64_t
status_of(const char *value, size_t length)
{
	uint64_t status = 0;

	if (length == 0 || length > 9)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9')
			return STATUS_MALFORMED;
		status = 10 * status + (uint64_t)(value[i] - '0');
	}
	return status;
}

static void
grpc_on_trailer(void *state, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct grpc *g = state;

	if (is_named(name, name_length, "grpc-status"))
		g->status = status_of(value, value_length);
}

/* application/grpc, application/grpc+proto, application/grpc; charset=… */
static bool
is_grpc(const char *value, size_t length)
{
	static const char type[] = "application/grpc";
	size_t n = sizeof(type) - 1;

	return length >= n && strncasecmp(value, type, n) == 0 &&
	       (length == n || value[n] == '+' || value[n] == ';' || value[n] == ' ');
}

static void
grpc_on_header(void *state, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct grpc *g = state;

	if (is_named(name, name_length, "content-type"))
		g->is_grpc = is_grpc(value, value_length);
	else
		grpc_on_trailer(g, name, name_length, value, value_length);
}

static void
grpc_note_message(struct grpc *g, int64_t now_ns)
{
	progress_note_event(&g->progress, now_ns);
	progress_note_chunk(&g->progress, true, now_ns);
	g->prefix_length = 0;
}

/* Returns how many bytes of the prefix were taken. */
static size_t
grpc_take_prefix(struct grpc *g, const char *bytes, size_t length, int64_t now_ns)
{
	size_t n = PREFIX_BYTES - g->prefix_length;

	if (n > length)
		n = length;
	memcpy(g->prefix + g->prefix_length, bytes, n);
	g->prefix_length += n;
	if (g->prefix_length < PREFIX_BYTES)
		return n;
	g->is_compressed |= g->prefix[0] == 1;
	g->is_malformed |= g->prefix[0] > 1;
	g->left = (uint64_t)g->prefix[1] << 24 | (uint64_t)g->prefix[2] << 16 | (uint64_t)g->prefix[3] << 8 |
		  g->prefix[4];
	if (g->left == 0)
		grpc_note_message(g, now_ns);
	return n;
}

static void
grpc_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	struct grpc *g = state;

	if (!g->is_grpc)
		return;
	while (length > 0) {
		size_t n;

		if (g->prefix_length < PREFIX_BYTES) {
			n = grpc_take_prefix(g, bytes, length, now_ns);
		} else {
			n = g->left < length ? (size_t)g->left : length;
			g->left -= n;
			if (g->left == 0)
				grpc_note_message(g, now_ns);
		}
		bytes += n;
		length -= n;
	}
}

/* By the code (doc/statuscodes.md of gRPC), where one has a cause of its own. */
static enum failure
failure_of_status(uint64_t status)
{
	switch (status) {
	case 4: return FAILURE_GRPC_DEADLINE;
	case 8: return FAILURE_GRPC_EXHAUSTED;
	case 13: return FAILURE_GRPC_INTERNAL;
	case 14: return FAILURE_GRPC_UNAVAILABLE;
	default: return FAILURE_GRPC_STATUS;
	}
}

static enum failure
grpc_end(void *state, unsigned status)
{
	const struct grpc *g = state;

	if (status / 100 != 2)
		return FAILURE_COUNT;
	if (!g->is_grpc)
		return FAILURE_CONTENT_TYPE;
	if (g->is_malformed || g->status == STATUS_MALFORMED)
		return FAILURE_MALFORMED;
	if (g->status != STATUS_NONE && g->status != g->wanted)
		return failure_of_status(g->status);
	if (g->prefix_length > 0)
		return FAILURE_TRUNCATED;
	if (g->status == STATUS_NONE)
		return FAILURE_MALFORMED;
	return g->is_compressed ? FAILURE_CONTENT_ENCODING : FAILURE_COUNT;
}

static const struct generation *
grpc_generation(const void *state)
{
	const struct grpc *g = state;

	return &g->progress.generation;
}

static int64_t
grpc_take_gap_ns(void *state)
{
	struct grpc *g = state;

	return progress_take_gap_ns(&g->progress);
}

const struct reader_ops grpc_reader = {
	.choice = {.name = "grpc", .help = "a call of gRPC, unary or streaming: each message counts as a token"},
	.state_size = sizeof(struct grpc),
	.begin = grpc_begin,
	.on_header = grpc_on_header,
	.on_trailer = grpc_on_trailer,
	.on_bytes = grpc_on_bytes,
	.end = grpc_end,
	.generation = grpc_generation,
	.take_gap_ns = grpc_take_gap_ns,
};
