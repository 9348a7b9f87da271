#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "campaign/suite_row.h"

/* A run's directory, which holds what a test wants of it. */

static char folder[64], results[96], result[128];

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/brunt-row-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(results, sizeof(results), "%s/01-a", folder);
	snprintf(result, sizeof(result), "%s/result.json", results);
	return 0;
}

static int
remove_folder(void **state)
{
	char partial[128];

	(void)state;
	snprintf(partial, sizeof(partial), "%s.partial", results);
	unlink(result);
	rmdir(results);
	rmdir(partial);
	return rmdir(folder);
}

static void
leave_result(const char *text)
{
	assert_int_equal(mkdir(results, 0777), 0);
	FILE *file = fopen(result, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct suite_row
concluded(int64_t exit_status, int term_signal)
{
	const struct child child = {.exit_status = exit_status, .term_signal = term_signal};
	struct suite_row row = {.name = "a", .dir = "01-a", .exit_code = -1};

	suite_row_conclude(&row, results, &child);
	return row;
}

static void
test_a_row_is_what_its_result_says(void **state)
{
	(void)state;
	leave_result("{\"verdict\":{\"reasons\":[\"missed x\",\"missed y\",\"z\"]},\"totals\":{\"scheduled\":120}}");
	struct suite_row row = concluded(1, 0);

	assert_int_equal(row.status, SUITE_FAIL);
	assert_int_equal(row.exit_code, EXIT_FAILED_GATE);
	assert_string_equal(row.reason, "missed x (and 2 more)");
	assert_int_equal(row.requests, 120);
	assert_string_equal(row.dir, "01-a");
	assert_int_equal(row.score.judged, 0);
	row = concluded(0, 0);
	assert_int_equal(row.status, SUITE_PASS);
	assert_string_equal(row.reason, ""); /* what there is to say of a pass is no reason against it */
	row = concluded(4, 0);
	assert_int_equal(row.status, SUITE_INCONCLUSIVE);
	assert_int_equal(row.exit_code, EXIT_UNREACHABLE);
}

static void
test_a_row_has_the_grade_of_its_run(void **state)
{
	(void)state;
	leave_result("{\"verdict\":{\"grade\":\"good\",\"goals_met\":7,\"goals_judged\":8}}");
	struct suite_row row = concluded(0, 0);

	assert_int_equal(row.score.grade, GRADE_GOOD);
	assert_int_equal(row.score.met, 7);
	assert_int_equal(row.score.judged, 8);
	unlink(result);
	rmdir(results);
	leave_result("{\"verdict\":{\"grade\":\"none\",\"goals_met\":-1,\"goals_judged\":\"many\"}}");
	row = concluded(0, 0);
	assert_int_equal(row.score.grade, GRADE_NONE);
	assert_int_equal(row.score.met + row.score.judged, 0);
}

static void
test_what_was_refused_or_stopped_is_inconclusive(void **state)
{
	(void)state;
	struct suite_row row = concluded(2, 0);

	assert_int_equal(row.status, SUITE_INCONCLUSIVE);
	assert_int_equal(row.exit_code, EXIT_INCONCLUSIVE);
	assert_string_equal(row.reason, "it was refused, as was said on stderr");
	assert_string_equal(row.dir, "");
	leave_result("{\"verdict\":{\"reasons\":[\"interrupted by signal 2\"]},\"totals\":{\"scheduled\":9}}");
	row = concluded(130, 0);
	assert_int_equal(row.status, SUITE_INCONCLUSIVE);
	assert_int_equal(row.exit_code, EXIT_INCONCLUSIVE);
	assert_string_equal(row.reason, "interrupted by signal 2");
}

static void
test_an_exit_code_alone_proves_nothing(void **state)
{
	static const char *const torn[] = {NULL, "", "{\"verdict\":", "[]"};

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		if (torn[i] != NULL)
			leave_result(torn[i]);
		struct suite_row row = concluded(0, 0);

		assert_int_equal(row.status, SUITE_INCONCLUSIVE);
		assert_int_equal(row.exit_code, EXIT_INTERNAL);
		assert_string_equal(row.reason, "it left no result.json (exit 0)");
		unlink(result);
		rmdir(results);
	}
}

static void
test_a_crash_is_our_own_fault_and_a_kill_is_not(void **state)
{
	char partial[128];

	(void)state;
	snprintf(partial, sizeof(partial), "%s.partial", results);
	assert_int_equal(mkdir(partial, 0777), 0);
	struct suite_row row = concluded(0, SIGKILL);

	assert_int_equal(row.status, SUITE_INCONCLUSIVE);
	assert_int_equal(row.exit_code, EXIT_INCONCLUSIVE);
	assert_string_equal(row.dir, "01-a.partial"); /* its journal */
	assert_non_null(strstr(row.reason, "was ended by signal 9"));
	row = concluded(0, SIGABRT);
	assert_int_equal(row.status, SUITE_INCONCLUSIVE);
	assert_int_equal(row.exit_code, EXIT_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_row_is_what_its_result_says, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_row_has_the_grade_of_its_run, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_what_was_refused_or_stopped_is_inconclusive, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_an_exit_code_alone_proves_nothing, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_a_crash_is_our_own_fault_and_a_kill_is_not, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
