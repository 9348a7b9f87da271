#include "reader/match.h"
#include "reader/progress.h"
#include "reader/reader.h"

/* An answer of several messages (WebSocket): each is an event when its last byte has come, and counts as a token. So
 * many are the answer, or those up to the first that contains a marker. Texts are looked for in each message by itself.
 */
struct messages {
	struct progress progress;
	struct match expected, marker;
	bool has_marker;
	uint64_t left; /* where there is none */
};

static void
messages_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	struct messages *m = state;

	*m = (struct messages){.has_marker = host->until != NULL, .left = request->receive.messages};
	progress_init(&m->progress);
	match_begin(&m->expected, host->expected);
	match_begin(&m->marker, host->until);
}

static void
messages_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	struct messages *m = state;

	(void)now_ns;
	match_add(&m->expected, bytes, length);
	match_add(&m->marker, bytes, length);
}

/* What is half found at a message's end is not found. */
static bool
settle(struct match *match)
{
	if (!match_is_found(match))
		match_begin(match, match->wanted);
	return match_is_found(match);
}

static bool
messages_on_message(void *state, int64_t now_ns)
{
	struct messages *m = state;

	progress_note_event(&m->progress, now_ns);
	progress_note_chunk(&m->progress, true, now_ns);
	(void)settle(&m->expected);
	return m->has_marker ? settle(&m->marker) : --m->left == 0;
}

static enum failure
messages_end(void *state, unsigned status)
{
	const struct messages *m = state;

	(void)status;
	return match_is_found(&m->expected) ? FAILURE_COUNT : FAILURE_BODY;
}

static const struct generation *
messages_generation(const void *state)
{
	const struct messages *m = state;

	return &m->progress.generation;
}

static int64_t
messages_take_gap_ns(void *state)
{
	struct messages *m = state;

	return progress_take_gap_ns(&m->progress);
}

const struct reader_ops messages_reader = {
	.choice = {.name = "messages",
		.help = "of WebSocket, where receive asks for several: each message counts as a token",
		.searches_body = true},
	.state_size = sizeof(struct messages),
	.begin = messages_begin,
	.on_bytes = messages_on_bytes,
	.on_message = messages_on_message,
	.end = messages_end,
	.generation = messages_generation,
	.take_gap_ns = messages_take_gap_ns,
};
