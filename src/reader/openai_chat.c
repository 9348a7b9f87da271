#include "reader/openai.h"

/* OpenAI chat completions, and whoever speaks the same: vLLM, SGLang, llama.cpp, TGI, LiteLLM. The first delta carries
 * a role alone. Reasoning is `reasoning_content` (DeepSeek, vLLM, SGLang) or `reasoning` (vLLM, OpenRouter). Usage
 * comes in a last chunk without choices, or (vLLM's continuous_usage_stats) in every one. */

static const struct json_want function[] = {
	JSON_WANT("name", LLM_TOOL),
	JSON_WANT("arguments", LLM_TOOL),
	JSON_WANTS_END,
};

static const struct json_want tool_call[] = {
	JSON_WANT_IN("function", 0, function),
	JSON_WANTS_END,
};

static const struct json_want message[] = {
	JSON_WANT("content", LLM_CONTENT),
	JSON_WANT("refusal", LLM_CONTENT),
	JSON_WANT("reasoning", LLM_REASONING),
	JSON_WANT("reasoning_content", LLM_REASONING),
	JSON_WANT_IN("tool_calls", 0, tool_call),
	JSON_WANT_IN("function_call", 0, function),
	JSON_WANTS_END,
};

static const struct json_want choice[] = {
	JSON_WANT_IN("delta", 0, message),
	JSON_WANT("finish_reason", LLM_FINISH),
	JSON_WANTS_END,
};

static const struct json_want event[] = {
	JSON_WANT_IN("choices", 0, choice),
	JSON_WANT_IN("usage", 0, openai_usage),
	JSON_WANT_IN("error", LLM_ERROR, openai_error),
	JSON_WANTS_END,
};

static const struct json_want whole_choice[] = {
	JSON_WANT_IN("message", 0, message),
	JSON_WANT("finish_reason", LLM_FINISH),
	JSON_WANTS_END,
};

static const struct json_want whole[] = {
	JSON_WANT_IN("choices", 0, whole_choice),
	JSON_WANT_IN("usage", 0, openai_usage),
	JSON_WANT_IN("error", LLM_ERROR, openai_error),
	JSON_WANT("code", LLM_ERROR_CODE), /* older vLLM has them at the top */
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "model", llm->model);
	llm_messages(arena, llm, body, true);
	openai_compose_rest(arena, llm, body);
}

const struct llm_dialect openai_chat_llm = {
	.api =
		{
			.name = "openai-chat",
			.help = "POST /v1/chat/completions",
			.reader = &openai_chat_reader.choice,
			.stream_path = "/v1/chat/completions",
			.whole_path = "/v1/chat/completions",
			.accept = "text/event-stream",
			.takes_messages = true,
			.takes_system = true,
			.takes_ignore_eos = true,
			.needs_model = true,
			.answer_open = ",{\"role\":\"assistant\",\"content\":\"",
			.answer_close = "\"},",
			.compose = compose,
		},
	.framing = &sse_framing,
	.event = event,
	.whole = whole,
	.last_data = "[DONE]",
	.has_end = true,
	.has_finish = true,
};
