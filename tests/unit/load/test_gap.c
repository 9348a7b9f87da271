#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "load/gap.h"
#include "schedules.h"

enum { GAPS = 20000 };

static struct gap
gamma_of(double burstiness, uint64_t seed)
{
	return (struct gap){SPACING_GAMMA, burstiness, seed};
}

static double *
draw(const struct gap *gap)
{
	double *gaps = must_calloc(GAPS, sizeof(*gaps));

	for (uint64_t k = 0; k < GAPS; k++)
		gaps[k] = gap_at(gap, 1, k);
	return gaps;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The regularised lower incomplete gamma function by its series (Abramowitz and Stegun 6.5.29): what share of a gamma
 * distribution of this shape, and scale 1, lies below x. All terms are positive. */
static double
share_below(double shape, double x)
{
	double term = 1 / shape, sum = term;

	if (x <= 0)
		return 0;
	for (double n = shape + 1; term > sum * 1e-15; n++) {
		term *= x / n;
		sum += term;
	}
	return fmin(1, sum * exp(shape * log(x) - x - lgamma(shape)));
}

/* Kolmogorov-Smirnov against the distribution itself: the distance is below 1.63/√n with 99%. */
static double
distance_of(const double *sorted, double shape)
{
	double distance = 0;

	for (int i = 0; i < GAPS; i++) {
		double expected = share_below(shape, sorted[i] * shape);

		distance = fmax(distance, fmax(fabs(expected - (double)i / GAPS), fabs((i + 1.0) / GAPS - expected)));
	}
	return distance;
}

static void
test_the_series_is_the_distribution(void **state)
{
	(void)state;
	assert_float_equal(share_below(1, 2), 1 - exp(-2), 1e-12);
	assert_float_equal(share_below(0.5, 0.72), erf(sqrt(0.72)), 1e-12); /* half a chi-square of 1 degree */
	assert_float_equal(share_below(3, 4), 1 - exp(-4.0) * (1 + 4 + 8), 1e-12);
}

static void
test_gaps_are_gamma_distributed(void **state)
{
	static const double shapes_of[] = {0.05, 0.25, 0.5, 0.99, 1, 1.5, 4, 60};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes_of); i++) {
		double shape = shapes_of[i], sum = 0, squares = 0;
		const struct gap gap = gamma_of(shape, SEED);
		double *gaps = draw(&gap);

		for (int k = 0; k < GAPS; k++) {
			assert_true(gaps[k] >= 0 && isfinite(gaps[k]));
			sum += gaps[k];
			squares += (gaps[k] - 1) * (gaps[k] - 1);
		}
		/* The fourth central moment of a gamma distribution with mean 1 is 3/a² + 6/a³ (a: its shape). */
		assert_float_equal(sum / GAPS, 1, 4 * sqrt(1 / shape / GAPS));
		assert_float_equal(squares / GAPS, gap_variance(&gap),
			4 * sqrt((2 / (shape * shape) + 6 / (shape * shape * shape)) / GAPS));
		qsort(gaps, GAPS, sizeof(*gaps), compare_doubles);
		assert_true(distance_of(gaps, shape) < 1.63 / sqrt(GAPS));
		/* The test has teeth: a tenth more or less is another distribution. */
		assert_true(shape == 1 || distance_of(gaps, shape * 1.1) > 1.63 / sqrt(GAPS));
		free(gaps);
	}
}

static void
test_neighbouring_gaps_know_nothing_of_each_other(void **state)
{
	const struct gap gap = gamma_of(0.5, SEED);
	double *gaps = draw(&gap), covariance = 0;

	(void)state;
	for (int k = 1; k < GAPS; k++)
		covariance += (gaps[k] - 1) * (gaps[k - 1] - 1) / (GAPS - 1);
	assert_float_equal(covariance, 0, 4 * 2 / sqrt(GAPS));
	free(gaps);
}

static void
test_a_gap_is_a_function_of_seed_stream_and_number(void **state)
{
	const struct gap one = gamma_of(0.5, 1), other = gamma_of(0.5, 2);

	(void)state;
	for (uint64_t k = 0; k < 100; k++) {
		assert_true(gap_at(&one, 1, k) == gap_at(&one, 1, k));
		assert_true(gap_at(&one, 1, k) != gap_at(&other, 1, k));
		assert_true(gap_at(&one, 1, k) != gap_at(&one, 257, k));
		assert_true(gap_at(&one, 1, k) != gap_at(&one, 1, k + 1));
	}
}

/* What is due in a second is what falls into it: counts in windows far longer than a gap are as dispersed as the gaps'
 * variance says (renewal theory: variance / mean of counts tends to 1 / burstiness), never evened out. */
static void
test_arrivals_are_never_evened_out_per_second(void **state)
{
	enum { SECONDS = 2000 };
	static const double bursts[] = {0.25, 1, 4};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bursts); i++) {
		struct plan_load load = load_of("steady", &(struct steady){100, SECONDS * SECOND, 0});
		struct schedule_cursor cursor = {0};
		double counts[SECONDS] = {0}, square = 0;
		struct schedule s;
		struct arrival a;

		load.spacing = SPACING_GAMMA;
		load.burstiness = bursts[i];
		schedule_init(&s, &load, SEED);
		for (; schedule_peek(&s, &cursor, &a); schedule_advance(&s, &cursor))
			counts[a.due_ns / SECOND]++;
		for (int t = 0; t < SECONDS; t++)
			square += (counts[t] - 100) * (counts[t] - 100) / SECONDS;
		assert_float_equal(square / 100 * bursts[i], 1, 0.2); /* its standard deviation is 0.03 */
	}
}

/* Shards share the arrivals out without one seeing the other's: together they are the whole. */
static void
test_shards_of_a_gamma_load_make_up_the_whole(void **state)
{
	struct plan_load load = load_of("steady", &(struct steady){500, 5 * SECOND, 0});
	struct schedule whole, shard[3];
	struct schedule_cursor cursor = {0}, of[3] = {0};
	struct arrival a, b;

	(void)state;
	load.spacing = SPACING_GAMMA;
	load.burstiness = 0.5;
	load.warmup_ns = SECOND;
	schedule_init(&whole, &load, SEED);
	for (uint32_t i = 0; i < 3; i++) {
		schedule_init(&shard[i], &load, SEED);
		shard[i].shard = i;
		shard[i].shards = 3;
	}
	for (; schedule_peek(&whole, &cursor, &a); schedule_advance(&whole, &cursor)) {
		uint32_t i = (uint32_t)(a.k % 3);

		assert_true(schedule_peek(&shard[i], &of[i], &b));
		assert_int_equal(a.k, b.k);
		assert_int_equal(a.due_ns, b.due_ns);
		schedule_advance(&shard[i], &of[i]);
	}
	for (int i = 0; i < 3; i++)
		assert_false(schedule_peek(&shard[i], &of[i], &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_series_is_the_distribution),
		cmocka_unit_test(test_gaps_are_gamma_distributed),
		cmocka_unit_test(test_neighbouring_gaps_know_nothing_of_each_other),
		cmocka_unit_test(test_a_gap_is_a_function_of_seed_stream_and_number),
		cmocka_unit_test(test_arrivals_are_never_evened_out_per_second),
		cmocka_unit_test(test_shards_of_a_gamma_load_make_up_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
