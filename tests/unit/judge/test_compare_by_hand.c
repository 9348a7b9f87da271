#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/judge/arms.h"

/* A quiet server: P50 10 ms, P95 close to 13.9 ms, 2% errors, 49 good answers per second. */
static const struct world server = {
	.seconds = 40, .per_second = 50, .median_ns = 10e6, .spread = 0.2, .errors = 0.02, .tail_share = 0};

struct value {
	const char *metric;
	double quantile, value;
};

struct compared_by_hand {
	struct plan plan;
	struct arm *baseline, *current;
	struct by_hand by_hand;
	struct by_hand_value values[8];
	struct comparison *comparison;
};

static void
compare(struct compared_by_hand *c, const struct value *values, size_t n)
{
	struct dice dice = {.seed = 7};

	c->plan = arms_plan(500);
	c->baseline = arm_new("baseline", &c->plan);
	c->current = simulate_arm(&dice, "current", &c->plan, &server, 1);
	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; judge_metrics[m] != NULL; m++)
			if (strcmp(judge_metrics[m]->name, values[i].metric) == 0)
				c->values[i] = (struct by_hand_value){
					.measure = {.metric = judge_metrics[m],
						.request = -1,
						.stat = values[i].quantile > 0 ? EXPR_PERCENTILE : EXPR_VALUE,
						.quantile = values[i].quantile},
					.value = values[i].value};
	c->by_hand = (struct by_hand){.name = "by hand", .values = c->values, .n = n};
	c->comparison = compare_by_hand(c->baseline, c->current, &c->by_hand, &c->plan);
}

static void
fini(struct compared_by_hand *c)
{
	compare_free(c->comparison);
	arm_free(c->baseline);
	arm_free(c->current);
}

static enum comparison_status
status_at(const char *metric, double quantile, double value)
{
	struct compared_by_hand c = {0};

	compare(&c, &(struct value){metric, quantile, value}, 1);
	enum comparison_status status = c.comparison->rows[0].status;

	fini(&c);
	return status;
}

static void
test_the_tolerance_alone_decides(void **state)
{
	(void)state;
	assert_int_equal(status_at("response", 0.5, 10e6), COMPARISON_NOISE);
	assert_int_equal(status_at("response", 0.5, 9.5e6), COMPARISON_SMALL_REGRESSION);
	assert_int_equal(status_at("response", 0.5, 8e6), COMPARISON_REGRESSION);
	assert_int_equal(status_at("response", 0.5, 10.9e6), COMPARISON_SMALL_IMPROVEMENT);
	assert_int_equal(status_at("response", 0.5, 20e6), COMPARISON_IMPROVEMENT);
	assert_int_equal(status_at("achieved_rate", 0, 100), COMPARISON_REGRESSION);
	assert_int_equal(status_at("achieved_rate", 0, 20), COMPARISON_IMPROVEMENT);
	assert_int_equal(status_at("error_rate", 0, 0), COMPARISON_REGRESSION);
	assert_int_equal(status_at("ttft", 0.5, 1e6), COMPARISON_NA);
}

static void
test_it_claims_no_statistics_and_gates_what_is_usual(void **state)
{
	static const struct value values[] = {
		{"response", 0.5, 8e6}, {"response", 0.999, 1e6}, {"in_flight", 0, 1}, {"success_rate", 0, 1}};
	struct compared_by_hand c = {0};

	(void)state;
	compare(&c, values, 2);
	const struct comparison_row *rows = c.comparison->rows;

	assert_int_equal(c.comparison->rows_n, 2);
	assert_string_equal(rows[0].name, "response.p50");
	assert_true(rows[0].is_gated);
	assert_false(rows[0].is_significant);
	assert_true(isnan(rows[0].p) && isnan(rows[0].ci[0]) && isnan(rows[0].ci_rel[1]));
	assert_true(fabs(rows[0].delta_rel - 0.25) < 0.05);
	assert_false(rows[1].is_gated); /* neither usual nor named */
	assert_non_null(strstr(c.comparison->method, "tolerance alone"));
	fini(&c);
}

static void
test_a_regression_against_it_fails(void **state)
{
	struct compared_by_hand c = {0};
	struct verdict verdict = {.status = VERDICT_PASS};

	(void)state;
	compare(&c, &(struct value){"response", 0.5, 8e6}, 1);
	const struct arm *arms[] = {c.baseline, c.current};
	const struct comparison *comparisons[] = {c.comparison};

	compare_conclude(&verdict,
		&(struct experiment){.arms = arms, .arms_n = 2, .comparisons = comparisons, .comparisons_n = 1});
	assert_int_equal(verdict.exit_code, EXIT_FAILED_GATE);
	assert_non_null(strstr(verdict.reasons[0], "(tolerance 10%)"));
	assert_null(strstr(verdict.reasons[0], "CI"));
	fini(&c);
}

/* Of three nights, one of which was bad, the middle one is compared; of two all requests together. */
static void
test_a_rolling_baseline_is_worth_its_median(void **state)
{
	const double medians_ns[] = {10e6, 40e6, 10.5e6};
	struct dice dice = {.seed = 3};
	struct plan plan = arms_plan(500);
	struct arm *baseline = arm_new("nights", &plan), *current = simulate_arm(&dice, "now", &plan, &server, 1);
	struct interval *interval = interval_new(1, 1);
	double pooled = 0;

	(void)state;
	baseline->is_median = true;
	for (size_t i = 0; i < 3; i++) {
		struct world world = server;

		world.median_ns = medians_ns[i];
		simulate_run(&dice, &world, interval, baseline);
		if (i == 0)
			continue;
		struct comparison *comparison = compare_arms(baseline, current, &plan);
		const struct comparison_row *row = row_named(comparison, "response.p50");

		if (i == 1)
			pooled = row->baseline;
		else
			assert_true(fabs(row->baseline / 10.5e6 - 1) < 0.05);
		assert_true(row->ci[0] < row->delta && row->delta < row->ci[1]);
		compare_free(comparison);
	}
	assert_true(pooled > 12e6);
	interval_free(interval);
	arm_free(baseline);
	arm_free(current);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_tolerance_alone_decides),
		cmocka_unit_test(test_it_claims_no_statistics_and_gates_what_is_usual),
		cmocka_unit_test(test_a_regression_against_it_fails),
		cmocka_unit_test(test_a_rolling_baseline_is_worth_its_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
