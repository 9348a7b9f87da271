/* The exact binomial interval against values that are published, that follow in closed form, or that come from summing
 * the binomial distribution itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/check.h"
#include "judge/binomial.h"

static void
near(double value, double wanted, double tolerance)
{
	if (!(fabs(value - wanted) <= tolerance))
		fail_msg("%.12g is not %.12g", value, wanted);
}

/* Two-sided 95% limits of Clopper and Pearson, as their tables and every handbook have them. */
static void
test_interval_is_the_tables(void **state)
{
	static const struct {
		uint64_t k, n;
		double low, high;
	} rows[] = {
		{0, 10, 0, 0.30850},
		{1, 10, 0.00253, 0.44502},
		{5, 10, 0.18709, 0.81291},
		{10, 10, 0.69150, 1},
		{1, 100, 0.00025, 0.05446},
		{10, 100, 0.04900, 0.17622},
		{50, 100, 0.39832, 0.60168},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double interval[2];

		binomial_interval(rows[i].k, rows[i].n, 0.95, interval);
		near(interval[0], rows[i].low, 0.5e-5);
		near(interval[1], rows[i].high, 0.5e-5);
	}
}

/* No event of n: (1 − high)ⁿ = α/2, and the mirror of it. */
static void
test_interval_without_events_is_closed(void **state)
{
	static const uint64_t sizes[] = {1, 20, 3800, 1000000, UINT64_C(1000000000)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		double interval[2], high = -expm1(log(0.025) / (double)sizes[i]);

		binomial_interval(0, sizes[i], 0.95, interval);
		assert_true(interval[0] == 0);
		near(interval[1] / high, 1, 1e-6);
		binomial_interval(sizes[i], sizes[i], 0.95, interval);
		near((1 - interval[0]) / high, 1, 1e-6);
		assert_true(interval[1] == 1);
	}
}

/* P(X ≤ k) by adding up the distribution. */
static double
at_most(uint64_t k, uint64_t n, double p)
{
	double sum = 0;

	for (uint64_t i = 0; i <= k; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) +
			   (double)i * log(p) + (double)(n - i) * log1p(-p));
	return sum;
}

static void
test_each_bound_leaves_half_of_the_doubt(void **state)
{
	static const struct {
		uint64_t k, n;
	} rows[] = {{1, 20}, {19, 20}, {7, 333}, {330, 333}, {667, 4600}, {460, 4600}, {31, 100000}, {9000, 100000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double interval[2];

		binomial_interval(rows[i].k, rows[i].n, 0.99, interval);
		near(1 - at_most(rows[i].k - 1, rows[i].n, interval[0]), 0.005, 1e-7);
		near(at_most(rows[i].k, rows[i].n, interval[1]), 0.005, 1e-7);
	}
}

static void
test_nothing_tried_says_nothing(void **state)
{
	double interval[2];

	(void)state;
	binomial_interval(0, 0, 0.95, interval);
	assert_true(isnan(interval[0]) && isnan(interval[1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_is_the_tables),
		cmocka_unit_test(test_interval_without_events_is_closed),
		cmocka_unit_test(test_each_bound_leaves_half_of_the_doubt),
		cmocka_unit_test(test_nothing_tried_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
