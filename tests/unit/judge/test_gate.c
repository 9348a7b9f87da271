#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/judge/arms.h"

/* Goals between arms, and what an experiment comes to. */

static const struct world server = {
	.seconds = 40, .per_second = 50, .median_ns = 10e6, .spread = 0.2, .errors = 0.02, .tail_share = 0};

#define GATES_MAX 4

struct experiment_of_two {
	struct plan plan;
	struct plan_slo gates[GATES_MAX];
	struct arm *arms[2];
	struct comparison *comparison;
	const struct comparison *comparisons[1];
	struct gate_verdict *verdicts;
	struct experiment experiment;
};

static const struct plan_metric *
metric_named(const char *name)
{
	for (size_t i = 0; judge_metrics[i] != NULL; i++)
		if (strcmp(judge_metrics[i]->name, name) == 0)
			return judge_metrics[i];
	fail_msg("no metric is named %s", name);
	return NULL;
}

static struct expr
goal(const char *text, enum expr_of of, const char *metric, enum expr_op op, double value, double value_to)
{
	const struct plan_metric *of_what = metric_named(metric);
	bool is_distribution = of_what->stats == STAT_DISTRIBUTION;

	return (struct expr){.text = text,
		.of = of,
		.metric = of_what,
		.request = -1,
		.stat = is_distribution ? EXPR_PERCENTILE : EXPR_VALUE,
		.quantile = is_distribution ? 0.5 : 0,
		.op = op,
		.value = value,
		.value_to = value_to};
}

static void
add_goal(struct experiment_of_two *e, struct expr expr)
{
	assert_true(e->plan.gates_n < GATES_MAX);
	e->gates[e->plan.gates_n++].expr = expr;
}

/* Not to be moved once it was made. */
static void
begin(struct experiment_of_two *e)
{
	*e = (struct experiment_of_two){.plan = arms_plan(500)};
	e->plan.gates = e->gates;
}

static void
run(struct experiment_of_two *e, const struct world *candidate)
{
	struct dice dice = {.seed = 7};

	e->arms[0] = simulate_arm(&dice, "off", &e->plan, &server, 1);
	e->arms[1] = simulate_arm(&dice, "on", &e->plan, candidate, 1);
	e->comparison = compare_arms(e->arms[0], e->arms[1], &e->plan);
	e->comparisons[0] = e->comparison;
	e->verdicts = compare_gates(&e->plan, e->comparisons, 1);
	e->experiment = (struct experiment){.arms = (const struct arm *const *)e->arms,
		.arms_n = 2,
		.comparisons = e->comparisons,
		.comparisons_n = 1,
		.gates = e->verdicts,
		.gates_n = e->plan.gates_n};
}

static void
end(struct experiment_of_two *e)
{
	free(e->verdicts);
	compare_free(e->comparison);
	arm_free(e->arms[0]);
	arm_free(e->arms[1]);
}

static struct verdict
passed(void)
{
	struct verdict verdict = {.status = VERDICT_PASS, .exit_code = EXIT_PASSED, .reasons_n = 1};

	snprintf(verdict.reasons[0], FINDING_TEXT_MAX, "nothing broke");
	return verdict;
}

static bool
says(const struct verdict *verdict, const char *text)
{
	for (size_t i = 0; i < verdict->reasons_n; i++)
		if (strstr(verdict->reasons[i], text) != NULL)
			return true;
	return false;
}

/* Half the time: an improvement of 50%, a speed-up of 2. */
static void
test_goals_are_judged_by_the_estimate_and_say_whether_the_interval_agrees(void **state)
{
	struct experiment_of_two e;
	struct world twice = server;

	(void)state;
	begin(&e);
	add_goal(&e, goal("a", EXPR_IMPROVEMENT, "response", EXPR_IN, 0.4, 0.6));
	add_goal(&e, goal("b", EXPR_SPEEDUP, "response", EXPR_GE, 1.9, 0));
	add_goal(&e, goal("c", EXPR_IMPROVEMENT, "response", EXPR_LT, 0.5, 0));
	add_goal(&e, goal("d", EXPR_SPEEDUP, "response", EXPR_GE, 3, 0));
	twice.median_ns /= 2;
	run(&e, &twice);
	assert_int_equal(e.verdicts[0].slo.status, SLO_PASS);
	assert_true(fabs(e.verdicts[0].slo.value - 0.5) < 0.02 && e.verdicts[0].is_inside);
	assert_true(e.verdicts[0].ci[0] < 0.5 && 0.5 < e.verdicts[0].ci[1]);
	assert_int_equal(e.verdicts[1].slo.status, SLO_PASS);
	assert_true(fabs(e.verdicts[1].slo.value - 2) < 0.06 && e.verdicts[1].is_inside);
	assert_true(e.verdicts[1].ci[0] < 2 && 2 < e.verdicts[1].ci[1]);
	assert_false(e.verdicts[2].is_inside); /* 50% is in the middle of it: whichever way it falls, it is not sure */
	assert_int_equal(e.verdicts[3].slo.status, SLO_FAIL);
	end(&e);
}

static void
test_more_per_second_is_a_speedup(void **state)
{
	struct experiment_of_two e;
	struct world busy = server;

	(void)state;
	begin(&e);
	add_goal(&e, goal("a", EXPR_SPEEDUP, "achieved_rate", EXPR_GE, 2, 0));
	add_goal(&e, goal("b", EXPR_IMPROVEMENT, "achieved_rate", EXPR_IN, 1.5, 2.5));
	busy.per_second *= 3;
	run(&e, &busy);
	assert_true(fabs(e.verdicts[0].slo.value - 3) < 0.05);
	assert_true(fabs(e.verdicts[1].slo.value - 2) < 0.05);
	assert_true(e.verdicts[0].is_inside && e.verdicts[1].is_inside);
	end(&e);
}

static void
test_a_stretch_goal_can_be_missed_by_itself(void **state)
{
	struct experiment_of_two e;
	struct world twice = server;
	struct expr expr = goal("a", EXPR_SPEEDUP, "response", EXPR_GE, 1.5, 0);

	(void)state;
	begin(&e);
	expr.has_stretch = true;
	expr.stretch = 3;
	add_goal(&e, expr);
	twice.median_ns /= 2;
	run(&e, &twice);
	assert_int_equal(e.verdicts[0].slo.status, SLO_STRETCH_MISSED);
	end(&e);
}

static void
test_a_goal_without_values_is_not_judged(void **state)
{
	struct experiment_of_two e;
	struct expr of_nobody = goal("b", EXPR_SPEEDUP, "response", EXPR_GE, 1, 0);

	(void)state;
	begin(&e);
	add_goal(&e, goal("a", EXPR_SPEEDUP, "max_sustainable_rate", EXPR_GE, 2, 0));
	of_nobody.arm = "other";
	add_goal(&e, of_nobody);
	run(&e, &server);
	assert_int_equal(e.verdicts[0].slo.status, SLO_NA);
	assert_int_equal(e.verdicts[1].slo.status, SLO_NA);
	assert_null(e.verdicts[1].comparison);
	end(&e);
}

static void
test_a_regression_fails_the_experiment_and_is_named(void **state)
{
	struct experiment_of_two e;
	struct world slower = server;
	struct verdict verdict = passed();

	(void)state;
	begin(&e);
	slower.median_ns *= 1.3;
	run(&e, &slower);
	compare_conclude(&verdict, &e.experiment);
	assert_int_equal(verdict.status, VERDICT_FAIL);
	assert_int_equal(verdict.exit_code, EXIT_FAILED_GATE);
	assert_true(says(&verdict, "regression of response.p50 in on: "));
	assert_true(says(&verdict, "tolerance 10%)"));
	assert_false(says(&verdict, "nothing broke"));
	end(&e);
}

static void
test_what_is_the_same_passes(void **state)
{
	struct experiment_of_two e;
	struct verdict verdict = passed();

	(void)state;
	begin(&e);
	run(&e, &server);
	compare_conclude(&verdict, &e.experiment);
	assert_int_equal(verdict.exit_code, EXIT_PASSED);
	assert_true(says(&verdict, "nothing broke"));
	assert_true(says(&verdict, "no regression: 5 of 5 figures could be judged"));
	end(&e);
}

static void
test_a_missed_goal_fails_the_experiment(void **state)
{
	struct experiment_of_two e;
	struct verdict verdict = passed();

	(void)state;
	begin(&e);
	add_goal(&e, goal("improvement(p50) >= 10%", EXPR_IMPROVEMENT, "response", EXPR_GE, 0.1, 0));
	run(&e, &server);
	compare_conclude(&verdict, &e.experiment);
	assert_int_equal(verdict.exit_code, EXIT_FAILED_GATE);
	assert_true(says(&verdict, "missed 'improvement(p50) >= 10%': it was "));
	end(&e);
}

static void
test_an_inconclusive_verdict_stays_so(void **state)
{
	struct experiment_of_two e;
	struct world slower = server;
	struct verdict verdict = {.status = VERDICT_INCONCLUSIVE, .exit_code = EXIT_INCONCLUSIVE};

	(void)state;
	begin(&e);
	slower.median_ns *= 1.3;
	run(&e, &slower);
	compare_conclude(&verdict, &e.experiment);
	assert_int_equal(verdict.exit_code, EXIT_INCONCLUSIVE);
	assert_true(says(&verdict, "regression of response.p50"));
	end(&e);
}

static void
test_where_nothing_can_be_gated_nothing_is_concluded(void **state)
{
	struct experiment_of_two e;
	struct world brief = server;
	struct verdict verdict = passed();

	(void)state;
	begin(&e);
	brief.seconds = 1;
	run(&e, &brief);
	compare_conclude(&verdict, &e.experiment);
	assert_int_equal(verdict.exit_code, EXIT_INCONCLUSIVE);
	assert_true(says(&verdict, "of 5 figures to compare none has samples enough to be gated"));
	end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goals_are_judged_by_the_estimate_and_say_whether_the_interval_agrees),
		cmocka_unit_test(test_more_per_second_is_a_speedup),
		cmocka_unit_test(test_a_stretch_goal_can_be_missed_by_itself),
		cmocka_unit_test(test_a_goal_without_values_is_not_judged),
		cmocka_unit_test(test_a_regression_fails_the_experiment_and_is_named),
		cmocka_unit_test(test_what_is_the_same_passes),
		cmocka_unit_test(test_a_missed_goal_fails_the_experiment),
		cmocka_unit_test(test_an_inconclusive_verdict_stays_so),
		cmocka_unit_test(test_where_nothing_can_be_gated_nothing_is_concluded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
