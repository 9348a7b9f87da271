#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/canary.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

/* The arms or cells of an experiment side by side, and the runs that did not go well. */

#define RUNS_SHOWN 20
#define KEYS_SHOWN 4

static bool
has_tokens(const struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->arms_n; i++)
		if (experiment->arms[i]->measured.counts.generations > 0)
			return true;
	return false;
}

/* Mean over its runs; −1: nobody waited for any. */
static int64_t
ready_ns_of(const struct arm *arm)
{
	int64_t sum_ns = 0, n = 0;

	for (size_t i = 0; i < arm->runs_n; i++)
		if (arm->runs[i].ready_ns >= 0) {
			sum_ns += arm->runs[i].ready_ns;
			n++;
		}
	return n > 0 ? sum_ns / n : -1;
}

static bool
has_ready(const struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->arms_n; i++)
		if (ready_ns_of(experiment->arms[i]) >= 0)
			return true;
	return false;
}

static double
throughput_of(const struct arm *arm, bool with_tokens)
{
	if (arm->measured_s <= 0)
		return NAN;
	return with_tokens ? (double)arm->measured.counts.tokens_in_window / arm->measured_s : arm_achieved_per_s(arm);
}

static size_t
add_columns(const struct experiment *experiment, bool with_tokens, struct table_column *columns)
{
	static const struct table_column figures[] = {{"runs", false, 6}, {"requests", false, 5}, {"errors", false, 0},
		{"achieved", false, 1}, {"P50", false, 2}, {"P95", false, 0}, {"P99", false, 3}};
	size_t n = 0;

	if (experiment->plan->kind == EXPERIMENT_ARMS)
		columns[n++] = (struct table_column){"arm", true, 0};
	for (size_t i = 0; i < experiment->plan->keys_n && i < KEYS_SHOWN; i++) {
		const char *dot = strrchr(experiment->plan->keys[i], '.');

		columns[n++] = (struct table_column){dot ? dot + 1 : experiment->plan->keys[i], true, 0};
	}
	memcpy(&columns[n], figures, sizeof(figures));
	n += ARRAY_LEN(figures);
	if (with_tokens) {
		columns[n++] = (struct table_column){"TTFT P50", false, 1};
		columns[n++] = (struct table_column){"tokens", false, 0};
	}
	columns[n++] = (struct table_column){"×", false, 4};
	if (has_ready(experiment))
		columns[n++] = (struct table_column){"ready", false, 2};
	return n;
}

static void
add_time(struct table *table, const struct arm *arm, enum metric metric, int64_t of(const struct latency_figures *))
{
	struct latency_figures figures = {.count = 0};
	char text[FIGURE_MAX];

	if (histogram_is_ready(&arm->measured.histograms[metric]))
		histogram_figures(&arm->measured.histograms[metric], &figures);
	table_add_cell(table, PAINT_PLAIN, figure_time(figures.count > 0 ? of(&figures) : -1, text));
}

static int64_t
p50_of(const struct latency_figures *figures)
{
	return figures->p50_ns;
}

static int64_t
p95_of(const struct latency_figures *figures)
{
	return figures->p95_ns;
}

static int64_t
p99_of(const struct latency_figures *figures)
{
	return figures->p99_ns;
}

static void
add_names(struct table *table, const struct experiment *experiment, size_t arm)
{
	const struct plan_experiment *plan = experiment->plan;

	if (plan->kind == EXPERIMENT_ARMS)
		table_add_cell(table, PAINT_BOLD, experiment->arms[arm]->name);
	for (size_t i = 0; i < plan->keys_n && i < KEYS_SHOWN; i++)
		table_add_cell(table, PAINT_BOLD, plan->arms[arm].brief[i]);
}

static void
add_arm(struct table *table, const struct experiment *experiment, size_t i, bool with_tokens)
{
	const struct arm *arm = experiment->arms[i];
	double errors = counts_error_rate(&arm->measured.counts), throughput = throughput_of(arm, with_tokens);
	double first = throughput_of(experiment->arms[0], with_tokens);
	char text[FIGURE_MAX];

	table_add_row(table);
	add_names(table, experiment, i);
	table_add_cell(table, PAINT_PLAIN, figure_count(arm->runs_n, text));
	table_add_cell(table, PAINT_PLAIN, figure_count(arm->measured.counts.scheduled, text));
	table_add_cell(table, errors > 0 ? PAINT_WARN : PAINT_PLAIN, figure_ratio(errors, text));
	table_add_cell(table, PAINT_PLAIN, figure_rate(arm_achieved_per_s(arm), text));
	add_time(table, arm, METRIC_RESPONSE, p50_of);
	add_time(table, arm, METRIC_RESPONSE, p95_of);
	add_time(table, arm, METRIC_RESPONSE, p99_of);
	if (with_tokens) {
		add_time(table, arm, METRIC_TTFT, p50_of);
		table_add_cell(table, PAINT_PLAIN, figure_rate(throughput, text));
	}
	if (isfinite(throughput) && isfinite(first) && first > 0)
		snprintf(text, sizeof(text), "%.2f", throughput / first);
	else
		snprintf(text, sizeof(text), "n/a");
	table_add_cell(table, PAINT_PLAIN, text);
	if (has_ready(experiment))
		table_add_cell(table, PAINT_PLAIN, figure_time(ready_ns_of(arm), text));
}

static const char *
basis_of_all(const struct experiment *experiment)
{
	struct counts counts = {0};

	for (size_t i = 0; i < experiment->arms_n; i++)
		counts_merge(&counts, &experiment->arms[i]->measured.counts);
	return terminal_token_basis(&counts);
}

static void
add_split(const struct experiment *experiment, struct page *page)
{
	const struct plan_split *split = &experiment->plan->whole.split;
	char line[256];

	snprintf(line, sizeof(line), "both at the same time: %.4g%% of the keys, by %.100s, to %.64s",
		split->share * 100, split->key_shown, experiment->arms[1]->name);
	page_add(page, PAINT_DIM, "  ");
	page_wrap(page, 2, PAINT_DIM, line);
}

static void
add_arms(const struct experiment *experiment, struct page *page)
{
	bool with_tokens = has_tokens(experiment);
	struct table_column columns[TABLE_COLUMNS_MAX];
	struct table table;
	char line[256];

	page_heading(page, experiment->plan->kind == EXPERIMENT_ARMS ? "Arms" : "Cells");
	table_init(&table, columns, add_columns(experiment, with_tokens, columns));
	for (size_t i = 0; i < experiment->arms_n; i++)
		add_arm(&table, experiment, i, with_tokens);
	table_draw(&table, page);
	table_fini(&table);
	page_add(page, PAINT_DIM, "  ");
	if (!with_tokens)
		snprintf(line, sizeof(line), "×: what was achieved as a multiple of the first row's");
	else
		snprintf(line, sizeof(line), "×: tokens per second as a multiple of the first row's; tokens are %s",
			basis_of_all(experiment));
	page_wrap(page, 2, PAINT_DIM, line);
	if (experiment->plan->order == ORDER_TOGETHER)
		add_split(experiment, page);
}

static enum paint
run_paint(enum verdict_status status)
{
	return status == VERDICT_PASS ? PAINT_GOOD : status == VERDICT_FAIL ? PAINT_BAD : PAINT_WARN;
}

static void
add_run(struct table *table, const struct experiment *experiment, size_t i)
{
	const struct run_record *run = &experiment->runs[i];
	char text[FIGURE_MAX];

	table_add_row(table);
	table_add_cell(table, PAINT_DIM, figure_count(i + 1, text));
	table_add_cell(table, PAINT_PLAIN, experiment->arms[run->arm]->name);
	table_add_cell(table, run_paint(run->status), verdict_status_names[run->status]);
	table_add_cell(table, PAINT_PLAIN, figure_count(run->scheduled, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(run->before_ns, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(run->ready_ns, text));
	table_add_cell(table, PAINT_PLAIN, figure_seconds(run->duration_ns, text));
	if (run->status != VERDICT_PASS)
		table_add_note(table, PAINT_PLAIN, run->reason);
}

/* All of a few; of many those that did not pass. */
static void
add_runs(const struct experiment *experiment, struct page *page)
{
	static const struct table_column columns[] = {{"run", false, 0}, {"arm", true, 0}, {"status", true, 0},
		{"requests", false, 2}, {"before", false, 3}, {"ready", false, 1}, {"lasted", false, 4}};
	struct table table;
	size_t shown = 0;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < experiment->runs_n; i++) {
		const struct run_record *run = &experiment->runs[i];

		if (!run->was_run || (experiment->runs_n > RUNS_SHOWN && run->status == VERDICT_PASS) ||
			shown == RUNS_SHOWN)
			continue;
		add_run(&table, experiment, i);
		shown++;
	}
	if (shown > 0) {
		page_heading(page, "Runs");
		table_draw(&table, page);
	}
	table_fini(&table);
}

void
terminal_add_experiment(const struct report *report, struct page *page)
{
	if (report->experiment == NULL || report->experiment->plan == NULL)
		return;
	canary_add_terminal(report->experiment->canary, page);
	add_arms(report->experiment, page);
	add_runs(report->experiment, page);
}
