/* How likely a share is above a bound, by its windows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/check.h"
#include "judge/shares.h"

static double
chance(const double *parts, const double *wholes, size_t n, double bound)
{
	struct shares shares = {.n = 0};

	for (size_t i = 0; i < n; i++)
		shares_add(&shares, parts[i], wholes[i]);
	return shares_chance_above(&shares, bound, 4);
}

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-6))
		fail_msg("%.9f is not %.9f", value, wanted);
}

/* What scipy.stats.t.cdf makes of the same sums. */
static void
test_it_is_what_students_t_makes_of_the_windows(void **state)
{
	const double parts[] = {4, 6, 5, 7, 3, 5}, hundreds[] = {100, 100, 100, 100, 100, 100};
	const double in_one[] = {0, 0, 30, 0, 0, 0, 0, 0, 0, 0};
	const double tens[] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100};

	(void)state;
	near(chance(parts, hundreds, 6, 0.04), 0.9280945956441982);
	near(chance(parts, hundreds, 6, 0.06), 0.07190540435580196);
	near(chance(in_one, tens, 10, 0.01), 0.739146536459292); /* three times the bound, all of it in one window */
}

static void
test_windows_that_go_with_their_neighbours_tell_less(void **state)
{
	const double wave[] = {2, 2, 3, 9, 12, 11, 4, 2}, wholes[] = {80, 90, 100, 110, 120, 110, 100, 90};
	const double mixed[] = {2, 12, 2, 11, 3, 9, 4, 2}, of_mixed[] = {80, 120, 90, 110, 100, 110, 100, 90};

	(void)state;
	near(chance(wave, wholes, 8, 0.05), 0.6077225003882363);
	assert_true(chance(mixed, of_mixed, 8, 0.05) > 0.62); /* the same windows in another order */
}

static void
test_a_share_that_never_changes_is_certain(void **state)
{
	const double parts[] = {5, 5, 5, 5}, none[] = {0, 0, 0, 0}, wholes[] = {100, 100, 100, 100};

	(void)state;
	near(chance(parts, wholes, 4, 0.04), 1);
	near(chance(parts, wholes, 4, 0.06), 0);
	near(chance(none, wholes, 4, 0.01), 0);
}

static void
test_of_few_windows_or_none_with_anything_in_it_nothing_is_said(void **state)
{
	const double parts[] = {1, 2, 3}, wholes[] = {100, 100, 100}, nothing[] = {0, 0, 0, 0};

	(void)state;
	assert_true(isnan(chance(parts, wholes, 3, 0.01)));
	assert_true(isnan(chance(nothing, nothing, 4, 0.01)));
}

/* Of means the parts are values times their weights, which may be below 0. */
static void
test_a_mean_may_be_negative(void **state)
{
	const double parts[] = {-40, -60, -50, -70, -30, -50}, wholes[] = {1, 1, 1, 1, 1, 1};

	(void)state;
	near(chance(parts, wholes, 6, -60), 0.9280945956441982);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_what_students_t_makes_of_the_windows),
		cmocka_unit_test(test_windows_that_go_with_their_neighbours_tell_less),
		cmocka_unit_test(test_a_share_that_never_changes_is_certain),
		cmocka_unit_test(test_of_few_windows_or_none_with_anything_in_it_nothing_is_said),
		cmocka_unit_test(test_a_mean_may_be_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
