#pragma once

#include "reader/dialect.h"

/* What OpenAI's two APIs share. */

extern const struct json_want openai_usage[], openai_error[];

/* max_tokens, temperature, ignore_eos, stream and stream_options. */
void openai_compose_rest(struct arena *arena, const struct plan_llm *llm, struct plan_node *body);
