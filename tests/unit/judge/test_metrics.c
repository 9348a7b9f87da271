/* What expressions may name, and the values they get. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/metrics.h"
#include "unit/judge/scripted_run.h"

static void
near(double value, double wanted, double tolerance)
{
	if (!(fabs(value - wanted) <= tolerance * fabs(wanted)))
		fail_msg("%.9g is not %.9g", value, wanted);
}

/* 1000 requests in 10 s, 940 of them good: 890 in 5 ms and the last 50 in 500 ms; CPU 0.2, then 0.6 from second 5 on.
 */
static const struct level_summary *
play(struct scripted_run *run)
{
	run_init(run, "steady");
	run_play(run, (struct step){.offered = 100,
			      .slow = 50,
			      .slow_ns = NS_PER_S / 2,
			      .cpu = 0.6,
			      .cpu_from_s = 5,
			      .memory = 0.3,
			      .memory_from_s = 5,
			      .bad = {{FAILURE_STATUS, 50, 0}, {FAILURE_RESPONSE_TIMEOUT, 10, 1}}});
	return summary_level(run->summary, 0);
}

static double
value(struct scripted_run *run, const struct level_summary *level, const char *metric, enum expr_stat stat, double q)
{
	struct expr expr = make_expr(metric, 0, EXPR_LT, 0);

	expr.stat = stat;
	expr.quantile = q;
	double of_level = judge_value(&expr, run->summary, level), of_run = judge_value(&expr, run->summary, NULL);

	/* One level is the whole run; the gauges of the drain are the run's alone. */
	if (!isnan(of_level) && !isinf(of_level) && expr.metric->stats != STAT_GAUGE)
		near(of_level, of_run, 1e-9);
	return of_level;
}

static void
test_percentiles_rank_every_request_that_was_due(void **state)
{
	struct scripted_run run;
	const struct level_summary *level = play(&run);

	(void)state;
	near(value(&run, level, "response", EXPR_PERCENTILE, 0.5), 5e6, 1e-3);
	near(value(&run, level, "response", EXPR_PERCENTILE, 0.89), 5e6, 1e-3);
	near(value(&run, level, "response", EXPR_PERCENTILE, 0.9), 5e8, 1e-3);
	near(value(&run, level, "response", EXPR_PERCENTILE, 0.94), 5e8, 1e-3);
	assert_true(isinf(value(&run, level, "response", EXPR_PERCENTILE, 0.945)));
	assert_true(isinf(value(&run, level, "service", EXPR_PERCENTILE, 0.99)));
	assert_true(isinf(value(&run, level, "response", EXPR_MAX, 0)));
	near(value(&run, level, "response", EXPR_MIN, 0), 5e6, 1e-9);
	near(value(&run, level, "response", EXPR_MEAN, 0), (890 * 5e6 + 50 * 5e8) / 940, 1e-9);
	/* Failures rank above successes alone: what happened to all is ranked for what it was. */
	assert_true(value(&run, level, "lateness", EXPR_PERCENTILE, 0.99) == 0);
	run_fini(&run);
}

static void
test_rates_are_of_everything_scheduled(void **state)
{
	struct scripted_run run;
	const struct level_summary *level = play(&run);

	(void)state;
	near(value(&run, level, "error_rate", EXPR_VALUE, 0), 0.06, 1e-9);
	near(value(&run, level, "timeout_rate", EXPR_VALUE, 0), 0.01, 1e-9);
	near(value(&run, level, "success_rate", EXPR_VALUE, 0), 0.94, 1e-9);
	near(value(&run, level, "offered_rate", EXPR_VALUE, 0), 100, 1e-9);
	near(value(&run, level, "achieved_rate", EXPR_VALUE, 0), 89, 1e-9); /* the last 50 came after the window */
	run_fini(&run);
}

static void
test_gauges_have_average_peak_and_last(void **state)
{
	struct scripted_run run;
	const struct level_summary *level = play(&run);

	(void)state;
	near(value(&run, level, "cpu", EXPR_AVG, 0), 0.4, 1e-9);
	near(value(&run, level, "cpu", EXPR_PEAK, 0), 0.6, 1e-9);
	near(value(&run, level, "memory", EXPR_LAST, 0), 0.3 * MEMORY_LIMIT, 1e-9);
	near(value(&run, level, "memory", EXPR_MIN, 0), 0.1 * MEMORY_LIMIT, 1e-9);
	assert_true(isnan(value(&run, level, "fds", EXPR_PEAK, 0)));
	run_fini(&run);
}

static void
test_requests_have_figures_of_their_own(void **state)
{
	struct scripted_run run;
	const struct level_summary *level = play(&run);
	struct expr expr = make_expr("response", 0.5, EXPR_LT, 0);

	(void)state;
	expr.request = 0;
	near(judge_value(&expr, run.summary, level), 5e6, 1e-3);
	near(judge_value(&expr, run.summary, NULL), 5e6, 1e-3);
	expr = make_expr("error_rate", 0, EXPR_LT, 0);
	expr.request = 0;
	near(judge_value(&expr, run.summary, level), 0.06, 1e-9);
	run_fini(&run);
}

/* 19 samples back no P95, 20 do. */
static void
test_percentile_that_too_few_samples_back_is_not_available(void **state)
{
	(void)state;
	for (uint32_t n = 19; n <= 20; n++) {
		struct scripted_run run;
		struct expr expr = make_expr("response", 0.95, EXPR_LT, 0);

		run_init(&run, "steady");
		run_play(&run, (struct step){.offered = 2, .requests = n});
		assert_int_equal(isnan(judge_value(&expr, run.summary, NULL)) != 0, n == 19);
		run_fini(&run);
	}
}

static void
test_table_has_no_name_twice_and_helps_with_each(void **state)
{
	(void)state;
	for (size_t i = 0; judge_metrics[i] != NULL; i++) {
		assert_ptr_equal(metric_named(judge_metrics[i]->name), judge_metrics[i]);
		assert_true(strlen(judge_metrics[i]->help) > 5);
	}
	assert_true(metric_named("max_sustainable_rate")->is_of_the_run);
	assert_false(metric_named("achieved_rate")->is_of_the_run);
}

/* What failed in an interval may have been due before it: abort_when and alerts see no share above the whole. */
static void
test_rates_of_an_interval_are_of_what_ended_in_it_where_that_is_more_than_was_due(void **state)
{
	static const struct {
		uint64_t scheduled, ok, failed;
		double errors;
	} intervals[] = {{100, 60, 20, 0.2}, {10, 5, 15, 0.75}, {0, 0, 8, 1}, {0, 0, 0, NAN}};
	const struct expr errors = make_expr("error_rate", 0, EXPR_LT, 0),
			  good = make_expr("success_rate", 0, EXPR_LT, 0),
			  timeouts = make_expr("timeout_rate", 0, EXPR_LT, 0);
	struct scripted_run run;

	(void)state;
	play(&run);
	for (size_t i = 0; i < ARRAY_LEN(intervals); i++) {
		struct cell *cell = &run.summary->last;

		cell->counts = (struct counts){.scheduled = intervals[i].scheduled,
			.sent = intervals[i].ok + intervals[i].failed,
			.ok = intervals[i].ok,
			.failed = intervals[i].failed};
		cell->counts.by_failure[FAILURE_RESPONSE_TIMEOUT] = intervals[i].failed;
		if (isnan(intervals[i].errors)) {
			assert_true(isnan(metric_value_last(&errors, run.summary)));
			assert_true(isnan(metric_value_last(&timeouts, run.summary)));
			continue;
		}
		near(metric_value_last(&errors, run.summary), intervals[i].errors, 1e-9);
		near(metric_value_last(&timeouts, run.summary), intervals[i].errors, 1e-9);
		near(metric_value_last(&good, run.summary), 1 - intervals[i].errors, 1e-9);
	}
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles_rank_every_request_that_was_due),
		cmocka_unit_test(test_rates_are_of_everything_scheduled),
		cmocka_unit_test(test_rates_of_an_interval_are_of_what_ended_in_it_where_that_is_more_than_was_due),
		cmocka_unit_test(test_gauges_have_average_peak_and_last),
		cmocka_unit_test(test_requests_have_figures_of_their_own),
		cmocka_unit_test(test_percentile_that_too_few_samples_back_is_not_available),
		cmocka_unit_test(test_table_has_no_name_twice_and_helps_with_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
