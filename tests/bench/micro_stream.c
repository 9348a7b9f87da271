#include "micro.h"

#include <string.h>

#include "base/check.h"
#include "reader/reader.h"

/* A chunk as vLLM sends it, alone in its read; each belongs to a stream of 200. */
#define CHUNK                                                                                                          \
	"data: {\"id\":\"chatcmpl-2a9f3c61e0d94a0b\",\"object\":\"chat.completion.chunk\",\"created\":1732233600,"     \
	"\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"logprobs\":null,"              \
	"\"finish_reason\":null}]}\n\n"
#define CHUNKS_PER_STREAM 200

struct stream {
	const struct reader_ops *reader;
	void *state;
	struct buf scratch;
};

static const struct plan_request request = {.name = "chat"};

static void *
stream_new(void)
{
	struct stream *s = must_alloc(sizeof(*s));

	for (size_t i = 0; s->reader == NULL; i++)
		if (strcmp(readers[i]->choice.name, "openai-chat") == 0)
			s->reader = readers[i];
	s->state = must_alloc(s->reader->state_size);
	buf_init(&s->scratch, READER_SCRATCH_MAX);
	return s;
}

static void
stream_begin(struct stream *s)
{
	static const char name[] = "content-type", value[] = "text/event-stream";

	s->reader->begin(s->state, &request, &(struct reader_host){.scratch = &s->scratch});
	s->reader->on_header(s->state, name, sizeof(name) - 1, value, sizeof(value) - 1);
}

static void
stream_repeat(void *context, uint64_t times)
{
	struct stream *s = context;
	uint64_t gaps = 0, streams = 0;

	for (uint64_t i = 0; i < times; i++) {
		if (i % CHUNKS_PER_STREAM == 0) {
			stream_begin(s);
			streams++;
		}
		s->reader->on_bytes(s->state, CHUNK, sizeof(CHUNK) - 1, (int64_t)i * 1000);
		gaps += s->reader->take_gap_ns(s->state) == 1000;
	}
	CHECK_OP(gaps, ==, times - streams);
}

static void
stream_free(void *context)
{
	struct stream *s = context;

	buf_fini(&s->scratch);
	free(s->state);
	free(s);
}

const struct micro micro_stream = {
	"sse", "one token of an SSE stream, read and stamped", stream_new, stream_repeat, stream_free};
