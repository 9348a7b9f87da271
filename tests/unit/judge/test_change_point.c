#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/check.h"
#include "judge/change_point.h"

#define N 40

/* Up and down by turns, so that neighbours are never alike. */
static double
wobble(size_t i)
{
	static const double noise[] = {0.3, -1.1, 0.8, -0.4, 1.3, -0.9, 0.2, -1.2, 1.0};

	return noise[i % 9];
}

static void
fill(double values[N], size_t step_at, double step)
{
	for (size_t i = 0; i < N; i++)
		values[i] = 100 + wobble(i) + (i >= step_at ? step : 0);
}

static void
test_a_step_is_dated_and_measured(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	fill(values, 25, -10);
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 1);
	assert_int_equal(found[0].at, 25);
	assert_true(found[0].first <= 25 && found[0].last >= 25 && found[0].last - found[0].first <= 2);
	assert_true(fabs(found[0].delta + 10) < 0.5);
	assert_true(found[0].ci[0] < -9.5 && found[0].ci[0] > -12 && found[0].ci[1] > -10.5 && found[0].ci[1] < -8);
	assert_true(fabs(found[0].before - 100) < 1 && fabs(found[0].after - 90) < 1);
	assert_true(found[0].p < 0.002);
}

static void
test_a_step_that_was_taken_back_is_two(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	fill(values, N, 0);
	for (size_t i = 14; i < 22; i++)
		values[i] += 6;
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 2);
	assert_int_equal(found[0].at, 14);
	assert_int_equal(found[1].at, 22);
	assert_true(found[0].delta > 5 && found[1].delta < -5);
}

static void
test_what_is_level_has_no_steps(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	fill(values, N, 0);
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 0);
	for (size_t i = 0; i < N; i++)
		values[i] = 7;
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 0);
}

static void
test_one_or_two_wild_runs_are_no_step(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	fill(values, N, 0);
	values[30] = 1e9;
	values[31] = 1e9;
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 0);
	/* Nor do they move one that is there. */
	fill(values, 12, 10);
	values[30] = 1e9;
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 1);
	assert_int_equal(found[0].at, 12);
	assert_true(fabs(found[0].delta - 10) < 0.7);
}

static void
test_the_newest_runs_are_told_from_the_old_as_soon_as_there_are_enough(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	fill(values, N - 2, 20);
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 0);
	fill(values, N - 3, 20);
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 1);
	assert_int_equal(found[0].at, N - 3);
}

static void
test_a_slow_wave_is_no_step(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double values[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		values[i] = sin((double)i / 3);
	assert_int_equal(change_point_find(values, N, CHANGE_P, found), 0);
}

static void
test_too_short_a_history_says_nothing(void **state)
{
	struct change_point found[CHANGE_STEPS_MAX];
	const double values[] = {1, 1.1, 1.2, 9, 9.1, 9.2, 9.3};
	double r;
	size_t at;

	(void)state;
	assert_int_equal(change_point_find(values, ARRAY_LEN(values), 1, found), 0);
	assert_int_equal(change_point_find(values, 0, 1, found), 0);
	assert_true(change_point_statistic(values, ARRAY_LEN(values), &r, &at) == 0);
}

static void
test_of_a_long_history_the_newest_part_is_looked_at(void **state)
{
	static double values[CHANGE_RUNS_MAX + 100];
	struct change_point found[CHANGE_STEPS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		values[i] = wobble(i) + (i < 80 ? 50 : 0) + (i >= 400 ? 10 : 0);
	assert_int_equal(change_point_find(values, ARRAY_LEN(values), CHANGE_P, found), 1);
	assert_int_equal(found[0].at, 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_step_is_dated_and_measured),
		cmocka_unit_test(test_a_step_that_was_taken_back_is_two),
		cmocka_unit_test(test_what_is_level_has_no_steps),
		cmocka_unit_test(test_one_or_two_wild_runs_are_no_step),
		cmocka_unit_test(test_the_newest_runs_are_told_from_the_old_as_soon_as_there_are_enough),
		cmocka_unit_test(test_a_slow_wave_is_no_step),
		cmocka_unit_test(test_too_short_a_history_says_nothing),
		cmocka_unit_test(test_of_a_long_history_the_newest_part_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
