/* A whole run: breaking point, SLOs, advice, exit codes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
		fail_msg("%.9g is not %.9g", value, wanted);
}

static void
test_break_is_found_between_two_levels(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	for (int rate = 50; rate <= 150; rate += 50)
		assert_int_equal(run_play_on(&run, (struct step){.offered = rate}), LEVEL_OK);
	assert_int_equal(
		run_play_on(&run,
			(struct step){.offered = 200, .latency_ns = 4 * NS_PER_MS, .bad = {{FAILURE_STATUS, 400, 0}}}),
		LEVEL_BROKEN);
	const struct verdict *v = conclude(&run);
	const struct breaking_point *p = &v->breaking_point;

	assert_true(p->is_stepped && p->is_found && !p->is_at_least && !p->is_sudden);
	assert_int_equal(p->max_sustainable_level, 2);
	assert_int_equal(p->first_broken_level, 3);
	near(p->max_sustainable, 150);
	near(p->first_broken, 200);
	near(p->safe, 120);
	near(p->interval[0], 150);
	near(p->interval[1], 200);
	near(p->max_goodput_per_s, 160); /* what it still answered while it broke */
	near(p->error_rate_at_break, 0.2);
	assert_int_equal(p->levels_tested, 4);
	assert_int_equal(p->recovered_after_ns, -2);
	assert_int_equal(v->exit_code, 0); /* finding a break is what was asked for */
	assert_int_equal(v->status, VERDICT_PASS);
	assert_string_equal(v->reasons[0], "the target broke at 200.0/s and sustained 150.0/s");
	assert_int_equal(v->reasons_n, 2);
	assert_true(v->is_about_break[0] && v->is_about_break[1]);
	assert_true(has_reason(v, "high_error_rate"));
	run_fini(&run);
}

static void
test_break_within_ten_percent_of_an_ok_level_is_sudden(void **state)
{
	static const struct {
		double broken;
		uint32_t failed_before; /* 6: ERR, no longer OK */
		bool is_sudden;
	} rows[] = {{110, 0, true}, {111, 0, false}, {110, 6, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, rows[i].failed_before, 0}}});
		run_play_on(&run, (struct step){.offered = rows[i].broken, .bad = BREAKING});
		assert_int_equal(conclude(&run)->breaking_point.is_sudden, rows[i].is_sudden);
		run_fini(&run);
	}
}

static void
test_unbroken_load_gives_a_lower_bound(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("max_sustainable_rate", 0, EXPR_GE, 90));
	run_add_slo(&run, make_expr("max_sustainable_rate", 0, EXPR_GE, 500));
	run_play_on(&run, (struct step){.offered = 50});
	run_play_on(&run, (struct step){.offered = 100});
	const struct verdict *v = conclude(&run);

	assert_true(v->breaking_point.is_at_least && !v->breaking_point.is_found);
	near(v->breaking_point.max_sustainable, 100);
	assert_true(isnan(v->breaking_point.interval[1]));
	assert_int_equal(v->slos[0].status, SLO_PASS);
	assert_int_equal(v->slos[1].status, SLO_NA); /* a bound below it disproves nothing */
	assert_int_equal(v->exit_code, 0);
	assert_true(has_reason(v, "at least 100.0/s"));
	run_fini(&run);
}

static void
test_max_sustainable_rate_gates_and_level_slos_do_not(void **state)
{
	static const struct {
		double goal;
		int exit_code;
	} rows[] = {{100, 0}, {101, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 10e6));
		run_add_slo(&run, make_expr("max_sustainable_rate", 0, EXPR_GE, rows[i].goal));
		run_play_on(&run, (struct step){.offered = 100});
		/* Holds no break_when rule, but misses the P95: not sustained. */
		assert_int_equal(
			run_play_on(&run, (struct step){.offered = 150, .latency_ns = 10100 * NS_PER_US}), LEVEL_DEGR);
		run_play_on(&run, (struct step){.offered = 200, .bad = BREAKING});
		const struct verdict *v = conclude(&run);

		near(v->breaking_point.max_sustainable, 100);
		near(v->slos[1].value, 100);
		assert_int_equal(v->slos[0].status, SLO_PASS); /* as it stood at the sustained level */
		assert_int_equal(v->exit_code, rows[i].exit_code);
		assert_int_equal(has_reason(v, "missed 'max_sustainable_rate'"), rows[i].exit_code == 1);
		run_fini(&run);
	}
}

static void
test_levels_above_a_broken_one_are_not_sustained(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.stop.when = STOP_MAX;
	run_play_on(&run, (struct step){.offered = 50});
	run_play_on(&run, (struct step){.offered = 100, .bad = BREAKING});
	assert_int_equal(run_play_on(&run, (struct step){.offered = 150}), LEVEL_OK);
	near(conclude(&run)->breaking_point.max_sustainable, 50);
	near(conclude(&run)->breaking_point.max_goodput_per_s, 150);
	run_fini(&run);
}

static void
test_level_slo_missed_where_nothing_was_sustained_gates_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 1e6));
	run_play_on(&run, (struct step){.offered = 100, .bad = BREAKING});
	assert_int_equal(conclude(&run)->slos[0].status, SLO_FAIL);
	assert_int_equal(conclude(&run)->exit_code, 0);
	run_fini(&run);
}

static void
test_goal_fails_where_nothing_was_sustained(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("max_sustainable_rate", 0, EXPR_GE, 10));
	run_play_on(&run, (struct step){.offered = 100, .bad = BREAKING});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->breaking_point.max_sustainable_level, -1);
	assert_int_equal(v->slos[0].status, SLO_FAIL);
	assert_int_equal(v->exit_code, 1);
	run_fini(&run);
}

/* Known only when the run is over, the levels long judged. */
static void
test_unreachable_run_names_no_cause(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_CONNECT_TIMEOUT, 1000, 0}}}),
		LEVEL_BROKEN);
	run.facts.was_unreachable = true;
	snprintf(run.facts.unreachable_text, sizeof(run.facts.unreachable_text), "nobody there");
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 4);
	assert_int_equal(v->failure_mode, FAILURE_MODE_NONE);
	assert_int_equal(v->causes_n, 0);
	assert_int_equal(v->evidence_n, 0);
	assert_false(v->breaking_point.is_found);
	assert_int_equal(v->levels[0].status, LEVEL_CUT);
	assert_int_equal(v->reasons_n, 1);
	assert_string_equal(v->reasons[0], "the target could not be reached: nobody there");
	run_fini(&run);
}

static void
test_stop_says_when_enough_was_seen(void **state)
{
	static const struct {
		int when;
		uint64_t after;
		enum judge_advice advice[3]; /* after the broken level, and two more */
	} rows[] = {
		{STOP_FIRST_BROKEN, 0, {JUDGE_STOP, JUDGE_STOP, JUDGE_STOP}},
		{STOP_MAX, 0, {JUDGE_GO_ON, JUDGE_GO_ON, JUDGE_GO_ON}},
		{STOP_AFTER, 1, {JUDGE_GO_ON, JUDGE_STOP, JUDGE_STOP}},
		{STOP_AFTER, 2, {JUDGE_GO_ON, JUDGE_GO_ON, JUDGE_STOP}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run.plan.stop.when = rows[i].when;
		run.plan.stop.after = rows[i].after;
		run_play_on(&run, (struct step){.offered = 50});
		assert_int_equal(judge_next(run.judge), JUDGE_GO_ON);
		for (int k = 0; k < 3; k++) {
			run_play_on(&run, (struct step){.offered = 100 + k, .bad = BREAKING});
			assert_int_equal(judge_next(run.judge), rows[i].advice[k]);
		}
		near(conclude(&run)->breaking_point.first_broken, 100);
		run_fini(&run);
	}
}

static void
test_recovery_is_the_pause_before_the_next_level(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.stop.when = STOP_MAX;
	run_play_on(&run, (struct step){.offered = 100, .bad = BREAKING});
	for (int i = 0; i < 4; i++)
		run_idle(&run, 0);
	run_play_on(&run, (struct step){.offered = 150, .bad = BREAKING});
	assert_int_equal(conclude(&run)->breaking_point.recovered_after_ns, 4 * NS_PER_S);
	run.facts.did_not_recover = true;
	assert_int_equal(conclude(&run)->breaking_point.recovered_after_ns, -1);
	assert_true(has_reason(conclude(&run), "did not recover"));
	for (size_t i = 0; i < conclude(&run)->reasons_n; i++)
		assert_int_equal(conclude(&run)->is_about_break[i],
			strstr(conclude(&run)->reasons[i], "did not recover") == NULL);
	run_fini(&run);
}

static void
test_steady_load_is_judged_by_its_slos(void **state)
{
	static const struct {
		double goal_ns, stretch_ns;
		int exit_code, slo;
	} rows[] = {{10e6, 0, 0, SLO_PASS}, {4e6, 0, 1, SLO_FAIL}, {10e6, 4e6, 0, SLO_STRETCH_MISSED},
		{10e6, 6e6, 0, SLO_PASS}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;
		struct expr expr = make_expr("response", 0.95, EXPR_LE, rows[i].goal_ns);

		expr.has_stretch = rows[i].stretch_ns > 0;
		expr.stretch = rows[i].stretch_ns;
		run_init(&run, "steady");
		run_add_slo(&run, expr);
		run_play_on(&run, (struct step){.offered = 100});
		assert_int_equal(judge_next(run.judge), JUDGE_GO_ON);
		const struct verdict *v = conclude(&run);

		assert_int_equal(v->slos[0].status, rows[i].slo);
		assert_int_equal(v->exit_code, rows[i].exit_code);
		assert_false(v->breaking_point.is_stepped);
		assert_true(isnan(v->breaking_point.max_sustainable));
		assert_true(v->reasons_n > 0);
		run_fini(&run);
	}
}

static void
test_steady_load_fails_where_a_break_when_rule_holds(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_RESPONSE_TIMEOUT, 200, 2}}}),
		LEVEL_BROKEN);
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 1);
	assert_int_equal(v->status, VERDICT_FAIL);
	assert_int_equal(v->failure_mode, FAILURE_MODE_TIMEOUT);
	assert_true(has_reason(v, "timeout: "));
	run_fini(&run);
}

static void
test_gate_without_enough_samples_is_inconclusive(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_add_slo(&run, make_expr("response", 0.99, EXPR_LE, 1e9));
	run_play_on(&run, (struct step){.offered = 9.9});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->slos[0].status, SLO_NA);
	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "too few samples"));
	run_fini(&run);
}

static void
test_exit_codes_have_their_order(void **state)
{
	static const struct {
		struct run_facts facts;
		struct step step;
		int exit_code;
		enum verdict_status status;
	} rows[] = {
		{{.signal = 0}, {.offered = 100}, 0, VERDICT_PASS},
		{{.abort_when_held = true}, {.offered = 100}, 1, VERDICT_FAIL},
		{{.abort_when_held = true}, {.offered = 100, .lateness_ns = 20 * NS_PER_MS}, 3, VERDICT_INCONCLUSIVE},
		{{.was_unreachable = true, .unreachable_text = "refused"},
			{.offered = 100, .bad = {{FAILURE_CONNECT_REFUSED, 1000, 0}}}, 4, VERDICT_UNREACHABLE},
		{{.was_unreachable = true, .was_interrupted = true, .signal = 2}, {.offered = 100}, 130,
			VERDICT_INTERRUPTED},
		{{.was_interrupted = true, .signal = 15}, {.offered = 100}, 143, VERDICT_INTERRUPTED},
		{{.was_interrupted = true, .signal = 2, .result_lost = true}, {.offered = 100}, 5, VERDICT_INTERRUPTED},
		{{.result_lost = true}, {.offered = 100}, 5, VERDICT_PASS},
		{{.internal_error = true}, {.offered = 100}, 5, VERDICT_PASS},
		{{.fleet_is_short = true, .error_text = "2 agents are wanted"}, {.offered = 100}, 3,
			VERDICT_INCONCLUSIVE},
		{{.was_interrupted = true, .signal = 2, .internal_error = true}, {.offered = 100}, 5,
			VERDICT_INTERRUPTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steady");
		run_play_on(&run, rows[i].step);
		run.facts = rows[i].facts;
		const struct verdict *v = conclude(&run);

		assert_int_equal(v->exit_code, rows[i].exit_code);
		assert_int_equal(v->status, rows[i].status);
		assert_true(v->reasons_n > 0);
		run_fini(&run);
	}
}

static void
test_abort_when_looks_at_the_last_interval(void **state)
{
	struct scripted_run run;
	struct expr abort_when = make_expr("error_rate", 0, EXPR_GT, 0.5);

	(void)state;
	run_init(&run, "steady");
	run.plan.abort_when = &abort_when;
	run.plan.abort_when_n = 1;
	run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 500, 0}}});
	assert_null(judge_abort(run.judge, run.summary)); /* its last second was good */
	run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 500, 9}}});
	assert_ptr_equal(judge_abort(run.judge, run.summary), &abort_when);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_break_is_found_between_two_levels),
		cmocka_unit_test(test_break_within_ten_percent_of_an_ok_level_is_sudden),
		cmocka_unit_test(test_unbroken_load_gives_a_lower_bound),
		cmocka_unit_test(test_max_sustainable_rate_gates_and_level_slos_do_not),
		cmocka_unit_test(test_levels_above_a_broken_one_are_not_sustained),
		cmocka_unit_test(test_level_slo_missed_where_nothing_was_sustained_gates_nothing),
		cmocka_unit_test(test_goal_fails_where_nothing_was_sustained),
		cmocka_unit_test(test_unreachable_run_names_no_cause),
		cmocka_unit_test(test_stop_says_when_enough_was_seen),
		cmocka_unit_test(test_recovery_is_the_pause_before_the_next_level),
		cmocka_unit_test(test_steady_load_is_judged_by_its_slos),
		cmocka_unit_test(test_steady_load_fails_where_a_break_when_rule_holds),
		cmocka_unit_test(test_gate_without_enough_samples_is_inconclusive),
		cmocka_unit_test(test_exit_codes_have_their_order),
		cmocka_unit_test(test_abort_when_looks_at_the_last_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
