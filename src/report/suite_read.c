#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "measure/json_read.h"
#include "report/suite.h"

#define ROWS_CEILING 10000
#define GOALS_MAX 1000000

/* The index of a name in a table; n: it is none of them. */
static size_t
index_of(const char *const *names, size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* One of a table's names. absent: what it is where there is none. */
static int
read_choice(struct json_reader *r, const cJSON *in, const char *key, const char *const *names, size_t n, int absent)
{
	char text[32] = "";
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, key);

	if (item == NULL || cJSON_IsNull(item))
		return absent;
	json_read_text(r, in, key, text, sizeof(text));
	size_t i = index_of(names, n, text);

	if (i == n)
		json_fail(r, key, "is none of its names");
	return i < n ? (int)i : absent;
}

/* Null, and what is not there: empty. */
static void
read_text(struct json_reader *r, const cJSON *in, const char *key, char *into, size_t size)
{
	if (!cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(in, key)))
		json_read_text(r, in, key, into, size);
}

static int64_t
read_seconds(struct json_reader *r, const cJSON *in, const char *key)
{
	double seconds = NAN;

	json_read_double(r, in, key, &seconds);
	return seconds >= 0 && seconds < 1e9 ? s_to_ns(seconds) : -1;
}

static void
read_row(struct json_reader *r, const cJSON *in, struct suite_row *row)
{
	double exit_code = NAN, requests = NAN;
	uint64_t met = 0, judged = 0;

	read_text(r, in, "name", row->name, sizeof(row->name));
	read_text(r, in, "category", row->category, sizeof(row->category));
	read_text(r, in, "profile", row->profile, sizeof(row->profile));
	read_text(r, in, "reason", row->reason, sizeof(row->reason));
	read_text(r, in, "dir", row->dir, sizeof(row->dir));
	row->status =
		(enum suite_status)read_choice(r, in, "status", suite_status_names, SUITE_STATUSES_N, SUITE_NOT_RUN);
	row->cause = (enum suite_cause)read_choice(r, in, "cause", suite_cause_names, SUITE_CAUSES_N, SUITE_CAUSE_NONE);
	json_read_double(r, in, "exit_code", &exit_code);
	json_read_double(r, in, "requests", &requests);
	row->exit_code = exit_code >= 0 && exit_code < 256 ? (int)exit_code : -1;
	row->requests = requests > 0 && requests < 1e18 ? (uint64_t)requests : 0;
	row->score.grade = (enum grade)read_choice(r, in, "grade", grade_names, GRADE_COUNT, GRADE_NONE);
	json_read_u64(r, in, "goals_met", GOALS_MAX, &met);
	json_read_u64(r, in, "goals_judged", GOALS_MAX, &judged);
	row->score.met = (size_t)met;
	row->score.judged = (size_t)judged;
	row->began_ns = read_seconds(r, in, "began_s");
	row->took_ns = read_seconds(r, in, "duration_s");
}

static void
read_rows(struct json_reader *r, const cJSON *in, struct suite_record *record)
{
	const cJSON *rows = json_array(r, in, "rows"), *row;
	int n = cJSON_GetArraySize(rows);

	if (r->has_failed || rows == NULL || n > ROWS_CEILING) {
		json_fail(r, "rows", "there are none");
		return;
	}
	record->rows = must_calloc((size_t)n + 1, sizeof(*record->rows));
	cJSON_ArrayForEach(row, rows)
	{
		if (!cJSON_IsObject(row))
			json_fail(r, "rows", "each is an object");
		else
			read_row(r, row, &record->rows[record->rows_n++]);
	}
}

static void
read_verdict(struct json_reader *r, const cJSON *in, struct suite_record *record)
{
	const cJSON *verdict = json_object(r, in, "verdict"), *reason;
	double exit_code = NAN;

	if (verdict == NULL) {
		json_fail(r, "verdict", "there is none");
		return;
	}
	record->status = (enum verdict_status)read_choice(
		r, verdict, "status", verdict_status_names, VERDICT_INTERRUPTED + 1, VERDICT_INCONCLUSIVE);
	json_read_double(r, verdict, "exit_code", &exit_code);
	record->exit_code = exit_code >= 0 && exit_code < 256 ? (int)exit_code : EXIT_INCONCLUSIVE;
	cJSON_ArrayForEach(reason, json_array(r, verdict, "reasons"))
	{
		if (cJSON_IsString(reason) && record->reasons_n < VERDICT_REASONS_MAX)
			snprintf(record->reasons[record->reasons_n++], FINDING_TEXT_MAX, "%s", reason->valuestring);
	}
}

static void
read_suite(struct json_reader *r, const cJSON *in, struct suite_record *record)
{
	char schema[32] = "", started[32] = "";

	json_read_text(r, in, "schema", schema, sizeof(schema));
	if (strcmp(schema, SUITE_SCHEMA) != 0)
		json_fail(r, "schema", "it is not " SUITE_SCHEMA);
	read_text(r, in, "name", record->name, sizeof(record->name));
	read_text(r, in, "id", record->id, sizeof(record->id));
	read_text(r, in, "started_at", started, sizeof(started));
	record->started_wall_ns = wall_of_text(started);
	record->took_ns = read_seconds(r, in, "duration_s");
	json_read_bool(r, in, "has_ended", &record->has_ended);
	json_read_double(r, in, "pass_rate", &record->pass_rate);
	read_verdict(r, in, record);
	read_rows(r, in, record);
	const cJSON *profile = cJSON_GetObjectItemCaseSensitive(in, "profile");

	if (!r->has_failed && cJSON_IsObject(profile))
		record->effective_json = cJSON_PrintUnformatted(profile);
}

struct suite_record *
suite_record_read(const char *text, size_t length, struct error *err)
{
	struct suite_record *record = must_calloc(1, sizeof(*record));
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, SUITE_DOCUMENT_CEILING);

	if (tree != NULL)
		read_suite(&r, tree, record);
	cJSON_Delete(tree);
	if (!r.has_failed)
		return record;
	suite_record_free(record);
	return NULL;
}

void
suite_record_free(struct suite_record *record)
{
	if (record == NULL)
		return;
	free(record->rows);
	cJSON_free((char *)record->effective_json);
	free(record);
}
