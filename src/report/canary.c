#include "report/canary.h"

#include <math.h>
#include <stdio.h>

#include "report/figure.h"
#include "report/table.h"

const char *
canary_outcome_text(const struct canary_stage_record *stage, char into[CANARY_TEXT_MAX])
{
	if (stage->state == CANARY_PROMOTED)
		snprintf(into, CANARY_TEXT_MAX, "promoted to %.4g%%", stage->next_share * 100);
	else
		snprintf(into, CANARY_TEXT_MAX, "%s%s%s", canary_state_words[stage->state],
			stage->reason[0] != '\0' ? ": " : "", stage->reason);
	return into;
}

const char *
canary_told_text(const struct canary_stage_record *stage, char into[CANARY_TEXT_MAX])
{
	const char *what = stage->state == CANARY_ROLLED_BACK ? "rollback" : "promote";
	char took[FIGURE_MAX];

	into[0] = '\0';
	if (!stage->told.was_run)
		return into;
	figure_seconds(stage->told.took_ns, took);
	snprintf(into, CANARY_TEXT_MAX, stage->told.has_failed ? "%s failed after %s: %s" : "%s took %s%s", what, took,
		stage->told.has_failed ? stage->told.text : "");
	return into;
}

static const char *
p95_text(double p95, char text[FIGURE_MAX])
{
	if (isinf(p95)) {
		snprintf(text, FIGURE_MAX, "> timeout");
		return text;
	}
	return figure_time(isnan(p95) ? -1 : (int64_t)p95, text);
}

static enum paint
paint_of(enum canary_state state)
{
	return state == CANARY_PROMOTED ? PAINT_GOOD : state == CANARY_NOT_BEGUN ? PAINT_DIM : PAINT_BAD;
}

static void
add_stage(struct table *table, const struct canary_record *canary, size_t i)
{
	const struct canary_stage_record *stage = &canary->stages[i];
	char text[FIGURE_MAX], told[CANARY_TEXT_MAX];

	table_add_row(table);
	table_add_cell(table, PAINT_DIM, figure_count(i + 1, text));
	snprintf(text, sizeof(text), "%.4g%%", stage->share * 100);
	table_add_cell(table, PAINT_BOLD, text);
	table_add_cell(table, paint_of(stage->state), canary_state_words[stage->state]);
	table_add_cell(table, PAINT_PLAIN, figure_seconds(stage->took_ns, text));
	for (int side = 0; side < 2; side++)
		table_add_cell(table, PAINT_PLAIN, figure_ratio(stage->errors[side], text));
	for (int side = 0; side < 2; side++)
		table_add_cell(table, PAINT_PLAIN, p95_text(stage->p95[side], text));
	if (stage->reason[0] != '\0')
		table_add_note(table, PAINT_PLAIN, stage->reason);
	if (canary_told_text(stage, told)[0] != '\0')
		table_add_note(table, stage->told.has_failed ? PAINT_BAD : PAINT_DIM, told);
}

void
canary_add_terminal(const struct canary_record *canary, struct page *page)
{
	static const struct table_column columns[] = {{"stage", false, 1}, {"keys", false, 0}, {"status", true, 0},
		{"lasted", false, 2}, {"errors", false, 0}, {"candidate's", false, 0}, {"P95", false, 0},
		{"candidate's", false, 0}};
	struct table table;

	if (canary == NULL)
		return;
	page_heading(page, "Canary");
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < canary->stages_n; i++)
		add_stage(&table, canary, i);
	table_draw(&table, page);
	table_fini(&table);
	page_add(page, PAINT_DIM, "  ");
	page_wrap(
		page, 2, PAINT_DIM, "what follows is of the last stage that was run, but for the totals and the runs");
}
