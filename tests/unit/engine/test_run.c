#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "engine/run.h"
#include "measure/summary.h"
#include "unit/engine/plans.h"

/* A run on the virtual clock against the null protocol: every behaviour of time without waiting for any. */
struct bench {
	struct plan *plan;
	uv_loop_t loop;
	struct clock clock;
	struct addresses addresses;
	struct summary *summary;
	struct run *run;
	uint32_t levels_n, closed[64], closed_n;
	int64_t jump_ns;  /* the clock leaps by this after the second interval */
	int repeat_level; /* asked for again when it closes; −1: none */
	int broken_level; /* recovered from when it closes; −1: none */
	unsigned intervals;
	void (*on_start)(struct bench *bench);
	bool is_ended;
};

static void
bench_on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	(void)context;
	(void)phase;
	(void)at_ns;
}

static void
bench_on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct bench *bench = context;

	/* In order; the last one is told again when it changes. */
	assert_true(level == LEVEL_WARMUP || level == bench->levels_n || level + 1 == bench->levels_n);
	if (level == bench->levels_n)
		bench->levels_n++;
	summary_add_level(bench->summary, level, start_ns, end_ns, offered);
}

static void
bench_on_cut(void *context, int64_t at_ns)
{
	struct bench *bench = context;

	summary_cut(bench->summary, at_ns);
}

static void
bench_on_complete(void *context, int64_t at_ns)
{
	struct bench *bench = context;

	summary_complete(bench->summary, at_ns);
}

static void
bench_on_resume(void *context, int64_t at_ns)
{
	(void)context;
	(void)at_ns;
}

static void
bench_on_interval(void *context, struct interval *interval)
{
	struct bench *bench = context;

	interval_add_up(interval);
	summary_add_interval(bench->summary, interval);
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		if (!level->is_used || !level->is_last || level->level == LEVEL_WARMUP)
			continue;
		bench->closed[bench->closed_n++] = level->level;
		if ((int)level->level == bench->repeat_level)
			run_repeat(bench->run, level->level);
		if ((int)level->level == bench->broken_level)
			run_recover(bench->run);
	}
	if (++bench->intervals == 2 && bench->jump_ns > 0)
		clock_set_ns(&bench->clock, clock_now_ns(&bench->clock) + bench->jump_ns);
	run_give_interval(bench->run, interval);
}

static void
bench_on_end(void *context)
{
	struct bench *bench = context;

	bench->is_ended = true;
}

static const struct run_events bench_events = {
	.on_phase = bench_on_phase,
	.on_level = bench_on_level,
	.on_cut = bench_on_cut,
	.on_complete = bench_on_complete,
	.on_resume = bench_on_resume,
	.on_interval = bench_on_interval,
	.on_end = bench_on_end,
};

static void
bench_init(struct bench *bench, const char *profile)
{
	*bench = (struct bench){.plan = plan_of(profile), .repeat_level = -1, .broken_level = -1};
	clock_init_virtual(&bench->clock, 1000 * NS_PER_S);
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	bench->summary = summary_new(bench->plan);
}

static const struct counts *
bench_go(struct bench *bench)
{
	struct error err = {0};

	bench->run = run_new(
		&(struct run_config){
			.plan = bench->plan,
			.loop = &bench->loop,
			.clock = &bench->clock,
			.shards = 1,
			.addresses = &bench->addresses,
			.events = &bench_events,
			.context = bench,
		},
		&err);
	assert_non_null(bench->run);
	if (bench->on_start != NULL)
		bench->on_start(bench);
	run_go(bench->run);
	assert_true(bench->is_ended);
	assert_true(counts_identities_hold(&bench->summary->everything.counts));
	return &bench->summary->everything.counts;
}

static void
bench_fini(struct bench *bench)
{
	run_free(bench->run);
	summary_free(bench->summary);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	plan_free(bench->plan);
}

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
		cmocka_unit_test(test_a_steady_rate_schedules_exactly_rate_times_duration),
		cmocka_unit_test(test_a_punctual_clock_shows_no_lateness),
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
