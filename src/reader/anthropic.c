#include "reader/dialect.h"

/* Anthropic messages. Each event repeats its SSE type in its JSON, which is what we go by. Thinking ends with a
 * signature, which no model wrote. input_tokens leaves out what was read from the cache or written to it; the usage of
 * message_delta is cumulative, that of message_start counts no answer yet. */

static const struct json_want usage[] = {
	JSON_WANT("input_tokens", LLM_PROMPT_TOKENS),
	JSON_WANT("cache_read_input_tokens", LLM_CACHED_TOKENS),
	JSON_WANT("cache_creation_input_tokens", LLM_CACHING_TOKENS),
	JSON_WANT("output_tokens", LLM_COMPLETION_TOKENS),
	JSON_WANTS_END,
};

static const struct json_want start_usage[] = {
	JSON_WANT("input_tokens", LLM_PROMPT_TOKENS),
	JSON_WANT("cache_read_input_tokens", LLM_CACHED_TOKENS),
	JSON_WANT("cache_creation_input_tokens", LLM_CACHING_TOKENS),
	JSON_WANTS_END,
};

static const struct json_want start[] = {
	JSON_WANT_IN("usage", 0, start_usage),
	JSON_WANTS_END,
};

/* A block as it begins, mostly empty, and a block of a whole answer. */
static const struct json_want block[] = {
	JSON_WANT("text", LLM_CONTENT),
	JSON_WANT("thinking", LLM_REASONING),
	JSON_WANT("name", LLM_TOOL),
	JSON_WANTS_END,
};

static const struct json_want delta[] = {
	JSON_WANT("text", LLM_CONTENT),
	JSON_WANT("thinking", LLM_REASONING),
	JSON_WANT("partial_json", LLM_TOOL),
	JSON_WANT("stop_reason", LLM_FINISH),
	JSON_WANTS_END,
};

static const struct json_want error[] = {
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static const struct json_want event[] = {
	JSON_WANT("type", LLM_TYPE),
	JSON_WANT_IN("message", 0, start),
	JSON_WANT_IN("content_block", 0, block),
	JSON_WANT_IN("delta", 0, delta),
	JSON_WANT_IN("usage", 0, usage),
	JSON_WANT_IN("error", LLM_ERROR, error),
	JSON_WANTS_END,
};

static const struct json_want whole[] = {
	JSON_WANT_IN("content", 0, block),
	JSON_WANT("stop_reason", LLM_FINISH),
	JSON_WANT_IN("usage", 0, usage),
	JSON_WANT_IN("error", LLM_ERROR, error),
	JSON_WANTS_END,
};

static const struct plan_pair headers[] = {{"anthropic-version", "2023-06-01"}, {NULL, NULL}};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "model", llm->model);
	llm_text(arena, body, "system", llm->system);
	llm_messages(arena, llm, body, false);
	llm_value(arena, body, "max_tokens", llm->max_tokens);
	llm_value(arena, body, "temperature", llm->temperature);
	llm_bool(arena, body, "stream", llm->streams);
}

const struct llm_dialect anthropic_llm = {
	.api =
		{
			.name = "anthropic",
			.help = "POST /v1/messages",
			.reader = &anthropic_reader.choice,
			.stream_path = "/v1/messages",
			.whole_path = "/v1/messages",
			.headers = headers,
			.accept = "text/event-stream",
			.takes_messages = true,
			.takes_system = true,
			.needs_max_tokens = true,
			.needs_model = true,
			.answer_open = ",{\"role\":\"assistant\",\"content\":\"",
			.answer_close = "\"},",
			.compose = compose,
		},
	.framing = &sse_framing,
	.event = event,
	.whole = whole,
	.last_type = "message_stop",
	.ping = "ping",
	.has_end = true,
	.has_finish = true,
	.is_cache_apart = true,
};
