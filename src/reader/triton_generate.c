#include "reader/dialect.h"

/* Triton's generate extension, in front of vLLM or TensorRT-LLM: text, and no word about its end, its reason or how
 * many tokens it was. What parameters a model takes is its own affair; max_tokens and temperature are those of both
 * backends.
 */

static const struct json_want answer[] = {
	JSON_WANT("text_output", LLM_CONTENT),
	JSON_WANT("error", LLM_ERROR),
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "text_input", llm_prompt(arena, llm));
	llm_value(arena, body, "max_tokens", llm->max_tokens);
	llm_value(arena, body, "temperature", llm->temperature);
	llm_bool(arena, body, "stream", llm->streams);
}

const struct llm_dialect triton_generate_llm = {
	.api =
		{
			.name = "triton-generate",
			.help = "POST /v2/models/MODEL/generate_stream",
			.reader = &triton_generate_reader.choice,
			.stream_path = "/v2/models/{model}/generate_stream",
			.whole_path = "/v2/models/{model}/generate",
			.accept = "text/event-stream",
			.needs_model = true,
			.answer_open = "\\n",
			.answer_close = "\\n",
			.compose = compose,
		},
	.framing = &sse_framing,
	.event = answer,
	.whole = answer,
};
