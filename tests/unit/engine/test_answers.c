#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "unit/engine/bench.h"

/* What DEFINITIONS say of one exchange, to the nanosecond: the clock is virtual, and so is the server. */

static void
test_what_is_under_way_is_rate_times_service(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 50ms", "load: {steady: {rate: 1000/s, for: 10s}}\n");
	const struct counts *counts = bench_go(&bench);
	const struct histogram *service = &bench.summary->measured.histograms[METRIC_SERVICE];

	assert_int_equal(counts->ok, 10000);
	assert_int_equal(service->min_ns, 50 * NS_PER_MS);
	assert_int_equal(service->max_ns, 50 * NS_PER_MS);
	assert_int_equal(bench.summary->in_flight_peak, 50);
	/* Little's law, but for the first 50 ms, which fill up: 9,950 × 50 ms and 50 + 49 + … + 1 ms within 10 s. */
	assert_true(fabs(bench.summary->levels[0].in_flight_avg - 49.8775) < 1e-9);
	bench_fini(&bench);
}

static void
test_answers_later_than_the_timeout_are_timeouts(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 2s, timeout: 1s", "load: {steady: {rate: 100/s, for: 3s}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->sent, 300);
	assert_int_equal(counts->by_failure[FAILURE_RESPONSE_TIMEOUT], 300);
	assert_int_equal(bench.summary->measured.histograms[METRIC_FAILED].max_ns, NS_PER_S);
	assert_int_equal(bench.summary->in_flight_peak, 100);
	bench_fini(&bench);
}

/* Ten slots and 100 ms each are a capacity of 100/s: at 200/s for 2 s the last one waits for 2 s, and its wait counts.
 */
static void
test_waiting_for_a_slot_counts_in_the_response(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 100ms",
		"load: {steady: {rate: 200/s, for: 2s}, in_flight: {max: 10, when_full: queue}}\n");
	const struct counts *counts = bench_go(&bench);
	const struct histogram *histograms = bench.summary->measured.histograms;

	assert_int_equal(counts->ok, 400);
	assert_int_equal(histograms[METRIC_SERVICE].max_ns, 100 * NS_PER_MS);
	assert_int_equal(histograms[METRIC_LATENESS].max_ns, 0);
	assert_in_range(histograms[METRIC_QUEUE].max_ns, 1900 * NS_PER_MS, 2000 * NS_PER_MS);
	assert_in_range(histograms[METRIC_RESPONSE].max_ns, 2000 * NS_PER_MS, 2100 * NS_PER_MS);
	assert_int_equal(bench.summary->in_flight_peak, 10);
	bench_fini(&bench);
}

static void
test_what_finds_no_slot_is_dropped_where_the_profile_wants_it(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 100ms",
		"load: {steady: {rate: 200/s, for: 2s}, in_flight: {max: 10, when_full: drop}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 400);
	assert_int_equal(counts->ok, 200);
	assert_int_equal(counts->dropped, 200);
	assert_int_equal(bench.summary->measured.histograms[METRIC_QUEUE].max_ns, 0);
	bench_fini(&bench);
}

static void
test_a_user_sends_again_when_it_has_its_answer(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 100ms", "load: {concurrency: {users: 8, for: 10s}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 8 * 100);
	assert_int_equal(bench.summary->measured.histograms[METRIC_LATENESS].max_ns, 0);
	assert_int_equal(bench.summary->in_flight_peak, 8);
	bench_fini(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_under_way_is_rate_times_service),
		cmocka_unit_test(test_answers_later_than_the_timeout_are_timeouts),
		cmocka_unit_test(test_waiting_for_a_slot_counts_in_the_response),
		cmocka_unit_test(test_what_finds_no_slot_is_dropped_where_the_profile_wants_it),
		cmocka_unit_test(test_a_user_sends_again_when_it_has_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
