#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/check.h"
#include "judge/student.h"

/* Made with scipy 1.10: stats.t.ppf(1 - p / 2, df) and 2 * stats.t.sf(t, df). */
static const struct bound {
	double p, df, t;
} bounds[] = {
	{0.05, 1, 12.706204736174694},
	{0.05, 2, 4.302652729749462},
	{0.05, 3.2, 3.07282892971337},
	{0.05, 8, 2.306004135204166},
	{0.05, 38, 2.024394164575137},
	{0.01, 18, 2.878440472738608},
	{0.05, 1e5, 1.9599877075},
};

static void
test_bounds_are_those_of_the_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		double t = student_bound(bounds[i].p, bounds[i].df);

		if (fabs(t / bounds[i].t - 1) > 1e-6)
			fail_msg("p %g, df %g: %.9g, not %.9g", bounds[i].p, bounds[i].df, t, bounds[i].t);
		assert_true(fabs(student_two_sided(t, bounds[i].df) / bounds[i].p - 1) < 1e-9);
	}
}

static void
test_far_out_is_rare_and_never_less_than_impossible(void **state)
{
	(void)state;
	assert_true(student_two_sided(0, 5) == 1);
	assert_true(fabs(student_two_sided(10, 8) / 8.488182e-06 - 1) < 1e-5);
	assert_true(student_two_sided(1e6, 8) > 0);
	assert_true(student_two_sided(INFINITY, 8) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_are_those_of_the_tables),
		cmocka_unit_test(test_far_out_is_rare_and_never_less_than_impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
