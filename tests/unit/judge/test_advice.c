/* Grades, what is advised, and alerts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "judge/alerts.h"
#include "judge/grade.h"
#include "unit/judge/scripted_run.h"

static enum grade
grade_for(size_t met, size_t missed, size_t not_judged)
{
	static struct plan_slo slos[40];
	struct slo_verdict verdicts[40] = {0};
	struct verdict verdict = {.status = VERDICT_FAIL, .slos = verdicts};
	const struct plan plan = {.slos = slos, .slos_n = met + missed + not_judged};

	for (size_t i = 0; i < plan.slos_n; i++) {
		slos[i].expr = make_expr("response", 0.95, EXPR_LT, 1e9);
		verdicts[i].status = i < met            ? (i % 2 ? SLO_PASS : SLO_STRETCH_MISSED)
				     : i < met + missed ? SLO_FAIL
							: SLO_NA;
	}
	grade_find(&verdict, &plan, false, NULL);
	assert_int_equal(verdict.score.met, met);
	assert_int_equal(verdict.score.judged, met + missed);
	return verdict.score.grade;
}

static void
test_grades_change_at_90_80_and_60_percent(void **state)
{
	(void)state;
	assert_int_equal(grade_for(10, 0, 0), GRADE_EXCELLENT);
	assert_int_equal(grade_for(9, 1, 0), GRADE_EXCELLENT);
	assert_int_equal(grade_for(26, 3, 0), GRADE_GOOD); /* 89.7% */
	assert_int_equal(grade_for(8, 2, 0), GRADE_GOOD);
	assert_int_equal(grade_for(23, 6, 0), GRADE_ACCEPTABLE); /* 79.3% */
	assert_int_equal(grade_for(6, 4, 0), GRADE_ACCEPTABLE);
	assert_int_equal(grade_for(19, 13, 0), GRADE_POOR); /* 59.4% */
	assert_int_equal(grade_for(0, 1, 0), GRADE_POOR);
}

static void
test_goals_that_could_not_be_judged_are_in_no_grade(void **state)
{
	(void)state;
	assert_int_equal(grade_for(9, 1, 20), GRADE_EXCELLENT);
	assert_int_equal(grade_for(0, 0, 3), GRADE_NONE);
	assert_int_equal(grade_for(0, 0, 0), GRADE_NONE);
}

static void
test_inconclusive_run_has_no_grade(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LT, 1e9));
	run_play_on(&run, (struct step){.offered = 100});
	assert_int_equal(conclude(&run)->score.grade, GRADE_EXCELLENT);
	run.summary->target.gauges[GAUGE_MEMORY].min = -1;
	assert_int_equal(conclude(&run)->score.grade, GRADE_NONE);
	run_fini(&run);
}

static const struct advice *
advice_named(const struct verdict *v, const char *name)
{
	for (size_t i = 0; i < v->advice_n; i++)
		if (strcmp(v->advice[i].name, name) == 0)
			return &v->advice[i];
	return NULL;
}

static void
test_healthy_run_is_advised_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100});
	assert_int_equal(conclude(&run)->advice_n, 0);
	run_fini(&run);
}

static void
test_slow_answers_are_advised_once_by_the_graver_rule(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.plan.target.timeout_ns = 20 * NS_PER_S;
	run_play_on(&run, (struct step){.offered = 100, .latency_ns = 1200 * NS_PER_MS});
	const struct verdict *v = conclude(&run);

	assert_non_null(advice_named(v, "p95_slow"));
	assert_null(advice_named(v, "p95_very_slow"));
	assert_non_null(strstr(advice_named(v, "p95_slow")->evidence, "1.20s"));
	run_fini(&run);
	run_init(&run, "steady");
	run.plan.target.timeout_ns = 20 * NS_PER_S;
	run_play_on(&run, (struct step){.offered = 100, .latency_ns = 4 * NS_PER_S});
	v = conclude(&run);
	assert_non_null(advice_named(v, "p95_very_slow"));
	assert_null(advice_named(v, "p95_slow"));
	run_fini(&run);
}

static void
test_cause_is_advised_with_its_evidence(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 50});
	run_play_on(&run, (struct step){.offered = 100, .bad = BREAKING});
	const struct verdict *v = conclude(&run);
	const struct advice *advice = advice_named(v, "high_error_rate");

	assert_non_null(advice);
	assert_string_equal(advice->evidence, v->evidence[0]->text);
	assert_null(advice_named(v, "first_level_broke"));
	run_fini(&run);
}

static void
test_break_at_the_first_level_is_advised_to_begin_lower(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 50, .bad = BREAKING});
	const struct advice *advice = advice_named(conclude(&run), "first_level_broke");

	assert_non_null(advice);
	assert_non_null(strstr(advice->evidence, "50/s"));
	run_fini(&run);
}

/* What breaks is slow too: that says nothing of the load that the target sustains. */
static void
test_stepped_load_is_advised_by_the_level_that_held(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.target.timeout_ns = 20 * NS_PER_S;
	run_play_on(&run, (struct step){.offered = 200});
	run_play_on(&run, (struct step){.offered = 400, .latency_ns = 5 * NS_PER_S, .bad = {{FAILURE_STATUS, 800, 0}}});
	assert_null(advice_named(conclude(&run), "p95_very_slow"));
	run_fini(&run);
}

static void
test_low_rate_is_advised_only_where_more_was_asked_for(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 20});
	assert_null(advice_named(conclude(&run), "throughput_low"));
	run_fini(&run);
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 120, .capacity_per_s = 60});
	assert_non_null(advice_named(conclude(&run), "throughput_low"));
	run_fini(&run);
}

static void
test_slow_start_is_advised_by_the_share_of_its_deadline(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.plan.target.process = (struct plan_command){.command = "server", .ready_ns = 60 * NS_PER_S};
	run_play_on(&run, (struct step){.offered = 100});
	run.facts.ready_ns = 20 * NS_PER_S;
	assert_null(advice_named(conclude(&run), "slow_start"));
	run.facts.ready_ns = 40 * NS_PER_S;
	assert_non_null(advice_named(conclude(&run), "slow_start"));
	run_fini(&run);
}

static void
test_profile_advises_beside_the_table(void **state)
{
	struct plan_recommendation own[] = {{.when = make_expr("response", 0.95, EXPR_GT, 1e6), .text = "add a cache"},
		{.when = make_expr("response", 0.95, EXPR_GT, 1e9), .text = "never said"}};
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.plan.recommendations = own;
	run.plan.recommendations_n = 2;
	run_play_on(&run, (struct step){.offered = 100});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->advice_n, 1);
	assert_string_equal(v->advice[0].name, "profile");
	assert_string_equal(v->advice[0].text, "add a cache");
	run_fini(&run);
}

/* Values of one expression, second by second. */
static struct alert_record
record_of(const double *error_rates, size_t n, int64_t for_ns)
{
	struct plan_alert alert = {
		.name = "errors", .when = make_expr("error_rate", 0, EXPR_GT, 0.1), .for_ns = for_ns};
	struct plan_request request = {.name = "root"};
	struct plan_scenario scenario = {.name = "default", .requests_n = 1};
	struct plan plan = {.alerts = &alert,
		.alerts_n = 1,
		.requests = &request,
		.requests_n = 1,
		.scenarios = &scenario,
		.scenarios_n = 1,
		.output.interval_ns = NS_PER_S};
	struct summary *summary = summary_new(&plan);
	struct alerts *alerts = alerts_new(&plan);

	for (size_t i = 0; i < n; i++) {
		struct counts *c = &summary->last.counts;

		*c = (struct counts){0};
		if (!isnan(error_rates[i])) {
			c->scheduled = 100;
			c->failed = (uint64_t)lround(error_rates[i] * 100);
		}
		summary->last_interval_ns = NS_PER_S;
		summary->last_ns = (int64_t)(i + 1) * NS_PER_S;
		alerts_look(alerts, summary);
	}
	struct alert_record *records = alerts_records(alerts), record = records[0];

	free(records);
	alerts_free(alerts);
	summary_free(summary);
	return record;
}

static void
test_alert_fires_once_it_has_held_for_its_time(void **state)
{
	const double rates[] = {0, 0.2, 0.2, 0, 0.2, 0.5, 0.3, 0.3, 0, 0};
	struct alert_record r = record_of(rates, ARRAY_LEN(rates), 3 * NS_PER_S);

	(void)state;
	assert_int_equal(r.fired, 1);
	assert_int_equal(r.first_ns, 4 * NS_PER_S);
	assert_int_equal(r.last_ns, 8 * NS_PER_S);
	assert_int_equal(r.held_ns, 4 * NS_PER_S);
	assert_true(fabs(r.worst - 0.5) < 1e-9);
	r = record_of(rates, ARRAY_LEN(rates), 0);
	assert_int_equal(r.fired, 2);
	assert_int_equal(r.first_ns, NS_PER_S);
	assert_int_equal(r.held_ns, 6 * NS_PER_S);
	r = record_of(rates, ARRAY_LEN(rates), 5 * NS_PER_S);
	assert_int_equal(r.fired, 0);
	assert_int_equal(r.first_ns, -1);
	assert_true(isnan(r.worst));
}

static void
test_what_is_not_known_ends_what_held(void **state)
{
	const double rates[] = {0.2, 0.2, NAN, 0.2, 0.2};

	(void)state;
	assert_int_equal(record_of(rates, ARRAY_LEN(rates), 3 * NS_PER_S).fired, 0);
	assert_int_equal(record_of(rates, ARRAY_LEN(rates), 2 * NS_PER_S).fired, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grades_change_at_90_80_and_60_percent),
		cmocka_unit_test(test_goals_that_could_not_be_judged_are_in_no_grade),
		cmocka_unit_test(test_inconclusive_run_has_no_grade),
		cmocka_unit_test(test_healthy_run_is_advised_nothing),
		cmocka_unit_test(test_slow_answers_are_advised_once_by_the_graver_rule),
		cmocka_unit_test(test_cause_is_advised_with_its_evidence),
		cmocka_unit_test(test_break_at_the_first_level_is_advised_to_begin_lower),
		cmocka_unit_test(test_stepped_load_is_advised_by_the_level_that_held),
		cmocka_unit_test(test_low_rate_is_advised_only_where_more_was_asked_for),
		cmocka_unit_test(test_slow_start_is_advised_by_the_share_of_its_deadline),
		cmocka_unit_test(test_profile_advises_beside_the_table),
		cmocka_unit_test(test_alert_fires_once_it_has_held_for_its_time),
		cmocka_unit_test(test_what_is_not_known_ends_what_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
