#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

/* One table for each arm that was compared with the baseline: what was to be compared, and of the rest what differs. */

#define OTHERS_SHOWN 12

static const struct {
	const char *words;
	enum paint gated, other;
} status_looks[COMPARISON_STATUS_COUNT] = {
	[COMPARISON_NOISE] = {"noise", PAINT_GOOD, PAINT_DIM},
	[COMPARISON_UNSURE] = {"unsure", PAINT_WARN, PAINT_DIM},
	[COMPARISON_SMALL_REGRESSION] = {"investigate", PAINT_WARN, PAINT_WARN},
	[COMPARISON_REGRESSION] = {"regression", PAINT_BAD, PAINT_WARN},
	[COMPARISON_SMALL_IMPROVEMENT] = {"small improvement", PAINT_GOOD, PAINT_PLAIN},
	[COMPARISON_IMPROVEMENT] = {"improvement", PAINT_GOOD, PAINT_PLAIN},
	[COMPARISON_NA] = {"n/a", PAINT_DIM, PAINT_DIM},
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

/* -1.25ms, +3.4/s; a share's change in points. */
static const char *
delta_text(const struct comparison_row *row, char into[FIGURE_MAX])
{
	char amount[64];

	if (isnan(row->delta))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (row->measure.metric->unit == UNIT_RATIO || row->measure.metric->unit == UNIT_CHANGE)
		snprintf(into, FIGURE_MAX, "%+.3g pp", row->delta * 100);
	else
		snprintf(into, FIGURE_MAX, "%s%.30s",
			row->delta < 0   ? "-"
			: row->delta > 0 ? "+"
					 : "",
			expr_value_text(row->measure.metric->unit, fabs(row->delta), amount, sizeof(amount)));
	return into;
}

/* +12.5%, 12.5 times as much and more as ×13.5 */
static const char *
change_text(double rel, char into[FIGURE_MAX])
{
	if (!isfinite(rel))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (rel >= 9)
		snprintf(into, FIGURE_MAX, "×%.3g", rel + 1);
	else
		snprintf(into, FIGURE_MAX, "%+.1f%%", rel * 100);
	return into;
}

static const char *
interval_text(const struct comparison_row *row, char into[2 * FIGURE_MAX])
{
	char low[FIGURE_MAX], high[FIGURE_MAX];

	if (!isfinite(row->ci_rel[0]) || !isfinite(row->ci_rel[1]))
		snprintf(into, 2 * FIGURE_MAX, "n/a");
	else
		snprintf(into, 2 * FIGURE_MAX, "%.36s … %.36s", change_text(row->ci_rel[0], low),
			change_text(row->ci_rel[1], high));
	return into;
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
	table_add_cell(table, PAINT_PLAIN, delta_text(row, text));
	table_add_cell(table, PAINT_PLAIN, change_text(row->delta_rel, text));
	table_add_cell(table, PAINT_PLAIN, interval_text(row, text));
	snprintf(verdict, sizeof(verdict), "%s%s",
		row->is_gated && row->status == COMPARISON_REGRESSION ? "FAIL: " : "", status_looks[row->status].words);
	table_add_cell(
		table, row->is_gated ? status_looks[row->status].gated : status_looks[row->status].other, verdict);
	if (row->is_wanted && row->note[0] != '\0')
		table_add_note(table, PAINT_DIM, row->note);
}

static void
add_table(const struct experiment *experiment, const struct comparison *comparison, struct page *page)
{
	const struct table_column columns[] = {{"metric", true, 0}, {comparison->baseline->name, false, 1},
		{comparison->current->name, false, 1}, {"Δ", false, 3}, {"Δ%", false, 0}, {"95% CI", false, 2},
		{"", true, 0}};
	size_t others = 0, hidden = 0;
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		bool is_asked_for = row->is_wanted || is_of_a_gate(experiment, comparison, row);

		if (is_asked_for || (differs(row) && others++ < OTHERS_SHOWN))
			add_row(&table, row);
		else
			hidden++;
	}
	table_draw(&table, page);
	table_fini(&table);
	if (hidden > 0)
		page_printf(page, PAINT_DIM, "  %zu further figure%s in result.json", hidden,
			hidden == 1 ? " is" : "s are");
	if (hidden > 0)
		page_end(page);
}

static void
add_comparison(const struct experiment *experiment, const struct comparison *comparison, struct page *page)
{
	char heading[160];

	snprintf(
		heading, sizeof(heading), "%.64s against %.64s", comparison->current->name, comparison->baseline->name);
	page_heading(page, heading);
	add_table(experiment, comparison, page);
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
	if (report->experiment == NULL)
		return;
	for (size_t i = 0; i < report->experiment->comparisons_n; i++)
		add_comparison(report->experiment, report->experiment->comparisons[i], page);
	add_gates(report->experiment, page);
}
