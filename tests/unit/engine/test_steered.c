#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/engine/bench.h"

/* A load whose levels are said one by one while it runs, as a search says them. */

#define SEARCH(more) "load: {search: {from: 100/s, max: 1000/s, every: 2s, settle: 1s" more "}}\n"

static void
say_level(struct bench *bench, double level, int64_t settle_ns, int64_t for_ns)
{
	run_control(bench->run,
		&(struct control){
			.kind = CONTROL_LEVEL, .at_ns = -1, .level = level, .settle_ns = settle_ns, .for_ns = for_ns});
}

static void
say_drain(struct bench *bench)
{
	run_control(bench->run, &(struct control){.kind = CONTROL_DRAIN, .at_ns = -1});
}

static void
climb_once(struct bench *bench, uint32_t level)
{
	if (level == 0)
		say_level(bench, 300, NS_PER_S, 2 * NS_PER_S);
	else
		say_drain(bench);
}

static void
test_each_level_settles_and_is_followed_by_what_is_said_next(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, SEARCH(""));
	bench.on_closed = climb_once;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(bench.levels_n, 2);
	assert_int_equal(bench.summary->levels[0].counts.scheduled, 200);
	assert_in_range(bench.summary->levels[1].counts.scheduled, 599, 601);
	assert_true(bench.summary->levels[1].offered == 300);
	assert_true(bench.summary->levels[1].window_s == 2);
	/* What settled is the warm-up's. */
	assert_in_range(counts->scheduled, 100 + 200 + 299 + 599, 100 + 200 + 301 + 601);
	assert_int_equal(bench.summary->measured.counts.scheduled,
		bench.summary->levels[0].counts.scheduled + bench.summary->levels[1].counts.scheduled);
	assert_false(bench.summary->levels[1].is_cut);
	bench_fini(&bench);
}

static void
say_nothing(struct bench *bench, uint32_t level)
{
	(void)bench;
	(void)level;
}

static void
test_it_rests_until_its_limit_where_nothing_more_is_said(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, SEARCH(", limit: 60s"));
	bench.on_closed = say_nothing;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 300);
	assert_int_equal(bench.levels_n, 1);
	assert_in_range(clock_now_ns(&bench.clock), 1060 * NS_PER_S, 1062 * NS_PER_S);
	bench_fini(&bench);
}

static void
steady_at_once(struct bench *bench)
{
	say_level(bench, 100, 0, 2 * NS_PER_S);
}

static void
drain_after_first(struct bench *bench, uint32_t level)
{
	(void)level;
	say_drain(bench);
}

static void
test_a_level_that_has_not_begun_is_replaced(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, SEARCH(""));
	bench.on_start = steady_at_once; /* the target is steady before the settling time is over */
	bench.on_closed = drain_after_first;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(bench.levels_n, 1);
	assert_in_range(counts->scheduled, 199, 201);
	/* The first one was due before anything could be said. */
	assert_int_equal(bench.summary->levels[0].counts.scheduled, counts->scheduled - 1);
	bench_fini(&bench);
}

static int64_t said_ns;

/* The second level began when the clock moved on, and still settles. */
static void
begin_sooner(struct bench *bench)
{
	if (clock_now_ns(&bench->clock) - said_ns < 2 * NS_PER_S)
		return;
	bench->on_interval = NULL;
	say_level(bench, 300, 0, NS_PER_S);
}

static void
say_one_that_begins_sooner(struct bench *bench, uint32_t level)
{
	if (level > 0) {
		say_drain(bench);
		return;
	}
	said_ns = clock_now_ns(&bench->clock);
	say_level(bench, 300, 3 * NS_PER_S, NS_PER_S);
	bench->on_interval = begin_sooner;
}

/* 300/s where two answers at a time take 20 ms each: two thirds wait in the backlog when the level begins. */
static void
test_what_waits_stays_in_the_level_that_it_was_taken_for(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 20ms",
		"load: {search: {from: 50/s, max: 1000/s, every: 2s, settle: 1s}, in_flight: {max: 2, when_full: queue}}\n");
	bench.on_closed = say_one_that_begins_sooner;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(bench.levels_n, 2);
	assert_in_range(bench.summary->levels[0].counts.scheduled, 99, 101);
	assert_in_range(bench.summary->levels[1].counts.scheduled, 299, 301);
	assert_in_range(counts->scheduled, 50 + 100 + 299 + 299, 50 + 100 + 301 + 301);
	bench_fini(&bench);
}

static void
climb_in_users(struct bench *bench, uint32_t level)
{
	if (level == 0)
		say_level(bench, 8, NS_PER_S, 2 * NS_PER_S);
	else
		say_drain(bench);
}

static void
test_users_come_and_go_as_is_said(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 100ms",
		"load: {search: {from: 2 users, max: 64 users, every: 2s, settle: 1s}}\n");
	bench.on_closed = climb_in_users;
	bench_go(&bench);
	assert_int_equal(bench.levels_n, 2);
	/* Each of them 10 times per second; those under way at the end of a level end in it. */
	assert_in_range(bench.summary->levels[0].counts.ok, 38, 42);
	assert_in_range(bench.summary->levels[1].counts.ok, 152, 168);
	bench_fini(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_level_settles_and_is_followed_by_what_is_said_next),
		cmocka_unit_test(test_it_rests_until_its_limit_where_nothing_more_is_said),
		cmocka_unit_test(test_a_level_that_has_not_begun_is_replaced),
		cmocka_unit_test(test_what_waits_stays_in_the_level_that_it_was_taken_for),
		cmocka_unit_test(test_users_come_and_go_as_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
