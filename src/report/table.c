#include "report/table.h"

#include <string.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/text.h"

#define TABLE_INDENT 2
#define TABLE_GAP 2
#define TABLE_NOTES_MAX 16
#define TABLE_TEXT_WIDTH_MIN 8 /* a name is not cut to less */

struct table_text {
	char *text;
	enum paint paint;
};

struct table_row {
	struct table_text cells[TABLE_COLUMNS_MAX], notes[TABLE_NOTES_MAX];
	size_t cells_n, notes_n;
};

void
table_init(struct table *table, const struct table_column *columns, size_t columns_n)
{
	CHECK_OP(columns_n, <=, TABLE_COLUMNS_MAX);
	*table = (struct table){.columns = columns, .columns_n = columns_n};
}

void
table_fini(struct table *table)
{
	for (size_t i = 0; i < table->rows_n; i++) {
		for (size_t c = 0; c < table->rows[i].cells_n; c++)
			free(table->rows[i].cells[c].text);
		for (size_t n = 0; n < table->rows[i].notes_n; n++)
			free(table->rows[i].notes[n].text);
	}
	free(table->rows);
}

void
table_add_row(struct table *table)
{
	if (table->rows_n == table->rows_capacity) {
		table->rows_capacity = table->rows_capacity ? table->rows_capacity * 2 : 16;
		table->rows = must_realloc(table->rows, table->rows_capacity * sizeof(*table->rows));
	}
	memset(&table->rows[table->rows_n++], 0, sizeof(*table->rows));
}

void
table_add_cell(struct table *table, enum paint paint, const char *text)
{
	char clean[256], cut[256];

	CHECK_OP(table->rows_n, >, 0);
	struct table_row *row = &table->rows[table->rows_n - 1];

	CHECK_OP(row->cells_n, <, table->columns_n);
	text_cut(escape_text(text, clean, sizeof(clean)), TABLE_CELL_WIDTH_MAX, cut, sizeof(cut));
	row->cells[row->cells_n++] = (struct table_text){must_strdup(cut), paint};
}

void
table_add_note(struct table *table, enum paint paint, const char *text)
{
	CHECK_OP(table->rows_n, >, 0);
	struct table_row *row = &table->rows[table->rows_n - 1];

	CHECK_OP(row->notes_n, <, TABLE_NOTES_MAX);
	row->notes[row->notes_n++] = (struct table_text){must_strdup(text), paint};
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t width = text_width(table->columns[column].title);

	for (size_t i = 0; i < table->rows_n; i++)
		if (column < table->rows[i].cells_n) {
			size_t w = text_width(table->rows[i].cells[column].text);

			width = w > width ? w : width;
		}
	return width;
}

static size_t
table_width(const struct table *table, const size_t *widths)
{
	size_t total = TABLE_INDENT;

	for (size_t c = 0; c < table->columns_n; c++)
		if (widths[c] > 0)
			total += widths[c] + (total > TABLE_INDENT ? TABLE_GAP : 0);
	return total;
}

/* The column to leave out next; TABLE_COLUMNS_MAX: none may go. */
static size_t
least_important(const struct table *table, const size_t *widths)
{
	size_t least = TABLE_COLUMNS_MAX;

	for (size_t c = 0; c < table->columns_n; c++)
		if (widths[c] > 0 && table->columns[c].importance > 0 &&
			(least == TABLE_COLUMNS_MAX || table->columns[c].importance > table->columns[least].importance))
			least = c;
	return least;
}

/* Leaves columns out (width 0) until the rest fits; where none may go, the first text is cut. */
static void
fit_columns(const struct table *table, size_t room, size_t widths[TABLE_COLUMNS_MAX])
{
	size_t least;

	while (table_width(table, widths) > room && (least = least_important(table, widths)) != TABLE_COLUMNS_MAX)
		widths[least] = 0;
	size_t over = table_width(table, widths) > room ? table_width(table, widths) - room : 0;

	if (over > 0 && table->columns[0].is_left && widths[0] > over + TABLE_TEXT_WIDTH_MIN)
		widths[0] -= over;
}

static void
draw_line(const struct table *table, struct page *page, const size_t *widths, const struct table_row *row)
{
	size_t at = TABLE_INDENT;

	for (size_t c = 0; c < table->columns_n; c++) {
		if (widths[c] == 0)
			continue;
		const char *whole = row == NULL ? table->columns[c].title : c < row->cells_n ? row->cells[c].text : "";
		char text[256];

		enum paint paint = row == NULL ? PAINT_DIM : c < row->cells_n ? row->cells[c].paint : PAINT_PLAIN;

		text_cut(whole, widths[c], text, sizeof(text));
		if (text[0] != '\0') {
			page_pad(page, at + (table->columns[c].is_left ? 0 : widths[c] - text_width(text)));
			page_add(page, paint, text);
		}
		at += widths[c] + TABLE_GAP;
	}
	page_end(page);
}

void
table_draw(const struct table *table, struct page *page)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t c = 0; c < table->columns_n; c++)
		widths[c] = column_width(table, c);
	fit_columns(table, page->width, widths);
	draw_line(table, page, widths, NULL);
	for (size_t i = 0; i < table->rows_n; i++) {
		draw_line(table, page, widths, &table->rows[i]);
		for (size_t n = 0; n < table->rows[i].notes_n; n++) {
			page_pad(page, TABLE_INDENT + 4);
			page_wrap(page, TABLE_INDENT + 6, table->rows[i].notes[n].paint, table->rows[i].notes[n].text);
		}
	}
}
