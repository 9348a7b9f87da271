#include "daemon/job_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "measure/verdict.h"

/* What is made of a job's directory, and of the way that its process ended. */

#define PASSED                                                                                                         \
	"{\"verdict\":{\"status\":\"pass\",\"exit_code\":0,\"reasons\":[\"all is well\",\"really\"]},"                 \
	"\"failure_mode\":{\"mode\":\"none\"},\"latency_ns\":{\"response\":{\"p95\":1500000}}}"
#define FAILED                                                                                                         \
	"{\"verdict\":{\"status\":\"fail\",\"exit_code\":1,\"reasons\":[]},\"failure_mode\":{\"mode\":\"saturation\"}}"
#define SUITE(ended)                                                                                                   \
	"{\"has_ended\":" ended ",\"verdict\":{\"status\":\"fail\",\"exit_code\":1,\"reasons\":[\"one of two\"]}}"

static char dir[] = "/tmp/brunt-result-XXXXXX";

static void
put(const char *name, const char *text)
{
	struct error err = {0};
	char path[256];

	snprintf(path, sizeof(path), "%s/results", dir);
	assert_true(file_make_dirs(path, &err));
	snprintf(path, sizeof(path), "%s/results/%s", dir, name);
	assert_true(file_write_atomic(path, text, strlen(text), &err));
}

/* NULL: it is not there. */
static void
take(struct job_result *result, const char *of_run, const char *of_suite, struct job_result_end end)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/results", dir);
	(void)file_remove_tree(path);
	if (of_run != NULL)
		put("result.json", of_run);
	if (of_suite != NULL)
		put("suite.json", of_suite);
	if (end.said == NULL)
		end.said = "";
	job_result_take(result, dir, &end);
}

#define TAKE(of_run, of_suite, ...) take(&result, of_run, of_suite, (struct job_result_end){__VA_ARGS__})

static void
test_a_run_ended_as_its_result_says_whatever_was_heard(void **state)
{
	struct job_result result;

	(void)state;
	TAKE(PASSED, NULL, .exit_code = 137, .said = "oh no\n");
	assert_true(result.has_result && !result.run.is_lost);
	assert_string_equal(result.status, "pass");
	assert_int_equal(result.exit_code, 0);
	assert_string_equal(result.reason, "all is well");
	assert_string_equal(result.reasons.bytes, "[\"all is well\",\"really\"]");
	assert_string_equal(result.failure_mode, ""); /* none is none */
	assert_int_equal(result.figures_n, 1);
	assert_string_equal(result.figures[0].name, "p95");
	assert_int_equal(result.bytes, strlen(PASSED));
	job_result_fini(&result);
	TAKE(FAILED, NULL, .exit_code = 1);
	assert_string_equal(result.failure_mode, "saturation");
	assert_string_equal(result.reason, "");
	assert_string_equal(result.reasons.bytes, "[]");
	job_result_fini(&result);
}

static void
test_a_suite_that_was_cut_off_has_no_result(void **state)
{
	struct job_result result;

	(void)state;
	TAKE(NULL, SUITE("true"), .exit_code = 1);
	assert_string_equal(result.status, "fail");
	assert_string_equal(result.reason, "one of two");
	job_result_fini(&result);
	TAKE(NULL, SUITE("false"), .exit_code = 137);
	assert_false(result.has_result);
	assert_string_equal(result.status, "crashed");
	job_result_fini(&result);
}

static void
test_results_that_say_nothing_are_none(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"verdict\":{}}", "{\"verdict\":{\"status\":\"pass\"}}",
		"{\"verdict\":{\"exit_code\":0}}", "{\"verdict\":{\"status\":7,\"exit_code\":0}}"};
	struct job_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		TAKE(texts[i], NULL, .exit_code = 139);
		assert_false(result.has_result);
		assert_string_equal(result.status, "crashed");
		assert_true(result.run.is_lost);
		job_result_fini(&result);
	}
}

static void
test_without_a_result_the_way_its_process_ended_is_told(void **state)
{
	static const struct {
		int exit_code;
		const char *said, *status, *reason;
	} rows[] = {
		{EXIT_USAGE, "\nbrunt: profile.yaml:3:1: no\nmore\n", "refused", "brunt: profile.yaml:3:1: no"},
		{139, "", "crashed", "its process ended with exit status 139 and without a result"},
		{127, "cannot start\n", "crashed", "cannot start"},
		{130, "", "interrupted", "its process ended with exit status 130 and without a result"},
		{143, "", "interrupted", "its process ended with exit status 143 and without a result"},
		{-1, "brunt: something\n", "interrupted", "the daemon was gone before the run had ended"},
	};
	struct job_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		TAKE(NULL, NULL, .exit_code = rows[i].exit_code, .said = rows[i].said);
		assert_string_equal(result.status, rows[i].status);
		assert_int_equal(result.exit_code, rows[i].exit_code);
		assert_string_equal(result.reason, rows[i].reason);
		assert_non_null(strstr(result.reasons.bytes, rows[i].reason));
		assert_int_equal(result.figures_n, 0);
		job_result_fini(&result);
	}
}

static void
test_a_result_that_was_made_of_a_journal_is_no_verdict_but_has_figures(void **state)
{
	struct job_result result;

	(void)state;
	TAKE(PASSED, NULL, .exit_code = 137, .was_finished = true, .said = "brunt: something\n");
	assert_true(result.has_result);
	assert_string_equal(result.status, "crashed");
	assert_int_equal(result.exit_code, 137);
	assert_non_null(strstr(result.reason, "made of what it had written"));
	assert_int_equal(result.figures_n, 1);
	assert_true(result.run.is_lost); /* what it had measured by then says nothing of the whole */
	job_result_fini(&result);
	TAKE(PASSED, NULL, .exit_code = -1, .was_finished = true);
	assert_string_equal(result.status, "interrupted");
	assert_non_null(strstr(result.reason, "made of what it had written"));
	job_result_fini(&result);
}

static void
test_why_the_operator_had_it_stopped_goes_before_its_own_reasons(void **state)
{
	struct job_result result;

	(void)state;
	TAKE(PASSED, NULL, .exit_code = 143, .excess = "too \"long\"");
	assert_string_equal(result.status, "pass");
	assert_string_equal(result.reason, "too \"long\"");
	assert_string_equal(result.reasons.bytes, "[\"too \\\"long\\\"\"]");
	job_result_fini(&result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run_ended_as_its_result_says_whatever_was_heard),
		cmocka_unit_test(test_a_suite_that_was_cut_off_has_no_result),
		cmocka_unit_test(test_results_that_say_nothing_are_none),
		cmocka_unit_test(test_without_a_result_the_way_its_process_ended_is_told),
		cmocka_unit_test(test_a_result_that_was_made_of_a_journal_is_no_verdict_but_has_figures),
		cmocka_unit_test(test_why_the_operator_had_it_stopped_goes_before_its_own_reasons),
	};

	if (mkdtemp(dir) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	(void)file_remove_tree(dir);
	return failed;
}
