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

enum block {
	BLOCK_THINKING,
	BLOCK_TEXT,
	BLOCK_TOOL,
};

static bool
has_block(const struct answer *a, enum block block)
{
	switch (block) {
	case BLOCK_THINKING: return a->reasoning_tokens > 0;
	case BLOCK_TEXT: return answer_tool_from(a) > a->reasoning_tokens;
	case BLOCK_TOOL: break;
	}
	return a->tool_tokens > 0;
}

/* Blocks that an answer lacks are not counted. */
static unsigned
index_of(const struct answer *a, enum block block)
{
	unsigned before = 0;

	for (enum block b = BLOCK_THINKING; b < block; b++)
		before += has_block(a, b);
	return before;
}

static void
start_block(const struct answer *a, enum block block, struct buf *into)
{
	buf_printf(into,
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":%u,\"content_block\":",
		index_of(a, block));
	if (block == BLOCK_THINKING)
		buf_add_text(into, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
	else if (block == BLOCK_TEXT)
		buf_add_text(into, "{\"type\":\"text\",\"text\":\"\"}");
	else
		buf_printf(into,
			"{\"type\":\"tool_use\",\"id\":\"toolu_%" PRIu64 "\",\"name\":\"look_up\",\"input\":{}}",
			a->number);
	buf_add_text(into, "}\n\n");
}

static void
start_delta(const struct answer *a, enum block block, struct buf *into)
{
	static const char *const heads[] = {
		[BLOCK_THINKING] = "thinking_delta\",\"thinking\":\"",
		[BLOCK_TEXT] = "text_delta\",\"text\":\"",
		[BLOCK_TOOL] = "input_json_delta\",\"partial_json\":\"",
	};

	buf_add_text(into, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
	buf_add_char(into, (char)('0' + index_of(a, block)));
	buf_add_text(into, ",\"delta\":{\"type\":\"");
	buf_add_text(into, heads[block]);
}

static void
stop_block(const struct answer *a, enum block block, struct buf *into)
{
	if (block == BLOCK_THINKING) {
		buf_add_text(into,
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
			"{\"type\":\"signature_delta\",\"signature\":\"c2lnbmVk\"}}\n\n");
	}
	buf_printf(into, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":%u}\n\n",
		index_of(a, block));
}

static enum block
first_block(const struct answer *a)
{
	if (has_block(a, BLOCK_THINKING))
		return BLOCK_THINKING;
	return has_block(a, BLOCK_TEXT) ? BLOCK_TEXT : BLOCK_TOOL;
}

static enum block
last_block(const struct answer *a)
{
	if (has_block(a, BLOCK_TOOL))
		return BLOCK_TOOL;
	return has_block(a, BLOCK_TEXT) ? BLOCK_TEXT : BLOCK_THINKING;
}

static void
anthropic_begin(struct answer *a, struct buf *into)
{
	buf_add_text(into, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{");
	add_message_head(a, into);
	buf_add_text(into, "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
	add_usage(a, 1, into);
	buf_add_text(into, "}}\n\n");
	start_block(a, first_block(a), into);
	buf_add_text(into, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

static enum block
block_of(const struct run *run)
{
	if (run->is_reasoning)
		return BLOCK_THINKING;
	return run->is_tool ? BLOCK_TOOL : BLOCK_TEXT;
}

/* The one that is open when this one begins. */
static enum block
block_before(const struct answer *a, enum block block)
{
	return block == BLOCK_TOOL && has_block(a, BLOCK_TEXT) ? BLOCK_TEXT : BLOCK_THINKING;
}

static void
anthropic_tokens(const struct answer *a, struct run run, struct buf *into)
{
	enum block block = block_of(&run);
	uint64_t first = block == BLOCK_TOOL ? answer_tool_from(a) : block == BLOCK_TEXT ? a->reasoning_tokens : 0;

	if (block != first_block(a) && run.from == first) {
		if (run.to == run.from)
			return; /* an empty delta, and the block it would be of is not open yet */
		stop_block(a, block_before(a, block), into);
		start_block(a, block, into);
	}
	start_delta(a, block, into);
	answer_add_text(a, run, into);
	buf_add(into, "\"}}\n\n", 5);
}

static const char *
stop_reason(const struct answer *a)
{
	switch (a->finish) {
	case FINISH_LENGTH: return "max_tokens";
	case FINISH_TOOL: return "tool_use";
	case FINISH_STOP:
	case FINISH_NONE: break;
	}
	return "end_turn";
}

static void
anthropic_finish(const struct answer *a, struct buf *into)
{
	stop_block(a, last_block(a), into);
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

/* Its arguments are no text here, but JSON: without the escapes. */
static void
add_tool(const struct answer *a, struct buf *into)
{
	struct buf escaped;

	buf_init(&escaped, into->ceiling);
	answer_add_text(a, answer_tool(a), &escaped);
	buf_printf(into,
		",{\"type\":\"tool_use\",\"id\":\"toolu_%" PRIu64 "\",\"name\":\"look_up\",\"input\":", a->number);
	for (size_t i = 0; i < escaped.length; i++)
		if (escaped.bytes[i] != '\\')
			buf_add_char(into, escaped.bytes[i]);
	buf_add_char(into, '}');
	buf_fini(&escaped);
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
	buf_add_text(into, "\"}");
	if (a->tool_tokens > 0)
		add_tool(a, into);
	buf_printf(into, "],\"stop_reason\":\"%s\",\"stop_sequence\":null,", stop_reason(a));
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
	.has_tools = true,
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
