#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "measure/recorder.h"
#include "unit/measure/recording.h"

/* DEFINITIONS, One exchange: response = last_byte − due = lateness + queue + service. */
static void
test_response_counts_from_due_time_and_is_the_sum_of_its_parts(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 1000);

	(void)state;
	recorder_add_exchange(recorder, &x, 0);
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(only_value(all, METRIC_RESPONSE), 1010);
	assert_int_equal(only_value(all, METRIC_LATENESS), 3);
	assert_int_equal(only_value(all, METRIC_QUEUE), 7);
	assert_int_equal(only_value(all, METRIC_SERVICE), 1000);
	assert_int_equal(only_value(all, METRIC_FIRST_BYTE), 500);
	assert_int_equal(all->histograms[METRIC_CONNECT].total, 0);
	assert_int_equal(all->histograms[METRIC_FAILED].total, 0);
	recorder_free(recorder);
}

static void
test_failures_are_kept_apart_from_successes(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange sent = good_exchange(0, 1000), unsent = good_exchange(0, 1000);

	(void)state;
	sent.outcome = unsent.outcome = OUTCOME_FAILURE;
	sent.failure = FAILURE_STATUS;
	sent.status = 503;
	sent.phase = EXCHANGE_ANSWER;
	unsent.failure = FAILURE_CONNECT_REFUSED;
	unsent.phase = EXCHANGE_TLS;
	unsent.sent_ns = unsent.first_byte_ns = -1;
	unsent.status = 0;
	recorder_add_exchange(recorder, &sent, 0);
	recorder_add_exchange(recorder, &unsent, 0);
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(all->histograms[METRIC_RESPONSE].total, 0);
	assert_int_equal(all->histograms[METRIC_SERVICE].total, 0);
	assert_int_equal(only_value(all, METRIC_FAILED), 1010);
	assert_int_equal(all->histograms[METRIC_LATENESS].total, 2);
	assert_int_equal(all->counts.failed, 1);
	assert_int_equal(all->counts.unsent, 1);
	assert_int_equal(all->counts.by_failure[FAILURE_STATUS], 1);
	assert_int_equal(all->counts.by_failure[FAILURE_CONNECT_REFUSED], 1);
	assert_int_equal(all->counts.by_phase[FAILURE_STATUS][EXCHANGE_ANSWER], 1);
	assert_int_equal(all->counts.by_phase[FAILURE_CONNECT_REFUSED][EXCHANGE_TLS], 1);
	assert_int_equal(all->counts.by_status[403], 1);
	assert_int_equal(all->counts.ok_in_window, 0);
	recorder_free(recorder);
}

static void
test_requests_keep_response_and_service_alone(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 1000);

	(void)state;
	recorder_add_scheduled(recorder, 0, 1, 1);
	recorder_add_sent(recorder, 0, 1);
	recorder_add_exchange(recorder, &x, 0);
	const struct cell *requests = level_in(take_interval(recorder, NS_PER_S), 0)->requests;

	assert_true(counts_identities_hold(&requests[1].counts));
	assert_int_equal(requests[1].counts.ok_in_window, 1);
	assert_int_equal(requests[0].counts.scheduled, 0);
	assert_int_equal(only_value(&requests[1], METRIC_RESPONSE), 1010);
	assert_int_equal(only_value(&requests[1], METRIC_SERVICE), 1000);
	assert_false(histogram_is_ready(&requests[1].histograms[METRIC_QUEUE]));
	assert_int_equal(requests[0].histograms[METRIC_RESPONSE].total, 0);
	recorder_free(recorder);
}

/* The recorder counts what it is told, three times over: an engine that forgets one is found out. */
static void
test_scheduled_sent_and_outcome_are_counted_independently(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 1000);

	(void)state;
	recorder_add_scheduled(recorder, 0, 1, 10);
	recorder_add_sent(recorder, 0, 1);
	recorder_add_exchange(recorder, &x, 0);
	recorder_add_lost(recorder, 0, 1, FAILURE_IN_FLIGHT_FULL, 4);
	recorder_add_lost(recorder, 0, 0, FAILURE_CANCELLED, 5);
	x.outcome = OUTCOME_UNFINISHED;
	recorder_add_exchange(recorder, &x, LEVEL_NONE);
	const struct counts *counts = &level_in(take_interval(recorder, NS_PER_S), 0)->all.counts;

	assert_int_equal(counts->scheduled, 10);
	assert_int_equal(counts->sent, 1);
	assert_int_equal(counts->ok, 1);
	assert_int_equal(counts->unfinished, 1);
	assert_int_equal(counts->dropped, 4);
	assert_int_equal(counts->unsent, 5);
	assert_false(counts_identities_hold(counts)); /* unfinished, but never sent */
	recorder_free(recorder);
}

/* DEFINITIONS, Counts: completions inside the window, whichever level they were due in; the drain tail is left out. */
static void
test_a_completion_counts_in_the_window_it_falls_into(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 1000), tail = good_exchange(1, 1000);

	(void)state;
	recorder_add_exchange(recorder, &x, 1);
	recorder_add_exchange(recorder, &tail, LEVEL_NONE);
	const struct interval *interval = take_interval(recorder, NS_PER_S);

	assert_int_equal(level_in(interval, 0)->all.counts.ok, 1);
	assert_int_equal(level_in(interval, 0)->all.counts.ok_in_window, 0);
	assert_int_equal(level_in(interval, 1)->all.counts.ok, 1);
	assert_int_equal(level_in(interval, 1)->all.counts.ok_in_window, 1);
	assert_int_equal(level_in(interval, 1)->requests[1].counts.ok_in_window, 1);
	recorder_free(recorder);
}

static void
test_intervals_follow_one_another_without_a_gap(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 1000);

	(void)state;
	recorder_add_exchange(recorder, &x, 0);
	struct interval *first = take_interval(recorder, NS_PER_S);

	recorder_add_exchange(recorder, &x, 0);
	recorder_add_exchange(recorder, &x, 0);
	assert_null(take_interval(recorder, 2 * NS_PER_S)); /* the first is still out: nothing is skipped */
	recorder_add_exchange(recorder, &x, 0);
	assert_int_equal(first->start_ns, 0);
	assert_int_equal(first->end_ns, NS_PER_S);
	assert_int_equal(level_in(first, 0)->all.counts.ok, 1);
	recorder_give_interval(recorder, first);
	struct interval *second = take_interval(recorder, 3 * NS_PER_S);

	assert_int_equal(second->seq, 1);
	assert_int_equal(second->start_ns, NS_PER_S);
	assert_int_equal(second->end_ns, 3 * NS_PER_S);
	assert_int_equal(level_in(second, 0)->all.counts.ok, 3);
	recorder_give_interval(recorder, second);
	struct interval *third = take_interval(recorder, 4 * NS_PER_S);

	assert_null(level_in(third, 0)); /* given back empty */
	recorder_free(recorder);
}

/* Three slots serve any number of levels, as long as no more are open at once. */
static void
test_closed_levels_make_room(void **state)
{
	struct recorder *recorder = recorder_new(&small);

	(void)state;
	for (uint32_t level = 0; level < 50; level++) {
		struct exchange x = good_exchange(level, 1000);
		struct exchange late = good_exchange(level + 1, 1000);

		recorder_add_exchange(recorder, &x, LEVEL_NONE);
		recorder_add_exchange(recorder, &late, LEVEL_NONE);
		recorder_close_level(recorder, level);
		recorder_add_exchange(recorder, &x, LEVEL_NONE); /* within the interval that closes it */
		struct interval *interval = take_interval(recorder, (level + 1) * NS_PER_S);

		assert_true(level_in(interval, level)->is_last);
		assert_false(level_in(interval, level + 1)->is_last);
		assert_int_equal(level_in(interval, level)->all.counts.ok, 2);
		assert_int_equal(level_in(interval, level + 1)->all.counts.ok, 1);
		recorder_give_interval(recorder, interval);
	}
	recorder_free(recorder);
}

/* A level that is closed in an interval that is still out, while the next one begins another level in the same slot. */
static void
test_a_handed_out_interval_keeps_its_levels(void **state)
{
	const struct recorder_config one = {.requests_n = 2, .open_levels_max = 1};
	struct recorder *recorder = recorder_new(&one);
	struct exchange old = good_exchange(7, 1000), young = good_exchange(8, 1000);

	(void)state;
	recorder_add_exchange(recorder, &old, LEVEL_NONE);
	recorder_close_level(recorder, 7);
	struct interval *out = take_interval(recorder, NS_PER_S);

	recorder_add_exchange(recorder, &young, LEVEL_NONE);
	assert_int_equal(level_in(out, 7)->all.counts.ok, 1);
	assert_null(level_in(out, 8));
	recorder_give_interval(recorder, out);
	out = take_interval(recorder, 2 * NS_PER_S);
	assert_null(level_in(out, 7));
	assert_int_equal(level_in(out, 8)->all.counts.ok, 1);
	recorder_free(recorder);
}

static void
test_in_flight_is_integrated_over_the_window(void **state)
{
	struct recorder *recorder = recorder_new(&small);

	(void)state;
	recorder_in_flight(recorder, LEVEL_WARMUP, 0, 0);
	recorder_in_flight(recorder, LEVEL_WARMUP, 4, 100);
	recorder_in_flight(recorder, 0, 4, 200); /* the measured phase begins */
	recorder_in_flight(recorder, 0, 6, 300);
	struct interval *interval = take_interval(recorder, 400);

	assert_true(level_in(interval, LEVEL_WARMUP)->in_flight_ns == 400);
	assert_int_equal(level_in(interval, LEVEL_WARMUP)->window_ns, 200);
	assert_true(level_in(interval, 0)->in_flight_ns == 4 * 100 + 6 * 100);
	assert_int_equal(level_in(interval, 0)->window_ns, 200);
	assert_int_equal(level_in(interval, 0)->in_flight_peak, 6);
	assert_int_equal(interval->in_flight, 6);
	assert_int_equal(interval->current_level, 0);
	recorder_give_interval(recorder, interval);
	recorder_in_flight(recorder, 0, 2, 500);
	recorder_in_flight(recorder, LEVEL_NONE, 2, 600); /* the drain: in no window */
	recorder_in_flight(recorder, LEVEL_NONE, 0, 900);
	interval = take_interval(recorder, 1000);
	assert_true(level_in(interval, 0)->in_flight_ns == 6 * 100 + 2 * 100);
	assert_int_equal(level_in(interval, 0)->window_ns, 200);
	assert_int_equal(level_in(interval, 0)->in_flight_peak, 6); /* it was still 6 when the interval began */
	recorder_free(recorder);
}

static void
test_gaps_connects_and_readings_are_kept(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct reading reading = {.at_ns = 5};

	(void)state;
	for (int i = 0; i < GAUGE_COUNT; i++)
		reading.values[i] = NAN;
	reading.values[GAUGE_CPU] = 0.25;
	recorder_add_reading(recorder, LEVEL_NONE, false, &reading);
	reading.values[GAUGE_CPU] = 0.75;
	recorder_add_reading(recorder, 0, false, &reading);
	recorder_add_reading(recorder, 0, true, &reading);
	recorder_add_loop_gap(recorder, 0, 70);
	recorder_add_loop_gap(recorder, 0, 50);
	recorder_add_loop_gap(recorder, LEVEL_NONE, 1000);
	recorder_add_connect(recorder, 0, false);
	recorder_add_connect(recorder, 0, true);
	struct interval *interval = take_interval(recorder, NS_PER_S);

	assert_true(gauge_avg(&interval->target_outside, GAUGE_CPU) == 0.25);
	assert_true(gauge_avg(&level_in(interval, 0)->target, GAUGE_CPU) == 0.75);
	assert_true(gauge_avg(&level_in(interval, 0)->self, GAUGE_CPU) == 0.75);
	assert_true(interval->target.values[GAUGE_CPU] == 0.75);
	assert_int_equal(level_in(interval, 0)->loop_gap_max_ns, 70);
	assert_int_equal(interval->connects, 2);
	assert_int_equal(interval->connects_failed, 1);
	recorder_give_interval(recorder, interval);
	interval = take_interval(recorder, 2 * NS_PER_S);
	assert_int_equal(interval->target.at_ns, 5); /* latest */
	assert_int_equal(interval->connects, 0);
	recorder_free(recorder);
}

static size_t
resident_bytes(void)
{
	unsigned long size, resident;
	FILE *statm = fopen("/proc/self/statm", "r");

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu %lu", &size, &resident), 2);
	fclose(statm);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* 2 × 64 slots × 100 requests × 2 histograms would be 7 GB. */
static void
test_memory_is_that_of_what_was_touched(void **state)
{
	const struct recorder_config large = {.requests_n = 100, .open_levels_max = 64};
	size_t before = resident_bytes();
	struct recorder *recorder = recorder_new(&large);

	(void)state;
	for (uint32_t request = 0; request < 100; request++) {
		struct exchange x = good_exchange(0, 1000);

		x.request = request;
		recorder_add_exchange(recorder, &x, 0);
	}
	assert_true(resident_bytes() - before < (size_t)16 << 20);
	recorder_free(recorder);
}

/* Adding up an interval that is whole would count everything twice. */
static void
test_levels_are_the_sum_of_their_requests_however_often_it_is_made(void **state)
{
	(void)state;
	struct recorder *recorder = recorder_new(&small);
	struct exchange first = good_exchange(0, 0), second = good_exchange(0, 5000);

	second.request = 0;
	recorder_add_scheduled(recorder, 0, 0, 1);
	recorder_add_scheduled(recorder, 0, 1, 1);
	recorder_add_exchange(recorder, &first, 0);
	recorder_add_exchange(recorder, &second, 0);
	struct interval *interval = take_interval(recorder, NS_PER_S);

	interval_add_up(interval);
	const struct interval_level *level = level_in(interval, 0);

	assert_int_equal(level->all.counts.scheduled, 2);
	assert_int_equal(level->all.counts.ok_in_window, 2);
	assert_int_equal(level->all.histograms[METRIC_RESPONSE].total, 2);
	assert_int_equal(level->all.histograms[METRIC_LATENESS].total, 2);
	assert_int_equal(level->requests[0].histograms[METRIC_RESPONSE].total, 1);
	assert_int_equal(level->requests[1].counts.ok, 1);
	recorder_give_interval(recorder, interval);
	recorder_free(recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response_counts_from_due_time_and_is_the_sum_of_its_parts),
		cmocka_unit_test(test_failures_are_kept_apart_from_successes),
		cmocka_unit_test(test_requests_keep_response_and_service_alone),
		cmocka_unit_test(test_scheduled_sent_and_outcome_are_counted_independently),
		cmocka_unit_test(test_a_completion_counts_in_the_window_it_falls_into),
		cmocka_unit_test(test_intervals_follow_one_another_without_a_gap),
		cmocka_unit_test(test_closed_levels_make_room),
		cmocka_unit_test(test_a_handed_out_interval_keeps_its_levels),
		cmocka_unit_test(test_in_flight_is_integrated_over_the_window),
		cmocka_unit_test(test_gaps_connects_and_readings_are_kept),
		cmocka_unit_test(test_memory_is_that_of_what_was_touched),
		cmocka_unit_test(test_levels_are_the_sum_of_their_requests_however_often_it_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
