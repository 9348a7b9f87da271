#include "reader/openai.h"

/* OpenAI's older completions, the same in streams and whole: text stands in the choice itself. */

static const struct json_want choice[] = {
	JSON_WANT("text", LLM_CONTENT),
	JSON_WANT("finish_reason", LLM_FINISH),
	JSON_WANTS_END,
};

static const struct json_want answer[] = {
	JSON_WANT_IN("choices", 0, choice),
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
	llm_text(arena, body, "prompt", llm_prompt(arena, llm));
	openai_compose_rest(arena, llm, body);
}

const struct llm_dialect openai_completions_llm = {
	.api =
		{
			.name = "openai-completions",
			.help = "POST /v1/completions",
			.reader = &openai_completions_reader.choice,
			.stream_path = "/v1/completions",
			.whole_path = "/v1/completions",
			.accept = "text/event-stream",
			.takes_ignore_eos = true,
			.needs_model = true,
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
};
