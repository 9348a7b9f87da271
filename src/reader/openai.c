#include "reader/openai.h"

static const struct json_want prompt_details[] = {
	JSON_WANT("cached_tokens", LLM_CACHED_TOKENS),
	JSON_WANTS_END,
};

const struct json_want openai_usage[] = {
	JSON_WANT("prompt_tokens", LLM_PROMPT_TOKENS),
	JSON_WANT("completion_tokens", LLM_COMPLETION_TOKENS),
	JSON_WANT_IN("prompt_tokens_details", 0, prompt_details),
	JSON_WANTS_END,
};

const struct json_want openai_error[] = {
	JSON_WANT("code", LLM_ERROR_CODE),
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

/* ignore_eos is vLLM's and SGLang's. */
void
openai_compose_rest(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_value(arena, body, "max_tokens", llm->max_tokens);
	llm_value(arena, body, "temperature", llm->temperature);
	if (llm->ignores_eos)
		llm_bool(arena, body, "ignore_eos", true);
	llm_bool(arena, body, "stream", llm->streams);
	if (llm->streams && llm->wants_usage)
		llm_bool(arena, llm_map(arena, body, "stream_options"), "include_usage", true);
}
