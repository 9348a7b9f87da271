#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "engine/timeline.h"
#include "unit/engine/plans.h"

/* 100/s, 200/s, 300/s for a second each, after a second of warm-up. */
static const char steps_profile[] = "load: {steps: {from: 100/s, by: 100/s, every: 1s, to: 300/s}, warmup: 1s}\n";

struct steps {
	struct plan *plan;
	struct schedule schedule;
	struct timeline timeline;
};

static void
steps_init(struct steps *steps)
{
	steps->plan = plan_of(steps_profile);
	schedule_init(&steps->schedule, &steps->plan->scenarios[0].load, 1);
	timeline_init(&steps->timeline, &steps->schedule, schedule_end_ns(&steps->schedule));
}

static void
steps_fini(struct steps *steps)
{
	timeline_fini(&steps->timeline);
	plan_free(steps->plan);
}

static void
test_a_level_begins_when_its_time_has_come(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	assert_false(timeline_begin_next(&steps.timeline, NS_PER_S - 1));
	assert_true(timeline_begin_next(&steps.timeline, NS_PER_S));
	assert_false(timeline_begin_next(&steps.timeline, NS_PER_S));
	assert_int_equal(steps.timeline.n, 1);
	assert_int_equal(steps.timeline.levels[0].end_ns, 2 * NS_PER_S);
	steps_fini(&steps);
}

static void
test_an_exchange_belongs_to_the_level_of_its_due_time(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	while (timeline_begin_next(&steps.timeline, 3 * NS_PER_S))
		;
	assert_int_equal(timeline_level_of(&steps.timeline, NS_PER_S - 1), LEVEL_WARMUP);
	assert_int_equal(timeline_level_of(&steps.timeline, NS_PER_S), 0);
	assert_int_equal(timeline_level_of(&steps.timeline, 2 * NS_PER_S - 1), 0);
	assert_int_equal(timeline_level_of(&steps.timeline, 2 * NS_PER_S), 1);
	assert_int_equal(timeline_window_of(&steps.timeline, 4 * NS_PER_S), LEVEL_NONE);
	steps_fini(&steps);
}

static void
test_a_level_closes_when_its_window_is_over_and_its_last_exchange_ended(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	timeline_add(&steps.timeline, LEVEL_WARMUP, +1);
	while (timeline_begin_next(&steps.timeline, 2 * NS_PER_S))
		;
	timeline_add(&steps.timeline, 0, +2);
	assert_int_equal(timeline_close_next(&steps.timeline, 2 * NS_PER_S), LEVEL_NONE);
	timeline_add(&steps.timeline, LEVEL_WARMUP, -1);
	assert_int_equal(timeline_close_next(&steps.timeline, 2 * NS_PER_S), LEVEL_WARMUP);
	timeline_add(&steps.timeline, 0, -1);
	assert_int_equal(timeline_close_next(&steps.timeline, 2 * NS_PER_S), LEVEL_NONE);
	timeline_add(&steps.timeline, 0, -1);
	assert_int_equal(timeline_close_next(&steps.timeline, 2 * NS_PER_S), 0);
	assert_int_equal(timeline_close_next(&steps.timeline, 2 * NS_PER_S), LEVEL_NONE);
	steps_fini(&steps);
}

static void
test_a_resumed_level_is_a_new_one_with_its_whole_length(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	while (timeline_begin_next(&steps.timeline, 5 * NS_PER_S / 2))
		;
	timeline_cut(&steps.timeline, 5 * NS_PER_S / 2);
	assert_int_equal(steps.timeline.levels[1].end_ns, 5 * NS_PER_S / 2);
	assert_false(timeline_begin_next(&steps.timeline, 10 * NS_PER_S));
	assert_int_equal(timeline_resume(&steps.timeline, 1, 10 * NS_PER_S), 2 * NS_PER_S);
	assert_true(timeline_begin_next(&steps.timeline, 10 * NS_PER_S));
	assert_int_equal(steps.timeline.n, 3);
	assert_int_equal(steps.timeline.levels[2].start_ns, 10 * NS_PER_S);
	assert_int_equal(steps.timeline.levels[2].end_ns, 11 * NS_PER_S);
	assert_int_equal(timeline_next_boundary_ns(&steps.timeline, 10 * NS_PER_S), 11 * NS_PER_S);
	steps_fini(&steps);
}

/* A worker of several hears late that the level begins sooner, and has begun it as it was meant. */
static void
test_a_level_that_begins_sooner_keeps_what_was_taken_for_it(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	timeline_begin_steered(&steps.timeline, 300, NS_PER_S, NS_PER_S, NS_PER_S, 2 * NS_PER_S);
	timeline_add(&steps.timeline, 0, 1);
	timeline_begin_steered(&steps.timeline, 300, 2 * NS_PER_S, 2 * NS_PER_S, 0, 2 * NS_PER_S);
	assert_int_equal(steps.timeline.n, 1);
	assert_int_equal(steps.timeline.levels[0].start_ns, 2 * NS_PER_S);
	assert_int_equal(steps.timeline.levels[0].outstanding, 1);
	steps_fini(&steps);
}

/* What waits in the backlog is asked for its level again when it starts. */
static void
test_what_was_due_while_a_level_settled_stays_warmup_when_it_begins_sooner(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	timeline_begin_steered(&steps.timeline, 100, NS_PER_S, NS_PER_S, 0, NS_PER_S);
	timeline_begin_steered(&steps.timeline, 300, 2 * NS_PER_S, 2 * NS_PER_S, 2 * NS_PER_S, NS_PER_S);
	assert_int_equal(timeline_level_of(&steps.timeline, 5 * NS_PER_S / 2), LEVEL_WARMUP);
	timeline_begin_steered(&steps.timeline, 300, 3 * NS_PER_S, 3 * NS_PER_S, 0, NS_PER_S);
	assert_int_equal(timeline_level_of(&steps.timeline, 2 * NS_PER_S - 1), 0);
	assert_int_equal(timeline_level_of(&steps.timeline, 5 * NS_PER_S / 2), LEVEL_WARMUP);
	assert_int_equal(timeline_level_of(&steps.timeline, 3 * NS_PER_S), 1);
	steps_fini(&steps);
}

static void
test_what_was_taken_before_a_level_was_said_stays_in_the_level_before(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	timeline_begin_steered(&steps.timeline, 100, NS_PER_S, NS_PER_S, 0, 3 * NS_PER_S);
	timeline_begin_steered(&steps.timeline, 300, 2 * NS_PER_S, 5 * NS_PER_S / 2, 0, NS_PER_S);
	assert_int_equal(timeline_level_of(&steps.timeline, 5 * NS_PER_S / 2 - 1), 0);
	assert_int_equal(timeline_level_of(&steps.timeline, 5 * NS_PER_S / 2), 1);
	steps_fini(&steps);
}

/* A worker began with it at 3 s, took arrivals until 3.2 s, and hears that it was to begin at 2.8 s. */
static void
test_what_was_taken_for_a_level_stays_its_own_when_it_was_to_begin_sooner(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps);
	timeline_begin_steered(&steps.timeline, 300, 2 * NS_PER_S, 2 * NS_PER_S, NS_PER_S, NS_PER_S);
	timeline_begin_steered(&steps.timeline, 300, 28 * NS_PER_S / 10, 32 * NS_PER_S / 10, 0, NS_PER_S);
	assert_int_equal(steps.timeline.levels[0].start_ns, 28 * NS_PER_S / 10);
	assert_int_equal(timeline_level_of(&steps.timeline, 29 * NS_PER_S / 10), LEVEL_WARMUP);
	assert_int_equal(timeline_level_of(&steps.timeline, 31 * NS_PER_S / 10), 0);
	steps_fini(&steps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_level_begins_when_its_time_has_come),
		cmocka_unit_test(test_an_exchange_belongs_to_the_level_of_its_due_time),
		cmocka_unit_test(test_a_level_closes_when_its_window_is_over_and_its_last_exchange_ended),
		cmocka_unit_test(test_a_resumed_level_is_a_new_one_with_its_whole_length),
		cmocka_unit_test(test_a_level_that_begins_sooner_keeps_what_was_taken_for_it),
		cmocka_unit_test(test_what_was_due_while_a_level_settled_stays_warmup_when_it_begins_sooner),
		cmocka_unit_test(test_what_was_taken_before_a_level_was_said_stays_in_the_level_before),
		cmocka_unit_test(test_what_was_taken_for_a_level_stays_its_own_when_it_was_to_begin_sooner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
