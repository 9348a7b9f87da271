#include "reader/dialect.h"

/* Whatever answers with one JSON and generates nothing: embeddings, rerank, retrieval. It has to be JSON that is well
 * formed, and to hold no error; of an error's body its code or type is kept. */

static const struct json_want usage[] = {
	JSON_WANT("prompt_tokens", LLM_PROMPT_TOKENS),
	JSON_WANTS_END,
};

static const struct json_want error[] = {
	JSON_WANT("code", LLM_ERROR_CODE),
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

static const struct json_want whole[] = {
	JSON_WANT_IN("usage", 0, usage),
	JSON_WANT_IN("error", LLM_ERROR, error),
	JSON_WANT("error_type", LLM_ERROR_CODE),
	JSON_WANT("code", LLM_ERROR_CODE),
	JSON_WANT("type", LLM_ERROR_CODE),
	JSON_WANTS_END,
};

const struct llm_dialect json_llm = {
	.whole = whole,
	.makes_no_tokens = true,
};
