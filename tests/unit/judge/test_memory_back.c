#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

/* Whether the memory that a target took until it broke came back when it recovered. */

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
		fail_msg("%.9g is not %.9g", value, wanted);
}

/* A good level, one that breaks, a second without load, and a level after it; in each so much of its memory. */
static const struct breaking_point *
recover(struct scripted_run *run, double good, double broken, double after)
{
	run_init(run, "steps");
	run->plan.stop.when = STOP_MAX;
	if (good > 0)
		run_play_on(run, (struct step){.offered = 100, .memory = good});
	run_play_on(run, (struct step){.offered = 200, .memory = broken, .bad = BREAKING});
	struct reading rest = make_reading(run, &(struct step){.memory = after}, 0);

	recorder_add_reading(run->recorder, LEVEL_NONE, false, &rest);
	end_interval(run, LEVEL_NONE, &rest, 0);
	run_play_on(run, (struct step){.offered = 150, .memory = after});
	return &conclude(run)->breaking_point;
}

static void
check(double broken, double after, bool has_returned)
{
	struct scripted_run run;
	const struct breaking_point *point = recover(&run, 0.3, broken, after);

	assert_true(point->recovered_after_ns >= 0);
	near(point->memory_before, 0.3 * MEMORY_LIMIT);
	near(point->memory_after, after * MEMORY_LIMIT);
	assert_int_equal(point->has_memory_returned, has_returned);
	run_fini(&run);
}

static void
test_memory_is_back_where_it_is_at_most_a_tenth_above_the_last_good_level(void **state)
{
	(void)state;
	check(0.6, 0.3, true);
	check(0.6, 0.32, true);
	check(0.6, 0.2, true);
	check(0.6, 0.34, false);
	check(0.6, 0.6, false);
}

static void
test_a_small_process_may_be_a_mebibyte_larger(void **state)
{
	struct scripted_run run;

	(void)state;
	assert_true(recover(&run, 0.001, 0.01, 0.002)->has_memory_returned);
	run_fini(&run);
	assert_false(recover(&run, 0.001, 0.01, 0.0021)->has_memory_returned);
	run_fini(&run);
}

static void
test_without_a_good_level_memory_is_held_against_the_idle_target(void **state)
{
	struct scripted_run run;

	(void)state;
	recover(&run, 0, 0.6, 0.3);
	gauge_stats_add(&run.summary->target_idle.gauges[GAUGE_MEMORY], 0.29 * MEMORY_LIMIT);
	const struct breaking_point *point = &conclude(&run)->breaking_point;

	near(point->memory_before, 0.29 * MEMORY_LIMIT);
	assert_true(point->has_memory_returned);
	run_fini(&run);
}

/* It holds what it took to the end of the run. */
static void
test_of_a_target_that_does_not_recover_the_last_memory_counts(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100, .memory = 0.3});
	run_play_on(&run, (struct step){.offered = 200, .memory = 0.6, .bad = BREAKING});
	run.facts.did_not_recover = true;
	run_idle(&run, 0.1);
	struct reading rest = make_reading(&run, &(struct step){.memory = 0.5}, 0);

	end_interval(&run, LEVEL_NONE, &rest, 0);
	const struct breaking_point *point = &conclude(&run)->breaking_point;

	assert_int_equal(point->recovered_after_ns, -1);
	near(point->memory_after, 0.5 * MEMORY_LIMIT);
	assert_false(point->has_memory_returned);
	run_fini(&run);
}

static void
test_nothing_is_said_of_memory_where_the_recovery_was_not_tested(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100, .memory = 0.3});
	run_play_on(&run, (struct step){.offered = 200, .memory = 0.6, .bad = BREAKING});
	const struct breaking_point *point = &conclude(&run)->breaking_point;

	assert_int_equal(point->recovered_after_ns, -2);
	assert_true(isnan(point->memory_before) && isnan(point->memory_after));
	assert_false(point->has_memory_returned);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_back_where_it_is_at_most_a_tenth_above_the_last_good_level),
		cmocka_unit_test(test_a_small_process_may_be_a_mebibyte_larger),
		cmocka_unit_test(test_without_a_good_level_memory_is_held_against_the_idle_target),
		cmocka_unit_test(test_of_a_target_that_does_not_recover_the_last_memory_counts),
		cmocka_unit_test(test_nothing_is_said_of_memory_where_the_recovery_was_not_tested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
