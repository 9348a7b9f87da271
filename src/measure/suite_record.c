#include "measure/suite_record.h"

#include <math.h>
#include <string.h>

const char *const suite_status_names[] = {
	[SUITE_PASS] = "pass",
	[SUITE_FAIL] = "fail",
	[SUITE_INCONCLUSIVE] = "inconclusive",
	[SUITE_SKIP] = "skip",
	[SUITE_NOT_RUN] = "not_run",
};

const char *const suite_status_words[] = {
	[SUITE_PASS] = "passed",
	[SUITE_FAIL] = "failed",
	[SUITE_INCONCLUSIVE] = "inconclusive",
	[SUITE_SKIP] = "skipped",
	[SUITE_NOT_RUN] = "not run",
};

const char *const suite_cause_names[] = {
	[SUITE_CAUSE_NONE] = "none",
	[SUITE_CAUSE_NOT_BEGUN] = "not_begun",
	[SUITE_CAUSE_CONDITION] = "condition",
	[SUITE_CAUSE_NEED] = "need",
	[SUITE_CAUSE_NEED_SKIPPED] = "need_skipped",
	[SUITE_CAUSE_LIMIT] = "limit",
	[SUITE_CAUSE_INTERRUPTED] = "interrupted",
};

struct suite_counts
suite_count(const struct suite_record *record, const char *category)
{
	struct suite_counts counts = {{0}};

	for (size_t i = 0; i < record->rows_n; i++)
		if (category == NULL || strcmp(record->rows[i].category, category) == 0)
			counts.by_status[record->rows[i].status]++;
	return counts;
}

size_t
suite_counts_total(const struct suite_counts *counts)
{
	size_t total = 0;

	for (size_t i = 0; i < SUITE_STATUSES_N; i++)
		total += counts->by_status[i];
	return total;
}

double
suite_counts_share(const struct suite_counts *counts)
{
	size_t judged = counts->by_status[SUITE_PASS] + counts->by_status[SUITE_FAIL];

	return judged > 0 ? (double)counts->by_status[SUITE_PASS] / (double)judged : NAN;
}

bool
suite_row_opens_category(const struct suite_record *record, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (strcmp(record->rows[i].category, record->rows[row].category) == 0)
			return false;
	return true;
}
