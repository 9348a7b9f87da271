/* What a spike did, told from rows of a series that are written down here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/units.h"
#include "judge/records.h"
#include "load/params.h"

#define ROWS_MAX 32

/* 3 s before, 2 s of spike, 6 s after, from `from_s` on; rows end 300 µs late, as a run's do. */
struct story {
	struct spike shape;
	int from_s, ran_s;      /* ran_s 0: to the end */
	int p95_ms[ROWS_MAX];   /* 0: no success */
	int failed[ROWS_MAX];   /* by row */
	int late_ms[ROWS_MAX];  /* lateness P99 */
	const char *shape_name; /* NULL: spike */
};

static const struct spike one_spike = {
	.base = 40,
	.peak = 200,
	.before_ns = 3 * NS_PER_S,
	.during_ns = 2 * NS_PER_S,
	.after_ns = 6 * NS_PER_S,
	.repeat = 1,
};

static size_t
seconds_of(const struct story *story)
{
	const struct spike *s = &story->shape;
	int64_t all_ns = s->before_ns + (int64_t)(s->repeat - 1) * s->every_ns + s->during_ns + s->after_ns;

	return story->ran_s > 0 ? (size_t)story->ran_s : (size_t)(all_ns / NS_PER_S);
}

static struct spike_verdict
told_of(const struct story *story)
{
	struct spike shape = story->shape;
	struct plan_choice choice = {.name = story->shape_name != NULL ? story->shape_name : "spike"};
	struct plan_scenario scenario = {.load.shape = {.choice = &choice, .params = &shape}};
	struct plan plan = {.scenarios = &scenario, .scenarios_n = 1};
	struct series_row rows[ROWS_MAX] = {0};
	int64_t step_ns = NS_PER_S;
	int64_t from_ns = story->from_s * NS_PER_S;
	struct summary summary = {.measured_from_ns = from_ns,
		.measured_to_ns = from_ns + (int64_t)seconds_of(story) * NS_PER_S,
		.series = {.rows = rows, .step_ns = step_ns}};
	struct run_facts facts = {0};
	struct judge_view view = {.plan = &plan, .summary = &summary, .facts = &facts};
	struct spike_verdict verdict;

	/* Two rows more than the load has: it drains. */
	for (size_t i = 0; i < ROWS_MAX && (int64_t)i * step_ns < summary.measured_to_ns + 2 * step_ns; i++) {
		rows[i] = (struct series_row){.at_ns = (int64_t)(i + 1) * step_ns + 300000,
			.p95_ns = story->p95_ms[i] > 0 ? story->p95_ms[i] * NS_PER_MS : -1,
			.lateness_p99_ns = story->late_ms[i] * NS_PER_MS,
			.failed = (uint64_t)story->failed[i]};
		summary.series.n++;
	}
	spike_find(&verdict, &view);
	return verdict;
}

static void
test_overshoot_is_the_worst_second_over_the_median_before(void **state)
{
	struct spike_verdict v = told_of(
		&(struct story){.shape = one_spike, .p95_ms = {90, 20, 20, 150, 300, 400, 200, 21, 20, 500, 20}});

	(void)state;
	assert_int_equal(v.spikes, 1);
	assert_int_equal(v.base_p95_ns, 20 * NS_PER_MS);
	/* 500 ms came after all was as before: no doing of the spike. */
	assert_int_equal(v.worst_p95_ns, 400 * NS_PER_MS);
	assert_true(fabs(v.overshoot - 20) < 1e-9);
}

static void
test_recovery_runs_from_the_spikes_end_to_the_end_of_the_first_good_second(void **state)
{
	struct spike_verdict v = told_of(
		&(struct story){.shape = one_spike, .p95_ms = {20, 20, 20, 150, 300, 400, 200, 22, 20, 20, 20}});

	(void)state;
	assert_int_equal(v.recovered_after_ns, 3 * NS_PER_S + 300000);
	assert_int_equal(v.slowest_recovery_ns, v.recovered_after_ns);
}

static void
test_one_good_second_is_no_recovery(void **state)
{
	struct spike_verdict v =
		told_of(&(struct story){.shape = one_spike, .p95_ms = {20, 20, 20, 150, 300, 400, 20, 23, 20, 20, 20}});

	(void)state;
	assert_int_equal(v.recovered_after_ns, 4 * NS_PER_S + 300000);
}

/* brunt stood still for 30 ms in the second after the spike, and in one before it had come back. */
static void
test_second_that_brunt_itself_sent_late_in_says_nothing_of_the_target(void **state)
{
	struct story story = {.shape = one_spike, .p95_ms = {20, 20, 20, 150, 300, 400, 20, 50, 20, 20, 20}};

	(void)state;
	story.late_ms[7] = 30;
	assert_int_equal(told_of(&story).recovered_after_ns, 2 * NS_PER_S + 300000);
	/* What it was late by does not make what the target took. */
	story.late_ms[7] = 20;
	assert_int_equal(told_of(&story).recovered_after_ns, 4 * NS_PER_S + 300000);
	story.late_ms[7] = 30;
	story.failed[7] = 1;
	assert_int_equal(told_of(&story).recovered_after_ns, 4 * NS_PER_S + 300000);
}

static void
test_failures_are_no_recovery_however_fast_the_rest_is(void **state)
{
	struct spike_verdict v = told_of(&(struct story){.shape = one_spike,
		.p95_ms = {20, 20, 20, 150, 300, 20, 20, 20, 0, 20, 20},
		.failed = {[5] = 1, [6] = 1, [7] = 1}});

	(void)state;
	assert_int_equal(v.recovered_after_ns, 5 * NS_PER_S + 300000);
}

static void
test_what_never_comes_back_did_not_recover(void **state)
{
	/* The rows of the drain are as fast as those before: they are no part of the load. */
	struct spike_verdict v = told_of(&(struct story){
		.shape = one_spike, .p95_ms = {20, 20, 20, 150, 300, 400, 400, 400, 400, 400, 20, 20, 20}});

	(void)state;
	assert_int_equal(v.recovered_after_ns, -1);
	assert_int_equal(v.slowest_recovery_ns, -1);
	assert_int_equal(v.worst_p95_ns, 400 * NS_PER_MS);
}

static void
test_a_load_that_was_stopped_on_the_way_cannot_tell(void **state)
{
	struct story story = {.shape = one_spike, .ran_s = 8, .p95_ms = {20, 20, 20, 150, 300, 400, 400, 400, 400}};
	struct spike_verdict v = told_of(&story);

	(void)state;
	assert_int_equal(v.recovered_after_ns, -2);
	assert_int_equal(v.worst_p95_ns, 400 * NS_PER_MS);
	story.ran_s = 2; /* before the spike */
	assert_int_equal(told_of(&story).spikes, 0);
}

static void
test_two_seconds_before_are_no_base(void **state)
{
	struct story story = {.shape = one_spike, .p95_ms = {20, 20, 150, 300, 20, 20, 20, 20, 20, 20}};

	(void)state;
	story.shape.before_ns = 2 * NS_PER_S;
	struct spike_verdict v = told_of(&story);

	assert_int_equal(v.base_p95_ns, -1);
	assert_true(isnan(v.overshoot));
	assert_int_equal(v.recovered_after_ns, -2);
	assert_int_equal(v.worst_p95_ns, 300 * NS_PER_MS);
}

static void
test_the_warmup_is_no_part_of_it(void **state)
{
	struct spike_verdict v = told_of(&(struct story){.shape = one_spike,
		.from_s = 4,
		.p95_ms = {900, 900, 900, 900, 20, 30, 40, 60, 300, 200, 30, 30, 30, 30, 30}});

	(void)state;
	assert_int_equal(v.base_p95_ns, 30 * NS_PER_MS);
	assert_int_equal(v.worst_p95_ns, 300 * NS_PER_MS);
	assert_int_equal(v.recovered_after_ns, 2 * NS_PER_S + 300000);
}

static void
test_of_several_spikes_the_first_and_the_worst_are_told(void **state)
{
	struct story story = {
		.shape = one_spike, .p95_ms = {20, 20, 20, 100, 100, 20, 20, 20, 100, 500, 90, 90, 20, 20, 20, 20}};

	(void)state;
	story.shape.repeat = 2;
	story.shape.every_ns = 5 * NS_PER_S;
	struct spike_verdict v = told_of(&story);

	assert_int_equal(v.spikes, 2);
	assert_int_equal(v.recovered_after_ns, NS_PER_S + 300000);
	assert_int_equal(v.slowest_recovery_ns, 3 * NS_PER_S + 300000);
	assert_true(fabs(v.overshoot - 25) < 1e-9);
	/* Not back before the next one: its own good seconds come too late for the first. */
	story.p95_ms[5] = story.p95_ms[6] = 90;
	v = told_of(&story);
	assert_int_equal(v.recovered_after_ns, -1);
	assert_int_equal(v.slowest_recovery_ns, -1);
}

static void
test_what_was_no_better_before_is_back(void **state)
{
	struct story story = {.shape = one_spike, .p95_ms = {20, 60, 25, 150, 300, 400, 55, 60, 40, 61, 20}};

	(void)state;
	assert_int_equal(told_of(&story).recovered_after_ns, 2 * NS_PER_S + 300000);
	story.p95_ms[7] = 61;
	assert_int_equal(told_of(&story).recovered_after_ns, -1);
}

static void
test_one_bad_second_of_ten_before_makes_none_normal(void **state)
{
	struct story story = {.shape = one_spike, .p95_ms = {20, 20, 20, 20, 300, 20, 20, 20, 20, 20}};

	(void)state;
	story.shape.before_ns = 10 * NS_PER_S;
	for (int i = 10; i < 16; i++)
		story.p95_ms[i] = 250;
	story.p95_ms[16] = story.p95_ms[17] = 20;
	assert_int_equal(told_of(&story).recovered_after_ns, 5 * NS_PER_S + 300000);
}

static void
test_no_other_load_has_spikes(void **state)
{
	(void)state;
	assert_int_equal(
		told_of(&(struct story){.shape = one_spike, .shape_name = "steady", .p95_ms = {20, 20, 20, 100}})
			.spikes,
		0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overshoot_is_the_worst_second_over_the_median_before),
		cmocka_unit_test(test_recovery_runs_from_the_spikes_end_to_the_end_of_the_first_good_second),
		cmocka_unit_test(test_one_good_second_is_no_recovery),
		cmocka_unit_test(test_second_that_brunt_itself_sent_late_in_says_nothing_of_the_target),
		cmocka_unit_test(test_failures_are_no_recovery_however_fast_the_rest_is),
		cmocka_unit_test(test_what_never_comes_back_did_not_recover),
		cmocka_unit_test(test_a_load_that_was_stopped_on_the_way_cannot_tell),
		cmocka_unit_test(test_two_seconds_before_are_no_base),
		cmocka_unit_test(test_the_warmup_is_no_part_of_it),
		cmocka_unit_test(test_of_several_spikes_the_first_and_the_worst_are_told),
		cmocka_unit_test(test_what_was_no_better_before_is_back),
		cmocka_unit_test(test_one_bad_second_of_ten_before_makes_none_normal),
		cmocka_unit_test(test_no_other_load_has_spikes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
