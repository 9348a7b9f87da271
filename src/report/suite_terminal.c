#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "report/figure.h"
#include "report/suite.h"
#include "report/table.h"
#include "report/terminal.h"

#define FILE_WIDTH 100

static enum paint
verdict_paint(enum verdict_status status)
{
	return status == VERDICT_PASS ? PAINT_GOOD : status == VERDICT_FAIL ? PAINT_BAD : PAINT_WARN;
}

static enum paint
status_paint(enum suite_status status)
{
	static const enum paint paints[SUITE_STATUSES_N] = {PAINT_GOOD, PAINT_BAD, PAINT_WARN, PAINT_DIM, PAINT_DIM};

	return paints[status];
}

static void
add_headline(const struct suite_record *record, struct page *page)
{
	char started[32], lasted[FIGURE_MAX], line[512];

	page_wrap(page, 2, verdict_paint(record->status), suite_headline(record, line, sizeof(line)));
	snprintf(line, sizeof(line), "%s, exit %d · %s · %s · %s", terminal_status_word(record->status),
		record->exit_code, record->name, wall_text(record->started_wall_ns, started, sizeof(started)),
		figure_seconds(record->took_ns, lasted));
	page_wrap(page, 2, PAINT_DIM, line);
	for (size_t i = 0; i < record->reasons_n; i++) {
		page_add(page, PAINT_PLAIN, "  - ");
		page_wrap(page, 4, PAINT_PLAIN, record->reasons[i]);
	}
}

static const char *
goals_text(const struct suite_row *row, char into[FIGURE_MAX])
{
	const char *grade = row->score.grade != GRADE_NONE ? grade_names[row->score.grade] : "no grade";

	if (row->score.judged > 0)
		snprintf(into, FIGURE_MAX, "%zu of %zu: %s", row->score.met, row->score.judged, grade);
	else
		snprintf(into, FIGURE_MAX, "-");
	return into;
}

static const char *
requests_text(const struct suite_row *row, char into[FIGURE_MAX])
{
	if (row->exit_code >= 0)
		return figure_count(row->requests, into);
	snprintf(into, FIGURE_MAX, "-");
	return into;
}

static const char *
lasted_text(const struct suite_row *row, char into[FIGURE_MAX])
{
	if (row->took_ns >= 0)
		return figure_seconds(row->took_ns, into);
	snprintf(into, FIGURE_MAX, "-");
	return into;
}

static void
add_rows(const struct suite_record *record, struct page *page)
{
	static const struct table_column columns[] = {{"", false, 1}, {"name", true, 0}, {"category", true, 2},
		{"status", true, 0}, {"goals", true, 4}, {"requests", false, 3}, {"lasted", false, 0}};
	struct table table;
	char text[FIGURE_MAX];

	page_heading(page, "Profiles");
	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < record->rows_n; i++) {
		const struct suite_row *row = &record->rows[i];

		table_add_row(&table);
		table_add_cell(&table, PAINT_DIM, figure_count(i + 1, text));
		table_add_cell(&table, PAINT_BOLD, row->name);
		table_add_cell(&table, PAINT_PLAIN, row->category);
		table_add_cell(&table, status_paint(row->status), suite_status_words[row->status]);
		table_add_cell(&table, PAINT_PLAIN, goals_text(row, text));
		table_add_cell(&table, PAINT_PLAIN, requests_text(row, text));
		table_add_cell(&table, PAINT_PLAIN, lasted_text(row, text));
		if (row->reason[0] != '\0')
			table_add_note(&table, PAINT_PLAIN, row->reason);
	}
	table_draw(&table, page);
	table_fini(&table);
}

static void
add_counts(struct table *table, enum paint paint, const char *name, const struct suite_counts *counts)
{
	char text[FIGURE_MAX];
	double share = suite_counts_share(counts);

	table_add_row(table);
	table_add_cell(table, paint, name);
	snprintf(text, sizeof(text), "%zu of %zu", counts->by_status[SUITE_PASS], suite_counts_total(counts));
	table_add_cell(table, PAINT_PLAIN, text);
	table_add_cell(table, share < 1 ? PAINT_BAD : PAINT_PLAIN, figure_ratio(share, text));
	for (size_t i = SUITE_FAIL; i < SUITE_STATUSES_N; i++)
		table_add_cell(table, counts->by_status[i] > 0 ? status_paint((enum suite_status)i) : PAINT_DIM,
			figure_count(counts->by_status[i], text));
}

static void
add_categories(const struct suite_record *record, struct page *page)
{
	static const struct table_column columns[] = {{"category", true, 0}, {"passed", false, 0},
		{"of judged", false, 1}, {"failed", false, 0}, {"inconclusive", false, 2}, {"skipped", false, 3},
		{"not run", false, 2}};
	const struct suite_counts all = suite_count(record, NULL);
	struct table table;

	page_heading(page, "Categories");
	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < record->rows_n; i++) {
		const struct suite_counts counts = suite_count(record, record->rows[i].category);

		if (suite_row_opens_category(record, i))
			add_counts(&table, PAINT_PLAIN, record->rows[i].category, &counts);
	}
	add_counts(&table, PAINT_BOLD, "all", &all);
	table_draw(&table, page);
	table_fini(&table);
}

bool
suite_add_terminal(
	const struct suite_record *record, const char *dir, const struct terminal_style *style, struct buf *into)
{
	struct page page;

	page_init(&page, into, style);
	add_headline(record, &page);
	add_rows(record, &page);
	add_categories(record, &page);
	if (dir != NULL) {
		page_heading(&page, "Results");
		page_entry(&page, "in", PAINT_PLAIN, "%s, each profile's in its own directory", dir);
	}
	return !into->overflowed;
}

bool
suite_add_text(const struct suite_record *record, struct buf *into)
{
	const struct terminal_style plain = {.width = FILE_WIDTH};

	return suite_add_terminal(record, NULL, &plain, into);
}
