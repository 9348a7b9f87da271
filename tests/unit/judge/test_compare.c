#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/student.h"
#include "unit/judge/arms.h"

/* A quiet server, so that what differs is seen. */
static const struct world server = {
	.seconds = 40, .per_second = 50, .median_ns = 10e6, .spread = 0.2, .errors = 0.02, .tail_share = 0};

struct compared_pair {
	struct plan plan;
	struct arm *baseline, *current;
	struct comparison *comparison;
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

static void
compare(struct compared_pair *pair, const struct world *a, size_t runs_a, const struct world *b, size_t runs_b)
{
	struct dice dice = {.seed = 7};

	pair->baseline = simulate_arm(&dice, "off", &pair->plan, a, runs_a);
	pair->current = simulate_arm(&dice, "on", &pair->plan, b, runs_b);
	pair->comparison = compare_arms(pair->baseline, pair->current, &pair->plan);
}

static void
compare_slower(struct compared_pair *pair, double factor)
{
	struct world slower = server;

	pair->plan = arms_plan(500);
	slower.median_ns *= factor;
	compare(pair, &server, 1, &slower, 1);
}

static void
pair_fini(struct compared_pair *pair)
{
	compare_free(pair->comparison);
	arm_free(pair->baseline);
	arm_free(pair->current);
}

static enum comparison_status
status_of_p50(double factor)
{
	struct compared_pair pair;

	compare_slower(&pair, factor);
	enum comparison_status status = row_named(pair.comparison, "response.p50")->status;

	pair_fini(&pair);
	return status;
}

static void
test_bands_are_named_by_the_change_and_the_noise(void **state)
{
	(void)state;
	assert_int_equal(status_of_p50(1.3), COMPARISON_REGRESSION);
	assert_int_equal(status_of_p50(1.06), COMPARISON_SMALL_REGRESSION);
	assert_int_equal(status_of_p50(1.0), COMPARISON_NOISE);
	assert_int_equal(status_of_p50(0.94), COMPARISON_SMALL_IMPROVEMENT);
	assert_int_equal(status_of_p50(0.7), COMPARISON_IMPROVEMENT);
}

static void
test_the_change_and_its_interval_are_those_of_the_arms(void **state)
{
	struct compared_pair pair;

	(void)state;
	compare_slower(&pair, 1.3);
	const struct comparison_row *row = row_named(pair.comparison, "response.p50");

	assert_true(fabs(row->delta - (row->current - row->baseline)) < 1);
	assert_true(fabs(row->delta_rel - (row->current / row->baseline - 1)) < 1e-12);
	assert_true(row->ci[0] < row->delta && row->delta < row->ci[1]);
	assert_true(row->ci_rel[0] < 0.3 && 0.3 < row->ci_rel[1]);
	assert_true(row->ci_rel[1] - row->ci_rel[0] < 0.1);
	assert_int_equal(row->samples[0], 2000);
	assert_true(row->baseline ==
		    (double)histogram_quantile_with_above_ns(&pair.baseline->measured.histograms[METRIC_RESPONSE], 0.5,
			    pair.baseline->measured.counts.failed));
	pair_fini(&pair);
}

static void
test_more_per_second_is_better_and_more_errors_are_worse(void **state)
{
	struct world worse = server, idle = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	worse.errors = 0.2;
	compare(&pair, &server, 1, &worse, 1);
	assert_int_equal(row_named(pair.comparison, "error_rate")->status, COMPARISON_REGRESSION);
	assert_int_equal(row_named(pair.comparison, "achieved_rate")->status, COMPARISON_REGRESSION);
	assert_true(row_named(pair.comparison, "achieved_rate")->delta < 0);
	pair_fini(&pair);
	idle.per_second = 25;
	compare(&pair, &idle, 1, &server, 1);
	assert_int_equal(row_named(pair.comparison, "achieved_rate")->status, COMPARISON_IMPROVEMENT);
	pair_fini(&pair);
}

static void
test_the_same_arms_and_plan_give_the_same_intervals(void **state)
{
	struct compared_pair pair;

	(void)state;
	compare_slower(&pair, 1.05);
	struct comparison *again = compare_arms(pair.baseline, pair.current, &pair.plan);

	assert_int_equal(again->rows_n, pair.comparison->rows_n);
	for (size_t i = 0; i < again->rows_n; i++)
		assert_memory_equal(again->rows[i].ci, pair.comparison->rows[i].ci, sizeof(again->rows[i].ci));
	compare_free(again);
	pair_fini(&pair);
}

/* Each side has the rates that its share of one load gives it. */
static void
test_the_sides_of_a_split_are_not_compared_by_their_rates(void **state)
{
	struct world fewer = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	fewer.per_second = 5;
	pair.plan.split.key = "${seq}";
	compare(&pair, &server, 1, &fewer, 1);
	for (size_t i = 0; i < pair.comparison->rows_n; i++) {
		const struct plan_metric *metric = pair.comparison->rows[i].measure.metric;

		if (metric->unit == UNIT_RATE || strcmp(metric->name, "in_flight") == 0)
			fail_msg("%s is compared", pair.comparison->rows[i].name);
	}
	assert_true(row_named(pair.comparison, "response.p50")->is_gated);
	assert_true(row_named(pair.comparison, "error_rate")->is_gated);
	pair_fini(&pair);
}

/* DEFINITIONS: shown from n (1 − q) ≥ 1 on, gated from 10 on. */
static void
test_percentiles_are_shown_and_gated_where_the_samples_carry_them(void **state)
{
	struct world short_run = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	short_run.errors = 0;
	short_run.per_second = 1;
	short_run.seconds = 50;
	compare(&pair, &short_run, 1, &short_run, 1);
	const struct comparison_row *p50 = row_named(pair.comparison, "response.p50"),
				    *p95 = row_named(pair.comparison, "response.p95"),
				    *p99 = row_named(pair.comparison, "response.p99");

	assert_true(p50->is_gated);
	assert_true(p95->is_wanted && !p95->is_gated && isfinite(p95->baseline));
	assert_string_equal(p95->note, "too few samples to gate");
	assert_true(isnan(p99->baseline) && isnan(p99->ci[0]) && !p99->is_gated);
	assert_int_equal(p99->status, COMPARISON_NA);
	assert_string_equal(p99->note, "n/a (n=50)");
	pair_fini(&pair);
}

static void
test_what_falls_among_the_failures_is_above_the_timeout_and_worse(void **state)
{
	struct world failing = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	failing.errors = 0.12;
	compare(&pair, &server, 1, &failing, 1);
	const struct comparison_row *p95 = row_named(pair.comparison, "response.p95");

	assert_true(isinf(p95->current) && isfinite(p95->baseline));
	assert_true(isnan(p95->delta) && isnan(p95->delta_rel) && isnan(p95->ci[0]) && isnan(p95->ci_rel[1]));
	assert_int_equal(p95->status, COMPARISON_REGRESSION);
	pair_fini(&pair);
}

static void
test_an_error_rate_that_was_0_can_get_worse(void **state)
{
	struct world clean = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	clean.errors = 0;
	compare(&pair, &clean, 1, &server, 1);
	const struct comparison_row *row = row_named(pair.comparison, "error_rate");

	assert_true(row->baseline == 0 && isnan(row->delta_rel) && row->ci[0] > 0);
	assert_int_equal(row->status, COMPARISON_REGRESSION);
	pair_fini(&pair);
	compare(&pair, &clean, 1, &clean, 1);
	row = row_named(pair.comparison, "error_rate");
	assert_true(row->delta == 0 && row->delta_rel == 0 && row->ci[0] == 0 && row->ci[1] == 0 && row->p == 1);
	assert_int_equal(row->status, COMPARISON_NOISE);
	pair_fini(&pair);
}

static void
test_a_profile_gates_what_it_names_within_its_own_tolerance(void **state)
{
	struct compared_pair pair;
	struct expr mean = {.request = -1, .stat = EXPR_MEAN, .metric = judge_metrics[METRIC_RESPONSE]};
	struct plan_compared named = {.measure = mean, .tolerance = 0.03};

	(void)state;
	compare_slower(&pair, 1.06);
	assert_false(row_named(pair.comparison, "response.mean")->is_wanted);
	compare_free(pair.comparison);
	pair.plan.compare.named = &named;
	pair.plan.compare.named_n = 1;
	pair.plan.compare.has_gate = true;
	pair.comparison = compare_arms(pair.baseline, pair.current, &pair.plan);
	assert_true(row_named(pair.comparison, "response.mean")->is_gated);
	assert_int_equal(row_named(pair.comparison, "response.mean")->status, COMPARISON_REGRESSION);
	assert_false(row_named(pair.comparison, "response.p50")->is_wanted);
	pair_fini(&pair);
}

/* The variance of an arm's mean, by the means of its runs. */
static double
variance_by_runs(const struct arm *arm)
{
	double n = (double)arm->runs_n, sum = 0, squares = 0;

	for (size_t r = 0; r < arm->runs_n; r++) {
		const struct blocks *blocks = arm->runs[r].blocks;
		double total_ns = 0, count = 0;

		for (size_t i = 0; i < blocks->n; i++) {
			total_ns += (double)blocks->blocks[i].all.tallies[METRIC_RESPONSE].sum_ns;
			count += (double)blocks->blocks[i].all.tallies[METRIC_RESPONSE].total;
		}
		sum += total_ns / count;
		squares += total_ns / count * (total_ns / count);
	}
	return (squares - sum * sum / n) / (n - 1) / n;
}

static void
test_the_noise_between_runs_widens_the_intervals(void **state)
{
	struct world noisy = server;
	struct compared_pair one = {.plan = arms_plan(500)}, several = {.plan = arms_plan(500)};

	(void)state;
	noisy.runs = 0.1;
	compare(&one, &noisy, 1, &noisy, 1);
	compare(&several, &noisy, 4, &noisy, 4);
	const struct comparison_row *narrow = row_named(one.comparison, "response.p50"),
				    *wide = row_named(several.comparison, "response.p50");

	assert_true(wide->ci_rel[1] - wide->ci_rel[0] > 3 * (narrow->ci_rel[1] - narrow->ci_rel[0]));
	const struct comparison_row *mean = row_named(several.comparison, "response.mean");
	double a = variance_by_runs(several.baseline), b = variance_by_runs(several.current);
	double df = (a + b) * (a + b) / (a * a / 3 + b * b / 3); /* Welch (1947) */
	double half = student_bound(0.05, df) * sqrt(a + b);

	assert_true(fabs((mean->ci[1] - mean->ci[0]) / 2 / half - 1) < 0.15);
	assert_non_null(strstr(one.comparison->warning, "one run per arm"));
	assert_string_equal(several.comparison->warning, "");
	assert_non_null(strstr(several.comparison->method, "noise between 4 and 4 runs"));
	pair_fini(&one);
	pair_fini(&several);
}

/* Each rests on its own runs alone: 60, 62, 64 against 90, 93, 96. */
static void
test_what_only_a_run_has_is_compared_by_its_runs(void **state)
{
	static const double rates[2][3] = {{60, 62, 64}, {90, 93, 96}};
	struct world brief = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	brief.seconds = 3;
	compare(&pair, &brief, 3, &brief, 3);
	for (int r = 0; r < 3; r++) {
		pair.baseline->runs[r].max_sustainable = rates[0][r];
		pair.current->runs[r].max_sustainable = rates[1][r];
	}
	compare_free(pair.comparison);
	pair.comparison = compare_arms(pair.baseline, pair.current, &pair.plan);
	const struct comparison_row *row = row_named(pair.comparison, "max_sustainable_rate");

	assert_true(row->baseline == 62 && row->current == 93);
	/* scipy: stats.ttest_ind(…).confidence_interval(): 31 ± 2.776445 × sqrt(6.5 × 2 / 3) */
	assert_true(fabs(row->ci[0] - (31 - 5.779606)) < 1e-4 && fabs(row->ci[1] - (31 + 5.779606)) < 1e-4);
	assert_int_equal(row->status, COMPARISON_IMPROVEMENT);
	pair_fini(&pair);
}

static bool
has_row(const struct comparison *comparison, const char *name)
{
	for (size_t i = 0; i < comparison->rows_n; i++)
		if (strcmp(comparison->rows[i].name, name) == 0)
			return true;
	return false;
}

/* Mostly 0, so that a change of it has no percents: compared where the profile names it. */
static void
test_changes_over_time_are_compared_only_by_name(void **state)
{
	struct plan_compared named = {
		.measure = {.metric = metric_named("memory.growth"), .request = -1}, .tolerance = 0.1};
	struct compared_pair pair = {.plan = arms_plan(200)};

	(void)state;
	compare(&pair, &server, 2, &server, 2);
	for (size_t r = 0; r < 2; r++)
		for (int i = 0; i < 2; i++) {
			struct arm *arm = i == 0 ? pair.baseline : pair.current;

			arm->runs[r].sustained = (struct sustained){.is_known = true,
				.p99 = {.windows = 40, .is_trend = true, .change = 0.1 * (i + 1)},
				.memory = {.windows = 40, .first = 100, .per_h = 5 * (i + 1)},
				.memory_course = MEMORY_LEAK};
		}
	compare_free(pair.comparison);
	pair.comparison = compare_arms(pair.baseline, pair.current, &pair.plan);
	assert_false(has_row(pair.comparison, "p99.drift"));
	assert_false(has_row(pair.comparison, "memory.growth"));
	compare_free(pair.comparison);
	pair.plan.compare.named = &named;
	pair.plan.compare.named_n = 1;
	pair.comparison = compare_arms(pair.baseline, pair.current, &pair.plan);
	assert_true(row_named(pair.comparison, "memory.growth")->baseline == 0.05);
	assert_true(row_named(pair.comparison, "memory.growth")->current == 0.1);
	assert_false(has_row(pair.comparison, "p99.drift"));
	pair_fini(&pair);
}

static void
test_an_arm_of_one_block_has_no_interval_and_gates_nothing(void **state)
{
	struct world second = server;
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	second.seconds = 1;
	compare(&pair, &second, 1, &second, 1);
	const struct comparison_row *row = row_named(pair.comparison, "response.p50");

	assert_true(isfinite(row->delta) && isnan(row->ci[0]) && isnan(row->p) && !row->is_gated);
	assert_string_equal(row->note, "too short for an interval: one block");
	assert_int_equal(row->status, COMPARISON_NOISE);
	pair_fini(&pair);
}

/* Against the baseline's mean and spread, and against its own median where there is none. */
static void
test_an_arm_spikes_where_the_baseline_does_not(void **state)
{
	struct world spiky = server;
	struct compared_pair pair = {.plan = arms_plan(500)};
	const struct expr spikes = {.metric = metric_named("spike_rate"), .stat = EXPR_VALUE, .request = -1};

	(void)state;
	spiky.tail_share = 0.1;
	spiky.tail_index = 0.3; /* nearly all of them far out */
	compare(&pair, &server, 1, &spiky, 1);
	pair.baseline->baseline = pair.current->baseline = pair.baseline;
	assert_true(compare_value(&spikes, pair.baseline) < 0.02);
	assert_true(fabs(compare_value(&spikes, pair.current) - 0.085) < 0.02);
	pair.current->baseline = NULL;
	assert_true(fabs(compare_value(&spikes, pair.current) - 0.085) < 0.02);
	assert_string_equal(row_named(pair.comparison, "spike_rate")->note, "no interval is made of a spike rate");
	pair_fini(&pair);
}

/* One by one each of the gated rows would look different more often than they all may together. */
static void
test_many_figures_are_held_to_more_than_one_is(void **state)
{
	struct compared_pair pair = {.plan = arms_plan(500)};
	int alone = 0, together = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct dice dice = {.seed = seed};
		bool is_alone = false, is_together = false;

		pair.baseline = simulate_arm(&dice, "off", &pair.plan, &server, 1);
		pair.current = simulate_arm(&dice, "on", &pair.plan, &server, 1);
		pair.comparison = compare_arms(pair.baseline, pair.current, &pair.plan);
		for (size_t i = 0; i < pair.comparison->rows_n; i++) {
			const struct comparison_row *row = &pair.comparison->rows[i];

			is_alone = is_alone || (row->is_gated && row->p < 0.05);
			is_together = is_together || (row->is_gated && row->is_significant);
		}
		alone += is_alone;
		together += is_together;
		pair_fini(&pair);
	}
	assert_true(together <= 150 * 5 / 100);
	assert_true(2 * together < alone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bands_are_named_by_the_change_and_the_noise),
		cmocka_unit_test(test_the_change_and_its_interval_are_those_of_the_arms),
		cmocka_unit_test(test_more_per_second_is_better_and_more_errors_are_worse),
		cmocka_unit_test(test_the_sides_of_a_split_are_not_compared_by_their_rates),
		cmocka_unit_test(test_the_same_arms_and_plan_give_the_same_intervals),
		cmocka_unit_test(test_percentiles_are_shown_and_gated_where_the_samples_carry_them),
		cmocka_unit_test(test_what_falls_among_the_failures_is_above_the_timeout_and_worse),
		cmocka_unit_test(test_an_error_rate_that_was_0_can_get_worse),
		cmocka_unit_test(test_a_profile_gates_what_it_names_within_its_own_tolerance),
		cmocka_unit_test(test_the_noise_between_runs_widens_the_intervals),
		cmocka_unit_test(test_what_only_a_run_has_is_compared_by_its_runs),
		cmocka_unit_test(test_changes_over_time_are_compared_only_by_name),
		cmocka_unit_test(test_an_arm_of_one_block_has_no_interval_and_gates_nothing),
		cmocka_unit_test(test_an_arm_spikes_where_the_baseline_does_not),
		cmocka_unit_test(test_many_figures_are_held_to_more_than_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
