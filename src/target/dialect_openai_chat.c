/* POST /v1/chat/completions, as OpenAI documents it and vLLM serves it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "target/llm_openai.h"

#define CHUNK "chat.completion.chunk"

static bool
chat_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	return openai_read_options(body, ask, err) && ask_messages(body, prompt, err);
}

/* The first chunk carries only a role: an event, and no token. */
static void
chat_begin(struct answer *a, struct buf *into)
{
	int length = snprintf(a->frame, sizeof(a->frame),
		"data: {\"id\":\"chatcmpl-%" PRIu64 "\",\"object\":\"" CHUNK "\",\"created\":%" PRId64
		",\"model\":\"%s\",\"choices\":[{\"index\":0,\"delta\":{",
		a->number, a->created_s, a->model);

	CHECK_OP(length, <, sizeof(a->frame));
	a->frame_length = (size_t)length;
	buf_add(into, a->frame, a->frame_length);
	buf_add_text(into, "\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]");
	openai_end_event(a, into);
}

/* Its first delta has the call's id and name, too. */
static void
begin_tool_delta(const struct answer *a, struct run run, struct buf *into)
{
	buf_add_text(into, "\"tool_calls\":[{\"index\":0,");
	if (run.from == answer_tool_from(a))
		buf_printf(into,
			"\"id\":\"call_%" PRIu64 "\",\"type\":\"function\",\"function\":{\"name\":\"look_up\",",
			a->number);
	else
		buf_add_text(into, "\"function\":{");
	buf_add_text(into, "\"arguments\":\"");
}

static void
chat_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	if (run.is_tool)
		begin_tool_delta(a, run, into);
	else
		buf_add_text(into, run.is_reasoning ? "\"reasoning_content\":\"" : "\"content\":\"");
	answer_add_text(a, run, into);
	buf_add_text(into, run.is_tool ? "\"}}]}" : "\"}");
	buf_add_text(into, ",\"logprobs\":null,\"finish_reason\":null}]");
	openai_end_event(a, into);
}

static void
chat_finish(const struct answer *a, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	buf_printf(into, "},\"logprobs\":null,\"finish_reason\":%s}]", openai_finish_text(a->finish));
	openai_end_event(a, into);
	openai_end_stream(a, CHUNK, into);
}

static void
chat_whole(const struct answer *a, struct buf *into)
{
	buf_printf(into,
		"{\"id\":\"chatcmpl-%" PRIu64 "\",\"object\":\"chat.completion\",\"created\":%" PRId64
		",\"model\":\"%s\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
		a->number, a->created_s, a->model);
	answer_add_text(a, answer_content(a), into);
	if (a->reasoning_tokens > 0) {
		buf_add_text(into, "\",\"reasoning_content\":\"");
		answer_add_text(a, answer_reasoning(a), into);
	}
	buf_add_char(into, '"');
	if (a->tool_tokens > 0) {
		buf_printf(into,
			",\"tool_calls\":[{\"id\":\"call_%" PRIu64
			"\",\"type\":\"function\",\"function\":{\"name\":\"look_up\",\"arguments\":\"",
			a->number);
		answer_add_text(a, answer_tool(a), into);
		buf_add_text(into, "\"}}]");
	}
	buf_printf(into, "},\"logprobs\":null,\"finish_reason\":%s}],", openai_finish_text(a->finish));
	openai_add_usage(a, into);
	buf_add_text(into, "}\n");
}

const struct dialect openai_chat_dialect = {
	.name = "openai-chat",
	.paths = {{"/v1/chat/completions", STREAM_AS_ASKED}},
	.content_type = "text/event-stream",
	.ping = ": keep-alive\n\n",
	.has_reasoning = true,
	.has_tools = true,
	.is_generating = true,
	.read = chat_read,
	.begin = chat_begin,
	.tokens = chat_tokens,
	.finish = chat_finish,
	.fail = openai_fail,
	.whole = chat_whole,
	.refuse = openai_refuse,
};
