#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "brunt_version.h"
#include "report/suite.h"
#include "report/value.h"

static void
set_counts(cJSON *into, const struct suite_counts *counts)
{
	cJSON *o = value_add_object(into, "counts");

	value_set_count(o, "total", suite_counts_total(counts));
	for (size_t i = 0; i < SUITE_STATUSES_N; i++)
		value_set_count(o, suite_status_names[i], counts->by_status[i]);
	value_set_number(into, "passed", suite_counts_share(counts));
}

static void
add_verdict(cJSON *suite, const struct suite_record *record)
{
	cJSON *o = value_add_object(suite, "verdict");

	value_set_text(o, "status", verdict_status_names[record->status]);
	value_set_number(o, "exit_code", record->exit_code);
	cJSON *reasons = value_add_array(o, "reasons");

	for (size_t i = 0; i < record->reasons_n; i++)
		cJSON_AddItemToArray(reasons, value_of_text(record->reasons[i]));
}

static void
add_categories(cJSON *suite, const struct suite_record *record)
{
	cJSON *list = value_add_array(suite, "categories");

	for (size_t i = 0; i < record->rows_n; i++) {
		const char *category = record->rows[i].category;
		struct suite_counts counts = suite_count(record, category);

		if (!suite_row_opens_category(record, i))
			continue;
		cJSON *o = value_object();

		value_set_text(o, "name", category);
		set_counts(o, &counts);
		cJSON_AddItemToArray(list, o);
	}
}

static cJSON *
row_value(const struct suite_row *row)
{
	cJSON *o = value_object();
	bool was_run = row->exit_code >= 0;

	value_set_text(o, "name", row->name);
	value_set_text(o, "category", row->category);
	value_set_text(o, "profile", row->profile);
	value_set_text(o, "status", suite_status_names[row->status]);
	value_set_text(o, "cause", row->cause != SUITE_CAUSE_NONE ? suite_cause_names[row->cause] : NULL);
	value_set(o, "exit_code", value_of_ns(row->exit_code));
	value_set_text(o, "reason", row->reason);
	value_set_seconds(o, "began_s", row->began_ns);
	value_set_seconds(o, "duration_s", row->took_ns);
	value_set(o, "requests", was_run ? value_of_count(row->requests) : value_of_ns(-1));
	value_set_text(o, "grade", row->score.grade != GRADE_NONE ? grade_names[row->score.grade] : NULL);
	value_set_count(o, "goals_met", row->score.met);
	value_set_count(o, "goals_judged", row->score.judged);
	value_set_text(o, "dir", row->dir);
	return o;
}

static void
add_rows(cJSON *suite, const struct suite_record *record)
{
	cJSON *list = value_add_array(suite, "rows");

	for (size_t i = 0; i < record->rows_n; i++)
		cJSON_AddItemToArray(list, row_value(&record->rows[i]));
}

/* The profile is plan/'s own JSON, taken as it stands. */
static void
add_profile(cJSON *suite, const struct suite_record *record)
{
	cJSON *profile = record->effective_json != NULL ? cJSON_CreateRaw(record->effective_json) : cJSON_CreateNull();

	CHECK(profile != NULL);
	value_set(suite, "profile", profile);
}

cJSON *
suite_object(const struct suite_record *record)
{
	const struct suite_counts counts = suite_count(record, NULL);
	cJSON *suite = value_object();
	char started[32];

	value_set_text(suite, "schema", SUITE_SCHEMA);
	value_set_text(suite, "name", record->name);
	value_set_text(suite, "id", record->id);
	value_set_text(suite, "started_at", wall_text(record->started_wall_ns, started, sizeof(started)));
	value_set_seconds(suite, "duration_s", record->took_ns);
	value_set_text(value_add_object(suite, "brunt"), "version", BRUNT_VERSION);
	add_verdict(suite, record);
	value_set_bool(suite, "has_ended", record->has_ended);
	value_set_number(suite, "pass_rate", record->pass_rate);
	value_set_seconds(suite, "limit_s", record->limit_ns > 0 ? record->limit_ns : -1);
	set_counts(suite, &counts);
	add_categories(suite, record);
	add_rows(suite, record);
	add_profile(suite, record);
	return suite;
}

bool
suite_add_json(const struct suite_record *record, struct buf *into)
{
	cJSON *suite = suite_object(record);
	char *text = cJSON_Print(suite);

	CHECK(text != NULL);
	bool fits = buf_add_text(into, text) && buf_add_char(into, '\n');

	cJSON_free(text);
	cJSON_Delete(suite);
	return fits;
}
