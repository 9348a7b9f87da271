#pragma once

#include "reader/dialect.h"

/* What Ollama's two APIs share: lines of JSON of which the last says `done`, and options in an object of their own.
 * ignore_eos there is none. */

#define OLLAMA_WANTS                                                                                                   \
	JSON_WANT("thinking", LLM_REASONING), JSON_WANT("done", LLM_DONE), JSON_WANT("done_reason", LLM_FINISH),       \
		JSON_WANT("prompt_eval_count", LLM_PROMPT_TOKENS), JSON_WANT("eval_count", LLM_COMPLETION_TOKENS),     \
		JSON_WANT("error", LLM_ERROR)

/* stream, and options with num_predict and temperature. */
void ollama_compose_rest(struct arena *arena, const struct plan_llm *llm, struct plan_node *body);
