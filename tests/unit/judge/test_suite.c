#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/suite.h"

#define ROWS_MAX 40

/* A suite whose rows came to these: p pass, f fail, i inconclusive, u unreachable, e of our own doing, s skipped, n not
 * run for a need, k for one that was skipped, l by the limit, b not begun. */
struct made {
	struct suite_record record;
	struct suite_row rows[ROWS_MAX];
};

static struct suite_row
row_of(char letter, size_t i)
{
	static const struct {
		char letter;
		enum suite_status status;
		enum suite_cause cause;
		int exit_code;
	} kinds[] = {
		{'p', SUITE_PASS, SUITE_CAUSE_NONE, EXIT_PASSED},
		{'f', SUITE_FAIL, SUITE_CAUSE_NONE, EXIT_FAILED_GATE},
		{'i', SUITE_INCONCLUSIVE, SUITE_CAUSE_NONE, EXIT_INCONCLUSIVE},
		{'u', SUITE_INCONCLUSIVE, SUITE_CAUSE_NONE, EXIT_UNREACHABLE},
		{'e', SUITE_INCONCLUSIVE, SUITE_CAUSE_NONE, EXIT_INTERNAL},
		{'s', SUITE_SKIP, SUITE_CAUSE_CONDITION, -1},
		{'n', SUITE_NOT_RUN, SUITE_CAUSE_NEED, -1},
		{'k', SUITE_NOT_RUN, SUITE_CAUSE_NEED_SKIPPED, -1},
		{'l', SUITE_NOT_RUN, SUITE_CAUSE_LIMIT, -1},
		{'b', SUITE_NOT_RUN, SUITE_CAUSE_NOT_BEGUN, -1},
	};
	struct suite_row row = {.category = "suite", .reason = "because"};

	snprintf(row.name, sizeof(row.name), "row%zu", i);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (kinds[k].letter == letter) {
			row.status = kinds[k].status;
			row.cause = kinds[k].cause;
			row.exit_code = kinds[k].exit_code;
			return row;
		}
	fail_msg("no row is a '%c'", letter);
	return row;
}

static const struct suite_record *
judged(struct made *made, const char *rows, double pass_rate, int signal)
{
	*made = (struct made){.record = {.pass_rate = pass_rate, .has_ended = signal == 0, .signal = signal}};
	made->record.rows = made->rows;
	for (; *rows != '\0'; rows++) {
		made->rows[made->record.rows_n] = row_of(*rows, made->record.rows_n);
		made->record.rows_n++;
	}
	suite_judge(&made->record);
	return &made->record;
}

static int
exit_of(const char *rows, double pass_rate)
{
	struct made made;

	return judged(&made, rows, pass_rate, 0)->exit_code;
}

static void
test_all_that_was_judged_must_pass_unless_less_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(exit_of("ppp", 1), EXIT_PASSED);
	assert_int_equal(exit_of("ppf", 1), EXIT_FAILED_GATE);
	assert_int_equal(exit_of("ppf", 2.0 / 3), EXIT_PASSED);
	assert_int_equal(exit_of("ppf", 0.67), EXIT_FAILED_GATE);
	assert_int_equal(exit_of("pppppppppppppppppppf", 0.95), EXIT_PASSED);
	assert_int_equal(exit_of("f", 0), EXIT_PASSED);
}

static void
test_skipped_rows_are_neither_here_nor_there(void **state)
{
	(void)state;
	assert_int_equal(exit_of("psk", 1), EXIT_PASSED);
	assert_int_equal(exit_of("pfs", 0.5), EXIT_PASSED);
	assert_int_equal(exit_of("pfss", 0.51), EXIT_FAILED_GATE);
	assert_int_equal(exit_of("ss", 1), EXIT_INCONCLUSIVE);
	assert_int_equal(exit_of("ss", 0), EXIT_INCONCLUSIVE);
}

static void
test_a_need_that_failed_says_no_more_than_the_failure(void **state)
{
	(void)state;
	assert_int_equal(exit_of("fn", 1), EXIT_FAILED_GATE);
	/* … but where the failure is forgiven, what was not run for it cannot be. */
	assert_int_equal(exit_of("pfn", 0.5), EXIT_INCONCLUSIVE);
}

static void
test_what_should_have_been_judged_and_was_not_is_inconclusive(void **state)
{
	(void)state;
	assert_int_equal(exit_of("pi", 1), EXIT_INCONCLUSIVE);
	assert_int_equal(exit_of("pl", 1), EXIT_INCONCLUSIVE);
	assert_int_equal(exit_of("fi", 1), EXIT_INCONCLUSIVE);
	assert_int_equal(exit_of("pi", 0), EXIT_INCONCLUSIVE);
}

static void
test_exit_codes_have_their_precedence(void **state)
{
	struct made made;

	(void)state;
	assert_int_equal(exit_of("pfiu", 1), EXIT_UNREACHABLE);
	assert_int_equal(exit_of("pfiue", 1), EXIT_INTERNAL);
	assert_int_equal(judged(&made, "pfiub", 1, 15)->exit_code, 143);
	assert_int_equal(made.record.status, VERDICT_INTERRUPTED);
	assert_int_equal(judged(&made, "pfe", 1, 2)->exit_code, EXIT_INTERNAL);
	assert_int_equal(judged(&made, "u", 1, 0)->status, VERDICT_UNREACHABLE);
}

static void
test_what_is_lost_changes_no_status(void **state)
{
	struct made made;

	(void)state;
	judged(&made, "pp", 1, 0);
	made.record.is_lost = true;
	suite_judge(&made.record);
	assert_int_equal(made.record.status, VERDICT_PASS);
	assert_int_equal(made.record.exit_code, EXIT_INTERNAL);
}

static void
test_a_suite_that_goes_on_is_inconclusive(void **state)
{
	struct made made;

	(void)state;
	judged(&made, "ppb", 1, 0);
	made.record.has_ended = false;
	suite_judge(&made.record);
	assert_int_equal(made.record.exit_code, EXIT_INCONCLUSIVE);
	assert_string_equal(made.record.reasons[0], "the suite did not come to its end");
	assert_string_equal(made.record.reasons[1], "1 of 3 not run: its turn did not come");
}

static void
test_reasons_name_the_rows_and_count_those_that_have_no_room(void **state)
{
	struct made made;
	const struct suite_record *record = judged(&made, "pffffffffffffffn", 0.9, 0);

	(void)state;
	assert_string_equal(record->reasons[0], "row1 failed: because");
	assert_string_equal(record->reasons[9], "row10 failed: because");
	assert_string_equal(record->reasons[10], "4 more failed");
	assert_string_equal(
		record->reasons[11], "1 of the 15 that could be judged passed (6.7%), where 90% are wanted");
	assert_string_equal(record->reasons[12], "1 of 16 not run: a need did not pass");
	assert_int_equal(record->reasons_n, 13);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_was_judged_must_pass_unless_less_is_wanted),
		cmocka_unit_test(test_skipped_rows_are_neither_here_nor_there),
		cmocka_unit_test(test_a_need_that_failed_says_no_more_than_the_failure),
		cmocka_unit_test(test_what_should_have_been_judged_and_was_not_is_inconclusive),
		cmocka_unit_test(test_exit_codes_have_their_precedence),
		cmocka_unit_test(test_what_is_lost_changes_no_status),
		cmocka_unit_test(test_a_suite_that_goes_on_is_inconclusive),
		cmocka_unit_test(test_reasons_name_the_rows_and_count_those_that_have_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
