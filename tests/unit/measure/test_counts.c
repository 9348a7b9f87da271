#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "measure/counts.h"
#include "measure/gauge.h"
#include "measure/interval.h"
#include "measure/verdict.h"

/* 100 scheduled: 90 ok, 4 failed, 1 unfinished, 3 unsent, 2 dropped */
static struct counts
hundred(void)
{
	struct counts counts = {
		.scheduled = 100, .sent = 95, .ok = 90, .failed = 4, .unfinished = 1, .unsent = 3, .dropped = 2};

	counts.by_failure[FAILURE_STATUS] = 1;
	counts.by_failure[FAILURE_RESPONSE_TIMEOUT] = 2;
	counts.by_failure[FAILURE_GENERATOR_STALL] = 1;
	counts.by_failure[FAILURE_QUEUE_TIMEOUT] = 1;
	counts.by_failure[FAILURE_CONNECT_TIMEOUT] = 1;
	counts.by_failure[FAILURE_NO_PORTS] = 1;
	counts.by_failure[FAILURE_IN_FLIGHT_FULL] = 2;
	return counts;
}

static void
test_identities_hold_when_everything_is_accounted_for(void **state)
{
	struct counts counts = hundred(), none = {0};

	(void)state;
	assert_true(counts_identities_hold(&counts));
	assert_true(counts_identities_hold(&none));
}

static void
test_each_lost_count_breaks_an_identity(void **state)
{
	static const size_t fields[] = {offsetof(struct counts, scheduled), offsetof(struct counts, sent),
		offsetof(struct counts, ok), offsetof(struct counts, failed), offsetof(struct counts, unfinished),
		offsetof(struct counts, dropped), offsetof(struct counts, unsent),
		offsetof(struct counts, by_failure[FAILURE_STATUS]),
		offsetof(struct counts, by_failure[FAILURE_NO_PORTS]),
		offsetof(struct counts, by_failure[FAILURE_IN_FLIGHT_FULL])};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct counts counts = hundred();

		++*(uint64_t *)((char *)&counts + fields[i]);
		assert_false(counts_identities_hold(&counts));
	}
}

/* A failure that was sent may not be booked as one that was not: the sum is right, the class is not. */
static void
test_a_failure_of_the_wrong_class_breaks_an_identity(void **state)
{
	struct counts counts = hundred();

	(void)state;
	counts.by_failure[FAILURE_STATUS]--;
	counts.by_failure[FAILURE_CANCELLED]++;
	assert_false(counts_identities_hold(&counts));
}

static void
test_error_rate_counts_whatever_did_not_end_well(void **state)
{
	struct counts counts = hundred(), none = {0};

	(void)state;
	assert_true(counts_error_rate(&counts) == 0.1);
	assert_true(isnan(counts_error_rate(&none)));
}

static void
test_timeout_rate_counts_all_three_timeouts(void **state)
{
	struct counts counts = hundred(), none = {0};

	(void)state;
	assert_true(counts_timeout_rate(&counts) == 0.04);
	assert_true(isnan(counts_timeout_rate(&none)));
}

static void
test_client_failures_are_those_that_blame_us(void **state)
{
	struct counts counts = hundred();

	(void)state;
	assert_int_equal(counts_client_failures(&counts), 2);
}

static void
test_merge_adds_every_counter(void **state)
{
	struct counts a, b;
	uint64_t *fields = (uint64_t *)&a;

	(void)state;
	for (size_t i = 0; i < sizeof(a) / sizeof(uint64_t); i++)
		fields[i] = i + 1;
	b = a;
	counts_merge(&a, &b);
	for (size_t i = 0; i < sizeof(a) / sizeof(uint64_t); i++)
		assert_int_equal(fields[i], 2 * (i + 1));
}

/* Tables: every row is whole, and no name stands twice. */
static void
assert_distinct(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(names[i], names[k]);
}

static void
test_tables_are_whole(void **state)
{
	const char *names[64];

	(void)state;
	for (size_t i = 0; i < FAILURE_COUNT; i++) {
		names[i] = failure_rows[i].counter;
		assert_true(strlen(failure_rows[i].sentence) > 10);
	}
	assert_distinct(names, FAILURE_COUNT);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		names[i] = metric_rows[i].name;
	assert_distinct(names, METRIC_COUNT);
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		names[i] = gauge_rows[i].name;
	assert_distinct(names, GAUGE_COUNT);
	for (size_t i = 0; i < FAILURE_MODE_COUNT; i++)
		names[i] = failure_mode_rows[i].name;
	assert_distinct(names, FAILURE_MODE_COUNT);
	assert_string_equal(failure_rows[FAILURE_RESPONSE_TIMEOUT].counter, "timeout");
	assert_int_equal(failure_rows[FAILURE_LOOP_GAP].blames, BLAMES_CLIENT);
	assert_int_equal(gauge_rows[GAUGE_MEMORY].unit, UNIT_BYTES);
	assert_true(metric_rows[METRIC_SERVICE].is_per_request);
	assert_false(metric_rows[METRIC_QUEUE].is_per_request);
	assert_string_equal(level_status_names[LEVEL_CUT], "CUT");
	assert_string_equal(verdict_status_names[VERDICT_INTERRUPTED], "interrupted");
}

static struct reading
reading_of(double cpu, double memory)
{
	struct reading reading = {0};

	for (size_t i = 0; i < GAUGE_COUNT; i++)
		reading.values[i] = NAN;
	reading.values[GAUGE_CPU] = cpu;
	reading.values[GAUGE_MEMORY] = memory;
	return reading;
}

static void
test_a_gauge_without_a_reading_is_not_zero(void **state)
{
	struct reading reading = reading_of(0.5, NAN);
	struct gauge_set set;

	(void)state;
	gauge_set_init(&set);
	assert_true(isnan(gauge_avg(&set, GAUGE_CPU)));
	gauge_set_add(&set, &reading);
	assert_true(gauge_avg(&set, GAUGE_CPU) == 0.5);
	assert_true(isnan(gauge_avg(&set, GAUGE_MEMORY)));
	assert_true(isnan(gauge_peak(&set, GAUGE_MEMORY)));
	assert_true(isnan(gauge_last(&set, GAUGE_MEMORY)));
}

static void
test_gauges_merge_in_order_of_time(void **state)
{
	struct reading first = reading_of(0.9, 10), second = reading_of(0.3, NAN), third = reading_of(-0.6, NAN);
	struct gauge_set early, late, empty;

	(void)state;
	gauge_set_init(&early);
	gauge_set_init(&late);
	gauge_set_init(&empty);
	gauge_set_add(&early, &first);
	gauge_set_add(&late, &second);
	gauge_set_add(&late, &third);
	gauge_set_merge(&early, &late);
	gauge_set_merge(&early, &empty);
	assert_true(fabs(gauge_avg(&early, GAUGE_CPU) - 0.2) < 1e-12);
	assert_true(gauge_peak(&early, GAUGE_CPU) == 0.9);
	assert_true(early.gauges[GAUGE_CPU].min == -0.6);
	assert_true(gauge_last(&early, GAUGE_CPU) == -0.6);
	assert_true(gauge_last(&early, GAUGE_MEMORY) == 10);
	gauge_set_merge(&empty, &early);
	assert_true(gauge_peak(&empty, GAUGE_CPU) == 0.9);
	assert_int_equal(empty.gauges[GAUGE_CPU].n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identities_hold_when_everything_is_accounted_for),
		cmocka_unit_test(test_each_lost_count_breaks_an_identity),
		cmocka_unit_test(test_a_failure_of_the_wrong_class_breaks_an_identity),
		cmocka_unit_test(test_error_rate_counts_whatever_did_not_end_well),
		cmocka_unit_test(test_timeout_rate_counts_all_three_timeouts),
		cmocka_unit_test(test_client_failures_are_those_that_blame_us),
		cmocka_unit_test(test_merge_adds_every_counter),
		cmocka_unit_test(test_tables_are_whole),
		cmocka_unit_test(test_a_gauge_without_a_reading_is_not_zero),
		cmocka_unit_test(test_gauges_merge_in_order_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
