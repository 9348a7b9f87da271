/* POST /generate, as SGLang serves it natively: each event repeats the text from its beginning. */
#include <inttypes.h>

#include "target/llm_dialect.h"

static bool
sglang_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *text = ask_field(body, "text"), *parameters = ask_field(body, "sampling_params");

	if (text == NULL)
		text = ask_field(body, "input_ids");
	if (!ask_bool(body, "stream", &ask->is_stream, err) || !ask_text(text, "text", prompt, err))
		return false;
	if (parameters == NULL)
		return true;
	return ask_count(parameters, "max_new_tokens", &ask->max_tokens, err) &&
	       ask_bool(parameters, "ignore_eos", &ask->ignores_eos, err);
}

static void
sglang_begin(struct answer *a, struct buf *into)
{
	(void)a;
	(void)into;
}

static void
add_object(const struct answer *a, uint64_t tokens, struct buf *into)
{
	buf_add_text(into, "{\"text\":\"");
	answer_add_text(a, (struct run){.to = tokens}, into);
	buf_printf(into, "\",\"meta_info\":{\"id\":\"%" PRIu64 "\",\"finish_reason\":", a->number);
	if (tokens < a->wanted_tokens)
		buf_add_text(into, "null");
	else if (a->finish == FINISH_LENGTH)
		buf_printf(into, "{\"type\":\"length\",\"length\":%" PRIu64 "}", tokens);
	else
		buf_add_text(into, "{\"type\":\"stop\",\"matched\":2}");
	buf_printf(into,
		",\"prompt_tokens\":%" PRIu64 ",\"completion_tokens\":%" PRIu64 ",\"cached_tokens\":%" PRIu64 "}}",
		a->prompt_tokens, tokens, a->cached_tokens);
}

static void
sglang_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_add_text(into, "data: ");
	add_object(a, run.to, into);
	buf_add_text(into, "\n\n");
}

static void
sglang_finish(const struct answer *a, struct buf *into)
{
	(void)a;
	buf_add_text(into, "data: [DONE]\n\n");
}

static void
sglang_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into, "data: {\"error\":{\"message\":\"%s\"}}\n\ndata: [DONE]\n\n", message);
}

static void
sglang_whole(const struct answer *a, struct buf *into)
{
	add_object(a, a->made_tokens, into);
	buf_add_char(into, '\n');
}

static void
sglang_refuse(int status, const char *message, struct buf *into)
{
	(void)status;
	buf_printf(into, "{\"error\":{\"message\":\"%s\"}}\n", message);
}

const struct dialect sglang_dialect = {
	.name = "sglang",
	.paths = {{"/generate", STREAM_AS_ASKED}},
	.content_type = "text/event-stream; charset=utf-8",
	.ping = ": keep-alive\n\n",
	.is_generating = true,
	.read = sglang_read,
	.begin = sglang_begin,
	.tokens = sglang_tokens,
	.finish = sglang_finish,
	.fail = sglang_fail,
	.whole = sglang_whole,
	.refuse = sglang_refuse,
};
