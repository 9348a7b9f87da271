#pragma once

#include "report/page.h"

/* A table that fits: columns are as wide as their texts, and the least important ones are left out where the page is
 * too narrow for all. */
struct table_column {
	const char *title;
	bool is_left;        /* text; figures stand to the right */
	unsigned importance; /* 0: always shown; of the others the highest goes first */
};

struct table {
	const struct table_column *columns;
	size_t columns_n;
	struct table_row *rows;
	size_t rows_n, rows_capacity;
};

#define TABLE_COLUMNS_MAX 16
#define TABLE_CELL_WIDTH_MAX 40 /* longer texts are cut with an ellipsis */

void table_init(struct table *table, const struct table_column *columns, size_t columns_n);
void table_fini(struct table *table);
void table_add_row(struct table *table);
/* The next cell of the last row. */
void table_add_cell(struct table *table, enum paint paint, const char *text);
/* A sentence beneath the last row. */
void table_add_note(struct table *table, enum paint paint, const char *text);
void table_draw(const struct table *table, struct page *page);
