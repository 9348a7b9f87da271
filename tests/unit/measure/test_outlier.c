#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "base/units.h"
#include "measure/outlier.h"

static void
add_normal(struct histogram *h, double mean_ns, double sigma_ns, int n)
{
	for (int i = 0; i < n; i++) {
		double radius = sqrt(-2 * log(rng_unit_at(1, 1, (uint64_t)i)));

		histogram_record(
			h, (int64_t)(mean_ns + sigma_ns * radius * cos(2 * M_PI * rng_unit_at(1, 2, (uint64_t)i))));
	}
}

/* 0.27% of a normal distribution lie beyond 3 σ. */
static void
test_few_of_normal_samples_lie_outside_whatever_the_reference(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	add_normal(&h, 10e6, 1e6, 100000);
	assert_true(fabs(outlier_share(&h, NULL) - 0.0027) < 0.0006);
	assert_true(fabs(outlier_share(&h, &h) - 0.0027) < 0.0006);
	histogram_fini(&h);
}

/* A fifth of spikes would widen the run's own σ until few of them lie outside of it. */
static void
test_spikes_do_not_hide_behind_the_spread_that_they_make(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	add_normal(&h, 10e6, 1e6, 80000);
	histogram_record_n(&h, 25 * NS_PER_MS, 20000);
	assert_true(outlier_share(&h, &h) < 0.001);
	assert_true(fabs(outlier_share(&h, NULL) - 0.2) < 0.003);
	histogram_fini(&h);
}

static void
test_a_baseline_says_what_is_far_out(void **state)
{
	struct histogram baseline, h;

	(void)state;
	histogram_init(&baseline);
	histogram_init(&h);
	add_normal(&baseline, 10e6, 1e6, 50000);
	histogram_record_n(&h, 10 * NS_PER_MS, 88);
	histogram_record_n(&h, 14 * NS_PER_MS, 10);
	histogram_record_n(&h, 5 * NS_PER_MS, 2); /* below it as well */
	assert_true(fabs(outlier_share(&h, &baseline) - 0.12) < 1e-9);
	histogram_fini(&baseline);
	histogram_fini(&h);
}

static void
test_samples_that_are_all_alike_have_no_spikes(void **state)
{
	struct histogram h, empty;

	(void)state;
	histogram_init(&h);
	histogram_init(&empty);
	histogram_record_n(&h, 12345678, 50);
	assert_true(outlier_share(&h, NULL) == 0);
	assert_true(isnan(outlier_share(&empty, NULL)));
	assert_true(isnan(outlier_share(&h, &empty)));
	histogram_record(&h, 0);
	assert_true(fabs(outlier_share(&h, NULL) - 1.0 / 51) < 1e-9);
	histogram_fini(&h);
	histogram_fini(&empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_of_normal_samples_lie_outside_whatever_the_reference),
		cmocka_unit_test(test_spikes_do_not_hide_behind_the_spread_that_they_make),
		cmocka_unit_test(test_a_baseline_says_what_is_far_out),
		cmocka_unit_test(test_samples_that_are_all_alike_have_no_spikes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
