#include "reader/dialect.h"

/* Text Generation Inference. A token that is special (the end of the sequence) is no text; the last event repeats all
 * of it, and says why it ended. The stream ends with the body. */

static const struct json_want token[] = {
	JSON_WANT("text", LLM_CONTENT),
	JSON_WANT("special", LLM_SPECIAL),
	JSON_WANTS_END,
};

static const struct json_want details[] = {
	JSON_WANT("finish_reason", LLM_FINISH),
	JSON_WANT("generated_tokens", LLM_COMPLETION_TOKENS),
	JSON_WANT("input_length", LLM_PROMPT_TOKENS),
	JSON_WANTS_END,
};

static const struct json_want event[] = {
	JSON_WANT_IN("token", 0, token),
	JSON_WANT_IN("details", 0, details),
	JSON_WANT("error", LLM_ERROR),
	JSON_WANT("error_type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static const struct json_want whole[] = {
	JSON_WANT("generated_text", LLM_CONTENT),
	JSON_WANT_IN("details", 0, details),
	JSON_WANT("error", LLM_ERROR),
	JSON_WANT("error_type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "inputs", llm_prompt(arena, llm));
	struct plan_node *parameters = llm_map(arena, body, "parameters");

	llm_value(arena, parameters, "max_new_tokens", llm->max_tokens);
	llm_value(arena, parameters, "temperature", llm->temperature);
	llm_bool(arena, parameters, "details", true); /* without them a whole answer has no finish reason */
}

const struct llm_dialect tgi_llm = {
	.api =
		{
			.name = "tgi",
			.help = "POST /generate_stream",
			.reader = &tgi_reader.choice,
			.stream_path = "/generate_stream",
			.whole_path = "/generate",
			.accept = "text/event-stream",
			.answer_open = "\\n",
			.answer_close = "\\n",
			.compose = compose,
		},
	.framing = &sse_framing,
	.event = event,
	.whole = whole,
	.has_finish = true,
};
