#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/units.h"
#include "target/station.h"

static const struct freeze no_freeze;

/* Waits of Poisson arrivals with constant service 1 ms, as a mean in ms. */
static double
mean_wait_ms(size_t workers, double per_s, uint64_t count, uint64_t seed)
{
	struct visit *visits = calloc(count, sizeof(*visits));
	struct station s;
	double t = 0, sum = 0;

	station_init(&s, workers, STATION_QUEUE_UNLIMITED, &no_freeze);
	for (uint64_t k = 0; k < count; k++) {
		t += -log(rng_unit_at(seed, 0, k)) / per_s;
		assert_true(station_arrive(&s, &visits[k], s_to_ns(t), NS_PER_MS));
		assert_int_equal(visits[k].done_ns - visits[k].start_ns, NS_PER_MS);
		sum += (double)(visits[k].start_ns - visits[k].arrival_ns) / 1e6;
	}
	station_fini(&s);
	free(visits);
	return sum / (double)count;
}

/* Pollaczek and Khinchine for M/D/1: mean wait = rho / (2 (1 - rho)) service times. */
static void
test_waits_are_those_of_queueing_theory(void **state)
{
	(void)state;
	assert_true(fabs(mean_wait_ms(1, 500, 400000, 1) / 0.5 - 1) < 0.02);
	assert_true(fabs(mean_wait_ms(1, 800, 1000000, 2) / 2.0 - 1) < 0.03);
	assert_true(mean_wait_ms(4, 2000, 100000, 3) < 0.2);
}

static void
test_a_saturated_station_serves_at_its_capacity(void **state)
{
	(void)state;
	struct visit visits[3000];
	struct station s;

	station_init(&s, 3, STATION_QUEUE_UNLIMITED, &no_freeze);
	for (int k = 0; k < 3000; k++)
		station_arrive(&s, &visits[k], 10 + k, 6 * NS_PER_MS);
	/* Three workers of 6 ms serve 500/s: 3000 are done 6 s after the first came. */
	assert_in_range(visits[2999].done_ns, 6 * NS_PER_S, 6 * NS_PER_S + 3000);
	station_fini(&s);
}

static void
test_first_come_first_served(void **state)
{
	(void)state;
	struct visit visits[1000];
	struct station s;

	station_init(&s, 5, STATION_QUEUE_UNLIMITED, &no_freeze);
	for (uint64_t k = 0; k < 1000; k++) {
		station_arrive(&s, &visits[k], (int64_t)k * 1000, 1 + (int64_t)(rng_at(7, 0, k) % 20000));
		if (k > 0)
			assert_true(visits[k].start_ns >= visits[k - 1].start_ns);
		assert_true(visits[k].start_ns >= visits[k].arrival_ns);
	}
	station_fini(&s);
}

static void
test_a_full_queue_turns_away_and_takes_again(void **state)
{
	(void)state;
	struct visit v[6];
	struct station s;

	station_init(&s, 1, 2, &no_freeze);
	assert_true(station_arrive(&s, &v[0], 0, 100));  /* served */
	assert_true(station_arrive(&s, &v[1], 1, 100));  /* waits */
	assert_true(station_arrive(&s, &v[2], 2, 100));  /* waits */
	assert_false(station_arrive(&s, &v[3], 3, 100)); /* no room */
	assert_int_equal(station_queued(&s, 99), 2);
	assert_true(station_arrive(&s, &v[4], 100, 100)); /* v[1] began at 100 */
	assert_int_equal(v[4].start_ns, 300);
	assert_false(station_arrive(&s, &v[5], 100, 100));
	assert_int_equal(s.queued_peak, 2);
	station_fini(&s);
}

static void
test_without_a_queue_only_the_workers_serve(void **state)
{
	(void)state;
	struct visit v[3];
	struct station s;

	station_init(&s, 1, 0, &no_freeze);
	assert_true(station_arrive(&s, &v[0], 0, 100));
	assert_false(station_arrive(&s, &v[1], 99, 100));
	assert_true(station_arrive(&s, &v[2], 100, 100));
	station_fini(&s);
}

static void
test_who_leaves_early_waits_no_more_but_keeps_the_worker_taken(void **state)
{
	(void)state;
	struct visit v[3];
	struct station s;

	station_init(&s, 1, 1, &no_freeze);
	station_arrive(&s, &v[0], 0, 100);
	station_arrive(&s, &v[1], 1, 100);
	station_leave(&s, &v[1]);
	station_leave(&s, &v[1]);
	assert_int_equal(station_queued(&s, 1), 0);
	assert_true(station_arrive(&s, &v[2], 2, 100));
	assert_int_equal(v[2].start_ns, 200);
	station_fini(&s);
}

static void
test_without_a_bound_on_workers_nobody_waits(void **state)
{
	(void)state;
	struct visit v[100];
	struct station s;

	station_init(&s, 0, STATION_QUEUE_UNLIMITED, &no_freeze);
	for (int k = 0; k < 100; k++) {
		station_arrive(&s, &v[k], 5, 1000);
		assert_int_equal(v[k].done_ns, 1005);
	}
	station_fini(&s);
}

/* Against the plain way: one step per unit of time. */
static void
test_a_freeze_stops_the_work(void **state)
{
	(void)state;
	const struct freeze f = {.epoch_ns = 1000, .length_ns = 3, .every_ns = 10};

	for (int64_t from = 990; from < 1060; from++)
		for (int64_t work = 0; work < 40; work++) {
			int64_t t = from, left = work;

			for (;; t++) {
				bool is_frozen = t >= 1010 && (t - 1000) % 10 < 3;

				if (left == 0 && (!is_frozen || work > 0))
					break;
				left -= !is_frozen;
			}
			if (freeze_done_ns(&f, from, work) != t)
				print_error("from %lld work %lld: %lld, not %lld\n", (long long)from, (long long)work,
					(long long)freeze_done_ns(&f, from, work), (long long)t);
			assert_int_equal(freeze_done_ns(&f, from, work), t);
		}
}

static void
test_nothing_is_done_during_a_freeze(void **state)
{
	(void)state;
	const struct freeze f = {.epoch_ns = 0, .length_ns = 500 * NS_PER_MS, .every_ns = 5 * NS_PER_S};
	struct visit v[3];
	struct station s;

	station_init(&s, 1, STATION_QUEUE_UNLIMITED, &f);
	station_arrive(&s, &v[0], 4999 * NS_PER_MS, 2 * NS_PER_MS);
	station_arrive(&s, &v[1], 5100 * NS_PER_MS, 2 * NS_PER_MS);
	assert_int_equal(v[0].done_ns, 5501 * NS_PER_MS);
	assert_int_equal(v[1].done_ns, 5503 * NS_PER_MS);
	station_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_are_those_of_queueing_theory),
		cmocka_unit_test(test_a_saturated_station_serves_at_its_capacity),
		cmocka_unit_test(test_first_come_first_served),
		cmocka_unit_test(test_a_full_queue_turns_away_and_takes_again),
		cmocka_unit_test(test_without_a_queue_only_the_workers_serve),
		cmocka_unit_test(test_who_leaves_early_waits_no_more_but_keeps_the_worker_taken),
		cmocka_unit_test(test_without_a_bound_on_workers_nobody_waits),
		cmocka_unit_test(test_a_freeze_stops_the_work),
		cmocka_unit_test(test_nothing_is_done_during_a_freeze),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
