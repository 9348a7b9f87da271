#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/check.h"
#include "measure/events.h"
#include "measure/interval_merge.h"
#include "unit/measure/sample.h"

#define SHARDS 3
#define SAMPLES 700

/* What an interval is after a journey through a pipe. */
static struct interval *
sent_over(const struct interval *interval, const struct plan *plan)
{
	struct interval *decoded = interval_new(2, 4);
	struct event event;
	struct error err = {0};
	struct buf line;

	buf_init(&line, EVENT_LINE_MAX);
	assert_true(event_encode_interval(&line, interval, plan));
	if (!event_decode(line.bytes, line.length - 1, plan, &event, decoded, &err))
		fail_msg("%s", err.message);
	buf_fini(&line);
	return decoded;
}

static struct interval *
take(struct recorder *recorder, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(recorder, now_ns);

	interval_add_up(interval);
	return interval;
}

/* Exchanges k ≡ shard mod shards of those from..to. */
static void
record(struct recorder *recorder, uint64_t from, uint64_t to, uint32_t shard, uint32_t shards)
{
	for (uint64_t k = from; k < to; k++)
		if (k % shards == shard)
			sample_add(recorder, k);
}

static const struct interval_level *
level_in(const struct interval *interval, uint32_t level)
{
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used && interval->levels[i].level == level)
			return &interval->levels[i];
	return NULL;
}

static void
assert_same_cells(const struct interval *a, const struct interval *b)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < a->levels_n; i++) {
		const struct interval_level *in_a = &a->levels[i], *in_b = level_in(b, in_a->level);

		if (!in_a->is_used)
			continue;
		assert_non_null(in_b);
		assert_true(cells_are_same(&in_a->all, &in_b->all));
		for (uint32_t r = 0; r < a->requests_n; r++)
			assert_true(cells_are_same(&in_a->requests[r], &in_b->requests[r]));
		used++;
	}
	for (uint32_t i = 0; i < b->levels_n; i++)
		used -= b->levels[i].is_used;
	assert_int_equal(used, 0);
}

/* The same exchanges in one recorder, and dealt out to three whose intervals travel as events and are merged in
 * `order`. */
static void
assert_merge_is_whole(const uint32_t *order)
{
	struct plan plan = sample_plan();
	struct recorder *alone = recorder_new(&sample_config), *shards[SHARDS];
	struct interval *merged = interval_new(2, 4);

	record(alone, 0, SAMPLES, 0, 1);
	for (uint32_t i = 0; i < SHARDS; i++) {
		shards[i] = recorder_new(&sample_config);
		record(shards[i], 0, SAMPLES, i, SHARDS);
	}
	for (uint32_t i = 0; i < SHARDS; i++) {
		struct interval *part = sent_over(take(shards[order[i]], 8 * NS_PER_S), &plan);

		assert_true(interval_merge(merged, part));
		interval_free(part);
	}
	assert_same_cells(take(alone, 8 * NS_PER_S), merged);
	for (uint32_t i = 0; i < SHARDS; i++)
		recorder_free(shards[i]);
	recorder_free(alone);
	interval_free(merged);
}

static void
test_the_same_exchanges_split_over_shards_merge_to_the_same_bits(void **state)
{
	(void)state;
	assert_merge_is_whole((const uint32_t[]){0, 1, 2});
}

static void
test_the_order_of_merging_does_not_matter(void **state)
{
	(void)state;
	assert_merge_is_whole((const uint32_t[]){2, 0, 1});
	assert_merge_is_whole((const uint32_t[]){1, 2, 0});
}

static void
test_two_intervals_in_a_row_make_the_one_that_spans_both(void **state)
{
	struct recorder *whole = recorder_new(&sample_config), *parts = recorder_new(&sample_config);
	struct interval *joined = interval_new(2, 4);

	(void)state;
	record(whole, 0, SAMPLES, 0, 1);
	for (uint64_t k = 0; k < SAMPLES; k += 100) {
		record(parts, k, k + 100, 0, 1);
		struct interval *part = take(parts, (int64_t)(k + 100) * 10 * NS_PER_MS);

		assert_true(interval_extend(joined, part));
		recorder_give_interval(parts, part);
	}
	assert_same_cells(take(whole, 7 * NS_PER_S), joined);
	assert_int_equal(joined->end_ns, 7 * NS_PER_S);
	interval_free(joined);
	recorder_free(parts);
	recorder_free(whole);
}

/* 0 in flight, `n` of them from 1 s to 2 s, then half as many. */
static struct interval *
interval_in_flight(struct recorder *recorder, uint32_t n, double cpu, double memory)
{
	struct reading reading = sample_reading(1500 * NS_PER_MS, cpu);

	reading.values[GAUGE_MEMORY] = memory;
	recorder_in_flight(recorder, 0, 0, 0);
	recorder_in_flight(recorder, 0, n, NS_PER_S);
	recorder_add_reading(recorder, 0, true, &reading);
	recorder_in_flight(recorder, 0, n / 2, 2 * NS_PER_S);
	struct interval *interval = take(recorder, 3 * NS_PER_S);

	interval->in_flight = n / 2;
	interval->users = n;
	interval->offered = 300;
	return interval;
}

static void
test_what_is_beside_each_other_adds_up_and_what_follows_does_not(void **state)
{
	struct recorder *a = recorder_new(&sample_config), *b = recorder_new(&sample_config);
	struct interval *beside = interval_new(2, 4), *after = interval_new(2, 4);
	const struct interval *first = interval_in_flight(a, 10, 0.25, 100),
			      *second = interval_in_flight(b, 4, 0.75, 50);

	(void)state;
	assert_true(interval_merge(beside, first) && interval_merge(beside, second));
	assert_true(interval_extend(after, first) && interval_extend(after, second));
	const struct interval_level *sum = level_in(beside, 0), *row = level_in(after, 0);

	assert_true(sum->in_flight_ns == (10 + 5 + 4 + 2) * 1e9);
	assert_true(row->in_flight_ns == sum->in_flight_ns);
	assert_int_equal(sum->in_flight_peak, 14);
	assert_int_equal(row->in_flight_peak, 10);
	assert_int_equal(sum->window_ns, 3 * NS_PER_S);
	assert_int_equal(row->window_ns, 6 * NS_PER_S);
	assert_int_equal(beside->in_flight, 7);
	assert_int_equal(after->in_flight, 2);
	assert_int_equal(beside->users, 14);
	assert_true(beside->offered == 300); /* each of them says what all offer */
	interval_free(beside);
	interval_free(after);
	recorder_free(a);
	recorder_free(b);
}

/* gauge.def: memory is used by all, the busiest CPU is the one that limits. */
static void
test_readings_add_up_or_the_largest_counts_as_their_rows_say(void **state)
{
	struct recorder *a = recorder_new(&sample_config), *b = recorder_new(&sample_config);
	struct interval *merged = interval_new(2, 4);

	(void)state;
	assert_true(interval_merge(merged, interval_in_flight(a, 1, 0.25, 100)));
	assert_true(interval_merge(merged, interval_in_flight(b, 1, 0.75, 50)));
	const struct gauge_set *self = &level_in(merged, 0)->self;

	assert_true(gauge_avg(self, GAUGE_CPU) == 0.75 && gauge_peak(self, GAUGE_CPU) == 0.75);
	assert_true(gauge_avg(self, GAUGE_MEMORY) == 150 && gauge_last(self, GAUGE_MEMORY) == 150);
	assert_int_equal(self->gauges[GAUGE_MEMORY].n, 1);
	assert_true(isnan(gauge_avg(self, GAUGE_FDS)));
	assert_true(merged->self.values[GAUGE_CPU] == 0.75 && merged->self.values[GAUGE_MEMORY] == 150);
	assert_true(isnan(merged->self.values[GAUGE_FDS]));
	interval_free(merged);
	recorder_free(a);
	recorder_free(b);
}

static void
test_more_levels_than_there_are_slots_change_nothing(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	struct interval *small = interval_new(2, 2);

	(void)state;
	record(recorder, 0, SAMPLES, 0, 1); /* the warm-up and three levels */
	const struct interval *interval = take(recorder, 8 * NS_PER_S);

	assert_false(interval_merge(small, interval));
	assert_false(interval_extend(small, interval));
	assert_false(small->levels[0].is_used);
	interval_free(small);
	recorder_free(recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_exchanges_split_over_shards_merge_to_the_same_bits),
		cmocka_unit_test(test_the_order_of_merging_does_not_matter),
		cmocka_unit_test(test_two_intervals_in_a_row_make_the_one_that_spans_both),
		cmocka_unit_test(test_what_is_beside_each_other_adds_up_and_what_follows_does_not),
		cmocka_unit_test(test_readings_add_up_or_the_largest_counts_as_their_rows_say),
		cmocka_unit_test(test_more_levels_than_there_are_slots_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
