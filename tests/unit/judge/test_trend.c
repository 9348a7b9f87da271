#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/check.h"
#include "judge/sustained.h"
#include "judge/trend.h"

#define N 40

static void
fill_x(double x[N])
{
	for (size_t i = 0; i < N; i++)
		x[i] = (double)i;
}

/* Up and down by turns, so that neighbours are never alike. */
static double
wobble(size_t i)
{
	static const double noise[] = {0.3, -1.1, 0.8, -0.4, 1.3, -0.9, 0.2, -1.2, 1.0};

	return noise[i % 9];
}

static void
assert_near(double actual, double wanted, double by)
{
	if (!(fabs(actual - wanted) <= by))
		fail_msg("%.17g is not within %g of %g", actual, by, wanted);
}

static void
test_a_straight_line_is_found_exactly(void **state)
{
	double x[N], y[N];
	struct trend t;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++)
		y[i] = 7 + 2 * x[i];
	assert_true(trend_find(&t, x, y, N));
	assert_near(t.slope, 2, 1e-12);
	assert_near(t.intercept, 7, 1e-9);
	assert_near(t.ci[0], 2, 1e-12);
	assert_near(t.ci[1], 2, 1e-12);
	assert_true(t.p < 1e-6);
	assert_near(t.rising, N * (N - 1) / 2.0, 0);
}

static void
test_equal_values_have_no_trend(void **state)
{
	double x[N], y[N];
	struct trend t;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++)
		y[i] = 5;
	assert_true(trend_find(&t, x, y, N));
	assert_true(t.slope == 0 && t.ci[0] == 0 && t.ci[1] == 0 && t.p == 1 && t.variance == 0);
}

static void
test_one_wild_value_moves_nothing(void **state)
{
	double x[N], y[N];
	struct trend t;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++)
		y[i] = 100 + wobble(i) + (i == N - 3 ? 1e6 : 0);
	assert_true(trend_find(&t, x, y, N));
	assert_true(fabs(t.slope) < 0.05);
	assert_true(t.p > 0.2);
}

static void
test_alike_neighbours_widen_what_can_be_said(void **state)
{
	double x[N], even[N], slow[N];
	struct trend a, b;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++) {
		even[i] = wobble(i);
		slow[i] = sin((double)i / 4);
	}
	assert_true(trend_find(&a, x, even, N));
	assert_true(trend_find(&b, x, slow, N));
	assert_true(a.alike == 0 && b.alike > 0.7);
	assert_true(b.widening > 3 && b.df < 10);
	assert_true(b.p > 0.05);
}

static void
test_too_few_values_say_nothing(void **state)
{
	double x[N], y[N] = {0};
	struct trend t;
	struct drift d;

	(void)state;
	fill_x(x);
	assert_false(trend_find(&t, x, y, TREND_POINTS_MIN - 1));
	assert_true(trend_find(&t, x, y, TREND_POINTS_MIN));
	assert_false(drift_find(&d, x, y, SUSTAINED_WINDOWS_MIN - 1));
	assert_true(isnan(drift_value(&d)));
	assert_true(drift_find(&d, x, y, SUSTAINED_WINDOWS_MIN));
}

static void
test_a_change_is_a_share_of_where_the_line_begins(void **state)
{
	double x[N], y[N];
	struct drift d;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++)
		y[i] = 100 + x[i] + 0.2 * wobble(i);
	assert_true(drift_find(&d, x, y, N));
	assert_true(d.is_trend);
	assert_near(d.change, 0.39, 0.01);
	assert_true(d.change_ci[0] < 0.39 && d.change_ci[1] > 0.385);
	assert_near(drift_value(&d), d.change, 0);
	for (size_t i = 0; i < N; i++)
		y[i] = 100 + wobble(i);
	assert_true(drift_find(&d, x, y, N));
	assert_false(d.is_trend);
	assert_true(drift_value(&d) == 0 && fabs(d.change) < 0.05);
}

static enum memory_course
course_of(double (*memory)(double share))
{
	double x[N], y[N];
	struct drift d;

	fill_x(x);
	for (size_t i = 0; i < N; i++)
		y[i] = 1e6 * memory((double)i / N) + 2e6 * wobble(i);
	return memory_course_find(&d, x, y, N);
}

static double
leaks(double share)
{
	return 100 + 10 * share;
}

static double
leaks_late(double share)
{
	return 100 + (share > 0.3 ? 10 * (share - 0.3) : 0);
}

static double
warms_up(double share)
{
	return 110 - 10 * exp(-4 * share);
}

static double
warms_up_and_stops(double share)
{
	return 100 + 20 * fmin(share, 0.3);
}

static double
steps_up_once(double share)
{
	return share < 0.4 ? 100 : 105;
}

static double
stays(double share)
{
	(void)share;
	return 100;
}

static double
shrinks(double share)
{
	return 100 - 10 * share;
}

static void
test_growth_is_a_leak_only_if_it_does_not_end(void **state)
{
	(void)state;
	assert_int_equal(course_of(leaks), MEMORY_LEAK);
	assert_int_equal(course_of(leaks_late), MEMORY_LEAK);
	assert_int_equal(course_of(warms_up_and_stops), MEMORY_WARM_UP);
	/* A curve leaves of a line so much that is alike that it may be no trend at all. */
	assert_true(course_of(warms_up) == MEMORY_WARM_UP || course_of(warms_up) == MEMORY_FLAT);
	assert_true(course_of(steps_up_once) == MEMORY_WARM_UP || course_of(steps_up_once) == MEMORY_FLAT);
	assert_int_equal(course_of(stays), MEMORY_FLAT);
	assert_int_equal(course_of(shrinks), MEMORY_SHRINKS);
}

/* A line leaves a curve over, whose neighbours are as alike as can be: but hardly anything ever falls. */
static void
test_a_leak_that_is_no_straight_line_is_one(void **state)
{
	double x[N], faster[N], slower[N];
	struct drift d;

	(void)state;
	fill_x(x);
	for (size_t i = 0; i < N; i++) {
		faster[i] = 50e6 + 80e6 * pow((double)i / N, 1.3);
		slower[i] = 50e6 + 80e6 * pow((double)i / N, 0.8);
	}
	assert_int_equal(memory_course_find(&d, x, faster, N), MEMORY_LEAK);
	assert_int_equal(memory_course_find(&d, x, slower, N), MEMORY_LEAK);
}

static void
test_growth_counts_only_where_it_is_a_leak(void **state)
{
	struct sustained s = {.memory = {.windows = 40, .first = 200, .per_h = 10}};

	(void)state;
	assert_true(isnan(sustained_memory_growth(&s)));
	s.memory_course = MEMORY_WARM_UP;
	assert_true(sustained_memory_growth(&s) == 0 && sustained_memory_slope(&s) == 0);
	s.memory_course = MEMORY_LEAK;
	assert_near(sustained_memory_growth(&s), 0.05, 1e-12);
	assert_near(sustained_memory_slope(&s), 10, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_straight_line_is_found_exactly),
		cmocka_unit_test(test_equal_values_have_no_trend),
		cmocka_unit_test(test_one_wild_value_moves_nothing),
		cmocka_unit_test(test_alike_neighbours_widen_what_can_be_said),
		cmocka_unit_test(test_too_few_values_say_nothing),
		cmocka_unit_test(test_a_change_is_a_share_of_where_the_line_begins),
		cmocka_unit_test(test_growth_is_a_leak_only_if_it_does_not_end),
		cmocka_unit_test(test_a_leak_that_is_no_straight_line_is_one),
		cmocka_unit_test(test_growth_counts_only_where_it_is_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
