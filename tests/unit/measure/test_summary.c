#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "unit/measure/sample.h"

static void
take_into(struct recorder *recorder, struct summary *summary, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(recorder, now_ns);

	assert_non_null(interval);
	interval_add_up(interval);
	summary_add_interval(summary, interval);
	recorder_give_interval(recorder, interval);
}

static void
declare_levels(struct summary *summary)
{
	summary_add_level(summary, LEVEL_WARMUP, 0, NS_PER_S, 100);
	summary_add_level(summary, 0, NS_PER_S, 3 * NS_PER_S, 100);
	summary_add_level(summary, 1, 3 * NS_PER_S, 5 * NS_PER_S, 100);
}

/* Five seconds: warm-up and two levels, in intervals of a second. */
static void
play_sample(struct summary *summary)
{
	struct recorder *recorder = recorder_new(&sample_config);

	declare_levels(summary);
	for (uint64_t k = 0; k < 500; k++) {
		if (k > 0 && k % 100 == 0)
			take_into(recorder, summary, (int64_t)(k / 100) * NS_PER_S);
		sample_add(recorder, k);
	}
	recorder_close_level(recorder, 0);
	recorder_close_level(recorder, 1);
	take_into(recorder, summary, 5 * NS_PER_S);
	recorder_free(recorder);
}

/* DEFINITIONS, Counts: totals count every phase, latencies the measured ones. */
static void
test_warmup_counts_in_totals_alone(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);

	(void)state;
	play_sample(s);
	assert_int_equal(s->everything.counts.scheduled, 500);
	assert_int_equal(s->warmup.counts.scheduled, 100);
	assert_int_equal(s->measured.counts.scheduled, 400);
	assert_int_equal(s->levels[0].counts.scheduled, 200);
	assert_int_equal(s->levels[1].counts.scheduled, 200);
	assert_int_equal(s->measured.histograms[METRIC_RESPONSE].total, s->measured.counts.ok);
	assert_int_equal(s->measured.counts.ok, 360);
	assert_int_equal(s->requests[0].counts.scheduled + s->requests[1].counts.scheduled, 400);
	assert_int_equal(s->requests[1].histograms[METRIC_SERVICE].total, s->requests[1].counts.ok);
	assert_true(counts_identities_hold(&s->everything.counts));
	assert_true(counts_identities_hold(&s->measured.counts));
	assert_true(counts_identities_hold(&s->requests[0].counts));
	summary_free(s);
}

/* Nothing disappears between a request's totals and the run's. */
static void
test_totals_of_the_requests_add_up_to_the_totals(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct counts sum = {0};

	(void)state;
	play_sample(s);
	for (size_t i = 0; i < plan.requests_n; i++) {
		assert_true(counts_identities_hold(&s->request_totals[i]));
		assert_true(s->request_totals[i].scheduled > s->requests[i].counts.scheduled);
		counts_merge(&sum, &s->request_totals[i]);
	}
	for (const struct counts_field *field = counts_fields; field->name != NULL; field++)
		assert_int_equal(counts_value(&sum, field), counts_value(&s->everything.counts, field));
	assert_memory_equal(&sum, &s->everything.counts, sizeof(sum));
	summary_free(s);
}

static void
test_last_is_the_last_interval_alone(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);

	(void)state;
	play_sample(s);
	assert_int_equal(s->last.counts.scheduled, 100);
	assert_int_equal(s->last_interval_ns, NS_PER_S);
	assert_int_equal(s->last_ns, 5 * NS_PER_S);
	summary_free(s);
}

/* DEFINITIONS, Counts: ok completions inside the window / window; the drain tail is left out. */
static void
test_achieved_leaves_the_drain_tail_out(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);
	struct exchange x = sample_exchange(101);

	(void)state;
	declare_levels(s);
	for (int i = 0; i < 150; i++)
		recorder_add_exchange(recorder, &x, 0);
	for (int i = 0; i < 50; i++)
		recorder_add_exchange(recorder, &x, LEVEL_NONE); /* after its window */
	take_into(recorder, s, 3 * NS_PER_S);
	assert_int_equal(s->levels[0].counts.ok, 200);
	assert_true(s->levels[0].window_s == 2);
	assert_true(level_achieved_per_s(&s->levels[0]) == 75);
	assert_true(isnan(level_achieved_per_s(&s->levels[1])));
	assert_true(summary_achieved_per_s(s) == 75);
	take_into(recorder, s, 4 * NS_PER_S);
	assert_true(level_achieved_per_s(&s->levels[1]) == 0);
	assert_true(summary_achieved_per_s(s) == 50); /* of three seconds */
	take_into(recorder, s, 9 * NS_PER_S);         /* the drain is no window */
	assert_true(s->measured_s == 4);
	assert_true(summary_achieved_per_s(s) == 37.5);
	assert_int_equal(s->measured_from_ns, NS_PER_S);
	assert_int_equal(s->measured_to_ns, 5 * NS_PER_S);
	recorder_free(recorder);
	summary_free(s);
}

/* A pause between two levels (a recovery) is nobody's window. */
static void
test_achieved_leaves_pauses_between_levels_out(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);
	struct exchange x = sample_exchange(101);

	(void)state;
	summary_add_level(s, 0, 0, NS_PER_S, 1);
	summary_add_level(s, 1, 31 * NS_PER_S, 32 * NS_PER_S, 1);
	recorder_add_exchange(recorder, &x, 0);
	recorder_add_exchange(recorder, &x, 1);
	take_into(recorder, s, 40 * NS_PER_S);
	assert_true(summary_achieved_per_s(s) == 1);
	recorder_free(recorder);
	summary_free(s);
}

static void
test_a_cut_run_ends_its_windows(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	declare_levels(s);
	for (uint64_t k = 0; k < 200; k++)
		sample_add(recorder, k);
	take_into(recorder, s, 4 * NS_PER_S); /* the tick came late: the run was stopped at 2 s */
	summary_cut(s, 2 * NS_PER_S);
	assert_false(s->warmup.is_cut);
	assert_true(s->levels[0].is_cut);
	assert_true(s->levels[0].window_s == 1);
	assert_true(s->levels[1].window_s == 0);
	assert_true(s->measured_s == 1);
	assert_int_equal(s->measured_to_ns, 2 * NS_PER_S);
	assert_true(level_achieved_per_s(&s->levels[0]) == 90);
	recorder_free(recorder);
	summary_free(s);
}

/* Iterations were through before the planned end: the window is as long as it ran, and nobody cut it. */
static void
test_a_level_that_is_through_ends_without_a_cut(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	summary_add_level(s, 0, 0, 100 * NS_PER_S, 1);
	take_into(recorder, s, 4 * NS_PER_S);
	summary_complete(s, 3 * NS_PER_S);
	assert_false(s->levels[0].is_cut);
	assert_true(s->levels[0].window_s == 3);
	recorder_free(recorder);
	summary_free(s);
}

static void
test_in_flight_averages_over_the_window(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	declare_levels(s);
	recorder_in_flight(recorder, 0, 4, NS_PER_S);
	take_into(recorder, s, 2 * NS_PER_S);
	recorder_in_flight(recorder, 0, 8, 2 * NS_PER_S);
	recorder_in_flight(recorder, 1, 2, 3 * NS_PER_S);
	recorder_in_flight(recorder, LEVEL_NONE, 2, 5 * NS_PER_S);
	take_into(recorder, s, 6 * NS_PER_S);
	assert_true(s->levels[0].in_flight_avg == 6);
	assert_true(s->levels[1].in_flight_avg == 2);
	assert_true(s->in_flight_avg == 4);
	assert_int_equal(s->levels[0].in_flight_peak, 8);
	assert_int_equal(s->in_flight_peak, 8);
	recorder_free(recorder);
	summary_free(s);
}

static void
test_settling_keeps_the_figures_and_frees_the_histograms(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct latency_figures figures;
	struct histogram back;

	(void)state;
	play_sample(s);
	struct level_summary *level = &s->levels[1];
	struct histogram *live = &level->live->histograms[METRIC_RESPONSE];

	assert_true(level->is_closed);
	assert_int_equal(live->total, 180);
	histogram_figures(live, &figures);
	summary_settle_level(s, 1);
	summary_settle_level(s, 1); /* again does no harm */
	assert_false(histogram_is_ready(live));
	assert_null(level->live_requests);
	assert_memory_equal(&level->figures[METRIC_RESPONSE], &figures, sizeof(figures));
	histogram_init(&back);
	assert_true(histogram_decode_add(&back, level->encoded[METRIC_RESPONSE]));
	assert_int_equal(back.total, 180);
	assert_int_equal(histogram_quantile_ns(&back, 0.95), figures.p95_ns);
	histogram_fini(&back);
	assert_null(summary_level(s, 7));
	summary_settle_level(s, 7); /* nobody knows it */
	summary_settle_level(s, LEVEL_WARMUP);
	assert_int_equal(s->warmup.figures[METRIC_RESPONSE].count, 90);
	summary_free(s);
}

/* Another shard's interval may come after the level was judged. */
static void
test_what_comes_after_settling_is_not_lost(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	play_sample(s);
	summary_settle_level(s, 1);
	sample_add(recorder, 301);
	take_into(recorder, s, 5 * NS_PER_S);
	assert_int_equal(s->levels[1].counts.ok, 181);
	assert_int_equal(s->levels[1].live->histograms[METRIC_RESPONSE].total, 181);
	assert_int_equal(s->levels[1].live->counts.ok, 181);
	summary_settle_level(s, 1);
	assert_int_equal(s->levels[1].figures[METRIC_RESPONSE].count, 181);
	recorder_free(recorder);
	summary_free(s);
}

static void
test_readings_before_any_load_are_the_idle_baseline(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);
	struct reading idle = sample_reading(100, 0.1), busy = sample_reading(NS_PER_S + 1, 0.7);
	struct reading drained = sample_reading(3 * NS_PER_S, 0.4);

	(void)state;
	declare_levels(s);
	recorder_add_reading(recorder, LEVEL_NONE, false, &idle);
	take_into(recorder, s, 500);
	recorder_add_reading(recorder, 0, false, &busy);
	sample_add(recorder, 100);
	take_into(recorder, s, 2 * NS_PER_S);
	recorder_add_reading(recorder, LEVEL_NONE, false, &drained);
	take_into(recorder, s, 3 * NS_PER_S);
	assert_true(gauge_avg(&s->target_idle, GAUGE_CPU) == 0.1);
	assert_true(gauge_avg(&s->levels[0].target, GAUGE_CPU) == 0.7);
	assert_int_equal(s->levels[0].last_target_reading_ns, NS_PER_S + 1);
	assert_int_equal(s->target.gauges[GAUGE_CPU].n, 3);
	assert_true(gauge_last(&s->target, GAUGE_CPU) == 0.4);
	assert_true(s->now.target.values[GAUGE_CPU] == 0.4);
	recorder_free(recorder);
	summary_free(s);
}

/* A second is looked at more than once: what one look in it said is not what became of it. */
static void
test_row_has_the_mean_of_what_is_true_of_a_while_and_the_last_of_what_is_true_of_a_moment(void **state)
{
	struct plan plan = sample_plan();
	struct summary *s = summary_new(&plan);
	struct recorder *recorder = recorder_new(&sample_config);
	struct reading stood_still = sample_reading(NS_PER_S / 4, 0.9), ran = sample_reading(NS_PER_S / 2, 0.1),
		       gone = ran;

	(void)state;
	stood_still.values[GAUGE_MEMORY] = 500;
	ran.values[GAUGE_MEMORY] = 300;
	gone.values[GAUGE_CPU] = NAN;
	declare_levels(s);
	recorder_add_reading(recorder, 0, true, &stood_still);
	recorder_add_reading(recorder, LEVEL_NONE, true, &ran);
	recorder_add_reading(recorder, 0, false, &stood_still);
	recorder_add_reading(recorder, 0, false, &gone);
	take_into(recorder, s, NS_PER_S);
	take_into(recorder, s, 2 * NS_PER_S); /* nobody looked */
	assert_true(fabs(s->series.rows[0].self[GAUGE_CPU] - 0.5) < 1e-12);
	assert_true(s->series.rows[0].self[GAUGE_MEMORY] == 300);
	assert_true(isnan(s->series.rows[0].target[GAUGE_CPU]));
	assert_true(s->series.rows[1].self[GAUGE_CPU] == 0.1);
	recorder_free(recorder);
	summary_free(s);
}

static struct series_row
row_at(int64_t at_ns, uint64_t ok, int64_t p99_ns)
{
	struct series_row row = {.at_ns = at_ns,
		.ok = ok,
		.p50_ns = -1,
		.p95_ns = -1,
		.p99_ns = p99_ns,
		.max_ns = -1,
		.ttft_p95_ns = -1};

	for (size_t i = 0; i < GAUGE_COUNT; i++)
		row.target[i] = row.self[i] = NAN;
	return row;
}

static void
test_series_doubles_its_step_and_loses_no_count(void **state)
{
	struct series series;
	uint64_t ok = 0;

	(void)state;
	series_init(&series, NS_PER_S);
	for (int64_t i = 1; i <= SERIES_ROWS_MAX; i++) {
		struct series_row row = row_at(i * NS_PER_S + 1000 * (i % 7), 1, i % 100);

		series_add(&series, &row);
	}
	assert_int_equal(series.n, SERIES_ROWS_MAX);
	assert_int_equal(series.step_ns, NS_PER_S);
	for (int64_t i = SERIES_ROWS_MAX + 1; i <= 10 * SERIES_ROWS_MAX; i++) {
		struct series_row row = row_at(i * NS_PER_S, 1, i % 100);

		series_add(&series, &row);
	}
	assert_int_equal(series.step_ns, 16 * NS_PER_S);
	assert_true(series.n <= SERIES_ROWS_MAX);
	for (size_t i = 0; i < series.n; i++)
		ok += series.rows[i].ok;
	assert_int_equal(ok, 10 * SERIES_ROWS_MAX);
	series_fini(&series);
}

static void
test_a_doubled_row_keeps_the_worst_of_two(void **state)
{
	struct series series;

	(void)state;
	series_init(&series, NS_PER_S);
	for (int64_t i = 1; i <= SERIES_ROWS_MAX + 1; i++) {
		struct series_row row = row_at(i * NS_PER_S, 2, i == 1 ? 900 : i == 2 ? 100 : -1);

		row.target[GAUGE_CPU] = i == 2 ? 0.5 : NAN;
		series_add(&series, &row);
	}
	assert_int_equal(series.rows[0].at_ns, 2 * NS_PER_S);
	assert_int_equal(series.rows[0].ok, 4);
	assert_int_equal(series.rows[0].p99_ns, 900);
	assert_int_equal(series.rows[1].p99_ns, -1);
	assert_true(series.rows[0].target[GAUGE_CPU] == 0.5);
	assert_true(isnan(series.rows[1].target[GAUGE_CPU]));
	series_fini(&series);
}

static void
test_a_copy_is_coarsened_by_itself_and_keeps_each_class_of_failure(void **state)
{
	struct series series, copy;
	uint64_t statuses = 0;

	(void)state;
	series_init(&series, NS_PER_S);
	for (int64_t i = 1; i <= 100; i++) {
		struct series_row row = row_at(i * NS_PER_S, 1, i);

		row.failures[FAILURE_STATUS] = (uint32_t)i;
		row.failures[FAILURE_RESET] = UINT32_MAX - 1;
		row.ttft_p95_ns = i == 7 ? 70 : -1;
		row.tokens = 3;
		series_add(&series, &row);
	}
	series_copy(&copy, &series);
	series_coarsen(&copy, 30);
	assert_int_equal(copy.n, 25);
	assert_int_equal(copy.step_ns, 4 * NS_PER_S);
	assert_int_equal(series.n, 100);
	assert_int_equal(series.step_ns, NS_PER_S);
	for (size_t i = 0; i < copy.n; i++)
		statuses += copy.rows[i].failures[FAILURE_STATUS];
	assert_int_equal(statuses, 5050);
	assert_int_equal(copy.rows[1].failures[FAILURE_RESET], UINT32_MAX);
	assert_int_equal(copy.rows[1].tokens + copy.rows[2].tokens, 24);
	assert_int_equal(copy.rows[1].ttft_p95_ns, 70);
	assert_int_equal(copy.rows[2].ttft_p95_ns, -1);
	series_fini(&copy);
	series_fini(&series);
}

/* Two shards' intervals of the same second are one row, in whatever order they come. */
static void
test_intervals_of_the_same_time_share_a_row(void **state)
{
	struct series series;
	struct series_row early = row_at(NS_PER_S + 100, 3, 1), late = row_at(2 * NS_PER_S, 4, 2);
	struct series_row other = row_at(NS_PER_S - 100, 5, 9);

	(void)state;
	series_init(&series, NS_PER_S);
	series_add(&series, &early);
	series_add(&series, &late);
	series_add(&series, &other);
	assert_int_equal(series.n, 2);
	assert_int_equal(series.rows[0].ok, 8);
	assert_int_equal(series.rows[0].p99_ns, 9);
	assert_int_equal(series.rows[1].ok, 4);
	series_fini(&series);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warmup_counts_in_totals_alone),
		cmocka_unit_test(test_totals_of_the_requests_add_up_to_the_totals),
		cmocka_unit_test(test_last_is_the_last_interval_alone),
		cmocka_unit_test(test_achieved_leaves_the_drain_tail_out),
		cmocka_unit_test(test_achieved_leaves_pauses_between_levels_out),
		cmocka_unit_test(test_a_cut_run_ends_its_windows),
		cmocka_unit_test(test_a_level_that_is_through_ends_without_a_cut),
		cmocka_unit_test(test_in_flight_averages_over_the_window),
		cmocka_unit_test(test_settling_keeps_the_figures_and_frees_the_histograms),
		cmocka_unit_test(test_what_comes_after_settling_is_not_lost),
		cmocka_unit_test(test_readings_before_any_load_are_the_idle_baseline),
		cmocka_unit_test(
			test_row_has_the_mean_of_what_is_true_of_a_while_and_the_last_of_what_is_true_of_a_moment),
		cmocka_unit_test(test_series_doubles_its_step_and_loses_no_count),
		cmocka_unit_test(test_a_doubled_row_keeps_the_worst_of_two),
		cmocka_unit_test(test_a_copy_is_coarsened_by_itself_and_keeps_each_class_of_failure),
		cmocka_unit_test(test_intervals_of_the_same_time_share_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
