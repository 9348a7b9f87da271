#include "reader/ollama.h"

static const struct json_want answer[] = {
	JSON_WANT("response", LLM_CONTENT),
	OLLAMA_WANTS,
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "model", llm->model);
	llm_text(arena, body, "system", llm->system);
	llm_text(arena, body, "prompt", llm_prompt(arena, llm));
	ollama_compose_rest(arena, llm, body);
}

const struct llm_dialect ollama_generate_llm = {
	.api =
		{
			.name = "ollama-generate",
			.help = "POST /api/generate",
			.reader = &ollama_generate_reader.choice,
			.stream_path = "/api/generate",
			.whole_path = "/api/generate",
			.accept = "application/x-ndjson",
			.takes_system = true,
			.needs_model = true,
			.answer_open = "\\n",
			.answer_close = "\\n",
			.compose = compose,
		},
	.framing = &ndjson_framing,
	.event = answer,
	.whole = answer,
	.has_end = true,
	.has_finish = true,
};
