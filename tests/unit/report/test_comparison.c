#include "unit/report/document.h"
#include "unit/report/fixture.h"
#include "unit/report/page.h"

/* Two arms of two runs each, and what comparing them found, as they are reported. */

static const struct plan_metric response = {.name = "response", .unit = UNIT_TIME, .stats = STAT_DISTRIBUTION};
static const struct plan_metric error_rate = {.name = "error_rate", .unit = UNIT_RATIO};
static const struct plan_metric achieved = {.name = "achieved_rate", .unit = UNIT_RATE, .is_higher_better = true};
static const struct plan_metric memory = {.name = "memory", .unit = UNIT_BYTES, .stats = STAT_GAUGE};

static struct comparison_row rows[] = {
	{.name = "response.p50",
		.measure = {.metric = &response, .stat = EXPR_PERCENTILE, .quantile = 0.5, .request = -1},
		.baseline = 12.5e6,
		.current = 12.6e6,
		.samples = {1200, 1200},
		.delta = 0.1e6,
		.delta_rel = 0.008,
		.ci = {-0.2e6, 0.5e6},
		.ci_rel = {-0.016, 0.04},
		.p = 0.4,
		.status = COMPARISON_NOISE},
	{.name = "response.p95",
		.measure = {.metric = &response, .stat = EXPR_PERCENTILE, .quantile = 0.95, .request = -1},
		.baseline = 40e6,
		.current = 52e6,
		.samples = {1200, 1200},
		.delta = 12e6,
		.delta_rel = 0.3,
		.ci = {8e6, 16e6},
		.ci_rel = {0.2, 0.41},
		.p = 0.0004,
		.is_significant = true,
		.status = COMPARISON_REGRESSION},
	{.name = "response.p99",
		.measure = {.metric = &response, .stat = EXPR_PERCENTILE, .quantile = 0.99, .request = -1},
		.baseline = 90e6,
		.current = INFINITY,
		.samples = {1200, 1200},
		.delta = NAN,
		.delta_rel = NAN,
		.ci = {NAN, NAN},
		.ci_rel = {NAN, NAN},
		.p = 0.06,
		.status = COMPARISON_UNSURE,
		.note = "judged as if what is above the timeout were at it"},
	{.name = "error_rate",
		.measure = {.metric = &error_rate, .stat = EXPR_VALUE, .request = -1},
		.baseline = 0,
		.current = 0.012,
		.samples = {1200, 1200},
		.delta = 0.012,
		.delta_rel = NAN,
		.ci = {-0.001, 0.02},
		.ci_rel = {NAN, NAN},
		.p = 0.07,
		.status = COMPARISON_UNSURE},
	{.name = "achieved_rate",
		.measure = {.metric = &achieved, .stat = EXPR_VALUE, .request = -1},
		.baseline = 99.5,
		.current = 240,
		.samples = {1200, 1200},
		.delta = 140.5,
		.delta_rel = 1.412,
		.ci = {130, 150},
		.ci_rel = {1.3, 1.5},
		.p = 0,
		.is_significant = true,
		.status = COMPARISON_IMPROVEMENT},
	{.name = "memory.avg",
		.measure = {.metric = &memory, .stat = EXPR_AVG, .request = -1},
		.baseline = 64e6,
		.current = 68e6,
		.samples = {16, 16},
		.delta = 4e6,
		.delta_rel = 0.0625,
		.ci = {3e6, 5e6},
		.ci_rel = {0.05, 0.08},
		.p = 0.001,
		.is_significant = true,
		.status = COMPARISON_SMALL_REGRESSION},
	{.name = "memory.peak",
		.measure = {.metric = &memory, .stat = EXPR_PEAK, .request = -1},
		.baseline = NAN,
		.current = 70e6,
		.samples = {0, 16},
		.delta = NAN,
		.delta_rel = NAN,
		.ci = {NAN, NAN},
		.ci_rel = {NAN, NAN},
		.p = NAN,
		.status = COMPARISON_NA,
		.note = "not measured"},
};

static struct plan_slo goals[] = {
	{.expr = {.text = "improvement(p50) >= 10%",
		 .of = EXPR_IMPROVEMENT,
		 .metric = &response,
		 .stat = EXPR_PERCENTILE,
		 .quantile = 0.5,
		 .request = -1}},
	{.expr = {.text = "speedup(achieved_rate) >= 2",
		 .of = EXPR_SPEEDUP,
		 .metric = &achieved,
		 .stat = EXPR_VALUE,
		 .request = -1}},
	{.expr = {.text = "speedup(achieved_rate) in 2..2.45",
		 .of = EXPR_SPEEDUP,
		 .metric = &achieved,
		 .stat = EXPR_VALUE,
		 .request = -1}},
	{.expr = {.text = "improvement(memory.peak) > 0",
		 .of = EXPR_IMPROVEMENT,
		 .metric = &memory,
		 .stat = EXPR_PEAK}},
};

/* Everything that a report of two arms points to. */
struct compared_arms {
	struct plan plan;
	struct summary *summary;
	struct verdict verdict;
	struct arm *arms[2];
	struct comparison comparison;
	const struct comparison *comparisons[1];
	struct gate_verdict gates[ARRAY_LEN(goals)];
	struct experiment experiment;
};

static struct arm *
make_arm(const char *name, const struct plan *plan, uint32_t levels)
{
	struct arm *arm = arm_new(name, plan);

	for (int run = 0; run < 2; run++) {
		struct summary *summary = fixture_summary(plan, levels);

		arm_add_run(arm, summary, blocks_new(NS_PER_S, NULL, (uint32_t)plan->requests_n), NULL, -1);
		summary_free(summary);
	}
	return arm;
}

static void
set_gates(struct compared_arms *c)
{
	const double values[] = {-0.008, 2.412, 2.412, NAN};
	const double low[] = {-0.04, 2.3, 2.3, NAN}, high[] = {0.016, 2.5, 2.5, NAN};
	static const int statuses[] = {SLO_FAIL, SLO_PASS, SLO_PASS, SLO_NA};

	for (size_t i = 0; i < ARRAY_LEN(goals); i++) {
		c->gates[i] = (struct gate_verdict){.slo = {.expr = &goals[i].expr, .value = values[i]},
			.comparison = &c->comparison,
			.ci = {low[i], high[i]},
			.is_inside = i == 1};
		memcpy(&c->gates[i].slo.status, &statuses[i], sizeof(statuses[i]));
	}
}

static struct report
compared_report(struct compared_arms *c)
{
	c->plan = fixture_plan();
	c->plan.slos_n = 1;
	c->summary = fixture_summary(&c->plan, 1);
	c->arms[0] = make_arm("off", &c->plan, 1);
	c->arms[1] = make_arm("on", &c->plan, 2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].tolerance = 0.1;
		rows[i].is_wanted = i < 5;
		rows[i].is_gated = i < 5;
	}
	c->comparison = (struct comparison){.baseline = c->arms[0],
		.current = c->arms[1],
		.rows = rows,
		.rows_n = ARRAY_LEN(rows),
		.confidence = 0.95,
		.resamples = 2000,
		.blocks_n = {20, 22},
		.block_s = 15,
		.method = "block bootstrap, 2000 resamples of 20 and 22 blocks of up to 15 s",
		.warning = "one run per arm: the noise between runs is not in the intervals; repeat the arms"};
	c->comparisons[0] = &c->comparison;
	set_gates(c);
	c->experiment = (struct experiment){.arms = (const struct arm *const *)c->arms,
		.arms_n = 2,
		.comparisons = c->comparisons,
		.comparisons_n = 1,
		.gates = c->gates,
		.gates_n = ARRAY_LEN(goals)};
	c->verdict = fixture_verdict();
	c->verdict.status = VERDICT_FAIL;
	c->verdict.exit_code = EXIT_FAILED_GATE;
	c->verdict.breaking_point = (struct breaking_point){0};
	c->verdict.reasons_n = 1;
	snprintf(c->verdict.reasons[0], FINDING_TEXT_MAX,
		"regression of response.p95 in on: 52.0ms where off had 40.0ms");
	struct report report = fixture_report(&c->plan, c->summary, &c->verdict);

	report.experiment = &c->experiment;
	return report;
}

static void
compared_fini(struct compared_arms *c)
{
	summary_free(c->summary);
	arm_free(c->arms[0]);
	arm_free(c->arms[1]);
}

static void
test_result_holds_arms_and_how_they_compare(void **state)
{
	struct compared_arms c;
	struct report report = compared_report(&c);
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	(void)state;
	assert_string_equal(at(result, "arms.1.name")->valuestring, "on");
	assert_int_equal(number(result, "arms.0.repeats"), 2);
	assert_true(number(result, "arms.1.totals.scheduled") > number(result, "arms.0.totals.scheduled"));
	assert_true(number(result, "arms.0.latency_ns.response.count") == number(result, "arms.0.totals.ok"));
	assert_string_equal(at(result, "comparison.1.metric")->valuestring, "response.p95");
	assert_string_equal(at(result, "comparison.1.status")->valuestring, "regression");
	assert_true(number(result, "comparison.1.baseline") == 40e6 && number(result, "comparison.1.current") == 52e6);
	assert_true(number(result, "comparison.1.delta") == 12e6 && number(result, "comparison.1.delta_rel") == 0.3);
	assert_true(number(result, "comparison.1.ci.0") == 8e6 && number(result, "comparison.1.ci.1") == 16e6);
	assert_true(cJSON_IsNull(at(result, "comparison.2.current")) && cJSON_IsNull(at(result, "comparison.2.ci.0")));
	assert_true(cJSON_IsTrue(at(result, "comparison.2.current_above_timeout")));
	assert_true(cJSON_IsNull(at(result, "comparison.3.delta_rel")));
	assert_string_equal(at(result, "slo.1.status")->valuestring, "fail");
	assert_true(cJSON_IsTrue(at(result, "slo.2.ci_inside")) && cJSON_IsFalse(at(result, "slo.3.ci_inside")));
	assert_true(cJSON_IsNull(at(result, "slo.4.value")));
	assert_golden_document("comparison.json", text);
	cJSON_Delete(result);
	free(text);
	compared_fini(&c);
}

static void
test_comparison_is_reported_at_100_and_60_columns(void **state)
{
	struct compared_arms c;
	struct report report = compared_report(&c);
	char *wide = rendered(&report, 100, false), *narrow = rendered(&report, 60, false);

	(void)state;
	assert_golden("comparison_100.txt", wide);
	assert_golden("comparison_60.txt", narrow);
	assert_fits(wide, 100);
	assert_fits(narrow, 60);
	free(wide);
	free(narrow);
	compared_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result_holds_arms_and_how_they_compare),
		cmocka_unit_test(test_comparison_is_reported_at_100_and_60_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
