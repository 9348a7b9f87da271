#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/engine/bench.h"

static void
test_a_steady_rate_schedules_exactly_rate_times_duration(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 1000/s, for: 5s}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 5000);
	assert_int_equal(counts->ok, 5000);
	assert_int_equal(bench.closed_n, 1);
	bench_fini(&bench);
}

/* Together they send what one run would, each what is its own, and each offers its share. */
static void
test_the_sides_of_a_split_send_each_arrival_once(void **state)
{
	static const char *const sides[] = {"candidate", "baseline"};
	uint64_t scheduled[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench bench;
		char profile[256];

		snprintf(profile, sizeof(profile),
			"load: {steady: {rate: 1000/s, for: 5s}, in_flight: 2}\n"
			"split: {key: '${seq}', percent: 20%%, side: %s}\n",
			sides[i]);
		bench_init(&bench, profile);
		scheduled[i] = bench_go(&bench)->scheduled;
		assert_true(bench.summary->levels[0].offered == (i == 0 ? 200 : 800));
		bench_fini(&bench);
	}
	assert_int_equal(scheduled[0] + scheduled[1], 5000);
	assert_in_range(scheduled[0], 860, 1140); /* five standard deviations of the binomial distribution */
}

/* What waits for a slot are this side's arrivals, and no others between them. */
static void
test_what_waits_is_not_the_other_sides(void **state)
{
	static const char *const profiles[] = {
		"load: {steady: {rate: 100/s, for: 2s}, in_flight: 1}\n"
		"split: {key: '${seq}', percent: 50%, side: candidate}\n",
		"load: {steady: {rate: 100/s, for: 2s}, in_flight: 1}\n"
		"split: {key: '${seq}', percent: 50%, side: baseline}\n",
	};
	uint64_t scheduled = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench bench;

		bench_init_target(&bench, ", null_service: 100ms, timeout: 60s", profiles[i]);
		const struct counts *counts = bench_go(&bench);

		assert_int_equal(counts->ok, counts->scheduled);
		scheduled += counts->scheduled;
		bench_fini(&bench);
	}
	assert_int_equal(scheduled, 200);
}

static void
test_a_punctual_clock_shows_no_lateness(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 777/s, for: 3s}, spacing: poisson}\n");
	bench_go(&bench);
	assert_int_equal(bench.summary->measured.histograms[METRIC_LATENESS].max_ns, 0);
	assert_int_equal(bench.summary->measured.histograms[METRIC_RESPONSE].total, bench.summary->measured.counts.ok);
	bench_fini(&bench);
}

static void
test_what_nobody_reads_is_not_known_rather_than_0(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 10/s, for: 2s}}\n");
	bench_go(&bench);
	assert_true(bench.summary->series.n > 0);
	assert_true(isnan(bench.summary->series.rows[0].target[GAUGE_CPU]));
	assert_true(isnan(bench.summary->series.rows[0].self[GAUGE_MEMORY]));
	bench_fini(&bench);
}

static void
test_warmup_counts_in_totals_and_not_in_the_figures(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 100/s, for: 5s}, warmup: 2s}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 700);
	assert_int_equal(bench.summary->measured.counts.scheduled, 500);
	bench_fini(&bench);
}

static void
test_nothing_is_caught_up_after_a_gap_of_over_a_second(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 100/s, for: 10s}}\n");
	bench.jump_ns = 3 * NS_PER_S;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 1000);
	assert_in_range(counts->by_failure[FAILURE_LOOP_GAP], 299, 301);
	assert_int_equal(counts->unsent, counts->by_failure[FAILURE_LOOP_GAP]);
	assert_true(bench.summary->levels[0].loop_gap_max_ns >= 2 * NS_PER_S);
	bench_fini(&bench);
}

static void
test_all_that_is_due_is_sent_at_once_after_a_shorter_gap(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 100/s, for: 10s}}\n");
	bench.jump_ns = NS_PER_S / 2;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 1000);
	assert_in_range(bench.summary->measured.histograms[METRIC_LATENESS].max_ns, 480 * NS_PER_MS, 500 * NS_PER_MS);
	bench_fini(&bench);
}

static void
test_every_step_is_a_level_that_closes_in_order(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 2s, to: 400/s}}\n");
	bench_go(&bench);
	assert_int_equal(bench.closed_n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(bench.closed[i], i);
		assert_int_equal(bench.summary->levels[i].counts.scheduled, 200 * (i + 1));
	}
	bench_fini(&bench);
}

static void
test_a_repeated_level_is_run_again_as_a_new_one(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 2s, to: 300/s}}\n");
	bench.repeat_level = 1;
	bench_go(&bench);
	/* 0, 1, (2 cut short at its start), 1 again, 2 */
	assert_true(bench.levels_n >= 4);
	assert_int_equal(bench.summary->levels[bench.levels_n - 2].counts.scheduled, 400);
	assert_int_equal(bench.summary->levels[bench.levels_n - 1].counts.scheduled, 600);
	bench_fini(&bench);
}

static void
test_the_last_level_can_be_repeated_too(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 2s, to: 200/s}}\n");
	bench.repeat_level = 1;
	bench_go(&bench);
	assert_int_equal(bench.levels_n, 3);
	assert_int_equal(bench.summary->levels[2].counts.scheduled, 400);
	bench_fini(&bench);
}

static void
test_after_a_broken_level_the_next_one_runs_in_full(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 2s, to: 300/s}}\n");
	bench.broken_level = 0;
	bench_go(&bench);
	assert_int_equal(bench.summary->levels[bench.levels_n - 1].counts.scheduled, 600);
	assert_int_equal(bench.summary->levels[bench.levels_n - 2].counts.scheduled, 400);
	bench_fini(&bench);
}

static void
test_iterations_end_a_closed_loop(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {concurrency: {users: 1, iterations: 1000}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 1000);
	assert_int_equal(bench.closed_n, 1);
	bench_fini(&bench);
}

static void
test_a_closed_loop_warms_up_by_requests(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {concurrency: {users: 1, iterations: 1000}, warmup: {requests: 200}}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 1200);
	assert_int_equal(bench.summary->measured.counts.ok, 1000);
	bench_fini(&bench);
}

/* The second scenario's requests are not the first of the plan, and its warm-up chooses by weight. */
static void
test_a_trace_says_which_request_each_arrival_makes(void **state)
{
	char path[] = "/tmp/brunt-named-XXXXXX", profile[512];
	int fd = mkstemp(path);
	struct bench bench;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "0 c\n1 c\n1.1 b\n2 c\n") > 0);
	close(fd);
	snprintf(profile, sizeof(profile),
		"scenarios:\n"
		"  - {name: x, load: {steady: {rate: 1/s, for: 3s}}, requests: [{name: a, get: /}]}\n"
		"  - {name: y, load: {trace: {file: %s, named: true}, warmup: 3s}, requests: "
		"[{name: b, weight: 1000000, get: /}, {name: c, get: /}]}\n",
		path);
	bench_init(&bench, profile);
	bench_go(&bench);
	assert_int_equal(bench.summary->requests[0].counts.ok, 3);
	assert_int_equal(bench.summary->requests[1].counts.ok, 1);
	assert_int_equal(bench.summary->requests[2].counts.ok, 3);
	unlink(path);
	bench_fini(&bench);
}

static void
test_scenarios_run_side_by_side_each_with_its_own_load(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "scenarios:\n"
			   "  - {name: a, load: {steps: {from: 100/s, by: 100/s, every: 1s, to: 200/s}}, requests: "
			   "[{name: ra, get: /}]}\n"
			   "  - {name: b, load: {steady: {rate: 100/s, for: 5s}}, requests: [{name: rb, get: /}]}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 300 + 500);
	assert_int_equal(bench.summary->requests[0].counts.ok, 300);
	assert_int_equal(bench.summary->requests[1].counts.ok, 500);
	assert_true(bench.summary->levels[0].offered == 100 + 100);
	assert_true(bench.summary->levels[1].offered == 200 + 100);
	assert_int_equal(bench.summary->levels_n, 3); /* the steps lead; what outlasts them is a level of its own */
	bench_fini(&bench);
}

static void
steer_at(struct bench *bench, double level, int64_t at_ns)
{
	run_control(bench->run, &(struct control){.kind = CONTROL_LEVEL, .level = level, .at_ns = at_ns});
}

static void
steer_thrice(struct bench *bench)
{
	steer_at(bench, 900, 5 * NS_PER_S);
	steer_at(bench, 200, 5 * NS_PER_S);  /* the last one of a moment holds */
	steer_at(bench, 1e12, -1);           /* refused */
	steer_at(bench, 300, 11 * NS_PER_S); /* past the end */
}

static void
test_a_control_message_changes_the_level_from_its_moment_on(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 100/s, for: 10s}}\n");
	bench.on_start = steer_thrice;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 500 + 1000);
	assert_int_equal(bench.levels_n, 2);
	assert_int_equal(bench.summary->levels[1].counts.scheduled, 1000);
	assert_true(bench.summary->levels[1].offered == 200);
	bench_fini(&bench);
}

static void
test_levels_that_a_gap_swallowed_never_were(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 500ms, to: 2000/s}}\n");
	bench.jump_ns = 5 * NS_PER_S;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, counts->ok + counts->by_failure[FAILURE_LOOP_GAP]);
	assert_true(counts->by_failure[FAILURE_LOOP_GAP] > 3000);
	assert_true(bench.levels_n < 14);
	assert_int_equal(bench.closed_n, bench.levels_n);
	bench_fini(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_trace_says_which_request_each_arrival_makes),
		cmocka_unit_test(test_a_steady_rate_schedules_exactly_rate_times_duration),
		cmocka_unit_test(test_the_sides_of_a_split_send_each_arrival_once),
		cmocka_unit_test(test_what_waits_is_not_the_other_sides),
		cmocka_unit_test(test_a_punctual_clock_shows_no_lateness),
		cmocka_unit_test(test_what_nobody_reads_is_not_known_rather_than_0),
		cmocka_unit_test(test_warmup_counts_in_totals_and_not_in_the_figures),
		cmocka_unit_test(test_nothing_is_caught_up_after_a_gap_of_over_a_second),
		cmocka_unit_test(test_all_that_is_due_is_sent_at_once_after_a_shorter_gap),
		cmocka_unit_test(test_every_step_is_a_level_that_closes_in_order),
		cmocka_unit_test(test_a_repeated_level_is_run_again_as_a_new_one),
		cmocka_unit_test(test_the_last_level_can_be_repeated_too),
		cmocka_unit_test(test_after_a_broken_level_the_next_one_runs_in_full),
		cmocka_unit_test(test_iterations_end_a_closed_loop),
		cmocka_unit_test(test_a_control_message_changes_the_level_from_its_moment_on),
		cmocka_unit_test(test_levels_that_a_gap_swallowed_never_were),
		cmocka_unit_test(test_a_closed_loop_warms_up_by_requests),
		cmocka_unit_test(test_scenarios_run_side_by_side_each_with_its_own_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
