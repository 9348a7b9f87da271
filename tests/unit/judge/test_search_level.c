#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/judge/scripted_run.h"

/* How a level of a search is decided, by its windows, and what the judge makes of the levels. */

#define LIMIT_NS (50 * NS_PER_MS)

static struct search goal = {.from = 100,
	.max = 2000,
	.min = 1,
	.factor = 2,
	.width = 0.05,
	.every_ns = 10 * NS_PER_S,
	.confirm_ns = 30 * NS_PER_S};

static struct scripted_run run;

static void
begin(void)
{
	run_init(&run, "search");
	run.scenario.load.shape.params = &goal;
	run_add_slo(&run, make_expr("response", 0.99, EXPR_LE, LIMIT_NS));
}

/* A second before a level in which one request is answered. */
static void
run_settle(struct scripted_run *r)
{
	uint32_t used[3] = {0};
	struct exchange x = make_exchange(&(struct step){.offered = 1}, LEVEL_WARMUP, 0, 1, r->now_ns, 0, used);
	struct reading reading = make_reading(r, &(struct step){.cpu = 0.1}, 0);

	recorder_add_scheduled(r->recorder, LEVEL_WARMUP, 0, 1);
	recorder_add_sent(r->recorder, LEVEL_WARMUP, 0);
	recorder_add_exchange(r->recorder, &x, LEVEL_NONE);
	end_interval(r, LEVEL_WARMUP, &reading, 0);
}

static const struct search_trial *
play(struct step step)
{
	run_play(&run, step);
	const struct search_trial *trial = judge_search_trial(run.judge);

	summary_settle_level(run.summary, run.levels - 1);
	return trial;
}

static void
assert_outcome(struct step step, enum search_outcome outcome)
{
	begin();
	const struct search_trial *trial = play(step);

	if (trial->outcome != outcome)
		fail_msg("it came to %d, not %d: %u of %u windows were bad", trial->outcome, outcome,
			trial->windows_bad, trial->windows);
	run_fini(&run);
}

/* Levels of 10 s at 200/s: the last n requests take 200 ms. */
static struct step
slow(uint32_t n)
{
	return (struct step){.offered = 200, .slow = n, .slow_ns = 200 * NS_PER_MS};
}

static void
test_a_level_misses_by_more_than_a_quarter_of_its_windows(void **state)
{
	(void)state;
	assert_outcome((struct step){.offered = 200}, SEARCH_HELD);
	assert_outcome(slow(200), SEARCH_HELD); /* P99 of the level is 200 ms, all the doing of one second */
	assert_outcome(slow(400), SEARCH_HELD);
	assert_outcome(slow(800), SEARCH_BROKE);
	assert_outcome(slow(2000), SEARCH_BROKE);
}

/* What a level came to is the less certain, the more its windows differ and the nearer they are to what is asked. */
static void
test_a_level_near_its_objective_is_doubted(void **state)
{
	const struct {
		struct step step;
		double least, most;
	} levels[] = {
		{{.offered = 200}, 0, 1e-9}, {slow(2000), 0, 1e-9},
		{slow(400), 0.5, 0.5},   /* missed as a whole, and held for two windows */
		{slow(800), 0.01, 0.4},  /* missed in four of ten, one after the other */
		{slow(1600), 1e-9, 0.1}, /* in eight */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		begin();
		double doubt = play(levels[i].step)->doubt;

		if (doubt < levels[i].least || doubt > levels[i].most)
			fail_msg(
				"level %zu: a doubt of %g is not in %g..%g", i, doubt, levels[i].least, levels[i].most);
		run_fini(&run);
	}
}

static void
test_the_worst_windows_are_told(void **state)
{
	(void)state;
	begin();
	const struct search_trial *trial = play(slow(400));

	/* the last answers, in the drain, are too few for a P99 */
	assert_int_equal(trial->windows, 10);
	assert_int_equal(trial->windows_bad, 2);
	run_fini(&run);
}

static void
test_a_window_is_as_long_as_it_takes_to_tell(void **state)
{
	(void)state;
	begin(); /* 50 requests a second back no P99; 100 in two seconds do */
	const struct search_trial *trial = play((struct step){.offered = 50, .slow = 50, .slow_ns = 200 * NS_PER_MS});

	assert_true(trial->windows >= 4 && trial->windows <= 5);
	assert_int_equal(trial->windows_bad, 1);
	assert_int_equal(trial->outcome, SEARCH_HELD);
	run_fini(&run);
	assert_outcome((struct step){.offered = 50, .slow = 250, .slow_ns = 200 * NS_PER_MS}, SEARCH_BROKE);
}

static void
test_a_window_is_no_shorter_than_a_tenth_of_a_level(void **state)
{
	(void)state;
	goal.every_ns = 20 * NS_PER_S; /* and intervals of 1 s */
	begin();
	const struct search_trial *trial = play(slow(400));

	assert_int_equal(trial->windows, 5);
	assert_int_equal(trial->windows_bad, 1);
	assert_int_equal(trial->outcome, SEARCH_HELD);
	run_fini(&run);
	assert_outcome(slow(800), SEARCH_BROKE);
	begin();
	run.plan.break_when.error_rate = 0.05;
	run.plan.slos_n = 0;
	trial = play((struct step){.offered = 100, .bad = {{FAILURE_STATUS, 200, 4}}});
	assert_int_equal(trial->windows, 5);
	assert_int_equal(trial->windows_bad, 1);
	run_fini(&run);
	goal.every_ns = 10 * NS_PER_S;
}

static void
test_where_windows_cannot_tell_the_level_decides(void **state)
{
	(void)state;
	/* of 3 windows one would be more than a quarter */
	assert_outcome(
		(struct step){.offered = 200, .seconds = 2, .slow = 100, .slow_ns = 200 * NS_PER_MS}, SEARCH_BROKE);
}

static void
test_a_rate_that_one_window_made_breaks_nothing_and_the_verdict_says_so(void **state)
{
	(void)state;
	begin();
	run.plan.break_when.error_rate = 0.05;
	run.plan.slos_n = 0;
	assert_int_equal(play((struct step){.offered = 100, .bad = {{FAILURE_STATUS, 100, 4}}})->outcome, SEARCH_HELD);
	const struct verdict *v = conclude(&run);

	assert_true(v->levels[0].status < LEVEL_BROKEN);
	assert_int_equal(v->failure_mode, FAILURE_MODE_NONE);
	assert_int_equal(play((struct step){.offered = 100, .bad = {{FAILURE_STATUS, 300, 4}}})->outcome, SEARCH_BROKE);
	v = conclude(&run);
	assert_int_equal(v->levels[1].status, LEVEL_BROKEN);
	assert_int_equal(v->failure_mode, FAILURE_MODE_HIGH_ERROR_RATE);
	run_fini(&run);
}

static void
test_timeouts_after_the_level_are_windows_of_it(void **state)
{
	(void)state;
	/* 2 s later, when no request is due any more */
	assert_outcome((struct step){.offered = 100, .bad = {{FAILURE_RESPONSE_TIMEOUT, 400, 6}}}, SEARCH_BROKE);
	assert_outcome((struct step){.offered = 100, .bad = {{FAILURE_RESPONSE_TIMEOUT, 90, 6}}}, SEARCH_HELD);
}

static void
test_a_crash_breaks_at_once(void **state)
{
	(void)state;
	assert_outcome((struct step){.offered = 200, .gone_at_s = 9}, SEARCH_BROKE);
	assert_outcome((struct step){.offered = 200, .kill_at_s = 9}, SEARCH_BROKE);
}

/* The target dies while it settles, at what would be 400/s: nothing of the level itself is answered. */
static void
test_a_target_that_dies_while_it_settles_broke_and_one_that_was_dead_is_gone(void **state)
{
	struct step dead = {.offered = 400, .bad = {{FAILURE_CONNECT_REFUSED, 4000, 0}}, .gone_at_s = 1};

	(void)state;
	for (int answers = 0; answers < 2; answers++) {
		begin();
		play((struct step){.offered = 200});
		for (int i = 0; i < answers; i++)
			run_settle(&run);
		const struct search_trial *trial = play(dead);

		assert_int_equal(trial->is_gone, !answers);
		assert_int_equal(trial->outcome, answers ? SEARCH_BROKE : SEARCH_VOID);
		assert_int_equal(judge_search_step(run.judge, INT64_MAX).end == SEARCH_END_GONE, !answers);
		run_fini(&run);
	}
}

static void
test_less_achieved_than_offered_breaks_where_it_lasts(void **state)
{
	(void)state;
	/* the answers to the last 1 or 3 s come only when the level is over */
	{
		begin();
		run.plan.slos_n = 0;
		assert_int_equal(
			play((struct step){.offered = 200, .slow = 200, .slow_ns = 15 * NS_PER_S / 10})->outcome,
			SEARCH_HELD);
		assert_int_equal(play((struct step){.offered = 200, .slow = 600, .slow_ns = 4 * NS_PER_S})->outcome,
			SEARCH_BROKE);
		run_fini(&run);
	}
}

/* One of 30 is more than 2%, and no more than the last one sent. */
static void
test_the_last_request_under_way_is_no_shortfall(void **state)
{
	(void)state;
	begin();
	run.plan.slos_n = 0;
	assert_int_equal(play((struct step){.offered = 3, .slow = 1, .slow_ns = NS_PER_S})->outcome, SEARCH_HELD);
	assert_int_equal(play((struct step){.offered = 3, .slow = 2, .slow_ns = NS_PER_S})->outcome, SEARCH_BROKE);
	run_fini(&run);
}

static void
test_a_busy_cpu_breaks_only_with_what_it_stands_beside(void **state)
{
	struct step few = slow(200), many = slow(1000);

	(void)state;
	few.cpu = many.cpu = 1;
	assert_outcome(few, SEARCH_HELD);
	assert_outcome(many, SEARCH_BROKE);
}

static void
test_what_the_generator_spoiled_is_void(void **state)
{
	(void)state;
	assert_outcome((struct step){.offered = 200, .lateness_ns = 20 * NS_PER_MS}, SEARCH_VOID);
	assert_outcome((struct step){.offered = 200, .is_cut = true}, SEARCH_VOID);
}

/* Plays a whole search against a target whose answers take slow_ns above a rate. */
static size_t
search_against(double breaks_above)
{
	struct search_step step;
	size_t levels = 0;

	for (run.judge = judge_new(&run.plan);; levels++) {
		step = judge_search_step(run.judge, INT64_MAX);
		if (step.state == SEARCH_DONE)
			return levels;
		play((struct step){.offered = step.level,
			.requests = (uint32_t)step.level * 5,
			.seconds = (int)(step.measure_ns / NS_PER_S) / 2,
			.latency_ns = step.level > breaks_above ? 2 * LIMIT_NS : 0});
	}
}

static void
test_a_search_fills_the_breaking_point(void **state)
{
	(void)state;
	begin();
	size_t levels = search_against(430);
	const struct breaking_point *p = &conclude(&run)->breaking_point;
	struct search_answer answer = judge_search_answer(run.judge);

	assert_true(judge_is_search(run.judge));
	assert_true(p->is_searched && p->is_stepped && p->is_found && p->is_confirmed);
	assert_false(p->is_at_least || p->is_at_most);
	assert_int_equal(p->search_end, SEARCH_END_FOUND);
	assert_true(p->max_sustainable == answer.held && p->first_broken == answer.broke);
	assert_true(p->max_sustainable <= 430 && p->first_broken > 430);
	assert_true(p->interval[0] == answer.interval[0] && p->interval[1] == answer.interval[1]);
	assert_true(p->median > 410 && p->median < 450);
	assert_true(p->safe == 0.8 * p->max_sustainable);
	assert_int_equal(p->levels_tested, levels);
	assert_int_equal(p->max_sustainable_level, levels - 1); /* it was confirmed last */
	assert_false(p->is_sudden);                             /* slower, but nothing that break_when asks for */
	run_fini(&run);
}

static void
test_a_search_that_found_no_break_says_at_least(void **state)
{
	(void)state;
	begin();
	search_against(5000);
	const struct breaking_point *p = &conclude(&run)->breaking_point;

	assert_true(p->is_at_least && !p->is_found && p->is_confirmed);
	assert_int_equal(p->search_end, SEARCH_END_MAX);
	assert_true(p->max_sustainable == 2000 && isnan(p->interval[1]) && isnan(p->first_broken));
	run_fini(&run);
}

static void
test_the_level_that_is_named_is_one_that_said_so(void **state)
{
	(void)state;
	begin();
	play((struct step){.offered = 100});
	play((struct step){.offered = 200, .bad = BREAKING});
	play((struct step){.offered = 100, .lateness_ns = 20 * NS_PER_MS});
	play((struct step){.offered = 200, .lateness_ns = 20 * NS_PER_MS});
	const struct breaking_point *p = &conclude(&run)->breaking_point;

	assert_int_equal(p->max_sustainable_level, 0);
	assert_int_equal(p->first_broken_level, 1);
	run_fini(&run);
}

static void
test_a_search_that_was_stopped_gives_the_bracket_so_far(void **state)
{
	(void)state;
	begin();
	play((struct step){.offered = 100});
	play((struct step){.offered = 200, .bad = BREAKING});
	const struct breaking_point *p = &conclude(&run)->breaking_point;

	assert_int_equal(p->search_end, SEARCH_END_LIMIT);
	assert_true(p->max_sustainable == 100 && p->first_broken == 200 && !p->is_confirmed);
	assert_true(p->interval[0] < 105 && p->interval[1] > 195 && p->median > 120 && p->median < 170);
	assert_true(judge_search_step(run.judge, NS_PER_S).end == SEARCH_END_LIMIT);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_level_misses_by_more_than_a_quarter_of_its_windows),
		cmocka_unit_test(test_a_level_near_its_objective_is_doubted),
		cmocka_unit_test(test_the_worst_windows_are_told),
		cmocka_unit_test(test_a_window_is_as_long_as_it_takes_to_tell),
		cmocka_unit_test(test_a_window_is_no_shorter_than_a_tenth_of_a_level),
		cmocka_unit_test(test_where_windows_cannot_tell_the_level_decides),
		cmocka_unit_test(test_a_rate_that_one_window_made_breaks_nothing_and_the_verdict_says_so),
		cmocka_unit_test(test_timeouts_after_the_level_are_windows_of_it),
		cmocka_unit_test(test_a_crash_breaks_at_once),
		cmocka_unit_test(test_a_target_that_dies_while_it_settles_broke_and_one_that_was_dead_is_gone),
		cmocka_unit_test(test_less_achieved_than_offered_breaks_where_it_lasts),
		cmocka_unit_test(test_the_last_request_under_way_is_no_shortfall),
		cmocka_unit_test(test_a_busy_cpu_breaks_only_with_what_it_stands_beside),
		cmocka_unit_test(test_what_the_generator_spoiled_is_void),
		cmocka_unit_test(test_a_search_fills_the_breaking_point),
		cmocka_unit_test(test_a_search_that_found_no_break_says_at_least),
		cmocka_unit_test(test_the_level_that_is_named_is_one_that_said_so),
		cmocka_unit_test(test_a_search_that_was_stopped_gives_the_bracket_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
