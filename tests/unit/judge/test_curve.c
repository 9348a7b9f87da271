/* What the levels of a load say together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/knee.h"
#include "judge/little.h"
#include "judge/usl.h"
#include "unit/judge/scripted_run.h"

static const double loads[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64};
#define LOADS ARRAY_LEN(loads)

static void
assert_near(double actual, double wanted, double by)
{
	if (!(fabs(actual - wanted) <= by))
		fail_msg("%.17g is not within %g of %g", actual, by, wanted);
}

static void
make_throughput(double lambda, double sigma, double kappa, double achieved[LOADS])
{
	struct usl truth = {.lambda = lambda, .sigma = sigma, .kappa = kappa};

	for (size_t i = 0; i < LOADS; i++)
		achieved[i] = usl_throughput(&truth, loads[i]);
}

static void
test_the_law_is_found_in_its_own_curve(void **state)
{
	double achieved[LOADS];
	struct usl usl;

	(void)state;
	make_throughput(50, 0.05, 0.001, achieved);
	usl_fit(&usl, loads, achieved, LOADS);
	assert_string_equal(usl.why_not, "");
	assert_near(usl.lambda, 50, 1e-6);
	assert_near(usl.sigma, 0.05, 1e-8);
	assert_near(usl.kappa, 0.001, 1e-9);
	assert_near(usl.r_squared, 1, 1e-9);
	assert_string_equal(usl.no_peak, "");
	assert_near(usl.peak_load, sqrt(0.95 / 0.001), 1e-3);
	assert_near(usl.peak_per_s, usl_throughput(&usl, usl.peak_load), 1e-9);
}

static void
test_a_peak_far_beyond_what_was_tested_is_not_made_up(void **state)
{
	double achieved[LOADS];
	struct usl usl;

	(void)state;
	make_throughput(50, 0.05, 0.0000475, achieved); /* at 141, of 64 tested */
	usl_fit(&usl, loads, achieved, LOADS);
	assert_string_equal(usl.why_not, "");
	assert_true(isnan(usl.peak_load));
	assert_non_null(strstr(usl.no_peak, "would be at 141"));
}

/* Amdahl's: nothing says that it falls again. */
static void
test_what_only_levels_off_has_no_peak(void **state)
{
	double achieved[LOADS];
	struct usl usl;

	(void)state;
	make_throughput(50, 0.2, 0, achieved);
	usl_fit(&usl, loads, achieved, LOADS);
	assert_string_equal(usl.why_not, "");
	assert_true(isnan(usl.peak_load));
	assert_true(usl.no_peak[0] != '\0');
	assert_near(usl.sigma, 0.2, 1e-3);
	/* And where noise makes a κ of it that is as good as 0. */
	for (size_t i = 0; i < LOADS; i++)
		achieved[i] *= i % 2 == 0 ? 1.03 : 0.97;
	usl_fit(&usl, loads, achieved, LOADS);
	assert_string_equal(usl.why_not, "");
	assert_true(isnan(usl.peak_load));
}

static void
test_what_the_law_does_not_fit_is_not_shown(void **state)
{
	static const double jagged[LOADS] = {50, 20, 80, 10, 90, 15, 60, 30, 70, 5};
	double achieved[LOADS];
	struct usl usl;

	(void)state;
	usl_fit(&usl, loads, jagged, LOADS);
	assert_non_null(strstr(usl.why_not, "does not fit"));
	make_throughput(50, 0, 0, achieved);
	usl_fit(&usl, loads, achieved, LOADS);
	assert_non_null(strstr(usl.why_not, "in proportion"));
	make_throughput(50, 0.05, 0.001, achieved);
	usl_fit(&usl, loads, achieved, 4);
	assert_non_null(strstr(usl.why_not, "it takes 5"));
	/* Five times the same load is one. */
	usl_fit(&usl, (const double[]){3, 3, 3, 3, 3}, achieved, 5);
	assert_non_null(strstr(usl.why_not, "there were 1"));
	usl_fit(&usl, loads, achieved, 0);
	assert_non_null(strstr(usl.why_not, "there were 0"));
}

static void
test_the_knee_is_where_the_curve_bends_upwards(void **state)
{
	static const uint32_t levels[] = {0, 1, 2, 3, 4, 5};
	static const double load[] = {50, 100, 150, 200, 250, 300}, sharp[] = {5, 5, 5.5, 6, 60, 120},
			    even[] = {5, 15, 25, 35, 45, 55}, flat[] = {5, 6, 5, 7, 6, 5},
			    round[] = {1, 1.5, 2.5, 5, 12, 40};
	struct knee knee;

	(void)state;
	knee_find(&knee, levels, load, sharp, 6);
	assert_string_equal(knee.why_not, "");
	assert_int_equal(knee.level, 3);
	assert_true(knee.load == 200 && knee.p95_ns == 6);
	knee_find(&knee, levels, load, round, 6);
	assert_string_equal(knee.why_not, "");
	assert_int_equal(knee.level, 4);
	knee_find(&knee, levels, load, even, 6);
	assert_non_null(strstr(knee.why_not, "evenly"));
	knee_find(&knee, levels, load, flat, 6);
	assert_non_null(strstr(knee.why_not, "double"));
	knee_find(&knee, levels, load, sharp, 4);
	assert_non_null(strstr(knee.why_not, "it takes 5"));
}

/* Times of 5 ms up to a capacity of 100/s, then a queue; memory of 10% of the limit, and 0.1% more for each request/s.
 */
static void
play_levels(struct scripted_run *run)
{
	run_idle(run, 0.1);
	for (double offered = 20; offered <= 120; offered += 20)
		run_play_on(run, (struct step){.offered = offered,
					 .capacity_per_s = 100,
					 .latency_ns = 10 * NS_PER_MS,
					 .memory = 0.1 + 0.001 * offered});
}

static void
test_a_stepped_load_has_a_knee_and_a_line_of_memory(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	play_levels(&run);
	const struct load_curve *c = &conclude(&run)->curve;

	assert_true(c->is_known);
	assert_string_equal(c->knee.why_not, "");
	assert_true(c->knee.load == 100);
	assert_string_equal(c->memory.why_not, "");
	assert_int_equal(c->memory.points, 7);
	assert_near(c->memory.idle_bytes, 0.1 * MEMORY_LIMIT, 1);
	assert_near(c->memory.per_load_bytes, 0.001 * MEMORY_LIMIT, 1);
	assert_near(c->memory.measured_idle_bytes, 0.1 * MEMORY_LIMIT, 1);
	assert_near(c->memory.above_idle_share, 1.2, 1e-6);
	assert_near(c->memory.residual_bytes, 0, 1);
	assert_int_equal(c->little_checked, 6);
	assert_int_equal(c->little_off, 0);
	run_fini(&run);
}

/* What happened to a target that is gone says nothing of the curve of one that is there. */
static void
test_levels_in_which_the_target_died_are_left_out(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	play_levels(&run);
	run_play_on(&run, (struct step){.offered = 140, .memory = 0.9, .gone_at_s = 5});
	const struct load_curve *c = &conclude(&run)->curve;

	assert_int_equal(c->memory.points, 7);
	assert_true(c->memory.most_load == 120);
	run_fini(&run);
}

static void
test_in_flight_is_rate_times_time(void **state)
{
	struct scripted_run run;
	struct little little;

	(void)state;
	run_init(&run, "steps");
	run_play(&run, (struct step){.offered = 100, .latency_ns = 50 * NS_PER_MS});
	struct level_summary level = *summary_level(run.summary, 0);

	little_find(&little, &level, &run.plan);
	assert_true(little.is_checked && little.holds);
	assert_near(little.in_flight, 5, 0.1);
	assert_near(little.most, 5, 0.1);
	assert_true(little.slack < 0.5);
	/* A count that went wrong by one that never ended. */
	level.in_flight_avg += 1;
	little_find(&little, &level, &run.plan);
	assert_true(little.is_checked && !little.holds);
	level.in_flight_avg = 4;
	little_find(&little, &level, &run.plan);
	assert_false(little.holds);
	run_fini(&run);
}

static void
test_timeouts_errors_and_refusals_are_in_the_account(void **state)
{
	static const enum failure kinds[] = {FAILURE_RESPONSE_TIMEOUT, FAILURE_STATUS, FAILURE_CONNECT_TIMEOUT,
		FAILURE_QUEUE_TIMEOUT, FAILURE_RESET, FAILURE_CONNECT_REFUSED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run_play(&run, (struct step){.offered = 100, .bad = {{kinds[i], 200, 1}}, .bad_one_in = 3});
		struct little little;

		little_find(&little, summary_level(run.summary, 0), &run.plan);
		assert_true(little.is_checked);
		if (!little.holds)
			fail_msg("%s: %g in flight, not %g to %g (± %g)", failure_rows[kinds[i]].counter,
				little.in_flight, little.least, little.most, little.slack);
		run_fini(&run);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_law_is_found_in_its_own_curve),
		cmocka_unit_test(test_a_peak_far_beyond_what_was_tested_is_not_made_up),
		cmocka_unit_test(test_what_only_levels_off_has_no_peak),
		cmocka_unit_test(test_what_the_law_does_not_fit_is_not_shown),
		cmocka_unit_test(test_the_knee_is_where_the_curve_bends_upwards),
		cmocka_unit_test(test_a_stepped_load_has_a_knee_and_a_line_of_memory),
		cmocka_unit_test(test_levels_in_which_the_target_died_are_left_out),
		cmocka_unit_test(test_in_flight_is_rate_times_time),
		cmocka_unit_test(test_timeouts_errors_and_refusals_are_in_the_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
