#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "load/schedule.h"
#include "unit/load/plans.h"

#define SECOND NS_PER_S

/* Replays the text as a trace with the given further keys. */
static struct plan *
trace_of(const char *text, const char *keys, struct error *err)
{
	char path[] = "/tmp/brunt-trace-XXXXXX", load[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(load, sizeof(load), "{trace: {%s file: %s}}", keys, path);
	struct plan *plan = plan_of(load, err);

	unlink(path);
	return plan;
}

static void
assert_trace(const char *text, const char *keys, const int64_t *due_ns, size_t n, int64_t end_ns)
{
	struct error err = {0};
	struct plan *plan = trace_of(text, keys, &err);
	struct schedule_cursor cursor = {0};
	struct schedule s;
	struct arrival a;

	if (plan == NULL)
		fail_msg("%s", err.message);
	schedule_init(&s, &plan->scenarios[0].load, 1);
	for (size_t i = 0; i < n; i++, schedule_advance(&s, &cursor)) {
		assert_true(schedule_peek(&s, &cursor, &a));
		assert_int_equal(a.due_ns, due_ns[i]);
	}
	assert_false(schedule_peek(&s, &cursor, &a));
	assert_int_equal(schedule_end_ns(&s), end_ns);
	plan_free(plan);
}

static void
test_a_trace_is_replayed_as_it_was_recorded(void **state)
{
	const int64_t seconds[] = {0, 500000000, 500000000, 2000000000},
		      at_double[] = {0, 250000000, 250000000, 1000000000};
	const int64_t epoch[] = {0, 1, 1000000000};

	(void)state;
	assert_trace("# arrivals\n0\n0.5\n\n  0.5 GET /\r\n2,x # late\n", "", seconds, 4, 2666666666);
	assert_trace("10\n10.5\n10.5\n12", "speed: 2,", at_double, 4, 1333333333);
	assert_trace("1700000000.123456788\n1700000000.123456789\n1700000001.123456788\n", "", epoch, 3, 1500000000);
	assert_trace(
		"1700000000123456788\n1700000000123456789\n1700000001123456788\n", "unit: ns,", epoch, 3, 1500000000);
	assert_trace("7", "", epoch, 1, SECOND);
	assert_trace("7\n7\n", "unit: ms,", (int64_t[]){0, 0}, 2, 1);
}

static void
test_a_line_of_a_trace_may_name_its_request(void **state)
{
	static const char text[] = "# time request\n0 buy\n0.5\tbrowse # by hand\n\n0.5,buy\n2 browse x\n";
	static const char *const named[] = {"buy", "browse", "buy", "browse"};
	struct error err = {0};
	struct plan *plan = trace_of(text, "named: true,", &err);
	struct schedule_cursor cursor = {0};
	struct schedule s;
	struct arrival a;

	(void)state;
	if (plan == NULL)
		fail_msg("%s", err.message);
	plan->scenarios[0].load.warmup_ns = SECOND; /* whose arrivals have no line */
	schedule_init(&s, &plan->scenarios[0].load, 1);
	s.shards = 2;
	s.shard = 1;
	assert_int_equal(s.shape->names_count(s.params), 2);
	for (size_t i = 0; schedule_peek(&s, &cursor, &a); schedule_advance(&s, &cursor)) {
		if (a.is_warmup)
			continue;
		i = a.of_shape;
		assert_string_equal(s.shape->name_at(s.params, s.shape->name_of(s.params, i)), named[i]);
	}
	assert_int_equal(s.shape->name_of(s.params, 4), SIZE_MAX);
	plan_free(plan);
}

static void
test_names_in_a_trace_must_be_of_requests_that_are_there(void **state)
{
	static const char *const bad[][3] = {
		{"0 a\n1\n", "named: true,", "line 2 of the file names no request"},
		{"0\n1\n", "named: true,", "its lines do not name requests"},
		{"0 a\n1 nobody\n", "named: true,", "a line names 'nobody', and there is no such request"},
	};
	struct error err = {0};
	struct plan *plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err = (struct error){0};
		plan = trace_of(bad[i][0], bad[i][1], &err);
		if (plan != NULL)
			assert_false(schedule_check(plan, &err));
		if (strstr(err.message, bad[i][2]) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, bad[i][2]);
		plan_free(plan);
	}
	err = (struct error){0};
	plan = trace_of("0 a\n1 a\n", "named: true,", &err);
	assert_non_null(plan);
	assert_true(schedule_check(plan, &err));
	plan_free(plan);
	plan = trace_of("0 nobody\n1\n", "", &err); /* words that are of no interest */
	assert_non_null(plan);
	assert_true(schedule_check(plan, &err));
	plan_free(plan);
}

static void
test_a_trace_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"", "no timestamps"},
		{"# nothing\n\n", "no timestamps"},
		{"1\n3\n2\n", "sort"},
		{"1\nnoon\n", "noon"},
		{"-1\n", "-1"},
		{"1e3\n", "1e3"},
		{"nan\n", "nan"},
		{"99999999999999999999\n", "not a timestamp"},
		{"0\n99999999\n", "year"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = {0};

		if (trace_of(bad[i].text, "", &err) != NULL)
			fail_msg("accepted: %s", bad[i].text);
		if (strstr(err.message, bad[i].word) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, bad[i].word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_trace_is_replayed_as_it_was_recorded),
		cmocka_unit_test(test_a_line_of_a_trace_may_name_its_request),
		cmocka_unit_test(test_names_in_a_trace_must_be_of_requests_that_are_there),
		cmocka_unit_test(test_a_trace_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
