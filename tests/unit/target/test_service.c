#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "target/service.h"

#define DRAWS 200000

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
draw(const struct service *s, uint64_t seed, int64_t *sorted, double *mean)
{
	double sum = 0;

	for (uint64_t k = 0; k < DRAWS; k++) {
		sorted[k] = service_ns(s, seed, k);
		sum += (double)sorted[k];
	}
	*mean = sum / DRAWS;
	qsort(sorted, DRAWS, sizeof(*sorted), compare);
}

/* Standard error of the mean of n exponentials is 1/sqrt(n) = 0.22%; 1% is over four of them. */
static void
test_exponential_has_its_mean_and_quantiles(void **state)
{
	(void)state;
	static int64_t sorted[DRAWS];
	struct service s;
	struct error err = {0};
	double mean;

	assert_true(service_parse("exponential:5ms", &s, &err));
	draw(&s, 1, sorted, &mean);
	assert_true(fabs(mean / 5e6 - 1) < 0.01);
	assert_true(fabs((double)sorted[DRAWS / 2] / (5e6 * log(2)) - 1) < 0.015);
	assert_true(fabs((double)sorted[DRAWS / 100 * 99] / (5e6 * log(100)) - 1) < 0.03);
}

static void
test_lognormal_has_its_median_sigma_and_mean(void **state)
{
	(void)state;
	static int64_t sorted[DRAWS];
	struct service s;
	struct error err = {0};
	double mean;

	assert_true(service_parse("lognormal:5ms:0.5", &s, &err));
	draw(&s, 7, sorted, &mean);
	assert_true(fabs((double)sorted[DRAWS / 2] / 5e6 - 1) < 0.01);
	assert_true(fabs(mean / (5e6 * exp(0.125)) - 1) < 0.01);
	assert_true(fabs(service_mean_ns(&s) / (5e6 * exp(0.125)) - 1) < 1e-9);
	/* One sigma up is the 84.13th percentile. */
	assert_true(fabs((double)sorted[(size_t)(DRAWS * 0.8413)] / (5e6 * exp(0.5)) - 1) < 0.015);
}

static void
test_draws_depend_on_seed_and_number_alone(void **state)
{
	(void)state;
	const struct service s = {SERVICE_EXPONENTIAL, 5 * NS_PER_MS, 0};
	int64_t late = service_ns(&s, 1, 100);

	for (uint64_t k = 0; k < 50; k++)
		(void)service_ns(&s, 1, k);
	assert_int_equal(service_ns(&s, 1, 100), late);
	assert_int_not_equal(service_ns(&s, 2, 100), late);
	assert_int_not_equal(service_ns(&s, 1, 101), late);
}

static void
test_service_times_are_read(void **state)
{
	(void)state;
	struct error err = {0};
	struct service s;

	assert_true(service_parse("5ms", &s, &err));
	assert_int_equal(s.kind, SERVICE_CONSTANT);
	assert_int_equal(service_ns(&s, 9, 9), 5 * NS_PER_MS);
	assert_true(service_parse("constant:250us", &s, &err));
	assert_int_equal(s.scale_ns, 250000);
	assert_true(service_parse("0", &s, &err));
	assert_int_equal(s.scale_ns, 0);
}

static void
test_what_is_no_service_time_is_refused_with_a_sentence(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "5", "-5ms", "fast", "exponential:", "exponential:5", "lognormal:5ms",
		"lognormal:5ms:", "lognormal:5ms:x", "lognormal:5ms:-1", "lognormal:5ms:nan", "lognormal:5ms:0.5x",
		"lognormal::1", "normal:5ms", "2h"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};
		struct service s = {0};

		if (service_parse(wrong[i], &s, &err))
			fail_msg("'%s' was taken", wrong[i]);
		assert_true(error_is_set(&err));
		assert_int_equal(s.scale_ns, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exponential_has_its_mean_and_quantiles),
		cmocka_unit_test(test_lognormal_has_its_median_sigma_and_mean),
		cmocka_unit_test(test_draws_depend_on_seed_and_number_alone),
		cmocka_unit_test(test_service_times_are_read),
		cmocka_unit_test(test_what_is_no_service_time_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
