/* POST /v1/completions, as OpenAI documents it and vLLM serves it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "target/llm_openai.h"

#define OBJECT "text_completion"

static bool
completions_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	return openai_read_options(body, ask, err) &&
	       ask_text(cJSON_GetObjectItemCaseSensitive(body, "prompt"), "prompt", prompt, err);
}

static void
completions_begin(struct answer *a, struct buf *into)
{
	int length = snprintf(a->frame, sizeof(a->frame),
		"data: {\"id\":\"cmpl-%" PRIu64 "\",\"object\":\"" OBJECT "\",\"created\":%" PRId64
		",\"model\":\"%s\",\"choices\":[{\"index\":0,\"text\":\"",
		a->number, a->created_s, a->model);

	(void)into;
	CHECK_OP(length, <, sizeof(a->frame));
	a->frame_length = (size_t)length;
}

static void
completions_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	answer_add_text(a, run, into);
	buf_add_text(into, "\",\"logprobs\":null,\"finish_reason\":null}]");
	openai_end_event(a, into);
}

static void
completions_finish(const struct answer *a, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	buf_printf(into, "\",\"logprobs\":null,\"finish_reason\":%s}]", openai_finish_text(a->finish));
	openai_end_event(a, into);
	openai_end_stream(a, OBJECT, into);
}

static void
completions_whole(const struct answer *a, struct buf *into)
{
	buf_printf(into,
		"{\"id\":\"cmpl-%" PRIu64 "\",\"object\":\"" OBJECT "\",\"created\":%" PRId64
		",\"model\":\"%s\",\"choices\":[{\"index\":0,\"text\":\"",
		a->number, a->created_s, a->model);
	answer_add_text(a, answer_content(a), into);
	buf_printf(into, "\",\"logprobs\":null,\"finish_reason\":%s}],", openai_finish_text(a->finish));
	openai_add_usage(a, into);
	buf_add_text(into, "}\n");
}

const struct dialect openai_completions_dialect = {
	.name = "openai-completions",
	.paths = {{"/v1/completions", STREAM_AS_ASKED}},
	.content_type = "text/event-stream",
	.ping = ": keep-alive\n\n",
	.is_generating = true,
	.read = completions_read,
	.begin = completions_begin,
	.tokens = completions_tokens,
	.finish = completions_finish,
	.fail = openai_fail,
	.whole = completions_whole,
	.refuse = openai_refuse,
};
