#include "report/suite.h"

#include <stdio.h>

#include "report/terminal.h"

/* Of all rows, so that nobody takes a suite that was hardly run for one that is well. */
const char *
suite_headline(const struct suite_record *record, char *into, size_t size)
{
	const struct suite_counts counts = suite_count(record, NULL);
	size_t used = (size_t)snprintf(into, size, "%s: %zu of %zu passed", terminal_status_word(record->status),
		counts.by_status[SUITE_PASS], record->rows_n);

	for (size_t i = SUITE_FAIL; i < SUITE_STATUSES_N && used < size; i++)
		if (counts.by_status[i] > 0)
			used += (size_t)snprintf(
				into + used, size - used, ", %zu %s", counts.by_status[i], suite_status_words[i]);
	return into;
}

const struct suite_document suite_documents[] = {
	{"suite.html", "report.html", suite_add_html},
	{"report.txt", "report.txt", suite_add_text},
	{"junit.xml", "junit.xml", suite_add_junit},
	{SUITE_FILE, RESULT_FILE, suite_add_json},
	{NULL, NULL, NULL},
};
