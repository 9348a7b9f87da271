#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schedules.h"

static void
test_1000_per_s_for_5_s_is_5000_arrivals_at_whole_ms(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){1000, 5 * SECOND, 0});
	const struct schedule s = schedule_of(&load);
	struct schedule_cursor cursor = {0};
	struct arrival a;
	int64_t n = 0;

	(void)state;
	for (; schedule_peek(&s, &cursor, &a); schedule_advance(&s, &cursor))
		assert_int_equal(a.due_ns, n++ * 1000000);
	assert_int_equal(n, 5000);
	assert_float_equal(schedule_expected(&s), 5000, 0);
}

static void
test_what_is_expected_is_what_comes(void **state)
{
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	for (const struct sample *sample = samples(); sample->shape != NULL; sample++) {
		struct plan_load load = load_of(sample->shape, sample->params);

		load.warmup_ns = 1234567890;
		const struct schedule s = schedule_of(&load);
		double expected = schedule_expected(&s);

		if (expected > 1e6)
			continue;
		assert_float_equal((double)take_all(&s, &warmup_n, &last_ns) + (double)warmup_n, expected, 0);
	}
}

static void
test_count_ends_a_load_exactly_and_gives_it_an_end(void **state)
{
	struct plan_load load = load_of("steady", &(struct steady){300, 0, 1000});
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	struct schedule s = schedule_of(&load);

	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 1000);
	assert_int_equal(s.duration_ns, 3333333333);

	load.spacing = SPACING_POISSON;
	for (uint64_t seed = 0; seed < 20; seed++) {
		schedule_init(&s, &load, seed);
		assert_int_equal(take_all(&s, &warmup_n, &last_ns), 1000);
		assert_true(s.duration_ns > last_ns && s.duration_ns < last_ns + SECOND);
	}

	const struct plan_load both = load_of("steady", &(struct steady){300, SECOND, 1000});

	s = schedule_of(&both);
	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 300);
}

/* Position by arithmetic: a billion arrivals and a year are as exact as the first. */
static void
test_a_long_run_loses_no_ns(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){1e7, YEAR, 0});
	const struct schedule s = schedule_of(&load);
	struct arrival a;

	(void)state;
	for (uint64_t k = 999999999; k < 315360000000000; k += k / 50 + 1) {
		assert_true(schedule_peek(&s, &(struct schedule_cursor){.k = k, .in_shape = true}, &a));
		assert_int_equal(a.due_ns, (int64_t)k * 100);
	}
	assert_true(schedule_peek(&s, &(struct schedule_cursor){.k = 315359999999999, .in_shape = true}, &a));
	assert_false(schedule_peek(&s, &(struct schedule_cursor){.k = 315360000000000, .in_shape = true}, &a));
	assert_float_equal(schedule_expected(&s), 315360000000000, 0);

	/* 7/s is no whole number of ns: the k-th is the nearest. */
	const struct plan_load sevenths = load_of("steady", &(struct steady){7, YEAR, 0});
	const struct schedule slow = schedule_of(&sevenths);

	for (uint64_t k = 1; k < 220752000; k = k * 2 + 1) {
		assert_true(schedule_peek(&slow, &(struct schedule_cursor){.k = k, .in_shape = true}, &a));
		assert_int_equal(a.due_ns, ((int64_t)k * SECOND * 2 + 7) / 14);
	}
}

static void
test_warm_up_runs_at_the_first_level_before_the_shape(void **state)
{
	struct plan_load load = load_of("steps", &(struct steps){50, 50, 150, 2 * SECOND});
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	load.warmup_ns = 3 * SECOND;
	struct schedule s = schedule_of(&load);

	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 600);
	assert_int_equal(warmup_n, 150);
	assert_int_equal(schedule_measured_from_ns(&s), 3 * SECOND);
	assert_int_equal(schedule_end_ns(&s), 9 * SECOND);
	assert_float_equal(schedule_level_at(&s, 0), 50, 0);
	assert_float_equal(schedule_level_at(&s, 9 * SECOND - 1), 150, 0);
	assert_float_equal(schedule_level_at(&s, 9 * SECOND), 0, 0);
	assert_int_equal(schedule_levels_count(&s), 3);
	assert_int_equal(schedule_level_span(&s, 0).start_ns, 3 * SECOND);
	assert_int_equal(schedule_level_span(&s, 2).end_ns, 9 * SECOND);
}

static void
test_warm_up_of_a_load_that_begins_at_0_takes_the_mean_of_its_first_level(void **state)
{
	struct plan_load load = load_of("ramp", RAMP(0, 100, 10 * SECOND));

	(void)state;
	load.warmup_ns = SECOND;
	assert_float_equal(schedule_of(&load).warmup_level, 50, 1e-9);
	load = load_of("steps", &(struct steps){0, 10, 30, SECOND});
	load.warmup_ns = SECOND;
	assert_float_equal(schedule_of(&load).warmup_level, 10, 1e-9);
}

static void
test_warm_up_of_100_requests_is_100_requests(void **state)
{
	struct plan_load load = load_of("steady", &(struct steady){30, 10 * SECOND, 0});
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	load.warmup_requests = 100;
	for (int spacing = SPACING_UNIFORM; spacing <= SPACING_GAMMA; spacing++) {
		load.spacing = spacing;
		load.burstiness = 0.5;
		const struct schedule s = schedule_of(&load);
		uint64_t measured = take_all(&s, &warmup_n, &last_ns);

		assert_int_equal(warmup_n, 100);
		assert_in_range(
			measured, spacing == SPACING_UNIFORM ? 300 : 220, spacing == SPACING_UNIFORM ? 300 : 380);
	}
}

static void
test_the_length_of_a_poisson_warm_up_changes_nothing_that_is_measured(void **state)
{
	struct plan_load load = load_of("steady", &(struct steady){100, 10 * SECOND, 0});
	struct arrival short_one, long_one;

	(void)state;
	load.spacing = SPACING_POISSON;
	load.warmup_ns = SECOND;
	struct schedule s = schedule_of(&load);

	assert_true(schedule_peek(&s, &(struct schedule_cursor){.in_shape = true}, &short_one));
	load.warmup_ns = 7 * SECOND;
	s = schedule_of(&load);
	assert_true(schedule_peek(&s, &(struct schedule_cursor){.in_shape = true}, &long_one));
	assert_int_equal(long_one.due_ns - short_one.due_ns, 6 * SECOND);
	/* Nor does the shape repeat the warm-up's gaps. */
	assert_true(schedule_peek(&s, &(struct schedule_cursor){0}, &short_one));
	assert_int_not_equal(short_one.due_ns, long_one.due_ns - 7 * SECOND);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { GAPS = 20000 };

/* The gaps of a Poisson load at 1000/s, in ms: exponential with mean 1. */
static double *
poisson_gaps(uint64_t seed)
{
	struct plan_load load = load_of("steady", &(struct steady){1000, 3600 * SECOND, 0});
	struct schedule_cursor cursor = {0};
	struct schedule s;
	struct arrival a;
	int64_t before_ns = 0;
	double *gaps = must_calloc(GAPS, sizeof(*gaps));

	load.spacing = SPACING_POISSON;
	schedule_init(&s, &load, seed);
	for (int i = 0; i < GAPS; i++, schedule_advance(&s, &cursor)) {
		assert_true(schedule_peek(&s, &cursor, &a));
		gaps[i] = (double)(a.due_ns - before_ns) / 1e6;
		before_ns = a.due_ns;
	}
	return gaps;
}

/* Kolmogorov-Smirnov: the largest distance between both distribution functions is below 1.63/√n with 99%. */
static void
test_poisson_gaps_are_exponential(void **state)
{
	double *gaps = poisson_gaps(SEED), sum = 0, squares = 0, distance = 0;

	(void)state;
	for (int i = 0; i < GAPS; i++) {
		sum += gaps[i];
		squares += gaps[i] * gaps[i];
	}
	assert_float_equal(sum / GAPS, 1, 4 / sqrt(GAPS));
	assert_float_equal(squares / GAPS - sum / GAPS * (sum / GAPS), 1, 4 * sqrt(8.0 / GAPS));
	qsort(gaps, GAPS, sizeof(*gaps), compare_doubles);
	for (int i = 0; i < GAPS; i++) {
		double expected = 1 - exp(-gaps[i]);

		distance = fmax(distance, fmax(fabs(expected - (double)i / GAPS), fabs((i + 1.0) / GAPS - expected)));
	}
	assert_true(distance < 1.63 / sqrt(GAPS));
	free(gaps);
}

/* Neighbouring gaps know nothing of each other, and counts in windows are as dispersed as their mean. */
static void
test_poisson_arrivals_are_independent(void **state)
{
	enum { WINDOW_MS = 10, WINDOWS = 1900 };
	double *gaps = poisson_gaps(SEED), covariance = 0, t_ms = 0, mean = 0, square = 0;
	int counts[WINDOWS] = {0};

	(void)state;
	for (int i = 0; i < GAPS; i++) {
		t_ms += gaps[i];
		if (t_ms < WINDOW_MS * WINDOWS)
			counts[(int)t_ms / WINDOW_MS]++;
		if (i > 0)
			covariance += (gaps[i] - 1) * (gaps[i - 1] - 1) / (GAPS - 1);
	}
	assert_float_equal(covariance, 0, 4 / sqrt(GAPS));
	assert_true(t_ms > WINDOW_MS * WINDOWS);
	for (int i = 0; i < WINDOWS; i++)
		mean += (double)counts[i] / WINDOWS;
	for (int i = 0; i < WINDOWS; i++)
		square += (counts[i] - mean) * (counts[i] - mean) / (WINDOWS - 1);
	assert_float_equal(square / mean, 1, 4 * sqrt(2.0 / WINDOWS));
	free(gaps);
}

static void
test_a_seed_repeats_its_arrivals_and_another_does_not(void **state)
{
	double *one = poisson_gaps(1), *again = poisson_gaps(1), *other = poisson_gaps(2);

	(void)state;
	assert_memory_equal(one, again, GAPS * sizeof(*one));
	assert_true(memcmp(one, other, GAPS * sizeof(*one)) != 0);
	free(one);
	free(again);
	free(other);
}

/* Bursts and traces come when they say, whatever the spacing. */
static void
test_poisson_spacing_leaves_given_moments_alone(void **state)
{
	struct plan_load load = load_of("burst", &(struct burst){100, 3, 10 * SECOND});
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	load.spacing = SPACING_POISSON;
	const struct schedule s = schedule_of(&load);

	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 300);
	assert_int_equal(last_ns, 20 * SECOND);
}

static void
check_shards(struct plan_load *load, uint32_t shards)
{
	const struct schedule whole = schedule_of(load);
	struct schedule_cursor cursor = {0}, cursors[8] = {0};
	struct schedule parts[8];
	struct arrival a, b;

	for (uint32_t i = 0; i < shards; i++) {
		parts[i] = schedule_of(load);
		parts[i].shard = i;
		parts[i].shards = shards;
	}
	for (; schedule_peek(&whole, &cursor, &a); schedule_advance(&whole, &cursor)) {
		uint32_t i = (uint32_t)(a.k % shards);

		assert_true(schedule_peek(&parts[i], &cursors[i], &b));
		assert_memory_equal(&a, &b, offsetof(struct arrival, is_warmup) + sizeof(a.is_warmup));
		schedule_advance(&parts[i], &cursors[i]);
	}
	for (uint32_t i = 0; i < shards; i++)
		assert_false(schedule_peek(&parts[i], &cursors[i], &b));
}

static void
test_shards_together_are_the_whole(void **state)
{
	(void)state;
	for (int spacing = SPACING_UNIFORM; spacing <= SPACING_GAMMA; spacing++)
		for (uint32_t shards = 1; shards <= 7; shards += 3) {
			struct plan_load load =
				load_of("spike", &(struct spike){10, 333, SECOND, SECOND, SECOND, 2, 2 * SECOND});

			load.spacing = spacing;
			load.burstiness = 0.5;
			load.warmup_ns = 1300000000;
			check_shards(&load, shards);
			load = load_of("steady", &(struct steady){100, 0, 501});
			load.spacing = spacing;
			load.burstiness = 0.5;
			load.warmup_requests = 11;
			check_shards(&load, shards);
		}
}

static void
test_users_have_levels_but_no_arrivals(void **state)
{
	struct plan_load load = load_of("steps", &(struct steps){10, 10, 30, SECOND});
	struct schedule_cursor cursor = {0};
	struct arrival a;

	(void)state;
	load.in_users = true;
	load.warmup_ns = SECOND;
	struct schedule s = schedule_of(&load);

	assert_false(schedule_peek(&s, &cursor, &a));
	assert_float_equal(schedule_level_at(&s, SECOND / 2), 10, 0);
	assert_float_equal(schedule_level_at(&s, 2 * SECOND), 20, 0);
	assert_int_equal(schedule_levels_count(&s), 3);
	assert_float_equal(schedule_expected(&s), 0, 0);

	load = load_of("concurrency", &(struct concurrency){5, 0, 1000});
	load.in_users = true;
	load.warmup_requests = 10;
	s = schedule_of(&load);
	assert_int_equal(s.count_limit, 1000);
	assert_float_equal(schedule_expected(&s), 1010, 0);
	assert_float_equal(schedule_level_at(&s, YEAR), 5, 0);
	schedule_end_warmup(&s, 3 * SECOND);
	assert_int_equal(schedule_measured_from_ns(&s), 3 * SECOND);
	assert_true(schedule_end_ns(&s) == INT64_MAX);
	assert_true(schedule_level_span(&s, 0).end_ns == INT64_MAX);
}

static void
test_a_load_that_sends_nothing_is_refused_where_it_stands(void **state)
{
	struct plan_scenario scenario = {.load = load_of("steady", &(struct steady){0, SECOND, 0})};
	const struct plan plan = {.path = "p.yaml", .scenarios = &scenario, .scenarios_n = 1};
	struct error err = {0};

	(void)state;
	scenario.load.shape.line = 4;
	scenario.load.shape.column = 7;
	assert_false(schedule_check(&plan, &err));
	assert_string_equal(err.where, "p.yaml:4:7");
	assert_non_null(strstr(err.message, "sends nothing"));
	((struct plan_scenario *)plan.scenarios)->load = load_of("steps", &(struct steps){0, 10, 20, SECOND});
	assert_true(schedule_check(&plan, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1000_per_s_for_5_s_is_5000_arrivals_at_whole_ms),
		cmocka_unit_test(test_what_is_expected_is_what_comes),
		cmocka_unit_test(test_count_ends_a_load_exactly_and_gives_it_an_end),
		cmocka_unit_test(test_a_long_run_loses_no_ns),
		cmocka_unit_test(test_warm_up_runs_at_the_first_level_before_the_shape),
		cmocka_unit_test(test_warm_up_of_a_load_that_begins_at_0_takes_the_mean_of_its_first_level),
		cmocka_unit_test(test_warm_up_of_100_requests_is_100_requests),
		cmocka_unit_test(test_the_length_of_a_poisson_warm_up_changes_nothing_that_is_measured),
		cmocka_unit_test(test_poisson_gaps_are_exponential),
		cmocka_unit_test(test_poisson_arrivals_are_independent),
		cmocka_unit_test(test_a_seed_repeats_its_arrivals_and_another_does_not),
		cmocka_unit_test(test_poisson_spacing_leaves_given_moments_alone),
		cmocka_unit_test(test_shards_together_are_the_whole),
		cmocka_unit_test(test_users_have_levels_but_no_arrivals),
		cmocka_unit_test(test_a_load_that_sends_nothing_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
