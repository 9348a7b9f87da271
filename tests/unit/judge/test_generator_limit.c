/* What a level that the generator spoiled does to the answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

/* Late, and full of errors that nobody is to be blamed for. */
#define VOID_STEP(rate)                                                                                                \
	((struct step){.offered = rate,                                                                                \
		.latency_ns = 2 * NS_PER_MS,                                                                           \
		.lateness_ns = 20 * NS_PER_MS,                                                                         \
		.bad = {{FAILURE_STATUS, 500, 0}}})

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
		fail_msg("%.9g is not %.9g", value, wanted);
}

static void
test_void_level_is_repeated_once_and_then_ends_the_run(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100});
	assert_int_equal(judge_next(run.judge), JUDGE_GO_ON);
	assert_int_equal(run_play_on(&run, VOID_STEP(150)), LEVEL_INVALID);
	assert_int_equal(judge_next(run.judge), JUDGE_REPEAT);
	assert_int_equal(run_play_on(&run, VOID_STEP(150)), LEVEL_INVALID);
	assert_int_equal(judge_next(run.judge), JUDGE_STOP);
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 3);
	assert_int_equal(v->status, VERDICT_INCONCLUSIVE);
	assert_true(v->is_generator_limited && v->breaking_point.is_at_least && !v->breaking_point.is_found);
	near(v->breaking_point.max_sustainable, 100);
	assert_int_equal(v->failure_mode, FAILURE_MODE_NONE);
	assert_true(has_reason(v, "at least 100.0/s"));
	run_fini(&run);
}

/* Who reads that brunt was late asks why, and it is no reason to buy a larger machine. */
static void
test_void_level_tells_what_the_host_took(void **state)
{
	static const double taken[] = {0.12, 0.004};
	struct scripted_run run;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		struct step late = VOID_STEP(150), still = {.offered = 150, .gap_ns = 2 * NS_PER_S};

		late.own_stolen = still.own_stolen = taken[i];
		run_init(&run, "steps");
		const char *said = find_rule(run_play(&run, late), "lateness")->text;

		assert_true(
			(strstr(said, "> 1.00ms; its host took a CPU away for 12% of the time") != NULL) == (i == 0));
		said = find_rule(run_play(&run, still), "loop_gap")->text;
		assert_true((strstr(said, "; its host took a CPU away for 12% of the time") != NULL) == (i == 0));
		run_fini(&run);
	}
}

static void
test_void_level_that_its_repetition_makes_good_is_forgotten(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, VOID_STEP(100));
	assert_int_equal(judge_next(run.judge), JUDGE_REPEAT);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100}), LEVEL_OK);
	assert_int_equal(judge_next(run.judge), JUDGE_GO_ON);
	run_play_on(&run, (struct step){.offered = 150, .bad = BREAKING});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 0);
	assert_false(v->is_generator_limited);
	near(v->breaking_point.max_sustainable, 100);
	assert_int_equal(v->breaking_point.levels_tested, 2);
	run_fini(&run);
}

/* 100 holds, 150 was spoiled twice, 200 breaks: whether 150 would have held is not known. */
static void
test_void_level_inside_the_bracket_leaves_a_lower_bound(void **state)
{
	static const struct {
		double spoiled, later; /* later: a good level after it; 0: none */
		int exit_code;
	} rows[] = {{150, 0, 3}, {50, 0, 0}, {100, 0, 0}, {150, 150, 0}, {150, 170, 0}, {150, 120, 3}, {200, 0, 0},
		{250, 0, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run.plan.stop.when = STOP_MAX;
		run_add_slo(&run, make_expr("max_sustainable_rate", 0, EXPR_GE, 100));
		run_play_on(&run, (struct step){.offered = 100});
		run_play_on(&run, VOID_STEP(rows[i].spoiled));
		run_play_on(&run, VOID_STEP(rows[i].spoiled));
		if (rows[i].later > 0)
			assert_int_equal(run_play_on(&run, (struct step){.offered = rows[i].later}), LEVEL_OK);
		run_play_on(&run, (struct step){.offered = 200, .bad = BREAKING});
		const struct verdict *v = conclude(&run);

		assert_int_equal(v->exit_code, rows[i].exit_code);
		assert_true(v->breaking_point.is_found);
		assert_int_equal(v->breaking_point.is_at_least, rows[i].exit_code == 3);
		assert_int_equal(v->is_generator_limited, rows[i].exit_code == 3);
		assert_int_equal(has_reason(v, "sustained at least"), rows[i].exit_code == 3);
		assert_int_equal(v->slos[0].status, SLO_PASS); /* a lower bound proves that it holds */
		run_fini(&run);
	}
}

/* It was tried again and did not hold its SLO; that is an answer too. */
static void
test_void_level_whose_repetition_misses_an_slo_is_answered(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 10e6));
	run_play_on(&run, (struct step){.offered = 100});
	run_play_on(&run, VOID_STEP(150));
	run_play_on(&run, (struct step){.offered = 150, .latency_ns = 20 * NS_PER_MS});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 0);
	assert_false(v->is_generator_limited);
	near(v->breaking_point.max_sustainable, 100);
	run_fini(&run);
}

/* Proven by nothing: 200 answered too slowly, and 150 might have held. */
static void
test_void_level_below_one_that_missed_its_slo_is_not_made_good(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.stop.when = STOP_MAX;
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 10e6));
	run_play_on(&run, (struct step){.offered = 100});
	run_play_on(&run, VOID_STEP(150));
	run_play_on(&run, VOID_STEP(150));
	run_play_on(&run, (struct step){.offered = 200, .latency_ns = 20 * NS_PER_MS});
	assert_int_equal(conclude(&run)->exit_code, 3);
	run_fini(&run);
}

static void
test_generator_limited_steady_run_is_inconclusive(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, VOID_STEP(100));
	assert_int_equal(judge_next(run.judge), JUDGE_GO_ON);
	assert_int_equal(conclude(&run)->exit_code, 3);
	assert_true(conclude(&run)->is_generator_limited);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_void_level_is_repeated_once_and_then_ends_the_run),
		cmocka_unit_test(test_void_level_tells_what_the_host_took),
		cmocka_unit_test(test_void_level_that_its_repetition_makes_good_is_forgotten),
		cmocka_unit_test(test_void_level_inside_the_bracket_leaves_a_lower_bound),
		cmocka_unit_test(test_void_level_whose_repetition_misses_an_slo_is_answered),
		cmocka_unit_test(test_void_level_below_one_that_missed_its_slo_is_not_made_good),
		cmocka_unit_test(test_generator_limited_steady_run_is_inconclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
