#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/reporter.h"

/* RFC 4180, with LF: a header row, then a row per interval or per level. A value that is not known is empty. */

#define CSV_TEXT_MAX 2048

/* What begins a formula in a spreadsheet: a text that does gets an apostrophe in front, which they take as "a text".
 * (OWASP, CSV Injection) */
static bool
looks_like_a_formula(const char *text)
{
	return text[0] != '\0' && strchr("=+-@\t\r|%", text[0]) != NULL;
}

static void
add_text(struct buf *into, const char *text)
{
	char clean[CSV_TEXT_MAX];

	buf_add_text(into, looks_like_a_formula(text) ? "\"'" : "\"");
	for (const char *p = escape_text(text, clean, sizeof(clean)); *p != '\0'; p++) {
		if (*p == '"')
			buf_add_char(into, '"');
		buf_add_char(into, *p);
	}
	buf_add_char(into, '"');
}

static void
add_number(struct buf *into, double value)
{
	buf_add_char(into, ',');
	if (isfinite(value))
		buf_printf(into, "%.10g", value);
}

static void
add_count(struct buf *into, uint64_t n)
{
	buf_printf(into, ",%" PRIu64, n);
}

/* Milliseconds, exact to the nanosecond. */
static void
add_ms(struct buf *into, int64_t ns)
{
	buf_add_char(into, ',');
	if (ns >= 0)
		buf_printf(into, "%" PRId64 ".%06" PRId64, ns / 1000000, ns % 1000000);
}

static bool
is_of_a_level(uint32_t level)
{
	return level != LEVEL_WARMUP && level != LEVEL_NONE;
}

static void
add_series_header(struct buf *into, const struct plan *plan)
{
	buf_add_text(into,
		"at_s,level,offered,scheduled,sent,ok,failed,dropped,unsent,achieved_per_s,in_flight,p50_ms,p95_ms,p99_ms,"
		"max_ms,ttft_p50_ms,ttft_p95_ms,itl_p95_ms,tokens,lateness_p99_ms,generator_cpu,generator_stolen");
	for (int f = 0; f < FAILURE_COUNT; f++)
		buf_printf(into, ",failures_%s", failure_rows[f].counter);
	for (int g = 0; g < GAUGE_COUNT; g++)
		buf_printf(into, ",target_%s", gauge_rows[g].name);
	for (size_t i = 0; i < plan->scrape.n; i++) {
		buf_add_char(into, ',');
		add_text(into, plan->scrape.list[i].figure.name);
	}
	buf_add_char(into, '\n');
}

/* since_ns: where the row begins. A row of no time at all has no rate. */
static void
add_series_row(struct buf *into, const struct series_row *row, const struct plan *plan, int64_t since_ns)
{
	const uint64_t counts[] = {row->scheduled, row->sent, row->ok, row->failed, row->dropped, row->unsent};
	const int64_t times[] = {row->p50_ns, row->p95_ns, row->p99_ns, row->max_ns, row->ttft_p50_ns, row->ttft_p95_ns,
		row->itl_p95_ns};
	double seconds = (double)(row->at_ns - since_ns) / 1e9;

	buf_printf(into, "%.9g,", (double)row->at_ns / 1e9);
	if (is_of_a_level(row->level))
		buf_printf(into, "%" PRIu32, row->level);
	else
		buf_add_text(into, row->level == LEVEL_WARMUP ? "warmup" : "none");
	add_number(into, row->offered);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		add_count(into, counts[i]);
	add_number(into, seconds > 0 ? (double)row->ok / seconds : NAN);
	add_number(into, row->in_flight);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		add_ms(into, times[i]);
	add_count(into, row->tokens);
	add_ms(into, row->lateness_p99_ns);
	add_number(into, row->self[GAUGE_CPU]);
	add_number(into, row->self[GAUGE_STOLEN]);
	for (int f = 0; f < FAILURE_COUNT; f++)
		add_count(into, row->failures[f]);
	for (int g = 0; g < GAUGE_COUNT; g++)
		add_number(into, row->target[g]);
	for (size_t i = 0; i < plan->scrape.n; i++)
		add_number(into, row->scraped[i]);
	buf_add_char(into, '\n');
}

static bool
series_write(const struct report *report, struct buf *into)
{
	const struct series *series = &report->summary->series;

	add_series_header(into, report->plan);
	for (size_t i = 0; i < series->n && !into->overflowed; i++) {
		int64_t before_ns = series->rows[i].at_ns - series->step_ns;
		bool follows = i > 0 && series->rows[i - 1].at_ns > before_ns;

		add_series_row(into, &series->rows[i], report->plan, follows ? series->rows[i - 1].at_ns : before_ns);
	}
	return !into->overflowed;
}

static void
add_latencies(struct buf *into, const struct level_summary *level, enum metric metric)
{
	struct latency_figures f;

	figure_latency(level, metric, &f);
	const int64_t times[] = {f.p50_ns, f.p90_ns, f.p95_ns, f.p99_ns, f.max_ns};

	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		add_ms(into, f.count > 0 ? times[i] : -1);
}

static void
add_why(struct buf *into, const struct level_verdict *verdict)
{
	char why[CSV_TEXT_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < verdict->findings_n && used + FINDING_TEXT_MAX + 2 < sizeof(why); i++)
		if (verdict->findings[i].weight >= verdict->status && verdict->status != LEVEL_OK)
			used += (size_t)snprintf(why + used, sizeof(why) - used, "%s%s", used > 0 ? "; " : "",
				verdict->findings[i].text);
	buf_add_char(into, ',');
	add_text(into, why);
}

static void
add_level_counts(struct buf *into, const struct level_summary *level)
{
	const struct counts *c = &level->counts;
	const uint64_t counts[] = {c->scheduled, c->sent, c->ok, c->failed, c->unfinished, c->dropped, c->unsent};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		add_count(into, counts[i]);
	add_number(into, counts_error_rate(c));
}

static void
add_level_row(struct buf *into, const struct level_summary *level, const struct level_verdict *verdict,
	const struct plan *plan)
{
	bool has_run = level->window_s > 0;

	buf_printf(into, "%" PRIu32, level->index);
	add_number(into, (double)level->start_ns / 1e9);
	add_number(into, level->window_s);
	add_number(into, level->offered);
	buf_add_text(into, figure_levels_in_users(plan) ? ",users" : ",per_s");
	add_number(into, has_run ? level_achieved_per_s(level) : NAN);
	add_number(into, has_run ? (double)level->counts.good_in_window / level->window_s : NAN);
	add_level_counts(into, level);
	add_latencies(into, level, METRIC_RESPONSE);
	add_latencies(into, level, METRIC_TTFT);
	add_number(into, level->in_flight_avg);
	add_count(into, level->in_flight_peak);
	add_number(into, gauge_avg(&level->target, GAUGE_CPU));
	add_number(into, gauge_peak(&level->target, GAUGE_CPU));
	add_number(into, gauge_peak(&level->target, GAUGE_MEMORY));
	for (int f = 0; f < FAILURE_COUNT; f++)
		add_count(into, level->counts.by_failure[f]);
	buf_printf(into, ",%s", verdict != NULL ? level_status_names[verdict->status] : "");
	if (verdict != NULL)
		add_why(into, verdict);
	else
		buf_add_text(into, ",");
	buf_add_char(into, '\n');
}

static bool
levels_write(const struct report *report, struct buf *into)
{
	const struct summary *summary = report->summary;
	const struct verdict *verdict = report->verdict;

	buf_add_text(into,
		"level,start_s,window_s,offered,unit,achieved_per_s,goodput_per_s,scheduled,sent,ok,failed,unfinished,"
		"dropped,unsent,error_rate,p50_ms,p90_ms,p95_ms,p99_ms,max_ms,ttft_p50_ms,ttft_p90_ms,ttft_p95_ms,"
		"ttft_p99_ms,ttft_max_ms,in_flight_avg,in_flight_peak,cpu_avg,cpu_peak,memory_peak_bytes");
	for (int f = 0; f < FAILURE_COUNT; f++)
		buf_printf(into, ",failures_%s", failure_rows[f].counter);
	buf_add_text(into, ",status,why\n");
	for (size_t i = 0; i < summary->levels_n && !into->overflowed; i++)
		if (summary->levels[i].is_known)
			add_level_row(into, &summary->levels[i], i < verdict->levels_n ? &verdict->levels[i] : NULL,
				report->plan);
	return !into->overflowed;
}

static const struct report_document csv_documents[] = {{"series.csv", series_write}, {"levels.csv", levels_write}, {0}};

const struct reporter_ops csv_reporter = {
	.choice = {.name = "csv",
		.help = "series.csv and levels.csv: a row per interval and per level, for spreadsheets"},
	.documents = csv_documents,
};
