#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/units.h"
#include "load/think.h"

#define DRAWS 20000

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Sorted. */
static int64_t *
draw_many(const struct plan_think *think)
{
	int64_t *drawn = must_calloc(DRAWS, sizeof(*drawn));

	for (uint64_t i = 0; i < DRAWS; i++)
		drawn[i] = think_ns(think, 42, i / 10, i % 10);
	qsort(drawn, DRAWS, sizeof(*drawn), compare);
	return drawn;
}

static double
mean_of(const int64_t *drawn)
{
	double sum = 0;

	for (size_t i = 0; i < DRAWS; i++)
		sum += (double)drawn[i];
	return sum / DRAWS;
}

/* Within four standard errors: the draws are the same in every run. */
static void
check_near(double value, double wanted, double deviation)
{
	if (fabs(value - wanted) > 4 * deviation / sqrt(DRAWS))
		fail_msg("%g is not %g", value, wanted);
}

static void
test_a_constant_is_itself(void **state)
{
	const struct plan_think think = {.kind = THINK_CONSTANT, .from_ns = 12345678901};

	(void)state;
	assert_int_equal(think_ns(&think, 1, 2, 3), 12345678901);
}

static void
test_uniform_lies_evenly_between_its_ends(void **state)
{
	const struct plan_think think = {.kind = THINK_UNIFORM, .from_ns = NS_PER_S, .to_ns = 3 * NS_PER_S};
	int64_t *drawn = draw_many(&think);

	(void)state;
	assert_true(drawn[0] >= NS_PER_S && drawn[DRAWS - 1] <= 3 * NS_PER_S);
	check_near(mean_of(drawn), 2e9, 2e9 / sqrt(12));
	for (int i = 1; i < 10; i++)
		assert_true(fabs((double)drawn[DRAWS / 10 * i] - (1e9 + 0.2e9 * i)) < 0.03e9);
	free(drawn);
}

static void
test_exponential_has_the_mean_and_the_median_of_one(void **state)
{
	const struct plan_think think = {.kind = THINK_EXPONENTIAL, .from_ns = NS_PER_S};
	int64_t *drawn = draw_many(&think);

	(void)state;
	check_near(mean_of(drawn), 1e9, 1e9);
	check_near((double)drawn[DRAWS / 2], 1e9 * log(2), 1e9);
	free(drawn);
}

static void
test_lognormal_has_its_median_and_its_sigma(void **state)
{
	const struct plan_think think = {.kind = THINK_LOGNORMAL, .from_ns = NS_PER_S, .sigma = 0.5};
	int64_t *drawn = draw_many(&think);
	double sum = 0, squares = 0;

	(void)state;
	for (size_t i = 0; i < DRAWS; i++) {
		double z = log((double)drawn[i] / 1e9) / 0.5;

		sum += z;
		squares += z * z;
	}
	check_near(sum / DRAWS, 0, 1);
	check_near(squares / DRAWS, 1, sqrt(2));
	free(drawn);
}

static void
test_steps_and_sessions_draw_numbers_of_their_own(void **state)
{
	const struct plan_think think = {.kind = THINK_UNIFORM, .to_ns = NS_PER_S};

	(void)state;
	assert_int_equal(think_ns(&think, 1, 5, 2), think_ns(&think, 1, 5, 2));
	assert_int_not_equal(think_ns(&think, 1, 5, 2), think_ns(&think, 1, 5, 3));
	assert_int_not_equal(think_ns(&think, 1, 5, 2), think_ns(&think, 1, 6, 2));
	assert_int_not_equal(think_ns(&think, 1, 5, 2), think_ns(&think, 2, 5, 2));
}

static void
test_nobody_thinks_for_more_than_a_day(void **state)
{
	const struct plan_think think = {.kind = THINK_EXPONENTIAL, .from_ns = FLOW_THINK_CEILING_NS};
	int64_t *drawn = draw_many(&think);

	(void)state;
	assert_int_equal(drawn[DRAWS - 1], FLOW_THINK_CEILING_NS);
	assert_true(drawn[0] >= 0);
	free(drawn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_constant_is_itself),
		cmocka_unit_test(test_uniform_lies_evenly_between_its_ends),
		cmocka_unit_test(test_exponential_has_the_mean_and_the_median_of_one),
		cmocka_unit_test(test_lognormal_has_its_median_and_its_sigma),
		cmocka_unit_test(test_steps_and_sessions_draw_numbers_of_their_own),
		cmocka_unit_test(test_nobody_thinks_for_more_than_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
