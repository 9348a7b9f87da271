/* POST /rerank and /v1/rerank, as vLLM and Jina serve it: documents in order of their relevance to a query. */
#include <inttypes.h>

#include "target/llm_openai.h"
#include "target/llm_scores.h"

static bool
rerank_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *documents = ask_field(body, "documents");

	if (!ask_model(body, ask, err) || !ask_text(ask_field(body, "query"), "query", prompt, err) ||
		!ask_count(body, "top_n", &ask->results, err))
		return false;
	if (!cJSON_IsArray(documents) || cJSON_GetArraySize(documents) == 0)
		return error_set(err, "documents: a list of at least one text is wanted");
	if (cJSON_GetArraySize(documents) > SCORES_MAX)
		return error_set(err, "documents: at most %d", SCORES_MAX);
	ask->items = (uint64_t)cJSON_GetArraySize(documents);
	return ask_text(documents, "documents", prompt, err);
}

static void
rerank_whole(const struct answer *a, struct buf *into)
{
	struct score best[SCORES_MAX];
	size_t count = scores_best(a->hash, a->ask.items, a->ask.results, best);

	buf_printf(into,
		"{\"id\":\"rerank-%" PRIu64 "\",\"model\":\"%s\",\"usage\":{\"prompt_tokens\":%" PRIu64
		",\"total_tokens\":%" PRIu64 "},\"results\":[",
		a->number, a->model, a->prompt_tokens, a->prompt_tokens);
	for (size_t i = 0; i < count; i++)
		buf_printf(into, "%s{\"index\":%" PRIu64 ",\"relevance_score\":%.6f}", i > 0 ? "," : "", best[i].index,
			best[i].value);
	buf_add_text(into, "]}\n");
}

const struct dialect rerank_dialect = {
	.name = "rerank",
	.paths = {{"/rerank", STREAM_NEVER}, {"/v1/rerank", STREAM_NEVER}},
	.read = rerank_read,
	.whole = rerank_whole,
	.refuse = openai_refuse,
};
