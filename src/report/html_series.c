#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/check.h"
#include "report/html.h"

/* The series as the page draws it: its columns by name, and of them only those that hold anything, so that a page has
 * no weight for what was never read. A row's rates are over the row's own time, which the page works out of at_s. */

enum column_kind { COLUMN_COUNT, COLUMN_SMALL_COUNT, COLUMN_TIME, COLUMN_NUMBER };

struct column {
	char name[96];
	enum column_kind kind;
	size_t offset; /* in a row */
};

#define COLUMNS_MAX (32 + FAILURE_COUNT + 2 * GAUGE_COUNT + SCRAPED_MAX)

struct columns {
	struct column list[COLUMNS_MAX];
	size_t n;
};

static double
value_in(const struct series_row *row, const struct column *column)
{
	const char *at = (const char *)row + column->offset;

	switch (column->kind) {
	case COLUMN_COUNT: return (double)*(const uint64_t *)(const void *)at;
	case COLUMN_SMALL_COUNT: return *(const uint32_t *)(const void *)at;
	case COLUMN_TIME: {
		int64_t ns = *(const int64_t *)(const void *)at;

		return ns < 0 ? NAN : (double)ns;
	}
	default: return *(const double *)(const void *)at;
	}
}

/* A count of 0 throughout says nothing; a reading of 0 does. */
static bool
holds_anything(const struct series *series, const struct column *column)
{
	bool is_count = column->kind == COLUMN_COUNT || column->kind == COLUMN_SMALL_COUNT;

	for (size_t i = 0; i < series->n; i++) {
		double value = value_in(&series->rows[i], column);

		if (is_count ? value > 0 : isfinite(value))
			return true;
	}
	return false;
}

static void
add_column(struct columns *columns, const struct series *series, enum column_kind kind, size_t offset,
	const char *prefix, const char *name)
{
	struct column *column = &columns->list[columns->n];

	CHECK_OP(columns->n, <, COLUMNS_MAX);
	column->kind = kind;
	column->offset = offset;
	snprintf(column->name, sizeof(column->name), "%s%s", prefix, name);
	if (holds_anything(series, column))
		columns->n++;
}

#define ROW_AT(field) offsetof(struct series_row, field)

static void
add_fields(struct columns *columns, const struct series *series)
{
	static const struct {
		const char *name;
		enum column_kind kind;
		size_t offset;
	} fields[] = {
		{"offered", COLUMN_NUMBER, ROW_AT(offered)},
		{"in_flight", COLUMN_NUMBER, ROW_AT(in_flight)},
		{"scheduled", COLUMN_COUNT, ROW_AT(scheduled)},
		{"sent", COLUMN_COUNT, ROW_AT(sent)},
		{"ok", COLUMN_COUNT, ROW_AT(ok)},
		{"failed", COLUMN_COUNT, ROW_AT(failed)},
		{"dropped", COLUMN_COUNT, ROW_AT(dropped)},
		{"unsent", COLUMN_COUNT, ROW_AT(unsent)},
		{"tokens", COLUMN_COUNT, ROW_AT(tokens)},
		{"p50_ns", COLUMN_TIME, ROW_AT(p50_ns)},
		{"p95_ns", COLUMN_TIME, ROW_AT(p95_ns)},
		{"p99_ns", COLUMN_TIME, ROW_AT(p99_ns)},
		{"ttft_p50_ns", COLUMN_TIME, ROW_AT(ttft_p50_ns)},
		{"ttft_p95_ns", COLUMN_TIME, ROW_AT(ttft_p95_ns)},
		{"itl_p95_ns", COLUMN_TIME, ROW_AT(itl_p95_ns)},
		{"lateness_p99_ns", COLUMN_TIME, ROW_AT(lateness_p99_ns)},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		add_column(columns, series, fields[i].kind, fields[i].offset, "", fields[i].name);
}

static void
find_columns(struct columns *columns, const struct series *series, const struct plan_scrape *scrape)
{
	columns->n = 0;
	add_fields(columns, series);
	for (size_t f = 0; f < FAILURE_COUNT; f++)
		add_column(columns, series, COLUMN_SMALL_COUNT, ROW_AT(failures) + f * sizeof(uint32_t), "failure.",
			failure_rows[f].counter);
	for (size_t g = 0; g < GAUGE_COUNT; g++)
		add_column(columns, series, COLUMN_NUMBER, ROW_AT(target) + g * sizeof(double), "target.",
			gauge_rows[g].name);
	for (size_t g = 0; g < GAUGE_COUNT; g++)
		add_column(
			columns, series, COLUMN_NUMBER, ROW_AT(self) + g * sizeof(double), "self.", gauge_rows[g].name);
	for (size_t i = 0; i < scrape->n; i++)
		add_column(columns, series, COLUMN_NUMBER, ROW_AT(scraped) + i * sizeof(double), "scraped.",
			scrape->list[i].figure.name);
}

/* Six digits are more than a chart shows; a time of a row needs its own. */
static cJSON *
rounded(double value)
{
	char digits[40];

	if (!isfinite(value))
		return cJSON_CreateNull();
	snprintf(digits, sizeof(digits), "%.6g", value);
	return cJSON_CreateRaw(digits);
}

static cJSON *
row_array(const struct series_row *row, const struct columns *columns)
{
	cJSON *values = value_array();

	cJSON_AddItemToArray(values, value_of_number(round((double)row->at_ns / 1e6) / 1e3));
	for (size_t i = 0; i < columns->n; i++)
		cJSON_AddItemToArray(values, rounded(value_in(row, &columns->list[i])));
	return values;
}

void
html_add_series(cJSON *document, const struct report *report)
{
	const struct series *whole = &report->summary->series;
	cJSON *o = value_add_object(document, "series");
	struct columns columns;
	struct series series;

	series_copy(&series, whole);
	series_coarsen(&series, HTML_ROWS_MAX);
	find_columns(&columns, &series, &report->plan->scrape);
	value_set_seconds(o, "interval_s", whole->step_ns);
	value_set_seconds(o, "step_s", series.step_ns);
	cJSON *names = value_add_array(o, "columns"), *rows = value_add_array(o, "rows");

	cJSON_AddItemToArray(names, value_of_text("at_s"));
	for (size_t i = 0; i < columns.n; i++)
		cJSON_AddItemToArray(names, value_of_text(columns.list[i].name));
	for (size_t i = 0; i < series.n; i++)
		cJSON_AddItemToArray(rows, row_array(&series.rows[i], &columns));
	series_fini(&series);
}
