#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"
#include "measure/arm.h"
#include "measure/events.h"
#include "measure/recorder.h"

/* A run in blocks. Every second `per_second` requests, each a little slower than the one before. */

#define REQUESTS 2

struct played {
	struct recorder *recorder;
	struct blocks *blocks;
	struct histogram all;
	int64_t now_ns;
	uint64_t k;
};

static void
play_init(struct played *p, const bool *is_kept)
{
	*p = (struct played){
		.recorder = recorder_new(&(struct recorder_config){.requests_n = REQUESTS, .open_levels_max = 4}),
		.blocks = blocks_new(NS_PER_S, is_kept, REQUESTS)};
	histogram_init(&p->all);
}

static void
play_fini(struct played *p)
{
	recorder_free(p->recorder);
	blocks_free(p->blocks);
	histogram_fini(&p->all);
}

static void
play_request(struct played *p, uint32_t level)
{
	struct exchange x = {.k = p->k,
		.request = (uint32_t)(p->k % REQUESTS),
		.level = level,
		.due_ns = p->now_ns,
		.taken_ns = p->now_ns,
		.sent_ns = p->now_ns,
		.first_byte_ns = p->now_ns + 1,
		.last_byte_ns = p->now_ns + (int64_t)(p->k + 1) * 10000,
		.connect_ns = -1,
		.outcome = OUTCOME_OK,
		.status = 200};

	recorder_add_scheduled(p->recorder, level, x.request, 1);
	recorder_add_sent(p->recorder, level, x.request);
	recorder_add_exchange(p->recorder, &x, level);
	if (level != LEVEL_WARMUP)
		histogram_record(&p->all, x.last_byte_ns - x.due_ns);
	p->k++;
}

/* window_level: whose window is running. */
static void
play_interval(struct played *p, uint32_t level, uint32_t window_level, uint32_t requests, int64_t length_ns)
{
	recorder_in_flight(p->recorder, window_level, 3, p->now_ns);
	for (uint32_t i = 0; i < requests; i++)
		play_request(p, level);
	p->now_ns += length_ns;
	recorder_in_flight(p->recorder, window_level, 3, p->now_ns);
	struct interval *interval = recorder_take_interval(p->recorder, p->now_ns);

	interval_add_up(interval);
	blocks_add_interval(p->blocks, interval);
	recorder_give_interval(p->recorder, interval);
}

static uint64_t
total_of(const struct blocks *blocks)
{
	uint64_t n = 0;

	for (size_t i = 0; i < blocks->n; i++)
		n += blocks->blocks[i].all.counts.scheduled;
	return n;
}

static void
test_a_block_is_an_interval_at_first(void **state)
{
	struct played p;

	(void)state;
	play_init(&p, NULL);
	for (int i = 0; i < 5; i++)
		play_interval(&p, 0, 0, 10, NS_PER_S);
	assert_int_equal(p.blocks->n, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct block *block = &p.blocks->blocks[i];

		assert_int_equal(block->start_ns, (int64_t)i * NS_PER_S);
		assert_int_equal(block->end_ns, (int64_t)(i + 1) * NS_PER_S);
		assert_int_equal(block->window_ns, NS_PER_S);
		assert_int_equal(block->all.counts.ok, 10);
		assert_int_equal(block->all.tallies[METRIC_RESPONSE].total, 10);
		assert_true(block->in_flight_ns == 3.0 * NS_PER_S);
		assert_int_equal(block->in_flight_peak, 3);
	}
	play_fini(&p);
}

static void
test_the_warm_up_is_left_out_and_the_drain_goes_to_the_last_block(void **state)
{
	struct played p;

	(void)state;
	play_init(&p, NULL);
	play_interval(&p, LEVEL_WARMUP, LEVEL_WARMUP, 10, NS_PER_S);
	play_interval(&p, 0, 0, 10, NS_PER_S);
	play_interval(&p, 0, LEVEL_NONE, 7, NS_PER_S);
	play_interval(&p, 0, LEVEL_NONE, 0, NS_PER_S);
	assert_int_equal(p.blocks->n, 1);
	assert_int_equal(p.blocks->blocks[0].start_ns, NS_PER_S);
	assert_int_equal(p.blocks->blocks[0].window_ns, NS_PER_S);
	assert_int_equal(p.blocks->blocks[0].all.counts.ok, 17);
	play_fini(&p);
}

/* A remainder of a second is no block of its own until it is most of one. */
static void
test_short_intervals_are_gathered(void **state)
{
	struct played p;

	(void)state;
	play_init(&p, NULL);
	for (int i = 0; i < 8; i++)
		play_interval(&p, 0, 0, 1, NS_PER_S / 4);
	assert_int_equal(p.blocks->n, 3); /* 0.75, 0.75, 0.5 s */
	assert_int_equal(p.blocks->blocks[0].window_ns, 750 * NS_PER_MS);
	assert_int_equal(total_of(p.blocks), 8);
	play_fini(&p);
}

static void
test_long_runs_have_longer_blocks_and_no_more_of_them(void **state)
{
	struct played p;

	(void)state;
	play_init(&p, NULL);
	for (int i = 0; i < 1000; i++) {
		play_interval(&p, 0, 0, 2, NS_PER_S);
		assert_true(p.blocks->n <= BLOCKS_MAX);
		assert_true(i < BLOCKS_MAX || p.blocks->n >= BLOCKS_MAX / 2);
	}
	assert_int_equal(p.blocks->length_ns, 16 * NS_PER_S);
	for (size_t i = 0; i + 1 < p.blocks->n; i++) {
		assert_int_equal(p.blocks->blocks[i].window_ns, 16 * NS_PER_S);
		assert_int_equal(p.blocks->blocks[i].all.counts.ok, 32);
		assert_int_equal(p.blocks->blocks[i].end_ns, p.blocks->blocks[i + 1].start_ns);
	}
	assert_int_equal(total_of(p.blocks), 2000);
	play_fini(&p);
}

/* Whatever was joined, the tallies are together what one histogram of the run holds. */
static void
test_nothing_is_lost_by_joining(void **state)
{
	struct played p;
	struct tally all;

	(void)state;
	play_init(&p, NULL);
	tally_init(&all);
	for (int i = 0; i < 333; i++)
		play_interval(&p, 0, 0, (uint32_t)i % 5, NS_PER_S);
	blocks_join(p.blocks, 7);
	assert_true(p.blocks->n <= 7);
	for (size_t i = 0; i < p.blocks->n; i++)
		tally_merge(&all, &p.blocks->blocks[i].all.tallies[METRIC_RESPONSE]);
	assert_int_equal(all.total, p.all.total);
	assert_true(all.sum_ns == p.all.sum_ns && all.sum_squares_ns == p.all.sum_squares_ns);
	assert_int_equal(all.min_ns, p.all.min_ns);
	assert_int_equal(all.max_ns, p.all.max_ns);
	uint64_t counted = 0;

	for (size_t w = 0; w < all.words_n; w++) {
		assert_true(w == 0 || tally_place(all.words[w]) > tally_place(all.words[w - 1]));
		assert_int_equal(tally_count(all.words[w]), p.all.counts[tally_place(all.words[w])]);
		counted += tally_count(all.words[w]);
	}
	assert_int_equal(counted, p.all.total);
	tally_fini(&all);
	play_fini(&p);
}

static void
test_no_window_outlives_what_was_measured(void **state)
{
	struct played p;

	(void)state;
	play_init(&p, NULL);
	for (int i = 0; i < 4; i++)
		play_interval(&p, 0, 0, 10, NS_PER_S);
	blocks_trim(p.blocks, 2.25);
	assert_int_equal(p.blocks->n, 3);
	assert_int_equal(p.blocks->blocks[1].window_ns, NS_PER_S);
	assert_int_equal(p.blocks->blocks[2].window_ns, NS_PER_S / 4);
	assert_int_equal(p.blocks->blocks[2].end_ns, 4 * NS_PER_S);
	assert_int_equal(total_of(p.blocks), 40);
	blocks_trim(p.blocks, 3);
	assert_int_equal(p.blocks->blocks[2].window_ns, NS_PER_S / 4);
	play_fini(&p);
}

static void
test_requests_are_kept_apart_where_that_is_wanted(void **state)
{
	static const bool is_kept[REQUESTS] = {false, true};
	struct played p;

	(void)state;
	play_init(&p, is_kept);
	for (int i = 0; i < 300; i++)
		play_interval(&p, 0, 0, 3, NS_PER_S);
	uint64_t first = 0, second = 0;

	for (size_t i = 0; i < p.blocks->n; i++) {
		first += p.blocks->blocks[i].requests[0].counts.ok;
		second += p.blocks->blocks[i].requests[1].tallies[METRIC_RESPONSE].total;
	}
	assert_int_equal(first, 0);
	assert_int_equal(second, 450);
	play_fini(&p);
}

static void
test_a_tally_is_the_histogram_it_was_made_of(void **state)
{
	struct histogram a, b;
	struct tally tally, empty;

	(void)state;
	histogram_init(&a);
	histogram_init(&b);
	tally_init(&tally);
	tally_init(&empty);
	histogram_record_n(&a, 5, 3);
	histogram_record(&a, 7 * NS_PER_S);
	histogram_record_n(&b, 5, 2);
	histogram_record(&b, 1000000);
	tally_add(&tally, &a);
	tally_add(&tally, &b);
	tally_merge(&tally, &empty);
	tally_merge(&empty, &tally);
	assert_int_equal(tally.words_n, 3);
	assert_int_equal(tally_place(tally.words[0]), 5);
	assert_int_equal(tally_count(tally.words[0]), 5);
	assert_int_equal(tally_place(tally.words[2]), histogram_index(7 * NS_PER_S));
	assert_int_equal(tally.total, 7);
	assert_int_equal(empty.total, 7);
	assert_int_equal(empty.words_n, 3);
	tally_fini(&tally);
	tally_fini(&empty);
	histogram_fini(&a);
	histogram_fini(&b);
}

static void
test_an_arm_is_all_its_runs(void **state)
{
	struct plan_request request = {.name = "root"};
	struct plan plan = {.requests = &request, .requests_n = 1, .output.interval_ns = NS_PER_S};
	struct arm *arm = arm_new("on", &plan);
	const struct verdict verdict = {.breaking_point = {.max_sustainable = 120, .max_goodput_per_s = 130}};

	(void)state;
	for (int run = 0; run < 3; run++) {
		struct summary *summary = summary_new(&plan);
		struct recorder *recorder =
			recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});

		summary_add_level(summary, 0, 0, 2 * NS_PER_S, 10);
		recorder_add_scheduled(recorder, LEVEL_WARMUP, 0, 1);
		recorder_add_scheduled(recorder, 0, 0, 5);
		recorder_in_flight(recorder, 0, 4, 0);
		recorder_in_flight(recorder, 0, 4, 2 * NS_PER_S);
		struct interval *interval = recorder_take_interval(recorder, 2 * NS_PER_S);

		interval_add_up(interval);
		summary_add_interval(summary, interval);
		recorder_give_interval(recorder, interval);
		arm_add_run(arm, summary, blocks_new(NS_PER_S, NULL, 1), run == 0 ? &verdict : NULL, run * NS_PER_MS);
		recorder_free(recorder);
		summary_free(summary);
	}
	assert_int_equal(arm->runs_n, 3);
	assert_int_equal(arm->totals.scheduled, 18);
	assert_int_equal(arm->measured.counts.scheduled, 15);
	assert_true(arm->measured_s == 6 && arm->in_flight_s == 24);
	assert_int_equal(arm->in_flight_peak, 4);
	assert_true(arm->runs[0].max_sustainable == 120 && arm->runs[1].max_sustainable != 120);
	assert_int_equal(arm->runs[2].ready_ns, 2 * NS_PER_MS);
	arm_free(arm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block_is_an_interval_at_first),
		cmocka_unit_test(test_the_warm_up_is_left_out_and_the_drain_goes_to_the_last_block),
		cmocka_unit_test(test_short_intervals_are_gathered),
		cmocka_unit_test(test_long_runs_have_longer_blocks_and_no_more_of_them),
		cmocka_unit_test(test_nothing_is_lost_by_joining),
		cmocka_unit_test(test_no_window_outlives_what_was_measured),
		cmocka_unit_test(test_requests_are_kept_apart_where_that_is_wanted),
		cmocka_unit_test(test_a_tally_is_the_histogram_it_was_made_of),
		cmocka_unit_test(test_an_arm_is_all_its_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
