#include <math.h>

#include "report/figure.h"
#include "report/result.h"

/* The distribution of a metric that is no time; null where there is none. */
static void
add_distribution(cJSON *into, const char *name, const struct histogram *h)
{
	struct latency_figures figures;

	if (!histogram_is_ready(h) || h->total == 0) {
		value_set(into, name, cJSON_CreateNull());
		return;
	}
	histogram_figures(h, &figures);
	value_set(into, name, result_figures(&figures));
}

static void
add_finish(cJSON *into, const struct counts *counts)
{
	cJSON *finish = value_add_object(into, "finish");

	for (int f = 0; f < FINISH_COUNT; f++)
		if (counts->by_finish[f] > 0)
			value_set_count(finish, finish_names[f], counts->by_finish[f]);
}

void
result_add_tokens(cJSON *into, const struct counts *totals, const struct cell *measured, double measured_window_s)
{
	if (totals->generations == 0) {
		value_set(into, "tokens", cJSON_CreateNull());
		return;
	}
	cJSON *tokens = value_add_object(into, "tokens");
	bool has_prompt = totals->with_prompt_tokens > 0;

	value_set(tokens, "prompt", has_prompt ? value_of_count(totals->prompt_tokens) : cJSON_CreateNull());
	value_set_count(tokens, "completion", totals->completion_tokens);
	value_set(tokens, "cached", has_prompt ? value_of_count(totals->cached_tokens) : cJSON_CreateNull());
	value_set_text(tokens, "basis", figure_token_basis(totals));
	value_set_number(tokens, "per_s",
		measured_window_s > 0 ? (double)measured->counts.tokens_in_window / measured_window_s : NAN);
	value_set_count(tokens, "answers", totals->generations);
	value_set_number(tokens, "cache_hit_rate",
		has_prompt ? (double)totals->cache_hits / (double)totals->with_prompt_tokens : NAN);
	value_set_count(tokens, "chunks", totals->chunks);
	value_set_count(tokens, "coalesced", totals->coalesced);
	add_finish(tokens, totals);
	add_distribution(tokens, "prompt_per_request", &measured->histograms[METRIC_PROMPT_TOKENS]);
	add_distribution(tokens, "wanted_prompt_per_request", &measured->histograms[METRIC_WANTED_PROMPT]);
	add_distribution(tokens, "completion_per_request", &measured->histograms[METRIC_OUTPUT_TOKENS]);
}
