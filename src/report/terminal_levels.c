#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

static const struct table_column level_columns[] = {
	{"level", false, 2},
	{"offered", false, 0},
	{"achieved", false, 3},
	{"requests", false, 5},
	{"errors", false, 0},
	{"P95", false, 4},
	{"P99", false, 1},
	{"in flight", false, 6},
	{"CPU", false, 7},
	{"memory", false, 8},
	{"status", true, 0},
};

/* The same where answers were generated. */
static const struct table_column generation_columns[] = {
	{"level", false, 2},
	{"offered", false, 0},
	{"achieved", false, 4},
	{"requests", false, 7},
	{"errors", false, 0},
	{"P95", false, 6},
	{"P99", false, 3},
	{"TTFT P95", false, 1},
	{"tokens", false, 5},
	{"in flight", false, 8},
	{"CPU", false, 9},
	{"memory", false, 10},
	{"status", true, 0},
};

static enum paint
level_paint(enum level_status status)
{
	switch (status) {
	case LEVEL_OK: return PAINT_GOOD;
	case LEVEL_ERR:
	case LEVEL_DEGR: return PAINT_WARN;
	case LEVEL_BROKEN: return PAINT_BAD;
	default: return PAINT_DIM;
	}
}

static void
add_token_figures(struct table *table, const struct level_summary *level)
{
	bool is_any = level->counts.generations > 0 && level->window_s > 0;
	struct latency_figures ttft;
	char text[FIGURE_MAX];

	figure_latency(level, METRIC_TTFT, &ttft);
	table_add_cell(table, PAINT_PLAIN, figure_time(ttft.count ? ttft.p95_ns : -1, text));
	table_add_cell(table, PAINT_PLAIN,
		figure_rate(is_any ? (double)level->counts.tokens_in_window / level->window_s : NAN, text));
}

static void
add_figures(struct table *table, const struct level_summary *level, bool in_users, bool with_tokens)
{
	struct latency_figures response;
	char text[FIGURE_MAX];
	double errors = counts_error_rate(&level->counts),
	       achieved = level->window_s > 0 ? level_achieved_per_s(level) : NAN;

	figure_latency(level, METRIC_RESPONSE, &response);
	snprintf(text, sizeof(text), "%u", level->index);
	table_add_cell(table, PAINT_DIM, text);
	table_add_cell(table, PAINT_PLAIN, figure_level(level->offered, in_users, text));
	table_add_cell(table, PAINT_PLAIN, figure_rate(achieved, text));
	table_add_cell(table, PAINT_PLAIN, figure_count(level->counts.scheduled, text));
	table_add_cell(table, errors > 0 ? PAINT_WARN : PAINT_PLAIN, figure_ratio(errors, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(response.count ? response.p95_ns : -1, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(response.count ? response.p99_ns : -1, text));
	if (with_tokens)
		add_token_figures(table, level);
	table_add_cell(table, PAINT_PLAIN, figure_count(level->in_flight_peak, text));
	table_add_cell(table, PAINT_PLAIN, figure_ratio(gauge_avg(&level->target, GAUGE_CPU), text));
	table_add_cell(table, PAINT_PLAIN, figure_bytes(gauge_peak(&level->target, GAUGE_MEMORY), text));
}

/* Of a search, what it came to stands beside it: "DEGR, broke". */
static const char *
status_text(const struct level_verdict *verdict, char *into, size_t size)
{
	bool has_trial = verdict->is_trial && verdict->trial != SEARCH_VOID;

	snprintf(into, size, "%s%s%s", level_status_names[verdict->status], has_trial ? ", " : "",
		has_trial ? search_outcome_names[verdict->trial] : "");
	return into;
}

static void
add_judgement(struct table *table, const struct level_verdict *verdict)
{
	char status[FIGURE_MAX];

	table_add_cell(table, level_paint(verdict->status), status_text(verdict, status, sizeof(status)));
	if (verdict->status == LEVEL_OK)
		return;
	/* What made it what it is; lesser findings, and those of a level that was cut, are in result.json. */
	for (size_t i = 0; i < verdict->findings_n && verdict->status != LEVEL_CUT; i++)
		if (verdict->findings[i].weight >= verdict->status)
			table_add_note(table, PAINT_DIM, verdict->findings[i].text);
}

void
terminal_add_levels(const struct report *report, struct page *page)
{
	const struct summary *summary = report->summary;
	const struct verdict *verdict = report->verdict;
	bool in_users = figure_levels_in_users(report->plan);
	bool with_tokens = summary->measured.counts.generations > 0;
	struct table table;

	if (summary->levels_n == 0)
		return;
	page_heading(page, "Levels");
	table_init(&table, with_tokens ? generation_columns : level_columns,
		with_tokens ? ARRAY_LEN(generation_columns) : ARRAY_LEN(level_columns));
	for (size_t i = 0; i < summary->levels_n; i++) {
		if (!summary->levels[i].is_known)
			continue;
		table_add_row(&table);
		add_figures(&table, &summary->levels[i], in_users, with_tokens);
		if (i < verdict->levels_n)
			add_judgement(&table, &verdict->levels[i]);
		else
			table_add_cell(&table, PAINT_DIM, "not judged");
	}
	table_draw(&table, page);
	table_fini(&table);
}
