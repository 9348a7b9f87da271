#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/requests.h"
#include "unit/engine/bench.h"

/* Rows that are used once each, and what becomes of arrivals that find none. */

#define ROWS 25

static char path[] = "/tmp/brunt_unique_XXXXXX";

static int
write_rows(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	for (int i = 0; i < ROWS; i++)
		dprintf(fd, "row %d\n", i);
	return fd < 0 || close(fd) != 0;
}

static int
remove_rows(void **state)
{
	(void)state;
	return unlink(path);
}

static const char *
profile_of(const char *load)
{
	static char text[1000];

	snprintf(text, sizeof(text),
		"data: {f: {file: %s, format: lines, order: unique}}\n"
		"scenarios: {s: {load: %s, requests: [{name: root, post: /, body: \"${f.line|base64}\"}]}}\n",
		path, load);
	return text;
}

static void
test_users_end_when_every_row_was_used(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 10ms", profile_of("{concurrency: {users: 4, for: 10s}}"));
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, ROWS);
	assert_int_equal(counts->ok, ROWS);
	bench_fini(&bench);
}

/* How far it climbs is not known beforehand. */
static void
test_arrivals_without_a_row_are_unsent_and_said_to_be(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, profile_of("{steps: {from: 10/s, by: 10/s, every: 1s, to: 30/s}}"));
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 60);
	assert_int_equal(counts->ok, ROWS);
	assert_int_equal(counts->unsent, 60 - ROWS);
	assert_int_equal(counts->by_failure[FAILURE_NO_DATA], 60 - ROWS);
	bench_fini(&bench);
}

static void
check_refused(const char *profile, const char *words)
{
	struct error err = {0};
	struct plan *plan = plan_of(profile);

	assert_false(requests_check(plan, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
	plan_free(plan);
}

static void
test_a_load_that_needs_more_rows_is_refused_before_it_begins(void **state)
{
	struct error err = {0};
	struct plan *plan = plan_of(profile_of("{steady: {rate: 25/s, for: 1s}}"));

	(void)state;
	assert_true(requests_check(plan, &err));
	plan_free(plan);
	check_refused(profile_of("{steady: {rate: 26/s, for: 1s}}"),
		"is 26 arrivals, and the file whose order is unique has 25 rows");
}

static void
test_scenarios_do_not_share_rows_that_are_used_once(void **state)
{
	char text[1000];

	(void)state;
	snprintf(text, sizeof(text),
		"data: {f: {file: %s, format: lines, order: unique}}\nscenarios:\n"
		"  s: {load: {steady: {rate: 1/s, for: 1s}}, requests: [{name: a, post: /, body: \"${f.line}\"}]}\n"
		"  t: {load: {steady: {rate: 1/s, for: 1s}}, requests: [{name: b, post: /, body: \"${f.line}\"}]}\n",
		path);
	check_refused(text, "several scenarios take rows of 'f', which is unique");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_end_when_every_row_was_used),
		cmocka_unit_test(test_arrivals_without_a_row_are_unsent_and_said_to_be),
		cmocka_unit_test(test_a_load_that_needs_more_rows_is_refused_before_it_begins),
		cmocka_unit_test(test_scenarios_do_not_share_rows_that_are_used_once),
	};

	return cmocka_run_group_tests(tests, write_rows, remove_rows);
}
