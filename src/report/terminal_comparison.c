#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "report/comparison_text.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

/* One table for each arm that was compared with the baseline: what was to be compared, and of the rest what differs. */

#define OTHERS_SHOWN 12

static const struct {
	enum paint gated, other;
} status_looks[COMPARISON_STATUS_COUNT] = {
	[COMPARISON_NOISE] = {PAINT_GOOD, PAINT_DIM},
	[COMPARISON_UNSURE] = {PAINT_WARN, PAINT_DIM},
	[COMPARISON_SMALL_REGRESSION] = {PAINT_WARN, PAINT_WARN},
	[COMPARISON_REGRESSION] = {PAINT_BAD, PAINT_WARN},
	[COMPARISON_SMALL_IMPROVEMENT] = {PAINT_GOOD, PAINT_PLAIN},
	[COMPARISON_IMPROVEMENT] = {PAINT_GOOD, PAINT_PLAIN},
	[COMPARISON_NA] = {PAINT_DIM, PAINT_DIM},
};

static bool
differs(const struct comparison_row *row)
{
	return row->status == COMPARISON_REGRESSION || row->status == COMPARISON_SMALL_REGRESSION ||
	       row->status == COMPARISON_IMPROVEMENT || row->status == COMPARISON_SMALL_IMPROVEMENT;
}

static bool
is_of_a_gate(const struct experiment *experiment, const struct comparison *comparison, const struct comparison_row *row)
{
	for (size_t i = 0; i < experiment->gates_n; i++)
		if (experiment->gates[i].comparison == comparison &&
			expr_is_same_measure(experiment->gates[i].slo.expr, &row->measure))
			return true;
	return false;
}

static void
add_row(struct table *table, const struct comparison_row *row)
{
	enum plan_unit unit = row->measure.metric->unit;
	char text[2 * FIGURE_MAX], value[64], verdict[FIGURE_MAX];

	table_add_row(table);
	table_add_cell(table, row->is_wanted ? PAINT_BOLD : PAINT_PLAIN, row->name);
	table_add_cell(table, PAINT_PLAIN, expr_value_text(unit, row->baseline, value, sizeof(value)));
	table_add_cell(table, PAINT_PLAIN, expr_value_text(unit, row->current, value, sizeof(value)));
	table_add_cell(table, PAINT_PLAIN, comparison_delta_text(row, text));
	table_add_cell(table, PAINT_PLAIN, comparison_change_text(row->delta_rel, text));
	table_add_cell(table, PAINT_PLAIN, comparison_interval_text(row, text));
	table_add_cell(table, row->is_gated ? status_looks[row->status].gated : status_looks[row->status].other,
		comparison_verdict_text(row, verdict));
	if (row->is_wanted && row->note[0] != '\0')
		table_add_note(table, PAINT_DIM, row->note);
}

static void
add_table(
	const struct experiment *experiment, const struct comparison *comparison, const char *where, struct page *page)
{
	const struct table_column columns[] = {{"metric", true, 0}, {comparison->baseline->name, false, 1},
		{comparison->current->name, false, 1}, {"Δ", false, 3}, {"Δ%", false, 0}, {"95% CI", false, 2},
		{"", true, 0}};
	size_t others = 0, hidden = 0;
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		bool is_asked_for = row->is_wanted || is_of_a_gate(experiment, comparison, row) ||
				    comparison->baseline->runs_n == 0; /* written by hand, one by one */

		if (is_asked_for || (differs(row) && others++ < OTHERS_SHOWN))
			add_row(&table, row);
		else
			hidden++;
	}
	table_draw(&table, page);
	table_fini(&table);
	if (hidden > 0)
		page_printf(
			page, PAINT_DIM, "  %zu further figure%s in %s", hidden, hidden == 1 ? " is" : "s are", where);
	if (hidden > 0)
		page_end(page);
}

/* "Failed metrics: response.p95 +15.2% (threshold 10%), ..." */
static void
add_failed(const struct comparison *comparison, struct page *page)
{
	char text[1024];

	if (comparison_failed_text(comparison, text, sizeof(text))[0] == '\0')
		return;
	page_add(page, PAINT_BAD, "  ");
	page_wrap(page, 2, PAINT_BAD, text);
}

static void
add_comparison(
	const struct experiment *experiment, const struct comparison *comparison, const char *where, struct page *page)
{
	char heading[160];

	snprintf(
		heading, sizeof(heading), "%.64s against %.64s", comparison->current->name, comparison->baseline->name);
	page_heading(page, heading);
	add_table(experiment, comparison, where, page);
	add_failed(comparison, page);
	page_add(page, PAINT_DIM, "  ");
	page_wrap(page, 2, PAINT_DIM, comparison->method);
	if (comparison->warning[0] == '\0')
		return;
	page_add(page, PAINT_WARN, "  ");
	page_wrap(page, 2, PAINT_WARN, comparison->warning);
}

static const char *
gate_text(const struct gate_verdict *gate, char into[4 * FIGURE_MAX])
{
	const struct expr *expr = gate->slo.expr;
	char value[FIGURE_MAX], low[FIGURE_MAX], high[FIGURE_MAX];

	figure_measured(expr, gate->slo.value, value);
	if (!isfinite(gate->ci[0]) || !isfinite(gate->ci[1]))
		snprintf(into, 4 * FIGURE_MAX, "%s", value);
	else
		snprintf(into, 4 * FIGURE_MAX, "%s (%s … %s)", value, figure_measured(expr, gate->ci[0], low),
			figure_measured(expr, gate->ci[1], high));
	return into;
}

/* A goal that holds is sure where the whole interval does. */
static void
add_gates(const struct experiment *experiment, struct page *page)
{
	static const struct table_column columns[] = {
		{"goal", true, 0}, {"measured (95% CI)", false, 0}, {"", true, 0}};
	static const char *const words[] = {"holds", "stretch missed", "missed", "n/a"};
	static const enum paint paints[] = {PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_DIM};
	char text[4 * FIGURE_MAX];
	struct table table;

	if (experiment->gates_n == 0)
		return;
	page_heading(page, "Goals between arms");
	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < experiment->gates_n; i++) {
		const struct gate_verdict *gate = &experiment->gates[i];
		bool is_unsure = gate->slo.status == SLO_PASS && !gate->is_inside;

		table_add_row(&table);
		table_add_cell(&table, PAINT_PLAIN, gate->slo.expr->text);
		table_add_cell(&table, PAINT_PLAIN, gate_text(gate, text));
		table_add_cell(&table, is_unsure ? PAINT_WARN : paints[gate->slo.status],
			is_unsure ? "holds, not for sure" : words[gate->slo.status]);
	}
	table_draw(&table, page);
	table_fini(&table);
}

void
terminal_add_comparison(const struct report *report, struct page *page)
{
	const struct experiment *experiment = report_comparisons(report);

	if (experiment == NULL)
		return;
	for (size_t i = 0; i < experiment->comparisons_n; i++)
		add_comparison(experiment, experiment->comparisons[i],
			report->summary != NULL ? "result.json" : "--format json", page);
	add_gates(experiment, page);
}
