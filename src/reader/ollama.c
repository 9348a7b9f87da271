#include "reader/ollama.h"

void
ollama_compose_rest(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_bool(arena, body, "stream", llm->streams);
	if (llm->max_tokens == NULL && llm->temperature == NULL)
		return;
	struct plan_node *options = llm_map(arena, body, "options");

	llm_value(arena, options, "num_predict", llm->max_tokens);
	llm_value(arena, options, "temperature", llm->temperature);
}
