/* POST /v1/messages, as Anthropic documents it: named events, content in blocks, cumulative usage in message_delta.
 * input_tokens leaves out what was read from the cache: the prompt is their sum. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "target/llm_dialect.h"

static bool
anthropic_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *system = ask_field(body, "system");

	if (!ask_model(body, ask, err) || !ask_bool(body, "stream", &ask->is_stream, err) ||
		!ask_bool(body, "ignore_eos", &ask->ignores_eos, err) ||
		!ask_count(body, "max_tokens", &ask->max_tokens, err))
		return false;
	if (ask->max_tokens == 0)
		return error_set(err, "max_tokens: field required");
	return (system == NULL || ask_text(system, "system", prompt, err)) && ask_messages(body, prompt, err);
}

static void
add_usage(const struct answer *a, uint64_t output_tokens, struct buf *into)
{
	buf_printf(into,
		"\"usage\":{\"input_tokens\":%" PRIu64
		",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":%" PRIu64 ",\"output_tokens\":%" PRIu64
		"}",
		a->prompt_tokens - a->cached_tokens, a->cached_tokens, output_tokens);
}

static void
add_message_head(const struct answer *a, struct buf *into)
{
	buf_printf(into, "\"id\":\"msg_%" PRIu64 "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"%s\",",
		a->number, a->model);
}

static void
start_block(unsigned index, bool is_thinking, struct buf *into)
{
	buf_printf(into,
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":%u,\"content_block\":%s}\n\n",
		index,
		is_thinking ? "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"
			    : "{\"type\":\"text\",\"text\":\"\"}");
}

static void
stop_block(unsigned index, struct buf *into)
{
	buf_printf(into, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":%u}\n\n", index);
}

static void
anthropic_begin(struct answer *a, struct buf *into)
{
	buf_add_text(into, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{");
	add_message_head(a, into);
	buf_add_text(into, "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
	add_usage(a, 1, into);
	buf_add_text(into, "}}\n\n");
	start_block(0, a->reasoning_tokens > 0, into);
	buf_add_text(into, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

static void
end_thinking(struct buf *into)
{
	buf_add_text(into, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
			   "{\"type\":\"signature_delta\",\"signature\":\"c2lnbmVk\"}}\n\n");
	stop_block(0, into);
}

static void
anthropic_tokens(const struct answer *a, struct run run, struct buf *into)
{
	static const char thinking[] =
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
		"\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"";
	static const char text[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
				   "\"delta\":{\"type\":\"text_delta\",\"text\":\"";
	static const char text_after[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
					 "\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"";

	if (run.is_reasoning) {
		buf_add(into, thinking, sizeof(thinking) - 1);
	} else if (a->reasoning_tokens == 0) {
		buf_add(into, text, sizeof(text) - 1);
	} else {
		if (run.from == a->reasoning_tokens) {
			if (run.to == run.from)
				return; /* an empty delta, and the block it would be of is not open yet */
			end_thinking(into);
			start_block(1, false, into);
		}
		buf_add(into, text_after, sizeof(text_after) - 1);
	}
	answer_add_text(a, run, into);
	buf_add(into, "\"}}\n\n", 5);
}

static const char *
stop_reason(const struct answer *a)
{
	return a->finish == FINISH_LENGTH ? "max_tokens" : "end_turn";
}

static void
anthropic_finish(const struct answer *a, struct buf *into)
{
	if (a->reasoning_tokens > 0 && a->made_tokens <= a->reasoning_tokens)
		end_thinking(into);
	else
		stop_block(a->reasoning_tokens > 0 ? 1 : 0, into);
	buf_printf(into,
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\","
		"\"stop_sequence\":null},",
		stop_reason(a));
	add_usage(a, a->made_tokens, into);
	buf_add_text(into, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

static void
anthropic_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into,
		"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"%s\"}}\n\n",
		message);
}

static void
anthropic_whole(const struct answer *a, struct buf *into)
{
	buf_add_char(into, '{');
	add_message_head(a, into);
	buf_add_text(into, "\"content\":[");
	if (a->reasoning_tokens > 0) {
		buf_add_text(into, "{\"type\":\"thinking\",\"thinking\":\"");
		answer_add_text(a, answer_reasoning(a), into);
		buf_add_text(into, "\",\"signature\":\"c2lnbmVk\"},");
	}
	buf_add_text(into, "{\"type\":\"text\",\"text\":\"");
	answer_add_text(a, answer_content(a), into);
	buf_printf(into, "\"}],\"stop_reason\":\"%s\",\"stop_sequence\":null,", stop_reason(a));
	add_usage(a, a->made_tokens, into);
	buf_add_text(into, "}\n");
}

static const char *
error_type(int status)
{
	switch (status) {
	case 400:
	case 405: return "invalid_request_error";
	case 429: return "rate_limit_error";
	case 529: return "overloaded_error";
	default: return "api_error";
	}
}

static void
anthropic_refuse(int status, const char *message, struct buf *into)
{
	buf_printf(into, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}\n", error_type(status),
		message);
}

const struct dialect anthropic_dialect = {
	.name = "anthropic",
	.paths = {{"/v1/messages", STREAM_AS_ASKED}},
	.content_type = "text/event-stream; charset=utf-8",
	.ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n",
	.has_reasoning = true,
	.is_generating = true,
	.read = anthropic_read,
	.begin = anthropic_begin,
	.tokens = anthropic_tokens,
	.finish = anthropic_finish,
	.fail = anthropic_fail,
	.whole = anthropic_whole,
	.refuse = anthropic_refuse,
	.busy_status = 529,
};
