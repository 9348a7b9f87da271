#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/figure.h"
#include "report/terminal.h"

const char *
terminal_token_basis(const struct counts *counts)
{
	const char *basis = figure_token_basis(counts);

	if (basis == NULL)
		return "uncounted";
	if (strcmp(basis, "chunks") == 0)
		return "counted as events that brought text, since the server counts none: a lower bound";
	if (strcmp(basis, "mixed") == 0)
		return "counted by the server where it does, else as events that brought text";
	return "counted by the server";
}

static void
add_output(const struct report *report, struct page *page)
{
	const struct counts *counts = &report->summary->measured.counts;
	double window_s = report->summary->measured_s;
	char tokens[FIGURE_MAX], rate[FIGURE_MAX], answers[FIGURE_MAX];

	page_entry(page, "output", PAINT_PLAIN, "%s tokens/s; %s tokens of %s answers, %s",
		window_s > 0 ? figure_count((uint64_t)llround((double)counts->tokens_in_window / window_s), rate)
			     : "n/a",
		figure_count(counts->completion_tokens, tokens), figure_count(counts->generations, answers),
		terminal_token_basis(counts));
}

/* Tokens per second of single answers: the inverse of the time per token, so that its percentiles change ends. */
static void
add_per_answer(const struct report *report, struct page *page)
{
	const struct histogram *h = &report->summary->measured.histograms[METRIC_TOKEN_TIME];
	char typical[FIGURE_MAX], slow[FIGURE_MAX];
	struct latency_figures f;

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	histogram_figures(h, &f);
	page_entry(page, "per answer", PAINT_PLAIN, "%s from due to the last token, the slowest 5%% below %s",
		figure_rate(f.p50_ns > 0 ? 1e9 / (double)f.p50_ns : NAN, typical),
		figure_rate(f.p95_ns > 0 ? 1e9 / (double)f.p95_ns : NAN, slow));
}

static void
add_prompts(const struct report *report, struct page *page)
{
	const struct counts *counts = &report->summary->measured.counts;
	const struct histogram *h = &report->summary->measured.histograms[METRIC_PROMPT_TOKENS];
	char p50[FIGURE_MAX], p95[FIGURE_MAX], cached[FIGURE_MAX], hits[FIGURE_MAX];
	struct latency_figures f;

	if (counts->with_prompt_tokens == 0 || counts->prompt_tokens == 0)
		return;
	histogram_figures(h, &f);
	page_entry(page, "prompts", PAINT_PLAIN, "P50 %s, P95 %s tokens; %s of them cached, in %s of the prompts",
		f.p50_ns >= 0 ? figure_count((uint64_t)f.p50_ns, p50) : "n/a",
		f.p95_ns >= 0 ? figure_count((uint64_t)f.p95_ns, p95) : "n/a",
		figure_ratio((double)counts->cached_tokens / (double)counts->prompt_tokens, cached),
		figure_ratio((double)counts->cache_hits / (double)counts->with_prompt_tokens, hits));
}

/* Synthetic prompts: what the profile wanted, to hold against what the server counted. */
static void
add_wanted(const struct report *report, struct page *page)
{
	const struct histogram *h = &report->summary->measured.histograms[METRIC_WANTED_PROMPT];
	char p50[FIGURE_MAX], p95[FIGURE_MAX];
	struct latency_figures f;

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	histogram_figures(h, &f);
	page_entry(page, "wanted", PAINT_PLAIN, "P50 %s, P95 %s tokens per synthetic prompt",
		f.p50_ns >= 0 ? figure_count((uint64_t)f.p50_ns, p50) : "n/a",
		f.p95_ns >= 0 ? figure_count((uint64_t)f.p95_ns, p95) : "n/a");
}

static void
add_chunks(const struct counts *counts, struct page *page)
{
	char chunks[FIGURE_MAX], share[FIGURE_MAX];

	if (counts->chunks == 0)
		return;
	page_entry(page, "events", PAINT_PLAIN, "%s brought tokens; %s arrived together with the one before",
		figure_count(counts->chunks, chunks),
		figure_ratio((double)counts->coalesced / (double)counts->chunks, share));
}

static void
add_finish(const struct counts *counts, struct page *page)
{
	char text[FINISH_COUNT * 64] = "", n[FIGURE_MAX];
	size_t used = 0;

	for (int f = 0; f < FINISH_COUNT; f++)
		if (counts->by_finish[f] > 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", used > 0 ? " · " : "",
				finish_names[f], figure_count(counts->by_finish[f], n));
	page_entry(page, "finish", PAINT_PLAIN, "%s", text);
}

/* What the measured phases' answers were made of. */
void
terminal_add_tokens(const struct report *report, struct page *page)
{
	const struct counts *counts = &report->summary->measured.counts;

	if (counts->generations == 0)
		return;
	page_heading(page, "Tokens");
	add_output(report, page);
	add_per_answer(report, page);
	add_prompts(report, page);
	add_wanted(report, page);
	add_chunks(counts, page);
	add_finish(counts, page);
}
