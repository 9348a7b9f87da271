/* Drift and leaks of whole runs, and what SLOs make of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

/* A minute at 100/s unless the step says otherwise. */
static const struct verdict *
judge_steady(struct scripted_run *run, struct step step, struct expr expr)
{
	run_init(run, "steady");
	run_add_slo(run, expr);
	step.offered = 100;
	step.seconds = step.seconds > 0 ? step.seconds : 60;
	run_play_on(run, step);
	return conclude(run);
}

static struct expr
below(const char *metric, double value)
{
	return make_expr(metric, 0, EXPR_LT, value);
}

static void
test_a_leak_fails_its_slo(void **state)
{
	struct scripted_run run;

	(void)state;
	const struct verdict *v =
		judge_steady(&run, (struct step){.memory = 0.2, .memory_per_s = 1e-5}, below("memory.growth", 0.05));

	assert_true(v->sustained.is_known);
	assert_int_equal(v->sustained.memory_course, MEMORY_LEAK);
	assert_true(fabs(v->slos[0].value - 0.18) < 0.001); /* 36 MB an hour of 200 MB */
	assert_int_equal(v->slos[0].status, SLO_FAIL);
	assert_int_equal(v->exit_code, EXIT_FAILED_GATE);
	assert_int_equal(v->sustained.memory.windows, 45);
	run_fini(&run);
}

static void
test_what_stays_passes(void **state)
{
	struct scripted_run run;

	(void)state;
	const struct verdict *v = judge_steady(&run, (struct step){.memory = 0.2}, below("memory.growth", 0.05));

	assert_int_equal(v->sustained.memory_course, MEMORY_FLAT);
	assert_true(v->slos[0].value == 0);
	assert_int_equal(v->exit_code, EXIT_PASSED);
	run_fini(&run);
}

/* It grows for the first 15 of 60 s, and that is left out. */
static void
test_growth_of_the_first_quarter_is_warm_up(void **state)
{
	struct scripted_run run;

	(void)state;
	const struct verdict *v = judge_steady(
		&run, (struct step){.memory = 0.4, .memory_from_s = 14}, below("memory.slope", 1024 * 1024));

	assert_int_equal(v->sustained.memory_course, MEMORY_FLAT);
	assert_int_equal(v->exit_code, EXIT_PASSED);
	run_fini(&run);
}

/* Answers become slower by and by: the last requests' latency is another. */
static void
test_latency_that_drifts_fails_its_slo(void **state)
{
	struct scripted_run run;

	(void)state;
	/* A queue that grows by 1 every 50 requests. */
	const struct verdict *v =
		judge_steady(&run, (struct step){.capacity_per_s = 98}, make_expr("p50.drift", 0, EXPR_LE, 0.1));

	assert_true(v->sustained.p50.is_trend);
	assert_true(v->slos[0].value > 1);
	assert_int_equal(v->slos[0].status, SLO_FAIL);
	run_fini(&run);
	v = judge_steady(&run, (struct step){.latency_ns = 20 * NS_PER_MS}, make_expr("p99.drift", 0, EXPR_LE, 0.1));
	/* 100 a second are as many as a P99 takes. */
	assert_true(v->sustained.p99.windows > 20);
	assert_int_equal(v->slos[0].status, SLO_PASS);
	assert_true(v->slos[0].value == 0);
	run_fini(&run);
	v = judge_steady(
		&run, (struct step){.latency_ns = 20 * NS_PER_MS}, make_expr("achieved.drift", 0, EXPR_GE, -0.1));
	assert_int_equal(v->slos[0].status, SLO_PASS);
	run_fini(&run);
}

static void
test_what_is_too_short_or_not_steady_cannot_be_judged(void **state)
{
	struct scripted_run run;

	(void)state;
	const struct verdict *v =
		judge_steady(&run, (struct step){.memory = 0.2, .seconds = 20}, below("memory.growth", 0.05));

	assert_false(v->sustained.is_known);
	assert_int_equal(v->slos[0].status, SLO_NA);
	assert_int_equal(v->exit_code, EXIT_INCONCLUSIVE);
	assert_true(has_reason(v, "too few for a trend"));
	run_fini(&run);
	run_init(&run, "ramp");
	run_add_slo(&run, below("memory.growth", 0.05));
	run_play_on(&run, (struct step){.offered = 100, .seconds = 60});
	v = conclude(&run);
	assert_true(has_reason(v, "the load was not steady"));
	assert_int_equal(v->exit_code, EXIT_INCONCLUSIVE);
	run_fini(&run);
}

static void
test_levels_make_a_figure_of_memory(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, below("memory.per_load", 2e6));
	run_add_slo(&run, below("memory.above_idle", 0.01));
	run_idle(&run, 0.1);
	for (double offered = 20; offered <= 60; offered += 20)
		run_play_on(&run, (struct step){.offered = offered, .memory = 0.1 + 0.001 * offered});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->slos[0].status, SLO_PASS);
	assert_true(fabs(v->slos[0].value - 1e6) < 1);
	assert_int_equal(v->slos[1].status, SLO_FAIL);
	assert_int_equal(v->exit_code, EXIT_FAILED_GATE);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_leak_fails_its_slo),
		cmocka_unit_test(test_what_stays_passes),
		cmocka_unit_test(test_growth_of_the_first_quarter_is_warm_up),
		cmocka_unit_test(test_latency_that_drifts_fails_its_slo),
		cmocka_unit_test(test_what_is_too_short_or_not_steady_cannot_be_judged),
		cmocka_unit_test(test_levels_make_a_figure_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
