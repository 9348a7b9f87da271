#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "report/suite.h"
#include "report/xml.h"

/* JUnit's XML, as CI servers read it: a suite for each category, a case for each row, and one for the verdict, so that
 * it is red where, and only where, the exit code is not 0. */

/* What JUnit calls it; NULL: nothing, it passed. A failure that pass_rate forgives is none of the suite's. */
static const char *
element_of(const struct suite_record *record, const struct suite_row *row)
{
	if (row->status == SUITE_PASS)
		return NULL;
	if (row->status == SUITE_FAIL)
		return record->exit_code == EXIT_PASSED ? "skipped" : "failure";
	if (row->status == SUITE_SKIP || row->cause == SUITE_CAUSE_NEED || row->cause == SUITE_CAUSE_NEED_SKIPPED)
		return "skipped";
	return "error";
}

static size_t
count_elements(const struct suite_record *record, const char *category, const char *element)
{
	size_t n = 0;

	for (size_t i = 0; i < record->rows_n; i++) {
		const char *is = element_of(record, &record->rows[i]);

		if ((category == NULL || strcmp(record->rows[i].category, category) == 0) &&
			(element == NULL || (is != NULL && strcmp(is, element) == 0)))
			n++;
	}
	return n;
}

static double
seconds_of(const struct suite_record *record, const char *category)
{
	int64_t sum_ns = 0;

	for (size_t i = 0; i < record->rows_n; i++)
		if (record->rows[i].took_ns > 0 && strcmp(record->rows[i].category, category) == 0)
			sum_ns += record->rows[i].took_ns;
	return ns_to_s(sum_ns);
}

static void
add_counts(struct buf *into, const struct suite_record *record, const char *category, double seconds)
{
	buf_printf(into, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		count_elements(record, category, NULL), count_elements(record, category, "failure"),
		count_elements(record, category, "error"), count_elements(record, category, "skipped"), seconds);
}

static void
add_case(struct buf *into, const struct suite_record *record, const struct suite_row *row)
{
	const char *element = element_of(record, row);

	buf_add_text(into, "    <testcase");
	xml_add_attribute(into, "name", row->name);
	buf_add_text(into, " classname=\"");
	xml_add_text(into, record->name);
	buf_add_char(into, '.');
	xml_add_text(into, row->category);
	buf_printf(into, "\" time=\"%.3f\"", row->took_ns > 0 ? ns_to_s(row->took_ns) : 0);
	if (element == NULL) {
		buf_add_text(into, "/>\n");
		return;
	}
	buf_printf(into, ">\n      <%s", element);
	xml_add_attribute(into, "message", row->reason);
	if (strcmp(element, "skipped") != 0)
		xml_add_attribute(into, "type", suite_status_names[row->status]);
	buf_add_char(into, '>');
	if (row->dir[0] != '\0') {
		buf_add_text(into, "see ");
		xml_add_text(into, row->dir);
	}
	buf_printf(into, "</%s>\n    </testcase>\n", element);
}

static void
add_category(struct buf *into, const struct suite_record *record, const char *category)
{
	char started[32];

	buf_add_text(into, "  <testsuite");
	xml_add_attribute(into, "name", category);
	add_counts(into, record, category, seconds_of(record, category));
	wall_text(record->started_wall_ns, started, sizeof(started));
	started[strcspn(started, "Z")] = '\0'; /* the schema's time has no zone */
	xml_add_attribute(into, "timestamp", started);
	buf_add_text(into, ">\n");
	for (size_t i = 0; i < record->rows_n; i++)
		if (strcmp(record->rows[i].category, category) == 0)
			add_case(into, record, &record->rows[i]);
	buf_add_text(into, "  </testsuite>\n");
}

static const char *
element_of_verdict(const struct suite_record *record)
{
	return record->exit_code == EXIT_PASSED ? NULL : record->exit_code == EXIT_FAILED_GATE ? "failure" : "error";
}

/* What no row says for itself: that too few passed, that nothing was judged, that the end did not come. */
static void
add_verdict(struct buf *into, const struct suite_record *record)
{
	const char *element = element_of_verdict(record);
	bool is_failure = element != NULL && strcmp(element, "failure") == 0;

	buf_printf(into, "  <testsuite name=\"verdict\" tests=\"1\" failures=\"%d\" errors=\"%d\" skipped=\"0\">\n",
		is_failure, element != NULL && !is_failure);
	buf_add_text(into, "    <testcase name=\"verdict\" classname=\"");
	xml_add_text(into, record->name);
	buf_printf(into, ".verdict\" time=\"%.3f\"", ns_to_s(record->took_ns > 0 ? record->took_ns : 0));
	if (element != NULL) {
		buf_printf(into, ">\n      <%s", element);
		xml_add_attribute(into, "message", record->reasons_n > 0 ? record->reasons[0] : "");
		xml_add_attribute(into, "type", verdict_status_names[record->status]);
		buf_add_char(into, '>');
		for (size_t i = 0; i < record->reasons_n; i++) {
			xml_add_text(into, record->reasons[i]);
			buf_add_char(into, '\n');
		}
		buf_printf(into, "</%s>\n    </testcase>\n  </testsuite>\n", element);
	} else
		buf_add_text(into, "/>\n  </testsuite>\n");
}

/* Of all, the verdict among them. */
static void
add_total(struct buf *into, const struct suite_record *record)
{
	const char *verdict = element_of_verdict(record);
	bool is_failure = verdict != NULL && strcmp(verdict, "failure") == 0, is_error = verdict != NULL && !is_failure;

	buf_printf(into, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		record->rows_n + 1, count_elements(record, NULL, "failure") + is_failure,
		count_elements(record, NULL, "error") + is_error, count_elements(record, NULL, "skipped"),
		ns_to_s(record->took_ns > 0 ? record->took_ns : 0));
}

bool
suite_add_junit(const struct suite_record *record, struct buf *into)
{
	buf_add_text(into, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	xml_add_attribute(into, "name", record->name);
	add_total(into, record);
	buf_add_text(into, ">\n");
	for (size_t i = 0; i < record->rows_n; i++)
		if (suite_row_opens_category(record, i))
			add_category(into, record, record->rows[i].category);
	add_verdict(into, record);
	buf_add_text(into, "</testsuites>\n");
	return !into->overflowed;
}
