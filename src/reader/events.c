#include "reader/framing.h"
#include "reader/media.h"
#include "reader/progress.h"
#include "reader/reader.h"

/* Streams of events that mean nothing more to us: each one is a chunk, so that a stream of ticks or lines has a first
 * event, gaps and a rate like one of tokens. */
struct events {
	struct framing framing;
	struct progress progress;
	struct media media;
	enum media_kind wanted;
};

static void
events_begin(void *state, const struct framing_ops *framing, enum media_kind wanted, const struct reader_host *host)
{
	struct events *e = state;

	framing_init(&e->framing, framing, host->scratch);
	progress_init(&e->progress);
	e->media = (struct media){0};
	e->wanted = wanted;
}

static void
sse_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	(void)request;
	events_begin(state, &sse_framing, MEDIA_SSE, host);
}

static void
ndjson_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	(void)request;
	events_begin(state, &ndjson_framing, MEDIA_NDJSON, host);
}

static void
events_on_header(void *state, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct events *e = state;

	media_note_header(&e->media, name, name_length, value, value_length);
}

/* Lines of JSON are also sent as application/json; what the body is decides then. */
static bool
events_is_wanted(const struct events *e)
{
	return e->media.kind == e->wanted || (e->wanted == MEDIA_NDJSON && e->media.kind == MEDIA_JSON);
}

static void
events_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	struct events *e = state;
	struct framing_event event;

	if (e->media.is_encoded || !events_is_wanted(e))
		return;
	framing_give(&e->framing, bytes, length);
	while (e->framing.ops->take(&e->framing, &event)) {
		progress_note_event(&e->progress, now_ns);
		progress_note_chunk(&e->progress, true, now_ns);
	}
}

static enum failure
events_end(void *state, unsigned status)
{
	const struct events *e = state;

	if (status / 100 != 2)
		return FAILURE_COUNT;
	if (e->media.is_encoded)
		return FAILURE_CONTENT_ENCODING;
	if (!events_is_wanted(e))
		return FAILURE_CONTENT_TYPE;
	if (e->framing.is_too_large)
		return FAILURE_EVENT_TOO_LARGE;
	return e->framing.ops->is_between(&e->framing) ? FAILURE_COUNT : FAILURE_TRUNCATED;
}

static const struct generation *
events_generation(const void *state)
{
	const struct events *e = state;

	return &e->progress.generation;
}

static int64_t
events_take_gap_ns(void *state)
{
	struct events *e = state;

	return progress_take_gap_ns(&e->progress);
}

const struct reader_ops sse_reader = {
	.choice = {.name = "sse", .help = "server-sent events: each one counts as a token"},
	.state_size = sizeof(struct events),
	.begin = sse_begin,
	.on_header = events_on_header,
	.on_bytes = events_on_bytes,
	.end = events_end,
	.generation = events_generation,
	.take_gap_ns = events_take_gap_ns,
};

const struct reader_ops ndjson_reader = {
	.choice = {.name = "ndjson", .help = "lines of JSON: each one counts as a token"},
	.state_size = sizeof(struct events),
	.begin = ndjson_begin,
	.on_header = events_on_header,
	.on_bytes = events_on_bytes,
	.end = events_end,
	.generation = events_generation,
	.take_gap_ns = events_take_gap_ns,
};
