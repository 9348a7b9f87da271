#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "fleet/merger.h"
#include "measure/events.h"
#include "unit/measure/sample.h"

#define SHARDS 2
#define MS NS_PER_MS

/* A merger with a recorder for each shard, whose intervals go in as if they had come through a pipe. */
struct fixture {
	struct plan plan;
	struct merger merger;
	struct recorder *recorders[SHARDS];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->plan = sample_plan();
	merger_init(&f->merger, &f->plan, SHARDS);
	for (size_t i = 0; i < SHARDS; i++)
		f->recorders[i] = recorder_new(&sample_config);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	merger_fini(&f->merger);
	for (size_t i = 0; i < SHARDS; i++)
		recorder_free(f->recorders[i]);
	free(f);
	return 0;
}

/* The shard's interval ends. */
static void
say(struct fixture *f, uint32_t shard, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(f->recorders[shard], now_ns);
	struct interval *incoming = merger_incoming(&f->merger, shard);

	assert_non_null(incoming);
	interval_add_up(interval);
	interval_reset(incoming);
	assert_true(interval_extend(incoming, interval));
	incoming->start_ns = interval->start_ns;
	recorder_give_interval(f->recorders[shard], interval);
	assert_true(merger_add(&f->merger, shard));
}

static void
begin(struct fixture *f, uint32_t shard, uint32_t level, uint32_t request, unsigned scheduled, unsigned sent)
{
	recorder_add_scheduled(f->recorders[shard], level, request, scheduled);
	for (unsigned i = 0; i < sent; i++)
		recorder_add_sent(f->recorders[shard], level, request);
}

static void
answer(struct fixture *f, uint32_t shard, uint32_t level, uint32_t request, unsigned n)
{
	struct exchange x = {.level = level,
		.request = request,
		.due_ns = 1,
		.taken_ns = 1,
		.sent_ns = 1,
		.first_byte_ns = 5,
		.last_byte_ns = 9,
		.connect_ns = -1,
		.status = 200,
		.outcome = OUTCOME_OK};

	for (unsigned i = 0; i < n; i++)
		recorder_add_exchange(f->recorders[shard], &x, level);
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
test_an_interval_is_handed_out_once_all_have_come_past_the_tick(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 0, 0, 3, 0);
	begin(f, 1, 0, 0, 4, 0);
	say(f, 0, 1000 * MS);
	assert_null(merger_take(&f->merger, false));
	say(f, 1, 1003 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_non_null(interval);
	assert_int_equal(level_in(interval, 0)->all.counts.scheduled, 7);
	assert_int_equal(interval->start_ns, 0);
	assert_int_equal(interval->end_ns, 1000 * MS); /* as far as all have come */
	assert_null(merger_take(&f->merger, false));
	merger_give(&f->merger, interval);
	assert_null(merger_take(&f->merger, false));
}

/* A shard that is ahead is not read until the others have followed; what it said is then part of its own second. */
static void
test_what_lies_beyond_the_tick_is_held(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 0, 0, 3, 0);
	say(f, 0, 1000 * MS);
	begin(f, 0, 0, 0, 50, 0);
	say(f, 0, 2000 * MS);
	assert_null(merger_incoming(&f->merger, 0));
	begin(f, 1, 0, 0, 4, 0);
	say(f, 1, 1000 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_int_equal(level_in(interval, 0)->all.counts.scheduled, 7);
	assert_non_null(merger_incoming(&f->merger, 0));
	merger_give(&f->merger, interval);
	say(f, 1, 2000 * MS);
	interval = merger_take(&f->merger, false);
	assert_int_equal(level_in(interval, 0)->all.counts.scheduled, 50);
	merger_give(&f->merger, interval);
}

static void
test_a_level_is_closed_once_when_the_last_shard_has_closed_it(void **state)
{
	struct fixture *f = *state;

	merger_begin_level(&f->merger, 0);
	begin(f, 0, 0, 0, 1, 1);
	answer(f, 0, 0, 0, 1);
	begin(f, 1, 0, 0, 1, 1);
	recorder_close_level(f->recorders[0], 0);
	say(f, 0, 200 * MS);
	say(f, 1, 250 * MS);
	assert_null(merger_take(&f->merger, false));
	assert_false(merger_is_settled(&f->merger));
	answer(f, 1, 0, 0, 1);
	recorder_close_level(f->recorders[1], 0);
	say(f, 1, 300 * MS);
	struct interval *interval = merger_take(&f->merger, false); /* long before the tick */

	assert_non_null(interval);
	assert_true(level_in(interval, 0)->is_last);
	assert_int_equal(level_in(interval, 0)->all.counts.ok, 2);
	assert_true(merger_is_settled(&f->merger));
	merger_give(&f->merger, interval);
	say(f, 0, 1000 * MS);
	say(f, 1, 1000 * MS);
	interval = merger_take(&f->merger, false);
	assert_null(level_in(interval, 0));
	merger_give(&f->merger, interval);
}

/* Level 1 was begun by one of them alone, when all paused. */
static void
test_who_is_idle_has_closed_what_others_had_begun(void **state)
{
	struct fixture *f = *state;

	merger_begin_level(&f->merger, 0);
	merger_begin_level(&f->merger, 1);
	recorder_close_level(f->recorders[0], 0);
	recorder_close_level(f->recorders[0], 1);
	recorder_close_level(f->recorders[1], 0);
	say(f, 0, 200 * MS);
	say(f, 1, 200 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_true(level_in(interval, 0)->is_last);
	assert_false(level_in(interval, 1)->is_last);
	merger_give(&f->merger, interval);
	assert_null(merger_take(&f->merger, false));
	merger_close_all(&f->merger, 1);
	interval = merger_take(&f->merger, false);
	assert_true(level_in(interval, 1)->is_last);
	assert_true(interval->end_ns > interval->start_ns);
	merger_give(&f->merger, interval);
}

/* 6 scheduled: 2 answered, 3 under way, 1 waiting. */
static void
test_what_a_lost_shard_had_under_way_is_unfinished(void **state)
{
	struct fixture *f = *state;
	struct counts total = {0};

	merger_begin_level(&f->merger, 0);
	begin(f, 0, 0, 1, 6, 4);
	say(f, 0, 1000 * MS);
	say(f, 1, 1000 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	counts_merge(&total, &level_in(interval, 0)->all.counts);
	merger_give(&f->merger, interval);
	begin(f, 0, 0, 1, 0, 1);
	answer(f, 0, 0, 1, 2);
	say(f, 0, 1400 * MS);
	merger_lose(&f->merger, 0);
	say(f, 1, 2000 * MS);
	interval = merger_take(&f->merger, false);
	assert_memory_equal(
		&level_in(interval, 0)->all.counts, &level_in(interval, 0)->requests[1].counts, sizeof(struct counts));
	counts_merge(&total, &level_in(interval, 0)->all.counts);
	assert_true(counts_identities_hold(&total));
	assert_int_equal(total.scheduled, 6);
	assert_int_equal(total.ok, 2);
	assert_int_equal(total.unfinished, 3);
	assert_int_equal(total.by_failure[FAILURE_CANCELLED], 1);
	merger_give(&f->merger, interval);
}

static void
test_a_lost_shard_is_waited_for_no_longer(void **state)
{
	struct fixture *f = *state;

	merger_begin_level(&f->merger, 0);
	begin(f, 1, 0, 0, 5, 0);
	recorder_close_level(f->recorders[1], 0);
	say(f, 1, 1000 * MS);
	assert_null(merger_take(&f->merger, false));
	merger_lose(&f->merger, 0);
	struct interval *interval = merger_take(&f->merger, false);

	assert_non_null(interval);
	assert_true(level_in(interval, 0)->is_last);
	merger_give(&f->merger, interval);
	merger_lose(&f->merger, 0); /* no more than once */
	assert_null(merger_take(&f->merger, false));
}

static void
test_now_is_the_sum_of_all_also_of_those_with_nothing_new(void **state)
{
	struct fixture *f = *state;
	struct interval *incoming;

	merger_begin_level(&f->merger, 0);
	for (uint32_t i = 0; i < SHARDS; i++) {
		recorder_in_flight(f->recorders[i], 0, 10 + i, 100 * MS);
		recorder_close_level(f->recorders[i], 0);
	}
	say(f, 0, 500 * MS);
	say(f, 1, 500 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_int_equal(interval->in_flight, 21);
	merger_give(&f->merger, interval);
	merger_begin_level(&f->merger, 1);
	merger_close_all(&f->merger, 0);
	recorder_in_flight(f->recorders[1], 1, 2, 600 * MS);
	recorder_close_level(f->recorders[1], 1);
	say(f, 1, 700 * MS);
	interval = merger_take(&f->merger, false);
	assert_int_equal(interval->in_flight, 12);
	merger_give(&f->merger, interval);
	merger_lose(&f->merger, 0);
	say(f, 1, 1000 * MS);
	interval = merger_take(&f->merger, false);
	assert_int_equal(interval->in_flight, 2);
	incoming = merger_incoming(&f->merger, 1);
	assert_non_null(incoming);
	merger_give(&f->merger, interval);
}

static void
test_readings_of_the_target_go_with_the_level_that_ran(void **state)
{
	struct fixture *f = *state;
	struct reading reading = sample_reading(300 * MS, 0.5);

	merger_begin_level(&f->merger, 0);
	merger_add_target_reading(&f->merger, LEVEL_NONE, &reading);
	reading.values[GAUGE_CPU] = 0.75;
	merger_add_target_reading(&f->merger, 0, &reading);
	say(f, 0, 1000 * MS);
	say(f, 1, 1000 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_true(gauge_avg(&interval->target_outside, GAUGE_CPU) == 0.5);
	assert_true(gauge_avg(&level_in(interval, 0)->target, GAUGE_CPU) == 0.75);
	assert_true(interval->target.values[GAUGE_CPU] == 0.75);
	merger_give(&f->merger, interval);
}

static void
test_what_is_scraped_goes_with_the_level_that_ran(void **state)
{
	struct fixture *f = *state;
	struct scraped scraped = {.n = 1, .values = {5}};

	merger_begin_level(&f->merger, 0);
	merger_add_scraped(&f->merger, LEVEL_NONE, &scraped);
	scraped.values[0] = 7;
	merger_add_scraped(&f->merger, 0, &scraped);
	say(f, 0, 1000 * MS);
	say(f, 1, 1000 * MS);
	struct interval *interval = merger_take(&f->merger, false);

	assert_int_equal(level_in(interval, 0)->scraped.list[0].n, 1);
	assert_true(level_in(interval, 0)->scraped.list[0].last == 7);
	assert_true(interval->scraped[0] == 7);
	assert_int_equal(interval->scrapes[0].good, 2);
	merger_give(&f->merger, interval);
	scraped.has_failed = true;
	merger_add_scraped(&f->merger, 0, &scraped);
	say(f, 0, 2000 * MS);
	say(f, 1, 2000 * MS);
	interval = merger_take(&f->merger, false);
	assert_true(isnan(interval->scraped[0]));
	assert_int_equal(interval->scrapes[0].good, 0);
	assert_int_equal(interval->scrapes[0].failed, 1);
	merger_give(&f->merger, interval);
}

#define MANY 1000

/* A thousand shards take no more intervals than two, and what they come to is the sum of theirs, bit for bit. */
static void
test_a_thousand_shards_are_merged_as_they_come(void **state)
{
	struct fixture *f = *state;
	struct merger merger;
	struct cell sum;

	cell_init(&sum, false);
	merger_init(&merger, &f->plan, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		for (uint64_t k = 0; k < 3; k++) {
			struct exchange x = sample_exchange(1000 + 3 * i + k);

			x.level = 0;
			recorder_add_scheduled(f->recorders[0], 0, x.request, 1);
			recorder_add_exchange(f->recorders[0], &x, 0);
		}
		struct interval *interval = recorder_take_interval(f->recorders[0], (i + 1) * MS);

		interval_add_up(interval);
		cell_merge(&sum, &level_in(interval, 0)->all);
		struct interval *incoming = merger_incoming(&merger, i);

		interval_reset(incoming);
		assert_true(interval_extend(incoming, interval));
		incoming->start_ns = 0;
		incoming->end_ns = NS_PER_S;
		recorder_give_interval(f->recorders[0], interval);
		assert_true(merger_waits_for(&merger, i));
		assert_true(merger_add(&merger, i));
		assert_false(merger_waits_for(&merger, i));
	}
	assert_int_equal(merger.scratch_n, 1);
	struct interval *interval = merger_take(&merger, false);
	const struct cell *all = &level_in(interval, 0)->all, *wanted = &sum;

	assert_memory_equal(&all->counts, &wanted->counts, sizeof(all->counts));
	assert_int_equal(all->counts.scheduled, 3 * MANY);
	for (size_t m = 0; m < METRIC_COUNT; m++) {
		char *a = histogram_encode(&all->histograms[m]), *b = histogram_encode(&wanted->histograms[m]);

		assert_string_equal(a, b);
		assert_true(all->histograms[m].sum_ns == wanted->histograms[m].sum_ns);
		free(a);
		free(b);
	}
	struct shard_record record;

	merger_account(&merger, 7, &record);
	assert_int_equal(record.scheduled, 3);
	assert_int_equal(record.lateness_p99_ns, -1); /* of three samples */
	merger_give(&merger, interval);
	merger_fini(&merger);
	cell_fini(&sum);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_an_interval_is_handed_out_once_all_have_come_past_the_tick),
		TEST(test_what_lies_beyond_the_tick_is_held),
		TEST(test_a_level_is_closed_once_when_the_last_shard_has_closed_it),
		TEST(test_who_is_idle_has_closed_what_others_had_begun),
		TEST(test_what_a_lost_shard_had_under_way_is_unfinished),
		TEST(test_a_lost_shard_is_waited_for_no_longer),
		TEST(test_now_is_the_sum_of_all_also_of_those_with_nothing_new),
		TEST(test_readings_of_the_target_go_with_the_level_that_ran),
		TEST(test_what_is_scraped_goes_with_the_level_that_ran),
		TEST(test_a_thousand_shards_are_merged_as_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
