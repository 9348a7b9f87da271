#include "target/llm_openai.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* max_tokens under both of its names, the newer one wins; stream and its options; ignore_eos as vLLM has it. */
bool
openai_read_options(const cJSON *body, struct ask *ask, struct error *err)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(body, "stream_options");
	uint64_t n = 1;

	if (!ask_model(body, ask, err) || !ask_count(body, "max_tokens", &ask->max_tokens, err) ||
		!ask_count(body, "max_completion_tokens", &ask->max_tokens, err) || !ask_count(body, "n", &n, err) ||
		!ask_bool(body, "stream", &ask->is_stream, err) ||
		!ask_bool(body, "ignore_eos", &ask->ignores_eos, err))
		return false;
	if (n != 1)
		return error_set(err, "n: only one answer is given");
	if (options == NULL || cJSON_IsNull(options))
		return true;
	if (!ask->is_stream)
		return error_set(err, "stream_options: only with stream = true");
	return ask_bool(options, "include_usage", &ask->wants_usage, err) &&
	       ask_bool(options, "continuous_usage_stats", &ask->wants_usage_always, err);
}

void
openai_add_usage(const struct answer *a, struct buf *into)
{
	buf_printf(into,
		"\"usage\":{\"prompt_tokens\":%" PRIu64 ",\"completion_tokens\":%" PRIu64 ",\"total_tokens\":%" PRIu64
		",\"prompt_tokens_details\":{\"cached_tokens\":%" PRIu64 "}",
		a->prompt_tokens, a->made_tokens, a->prompt_tokens + a->made_tokens, a->cached_tokens);
	if (a->reasoning_tokens > 0)
		buf_printf(into, ",\"completion_tokens_details\":{\"reasoning_tokens\":%" PRIu64 "}",
			answer_reasoning(a).to);
	buf_add_char(into, '}');
}

const char *
openai_finish_text(enum finish finish)
{
	switch (finish) {
	case FINISH_STOP: return "\"stop\"";
	case FINISH_LENGTH: return "\"length\"";
	case FINISH_TOOL: return "\"tool_calls\"";
	case FINISH_NONE: break;
	}
	return "null";
}

/* vLLM: continuous_usage_stats has effect only beside include_usage. */
void
openai_end_event(const struct answer *a, struct buf *into)
{
	if (a->ask.wants_usage && a->ask.wants_usage_always) {
		buf_add_char(into, ',');
		openai_add_usage(a, into);
	} else if (a->ask.wants_usage) {
		buf_add_text(into, ",\"usage\":null");
	}
	buf_add(into, "}\n\n", 3);
}

void
openai_end_stream(const struct answer *a, const char *object, struct buf *into)
{
	if (a->ask.wants_usage) {
		buf_printf(into,
			"data: {\"id\":\"%s-%" PRIu64 "\",\"object\":\"%s\",\"created\":%" PRId64
			",\"model\":\"%s\",\"choices\":[],",
			strncmp(object, "chat", 4) == 0 ? "chatcmpl" : "cmpl", a->number, object, a->created_s,
			a->model);
		openai_add_usage(a, into);
		buf_add(into, "}\n\n", 3);
	}
	buf_add_text(into, "data: [DONE]\n\n");
}

static const char *
error_type(int status)
{
	switch (status) {
	case 400: return "invalid_request_error";
	case 404: return "not_found_error";
	case 429: return "rate_limit_error";
	default: return "server_error";
	}
}

void
openai_refuse(int status, const char *message, struct buf *into)
{
	buf_printf(into, "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":%s}}\n", message,
		error_type(status), status == 429 ? "\"rate_limit_exceeded\"" : "null");
}

void
openai_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into,
		"data: {\"error\":{\"message\":\"%s\",\"type\":\"server_error\",\"param\":null,\"code\":500}}\n\n"
		"data: [DONE]\n\n",
		message);
}
