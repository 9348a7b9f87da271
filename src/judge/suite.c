#include "judge/suite.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROUNDING 1e-9
#define REASONS_OF_ROWS (VERDICT_REASONS_MAX - 6) /* what is said of all of them has room, too */

__attribute__((format(printf, 2, 3))) static void
add_reason(struct suite_record *record, const char *format, ...)
{
	va_list args;

	if (record->reasons_n == VERDICT_REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(record->reasons[record->reasons_n++], FINDING_TEXT_MAX, format, args);
	va_end(args);
}

static void
say_ending(struct suite_record *record)
{
	if (record->is_lost)
		add_reason(record, "the suite's own results could not all be written");
	if (record->signal != 0)
		add_reason(record, "interrupted by signal %d (%s)", record->signal, strsignal(record->signal));
	else if (!record->has_ended)
		add_reason(record, "the suite did not come to its end");
}

/* "9 of 11 that could be judged passed (81.8%); 95% must" */
static void
say_share(struct suite_record *record, const struct suite_counts *counts)
{
	size_t passed = counts->by_status[SUITE_PASS], judged = passed + counts->by_status[SUITE_FAIL];
	double share = suite_counts_share(counts);

	if (judged == 0)
		add_reason(record, "nothing could be judged");
	else if (share < 1 && record->pass_rate < 1)
		add_reason(record, "%zu of the %zu that could be judged passed (%.1f%%), where %.4g%% are wanted",
			passed, judged, 100 * share, 100 * record->pass_rate);
}

static void
say_not_run(struct suite_record *record)
{
	static const char *const whys[SUITE_CAUSES_N] = {
		[SUITE_CAUSE_NEED] = "a need did not pass",
		[SUITE_CAUSE_LIMIT] = "the time was up",
		[SUITE_CAUSE_NOT_BEGUN] = "its turn did not come",
		[SUITE_CAUSE_INTERRUPTED] = "the suite was interrupted",
	};

	for (size_t cause = 0; cause < SUITE_CAUSES_N; cause++) {
		size_t n = 0;

		for (size_t i = 0; i < record->rows_n; i++)
			n += record->rows[i].cause == cause;
		if (n > 0 && whys[cause] != NULL)
			add_reason(record, "%zu of %zu not run: %s", n, record->rows_n, whys[cause]);
	}
}

static void
say_rows(struct suite_record *record, enum suite_status status)
{
	size_t left_out = 0;

	for (size_t i = 0; i < record->rows_n; i++) {
		const struct suite_row *row = &record->rows[i];

		if (row->status != status)
			continue;
		if (record->reasons_n >= REASONS_OF_ROWS)
			left_out++;
		else
			add_reason(record, "%s%s%s%s", row->name, status == SUITE_FAIL ? " failed" : " is inconclusive",
				row->reason[0] != '\0' ? ": " : "", row->reason);
	}
	if (left_out > 0)
		add_reason(record, "%zu more %s", left_out, status == SUITE_FAIL ? "failed" : "are inconclusive");
}

static bool
has_cause(const struct suite_record *record, enum suite_cause cause)
{
	for (size_t i = 0; i < record->rows_n; i++)
		if (record->rows[i].cause == cause)
			return true;
	return false;
}

static bool
has_exit(const struct suite_record *record, int exit_code)
{
	for (size_t i = 0; i < record->rows_n; i++)
		if (record->rows[i].exit_code == exit_code)
			return true;
	return false;
}

/* Something that should have been judged was not, whatever came of the rest. */
static bool
is_incomplete(const struct suite_record *record, const struct suite_counts *counts)
{
	return !record->has_ended || counts->by_status[SUITE_INCONCLUSIVE] > 0 ||
	       has_cause(record, SUITE_CAUSE_LIMIT) || isnan(suite_counts_share(counts));
}

void
suite_judge(struct suite_record *record)
{
	const struct suite_counts counts = suite_count(record, NULL);
	bool has_failed = suite_counts_share(&counts) + ROUNDING < record->pass_rate;

	record->reasons_n = 0;
	say_ending(record);
	say_rows(record, SUITE_FAIL);
	say_rows(record, SUITE_INCONCLUSIVE);
	say_share(record, &counts);
	say_not_run(record);
	record->status = VERDICT_PASS;
	record->exit_code = EXIT_PASSED;
	if (has_failed) {
		record->status = VERDICT_FAIL;
		record->exit_code = EXIT_FAILED_GATE;
	}
	if (is_incomplete(record, &counts) || (!has_failed && has_cause(record, SUITE_CAUSE_NEED))) {
		record->status = VERDICT_INCONCLUSIVE;
		record->exit_code = EXIT_INCONCLUSIVE;
	}
	if (has_exit(record, EXIT_UNREACHABLE)) {
		record->status = VERDICT_UNREACHABLE;
		record->exit_code = EXIT_UNREACHABLE;
	}
	if (record->signal != 0) {
		record->status = VERDICT_INTERRUPTED;
		record->exit_code = 128 + record->signal;
	}
	if (record->is_lost || has_exit(record, EXIT_INTERNAL))
		record->exit_code = EXIT_INTERNAL;
}
