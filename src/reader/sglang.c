#include "reader/dialect.h"

/* SGLang's own /generate: each event repeats the text so far and counts its tokens. A server started with
 * --stream-output sends pieces instead, which the same tables cannot tell apart: those streams are malformed here, and
 * openai-chat reads them. */

static const struct json_want finish[] = {
	JSON_WANT("type", LLM_FINISH),
	JSON_WANTS_END,
};

static const struct json_want meta[] = {
	JSON_WANT_IN("finish_reason", 0, finish),
	JSON_WANT("prompt_tokens", LLM_PROMPT_TOKENS),
	JSON_WANT("cached_tokens", LLM_CACHED_TOKENS),
	JSON_WANT("completion_tokens", LLM_COMPLETION_TOKENS),
	JSON_WANTS_END,
};

static const struct json_want error[] = {
	JSON_WANT("code", LLM_ERROR_CODE),
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static const struct json_want answer[] = {
	JSON_WANT("text", LLM_CONTENT),
	JSON_WANT_IN("meta_info", 0, meta),
	JSON_WANT_IN("error", LLM_ERROR, error),
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "text", llm_prompt(arena, llm));
	struct plan_node *sampling = llm_map(arena, body, "sampling_params");

	llm_value(arena, sampling, "max_new_tokens", llm->max_tokens);
	llm_value(arena, sampling, "temperature", llm->temperature);
	if (llm->ignores_eos)
		llm_bool(arena, sampling, "ignore_eos", true);
	llm_bool(arena, body, "stream", llm->streams);
}

const struct llm_dialect sglang_llm = {
	.api =
		{
			.name = "sglang",
			.help = "POST /generate",
			.reader = &sglang_reader.choice,
			.stream_path = "/generate",
			.whole_path = "/generate",
			.accept = "text/event-stream",
			.takes_ignore_eos = true,
			.answer_open = "\\n",
			.answer_close = "\\n",
			.compose = compose,
		},
	.framing = &sse_framing,
	.event = answer,
	.whole = answer,
	.last_data = "[DONE]",
	.has_end = true,
	.has_finish = true,
	.is_cumulative = true,
};
