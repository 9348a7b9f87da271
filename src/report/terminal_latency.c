#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

static const struct table_column latency_columns[] = {
	{"", true, 0},
	{"n", false, 6},
	{"mean", false, 5},
	{"min", false, 7},
	{"P50", false, 0},
	{"P90", false, 4},
	{"P95", false, 2},
	{"P99", false, 0},
	{"P99.9", false, 3},
	{"max", false, 1},
};

static void
add_figures_row(struct table *table, const char *name, enum paint paint, const struct latency_figures *f)
{
	const int64_t values[] = {f->min_ns, f->p50_ns, f->p90_ns, f->p95_ns, f->p99_ns, f->p999_ns, f->max_ns};
	char text[FIGURE_MAX];

	table_add_row(table);
	table_add_cell(table, paint, name);
	table_add_cell(table, PAINT_DIM, figure_count(f->count, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(isfinite(f->mean_ns) ? llround(f->mean_ns) : -1, text));
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		table_add_cell(table, PAINT_PLAIN, figure_time(f->count ? values[i] : -1, text));
}

/* Where no answer has another channel, its first token is the answer's own. */
static bool
says_no_more(const struct report *report, enum metric metric)
{
	const struct histogram *h = report->summary->measured.histograms;

	return metric == METRIC_FIRST_CONTENT && h[metric].total == h[METRIC_TTFT].total &&
	       h[metric].sum_ns == h[METRIC_TTFT].sum_ns;
}

/* Response first, then its parts, then what they are made of. */
void
terminal_add_latency(const struct report *report, struct page *page)
{
	static const struct {
		enum metric metric;
		const char *label;
	} rows[] = {
		{METRIC_RESPONSE, "response"},
		{METRIC_LATENESS, "  lateness"},
		{METRIC_QUEUE, "  queue"},
		{METRIC_SERVICE, "  service"},
		{METRIC_CONNECT, "connect"},
		{METRIC_TLS_HANDSHAKE, "TLS"},
		{METRIC_FIRST_BYTE, "first byte"},
		{METRIC_TTFT, "TTFT"},
		{METRIC_TTFT_SERVICE, "  of service"},
		{METRIC_FIRST_CONTENT, "  of the answer"},
		{METRIC_ITL, "ITL"},
		{METRIC_TPOT, "TPOT"},
		{METRIC_TOKEN_TIME, "time per token"},
		{METRIC_FAILED, "failures"},
	};
	struct latency_figures figures;
	struct table table;
	bool is_any = false;

	table_init(&table, latency_columns, ARRAY_LEN(latency_columns));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct histogram *h = &report->summary->measured.histograms[rows[i].metric];

		if (!histogram_is_ready(h) || h->total == 0 || says_no_more(report, rows[i].metric))
			continue;
		histogram_figures(h, &figures);
		add_figures_row(&table, rows[i].label, i == 0 ? PAINT_BOLD : PAINT_PLAIN, &figures);
		is_any = true;
	}
	if (is_any) {
		page_heading(page, "Latency");
		page_pad(page, 2);
		page_wrap(page, 2, PAINT_DIM,
			"response = lateness (ours) + queue + service, from the moment each request was due");
		if (figure_omits_waiting(report->plan)) {
			page_pad(page, 2);
			page_wrap(page, 2, PAINT_WARN,
				"a closed loop: response times omit the waiting that an open load would show");
		}
		table_draw(&table, page);
	}
	table_fini(&table);
}

static const struct table_column request_columns[] = {
	{"request", true, 0},
	{"scheduled", false, 3},
	{"ok", false, 4},
	{"errors", false, 0},
	{"mean", false, 5},
	{"P50", false, 0},
	{"P95", false, 2},
	{"P99", false, 0},
	{"max", false, 1},
	{"service P99", false, 6},
};

static void
add_request_row(struct table *table, const char *name, const struct cell *cell)
{
	struct latency_figures f, service;
	char text[FIGURE_MAX];

	histogram_figures(&cell->histograms[METRIC_RESPONSE], &f);
	histogram_figures(&cell->histograms[METRIC_SERVICE], &service);
	double errors = counts_error_rate(&cell->counts);
	const int64_t values[] = {f.p50_ns, f.p95_ns, f.p99_ns, f.max_ns};

	table_add_row(table);
	table_add_cell(table, PAINT_PLAIN, name);
	table_add_cell(table, PAINT_PLAIN, figure_count(cell->counts.scheduled, text));
	table_add_cell(table, PAINT_PLAIN, figure_count(cell->counts.ok, text));
	table_add_cell(table, errors > 0 ? PAINT_WARN : PAINT_PLAIN, figure_ratio(errors, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(isfinite(f.mean_ns) ? llround(f.mean_ns) : -1, text));
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		table_add_cell(table, PAINT_PLAIN, figure_time(f.count ? values[i] : -1, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(service.count ? service.p99_ns : -1, text));
}

void
terminal_add_requests(const struct report *report, struct page *page)
{
	struct table table;

	if (report->plan->requests_n < 2 || report->summary->measured.counts.scheduled == 0)
		return;
	page_heading(page, "Requests");
	table_init(&table, request_columns, ARRAY_LEN(request_columns));
	for (size_t i = 0; i < report->plan->requests_n; i++)
		add_request_row(&table, report->plan->requests[i].name, &report->summary->requests[i]);
	table_draw(&table, page);
	table_fini(&table);
}

static const struct table_column slo_columns[] = {
	{"objective", true, 0}, {"measured", false, 0}, {"than wanted", true, 1}, {"", true, 0}};

void
terminal_add_slos(const struct report *report, struct page *page)
{
	static const char *const words[] = {"holds", "stretch missed", "missed", "n/a"};
	static const enum paint paints[] = {PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_DIM};
	const struct verdict *verdict = report->verdict;
	struct table table;
	char text[FIGURE_MAX];

	if (verdict->slos == NULL || report->plan->slos_n == 0)
		return;
	page_heading(page, "Objectives");
	table_init(&table, slo_columns, ARRAY_LEN(slo_columns));
	for (size_t i = 0; i < report->plan->slos_n; i++) {
		const struct slo_verdict *slo = &verdict->slos[i];

		table_add_row(&table);
		table_add_cell(&table, PAINT_PLAIN, slo->expr->text);
		table_add_cell(&table, PAINT_PLAIN, figure_measured(slo->expr, slo->value, text));
		table_add_cell(&table, PAINT_DIM, figure_factor_text(slo->expr, slo->value, text));
		table_add_cell(&table, paints[slo->status], words[slo->status]);
	}
	table_draw(&table, page);
	table_fini(&table);
}
