#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "judge/rollback.h"

#define WINDOWS 40

/* What one side measured: windows of a second with so many requests each. */
struct side {
	struct summary summary;
	struct blocks blocks;
	struct block windows[WINDOWS];
};

static void
side_init(struct side *s)
{
	memset(s, 0, sizeof(*s));
	cell_init(&s->summary.measured, false);
	s->blocks = (struct blocks){.blocks = s->windows, .n = WINDOWS, .length_ns = NS_PER_S};
	s->summary.blocks = &s->blocks;
	s->summary.measured_s = WINDOWS;
	s->summary.levels_n = 1;
	for (int i = 0; i < WINDOWS; i++) {
		s->windows[i].start_ns = i * NS_PER_S;
		s->windows[i].end_ns = (i + 1) * NS_PER_S;
		s->windows[i].window_ns = NS_PER_S;
		gauge_set_init(&s->windows[i].target);
		for (int m = 0; m < METRIC_COUNT; m++)
			tally_init(&s->windows[i].all.tallies[m]);
	}
}

static void
side_fini(struct side *s)
{
	for (int i = 0; i < WINDOWS; i++)
		tally_fini(&s->windows[i].all.tallies[METRIC_RESPONSE]);
	cell_fini(&s->summary.measured);
}

static void
add_failures(struct counts *counts, enum failure failure, uint64_t n)
{
	counts->scheduled += n;
	if (failure == FAILURE_CONNECT_REFUSED || failure == FAILURE_CONNECT_RESET)
		counts->unsent += n;
	else
		counts->failed += n;
	counts->by_failure[failure] += n;
}

/* n answers after that time in a window. */
static void
add_answers(struct side *s, int window, int64_t response_ns, uint64_t n)
{
	struct histogram h;

	histogram_init(&h);
	histogram_record_n(&h, response_ns, n);
	histogram_merge(&s->summary.measured.histograms[METRIC_RESPONSE], &h);
	tally_add(&s->windows[window].all.tallies[METRIC_RESPONSE], &h);
	histogram_fini(&h);
	for (int i = 0; i < 2; i++) {
		struct counts *counts = i == 0 ? &s->summary.measured.counts : &s->windows[window].all.counts;

		counts->scheduled += n;
		counts->sent += n;
		counts->ok += n;
	}
}

/* Latencies of 1 to 20 ms, evenly: a P95 of 19 ms; times `factor`. */
static void
add_windows(struct side *s, int from, int to, double factor)
{
	for (int w = from; w < to; w++)
		for (int ms = 1; ms <= 20; ms++)
			add_answers(s, w, (int64_t)(ms * 1e6 * factor), 2);
}

static const struct plan_rollback usual = {.errors = 2, .p95 = 1.5, .memory_growth_per_h = 0.2, .crash_rate = 0.001};

static bool
judge_by(const struct plan_rollback *rules, struct side *baseline, struct side *candidate, int64_t hold_ns,
	struct rollback_finding *into)
{
	static const struct plan_choice steady = {.name = "steady"};
	static struct plan_scenario scenario = {.load = {.shape = {.choice = &steady}}};
	static const struct plan plan = {.scenarios = &scenario, .scenarios_n = 1};
	const struct rollback_sides sides = {.baseline_name = "old",
		.candidate_name = "new",
		.plan = &plan,
		.hold_ns = hold_ns,
		.baseline = &baseline->summary,
		.candidate = &candidate->summary};

	return rollback_judge(rules, &sides, into);
}

static bool
judge(struct side *baseline, struct side *candidate, struct rollback_finding *into)
{
	return judge_by(&usual, baseline, candidate, WINDOWS * NS_PER_S, into);
}

/* As scipy 1.10 has them: binom.sf(k − 1, n, p). */
static void
test_the_tail_is_that_of_the_binomial_distribution(void **state)
{
	static const struct {
		uint64_t k, n;
		double p, tail;
	} rows[] = {
		{0, 10, 0.3, 1.0},
		{1, 10, 0.3, 0.9717524751},
		{4, 4, 0.3333333333333333, 0.012345679012345677},
		{4, 4, 0.1134020618556701, 0.0001653803107245387},
		{10, 10, 0.5, 0.0009765625},
		{17, 20, 0.5, 0.0012884140014648438},
		{66, 100, 0.5, 0.0008949651957434264},
		{3, 100, 0.001, 0.00015037636585421164},
		{60, 1000, 0.05, 0.08673217838486187},
		{7600, 100000, 0.075, 0.11626239165417093},
		{1, 1000000, 1e-07, 0.09516258648822781},
		{50, 86400, 0.0005, 0.16812768835699277},
		{100000, 100000, 0.9999, 4.5377233959011116e-05},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double tail = rollback_tail(rows[i].k, rows[i].n, rows[i].p);

		if (!(fabs(tail - rows[i].tail) <= 1e-9 + 1e-6 * rows[i].tail))
			fail_msg("row %zu: %.12g is not %.12g", i, tail, rows[i].tail);
	}
}

static enum rollback_status
errors_of(uint64_t of_baseline, uint64_t n_baseline, uint64_t of_candidate, uint64_t n_candidate)
{
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	side_init(&baseline);
	side_init(&candidate);
	add_answers(&baseline, 0, 1000000, n_baseline - of_baseline);
	add_failures(&baseline.summary.measured.counts, FAILURE_STATUS, of_baseline);
	add_answers(&candidate, 0, 1000000, n_candidate - of_candidate);
	add_failures(&candidate.summary.measured.counts, FAILURE_STATUS, of_candidate);
	bool holds = judge(&baseline, &candidate, found);

	assert_int_equal(holds, found[ROLLBACK_ERRORS].status == ROLLBACK_HOLDS);
	side_fini(&baseline);
	side_fini(&candidate);
	return found[ROLLBACK_ERRORS].status;
}

static void
test_errors_are_held_against_twice_the_baselines_and_against_chance(void **state)
{
	(void)state;
	assert_int_equal(errors_of(100, 10000, 30, 1000), ROLLBACK_FINE); /* 3% and 1%: it may be chance */
	assert_int_equal(errors_of(100, 10000, 45, 1000), ROLLBACK_HOLDS);
	assert_int_equal(errors_of(100, 10000, 20, 1000), ROLLBACK_FINE); /* just twice as many */
	assert_int_equal(errors_of(0, 9900, 1, 100), ROLLBACK_FINE);      /* a first error is no proof … */
	assert_int_equal(errors_of(0, 9900, 2, 100), ROLLBACK_HOLDS);     /* … a second, among so few, is */
	assert_int_equal(errors_of(0, 1000, 3, 1000), ROLLBACK_FINE);
	assert_int_equal(errors_of(0, 1000, 18, 1000), ROLLBACK_HOLDS);
	assert_int_equal(errors_of(500, 1000, 0, 1000), ROLLBACK_FINE);
}

/* Just within the limit a candidate is taken back in no more of the looks than was said. */
static void
test_a_candidate_within_the_limit_is_rarely_taken_back(void **state)
{
	enum { TRIALS = 20000, N = 400 };
	unsigned taken_back = 0;

	(void)state;
	for (uint64_t t = 0; t < TRIALS; t++) {
		uint64_t b = 0, c = 0;

		for (uint64_t k = 0; k < N; k++) {
			b += rng_unit_at(t, 1, k) < 0.02;
			c += rng_unit_at(t, 2, k) < 0.04;
		}
		double weight = 2.0 * N / (2.0 * N + N);

		taken_back += rollback_tail(c, b + c, weight) < ROLLBACK_CHANCE;
	}
	assert_in_range(taken_back, 0, TRIALS / 1000 + 14); /* three standard deviations */
}

static void
test_a_slow_candidate_is_taken_back(void **state)
{
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	(void)state;
	side_init(&baseline);
	side_init(&candidate);
	add_windows(&baseline, 0, WINDOWS, 1);
	add_windows(&candidate, 0, WINDOWS, 2);
	assert_true(judge(&baseline, &candidate, found));
	assert_int_equal(found[ROLLBACK_P95].status, ROLLBACK_HOLDS);
	assert_true(fabs(found[ROLLBACK_P95].baseline - 19e6) < 0.1e6);
	assert_true(fabs(found[ROLLBACK_P95].candidate - 38e6) < 0.1e6);
	assert_int_equal(found[ROLLBACK_ERRORS].status, ROLLBACK_FINE);
	side_fini(&candidate);
	side_init(&candidate);
	add_windows(&candidate, 0, WINDOWS, 1.4);
	assert_false(judge(&baseline, &candidate, found));
	assert_int_equal(found[ROLLBACK_P95].status, ROLLBACK_FINE);
	side_fini(&candidate);
	side_fini(&baseline);
}

/* All of ten seconds in forty are slow: of the requests far more than 5%, of the time not half. */
static void
test_a_pause_takes_no_candidate_back(void **state)
{
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	(void)state;
	side_init(&baseline);
	side_init(&candidate);
	add_windows(&baseline, 0, WINDOWS, 1);
	add_windows(&candidate, 0, 10, 20);
	add_windows(&candidate, 10, WINDOWS, 1);
	assert_false(judge(&baseline, &candidate, found));
	assert_int_equal(found[ROLLBACK_P95].status, ROLLBACK_FINE);
	assert_true(found[ROLLBACK_P95].candidate > found[ROLLBACK_P95].limit);
	side_fini(&candidate);
	side_fini(&baseline);
}

static void
test_too_few_samples_of_the_baseline_have_no_p95(void **state)
{
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	(void)state;
	side_init(&baseline);
	side_init(&candidate);
	add_answers(&baseline, 0, 1000000, 199);
	add_windows(&candidate, 0, WINDOWS, 20);
	judge(&baseline, &candidate, found);
	assert_int_equal(found[ROLLBACK_P95].status, ROLLBACK_UNKNOWN);
	add_answers(&baseline, 0, 1000000, 1);
	judge(&baseline, &candidate, found);
	assert_int_equal(found[ROLLBACK_P95].status, ROLLBACK_HOLDS);
	side_fini(&candidate);
	side_fini(&baseline);
}

static void
test_a_process_that_goes_away_is_a_crash_and_an_error_status_is_none(void **state)
{
	static const struct {
		enum failure failure;
		uint64_t n;
		enum rollback_status status;
	} rows[] = {
		{FAILURE_STATUS, 500, ROLLBACK_FINE}, {FAILURE_RESPONSE_TIMEOUT, 500, ROLLBACK_FINE},
		{FAILURE_CONNECT_REFUSED, 10, ROLLBACK_HOLDS}, {FAILURE_CONNECT_RESET, 10, ROLLBACK_HOLDS},
		{FAILURE_RESET, 10, ROLLBACK_HOLDS}, {FAILURE_TRUNCATED, 10, ROLLBACK_HOLDS},
		{FAILURE_RESET, 4, ROLLBACK_FINE}, /* of 1,000 that may be chance */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct side baseline, candidate;
		struct rollback_finding found[ROLLBACK_RULES_N];

		side_init(&baseline);
		side_init(&candidate);
		add_answers(&baseline, 0, 1000000, 1000);
		add_answers(&candidate, 0, 1000000, 1000 - rows[i].n);
		add_failures(&candidate.summary.measured.counts, rows[i].failure, rows[i].n);
		judge(&baseline, &candidate, found);
		assert_int_equal(found[ROLLBACK_CRASH_RATE].status, rows[i].status);
		side_fini(&candidate);
		side_fini(&baseline);
	}
}

/* MiB in each window, from 100 on. */
static void
add_memory(struct side *s, double growth_per_window)
{
	for (int i = 0; i < WINDOWS; i++) {
		struct reading reading;

		reading_init(&reading);
		reading.values[GAUGE_MEMORY] = (100 + growth_per_window * i + (i % 3) * 0.01) * 1024 * 1024;
		gauge_set_add(&s->windows[i].target, &reading);
	}
}

static enum rollback_status
memory_of(double growth_per_window, int64_t hold_ns)
{
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	side_init(&baseline);
	side_init(&candidate);
	add_windows(&baseline, 0, WINDOWS, 1);
	add_windows(&candidate, 0, WINDOWS, 1);
	add_memory(&baseline, 0);
	add_memory(&candidate, growth_per_window);
	judge_by(&usual, &baseline, &candidate, hold_ns, found);
	side_fini(&candidate);
	side_fini(&baseline);
	return found[ROLLBACK_MEMORY_GROWTH].status;
}

static void
test_memory_that_grows_takes_the_candidate_back_once_the_hold_is_half_over(void **state)
{
	(void)state;
	assert_int_equal(memory_of(0.1, 80 * NS_PER_S), ROLLBACK_HOLDS); /* 360%/h */
	assert_int_equal(memory_of(0, 80 * NS_PER_S), ROLLBACK_FINE);
	assert_int_equal(memory_of(0.004, 80 * NS_PER_S), ROLLBACK_FINE); /* 14%/h */
	assert_int_equal(memory_of(0.1, 100 * NS_PER_S), ROLLBACK_UNKNOWN);
}

static void
test_rules_that_are_off_hold_never(void **state)
{
	static const struct plan_rollback off = {NAN, NAN, NAN, NAN};
	struct side baseline, candidate;
	struct rollback_finding found[ROLLBACK_RULES_N];

	(void)state;
	side_init(&baseline);
	side_init(&candidate);
	add_windows(&baseline, 0, WINDOWS, 1);
	add_failures(&candidate.summary.measured.counts, FAILURE_RESET, 1000);
	assert_false(judge_by(&off, &baseline, &candidate, NS_PER_S, found));
	for (int i = 0; i < ROLLBACK_RULES_N; i++)
		assert_int_equal(found[i].status, ROLLBACK_OFF);
	side_fini(&candidate);
	side_fini(&baseline);
}

static void
test_nothing_is_said_of_a_side_that_has_said_nothing(void **state)
{
	static const struct plan plan = {.scenarios_n = 0};
	const struct rollback_sides sides = {.baseline_name = "old", .candidate_name = "new", .plan = &plan};
	struct rollback_finding found[ROLLBACK_RULES_N];

	(void)state;
	assert_false(rollback_judge(&usual, &sides, found));
	for (int i = 0; i < ROLLBACK_RULES_N; i++)
		assert_int_equal(found[i].status, ROLLBACK_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_tail_is_that_of_the_binomial_distribution),
		cmocka_unit_test(test_errors_are_held_against_twice_the_baselines_and_against_chance),
		cmocka_unit_test(test_a_candidate_within_the_limit_is_rarely_taken_back),
		cmocka_unit_test(test_a_slow_candidate_is_taken_back),
		cmocka_unit_test(test_a_pause_takes_no_candidate_back),
		cmocka_unit_test(test_too_few_samples_of_the_baseline_have_no_p95),
		cmocka_unit_test(test_a_process_that_goes_away_is_a_crash_and_an_error_status_is_none),
		cmocka_unit_test(test_memory_that_grows_takes_the_candidate_back_once_the_hold_is_half_over),
		cmocka_unit_test(test_rules_that_are_off_hold_never),
		cmocka_unit_test(test_nothing_is_said_of_a_side_that_has_said_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
