#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include "judge/several.h"
#include "unit/judge/arms.h"

/* What several runs come to together: of themselves, by the SLOs over an arm, and by how they ended. */

static const struct world server = {.seconds = 20, .per_second = 50, .median_ns = 10e6, .spread = 0.2};
static const struct world slow_server = {.seconds = 20, .per_second = 50, .median_ns = 40e6, .spread = 0.2};

#define RUNS 4

struct study {
	struct plan plan;
	struct plan_slo slos[2];
	struct plan_experiment asked;
	struct arm *arms[2];
	struct run_record runs[RUNS];
	struct run_facts facts;
	struct slo_verdict slo_verdicts[3];
	struct verdict verdict;
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

/* Four runs in turn, each of which passed, of arms that are not compared. Not to be moved once it was made. */
static void
begin(struct study *s, enum experiment_kind kind, const struct world *first, const struct world *second)
{
	struct dice dice = {.seed = 3};

	*s = (struct study){.plan = arms_plan(100), .asked.kind = kind};
	s->plan.slos = s->slos;
	s->arms[0] = simulate_arm(&dice, "off", &s->plan, first, 1);
	s->arms[1] = simulate_arm(&dice, "on", &s->plan, second, 1);
	for (size_t i = 0; i < RUNS; i++)
		s->runs[i] = (struct run_record){.arm = i % 2, .was_run = true, .status = VERDICT_PASS};
	s->experiment = (struct experiment){.arms = (const struct arm *const *)s->arms,
		.arms_n = 2,
		.plan = &s->asked,
		.runs = s->runs,
		.runs_n = RUNS};
}

static void
add_p50(struct study *s, double most_ns)
{
	s->slos[s->plan.slos_n++].expr = (struct expr){.text = "p50 < x",
		.metric = metric_named("response"),
		.request = -1,
		.stat = EXPR_PERCENTILE,
		.quantile = 0.5,
		.op = EXPR_LT,
		.value = most_ns};
}

static void
run_ended(struct study *s, size_t run, enum verdict_status status, const char *reason)
{
	s->runs[run].status = status;
	snprintf(s->runs[run].reason, sizeof(s->runs[run].reason), "%s", reason);
}

/* The verdict, and the study's end. */
static void
assert_verdict(struct study *s, enum verdict_status status, int exit_code, const char *first_reason)
{
	several_judge(&s->verdict, &s->experiment, &s->plan, &s->facts, s->slo_verdicts);
	assert_string_equal(s->verdict.reasons[0], first_reason);
	assert_int_equal(s->verdict.status, status);
	assert_int_equal(s->verdict.exit_code, exit_code);
	arm_free(s->arms[0]);
	arm_free(s->arms[1]);
}

static void
test_runs_that_pass_are_a_pass(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	assert_verdict(&s, VERDICT_PASS, EXIT_PASSED, "nothing broke");
}

static void
test_what_breaks_the_baseline_is_no_failure_of_the_others(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	run_ended(&s, 2, VERDICT_FAIL, "crash");
	assert_verdict(&s, VERDICT_PASS, EXIT_PASSED, "nothing broke");
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	run_ended(&s, 3, VERDICT_FAIL, "crash");
	assert_verdict(&s, VERDICT_FAIL, EXIT_FAILED_GATE, "run 4 (on) failed: crash");
}

static void
test_an_after_that_fails_is_the_baselines_failure_too(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	run_ended(&s, 0, VERDICT_FAIL, "after: 'clean-up' ended with exit status 9");
	s.runs[0].has_hook_failed = true;
	assert_verdict(
		&s, VERDICT_FAIL, EXIT_FAILED_GATE, "run 1 (off) failed: after: 'clean-up' ended with exit status 9");
}

static void
test_every_cell_of_a_matrix_decides(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_MATRIX, &server, &server);
	run_ended(&s, 2, VERDICT_FAIL, "crash");
	assert_verdict(&s, VERDICT_FAIL, EXIT_FAILED_GATE, "run 3 (off) failed: crash");
}

static void
test_a_run_that_tells_nothing_outweighs_one_that_failed(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	run_ended(&s, 0, VERDICT_INCONCLUSIVE, "the generator was the limit");
	run_ended(&s, 1, VERDICT_FAIL, "crash");
	run_ended(&s, 2, VERDICT_INCONCLUSIVE, "it was again");
	assert_verdict(&s, VERDICT_INCONCLUSIVE, EXIT_INCONCLUSIVE,
		"run 1 (off), and 1 more, tells nothing: the generator was the limit");
}

static void
test_slos_are_held_against_all_runs_of_an_arm_but_the_baselines(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &slow_server, &server);
	add_p50(&s, 20e6);
	assert_verdict(&s, VERDICT_PASS, EXIT_PASSED, "every SLO held");
	assert_int_equal(s.verdict.slos[0].status, SLO_PASS);
	assert_true(fabs(s.verdict.slos[0].value - 10e6) < 1e6);
	begin(&s, EXPERIMENT_ARMS, &server, &slow_server);
	add_p50(&s, 20e6);
	several_judge(&s.verdict, &s.experiment, &s.plan, &s.facts, s.slo_verdicts);
	assert_non_null(strstr(s.verdict.reasons[0], "missed 'p50 < x' in on: it was "));
	assert_verdict(&s, VERDICT_FAIL, EXIT_FAILED_GATE, s.verdict.reasons[0]);
	assert_int_equal(s.verdict.slos[0].status, SLO_FAIL);
}

static void
test_the_worst_cell_is_what_an_slo_shows(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_MATRIX, &slow_server, &server);
	add_p50(&s, 20e6);
	several_judge(&s.verdict, &s.experiment, &s.plan, &s.facts, s.slo_verdicts);
	assert_true(s.verdict.slos[0].value > 30e6);
	assert_verdict(&s, VERDICT_FAIL, EXIT_FAILED_GATE, s.verdict.reasons[0]);
}

static void
test_how_it_ended_is_said_first_and_weighs_most(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	run_ended(&s, 1, VERDICT_FAIL, "crash");
	s.runs[2].was_run = s.runs[3].was_run = false;
	s.facts.was_interrupted = true;
	s.facts.signal = SIGINT;
	several_judge(&s.verdict, &s.experiment, &s.plan, &s.facts, s.slo_verdicts);
	assert_string_equal(s.verdict.reasons[1], "2 of 4 runs took place");
	assert_string_equal(s.verdict.reasons[2], "run 2 (on) failed: crash");
	assert_int_equal(s.verdict.reasons_n, 3);
	assert_verdict(
		&s, VERDICT_INTERRUPTED, 128 + SIGINT, "interrupted by signal 2 (Interrupt): the result is partial");
}

static void
test_a_lost_result_keeps_its_verdict_and_exits_with_5(void **state)
{
	struct study s;

	(void)state;
	begin(&s, EXPERIMENT_ARMS, &server, &server);
	s.facts.result_lost = true;
	snprintf(s.facts.error_text, sizeof(s.facts.error_text), "no space");
	assert_verdict(&s, VERDICT_PASS, EXIT_INTERNAL, "the results could not be written: no space");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_that_pass_are_a_pass),
		cmocka_unit_test(test_what_breaks_the_baseline_is_no_failure_of_the_others),
		cmocka_unit_test(test_an_after_that_fails_is_the_baselines_failure_too),
		cmocka_unit_test(test_every_cell_of_a_matrix_decides),
		cmocka_unit_test(test_a_run_that_tells_nothing_outweighs_one_that_failed),
		cmocka_unit_test(test_slos_are_held_against_all_runs_of_an_arm_but_the_baselines),
		cmocka_unit_test(test_the_worst_cell_is_what_an_slo_shows),
		cmocka_unit_test(test_how_it_ended_is_said_first_and_weighs_most),
		cmocka_unit_test(test_a_lost_result_keeps_its_verdict_and_exits_with_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
