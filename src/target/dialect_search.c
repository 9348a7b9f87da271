/* POST /search, a generic retrieval endpoint: {"query": TEXT or vector, "top_k": N} finds N of a million entries. It
 * needs no engine: it takes --service-time, on one of --workers. */
#include <inttypes.h>

#include "target/llm_openai.h"
#include "target/llm_scores.h"

#define ENTRIES 1000000
#define TOP_K_DEFAULT 10

static bool
search_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	ask->items = ENTRIES;
	ask->results = TOP_K_DEFAULT;
	if (!ask_text(ask_field(body, "query"), "query", prompt, err) || !ask_count(body, "top_k", &ask->results, err))
		return false;
	return ask->results <= SCORES_MAX || error_set(err, "top_k: at most %d", SCORES_MAX);
}

static void
search_whole(const struct answer *a, struct buf *into)
{
	struct score best[SCORES_MAX];
	size_t count = scores_best(a->hash, a->ask.items, a->ask.results, best);

	buf_add_text(into, "{\"results\":[");
	for (size_t i = 0; i < count; i++)
		buf_printf(into, "%s{\"id\":\"entry-%" PRIu64 "\",\"score\":%.6f}", i > 0 ? "," : "", best[i].index,
			best[i].value);
	buf_printf(into, "],\"total\":%" PRIu64 "}\n", a->ask.items);
}

const struct dialect search_dialect = {
	.name = "search",
	.paths = {{"/search", STREAM_NEVER}},
	.is_lookup = true,
	.read = search_read,
	.whole = search_whole,
	.refuse = openai_refuse,
};
