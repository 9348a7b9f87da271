#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "unit/engine/bench.h"

/* Flows on the virtual clock. Answers come after target.null_service, and are all good. */

static const struct counts *
counts_of(const struct bench *bench, size_t request)
{
	return &bench->summary->requests[request].counts;
}

static void
test_an_arrival_performs_its_steps_in_order_and_each_is_an_exchange(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 10/s, for: 10s}}\n"
			   "flow: [{name: a, get: /}, {name: b, get: /, repeat: 3}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->ok, 400);
	assert_int_equal(counts_of(&bench, 0)->ok, 100);
	assert_int_equal(counts_of(&bench, 1)->ok, 300);
	assert_int_equal(counts->sessions_started, 100);
	assert_int_equal(counts->sessions_completed, 100);
	assert_int_equal(counts_of(&bench, 0)->sessions_completed, 100); /* with the first step */
	assert_int_equal(counts_of(&bench, 1)->sessions_completed, 0);
	bench_fini(&bench);
}

/* Its latency is the null protocol's service, whatever was thought before. */
static void
test_a_step_is_due_when_the_one_before_ended_and_was_thought_about(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 20ms",
		"load: {steady: {rate: 1/s, for: 10s}}\nflow: [{name: a, get: /, repeat: 5, think: 1s}]\n");
	const struct counts *counts = bench_go(&bench);

	/* The session of arrival i has room for floor((10 − i) / 1.02) steps before the end, and the next one if any.
	 */
	uint64_t wanted = 0;

	for (int i = 0; i < 10; i++)
		wanted += (uint64_t)fmin(5, ceil((10 - i) / 1.02));
	assert_int_equal(counts->scheduled, wanted);
	assert_int_equal(counts->ok, wanted);
	assert_int_equal(counts->sessions_started, 10);
	assert_int_equal(counts->sessions_completed, 6);
	assert_int_equal(counts->sessions_cut, 4);
	assert_int_equal(bench.summary->measured.histograms[METRIC_LATENESS].max_ns, 0);
	assert_int_equal(bench.summary->measured.histograms[METRIC_RESPONSE].max_ns, 20 * NS_PER_MS);
	assert_int_equal(bench.summary->measured.histograms[METRIC_RESPONSE].min_ns, 20 * NS_PER_MS);
	bench_fini(&bench);
}

static void
test_sessions_that_think_hold_their_slot_but_are_not_in_flight(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 1ms",
		"load: {steady: {rate: 100/s, for: 10s}, in_flight: {max: 5, when_full: drop}}\n"
		"flow: [{name: a, get: /, think: 1s}, {name: b, get: /}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_in_range(counts->sessions_started, 5 * 10, 5 * 10);
	assert_int_equal(counts->dropped, 1000 - counts->sessions_started);
	assert_int_equal(bench.summary->in_flight_peak, 1);
	bench_fini(&bench);
}

static void
test_arrivals_beyond_the_cap_wait_for_a_session_to_end(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 10ms, timeout: 100s",
		"load: {steady: {rate: 10/s, for: 20s}, in_flight: 5}\n"
		"flow: [{name: a, get: /, repeat: 2, think: 480ms}]\n");
	const struct counts *counts = bench_go(&bench);

	/* Five at once, each 500 ms: all 200 are begun by the end. */
	assert_int_equal(counts->sessions_started, 200);
	assert_int_equal(counts->unsent, 0);
	assert_true(bench.summary->measured.histograms[METRIC_QUEUE].max_ns < NS_PER_S);
	bench_fini(&bench);
}

static void
test_a_user_runs_one_session_after_the_other(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 10ms",
		"load: {concurrency: {users: 3, for: 10s}}\nflow: [{name: a, get: /, repeat: 4, think: 90ms}]\n");
	const struct counts *counts = bench_go(&bench);

	/* A session takes 10 + 3 × 100 ms, and the next begins at once. */
	assert_int_equal(counts->sessions_started, 3 * 33);
	assert_int_equal(counts->sessions_completed, 3 * 32);
	assert_int_equal(counts->sessions_cut, 3);
	assert_int_equal(bench.summary->in_flight_peak, 3);
	bench_fini(&bench);
}

static void
test_a_load_that_counts_sessions_ends_when_they_are_through(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 10ms",
		"load: {concurrency: {users: 4, iterations: 10}}\nflow: [{name: a, get: /, repeat: 5, think: 1s}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->sessions_started, 10);
	assert_int_equal(counts->sessions_completed, 10);
	assert_int_equal(counts->ok, 50);
	assert_in_range(clock_now_ns(&bench.clock) - 1000 * NS_PER_S, 12 * NS_PER_S, 14 * NS_PER_S);
	bench_fini(&bench);
}

static void
test_a_failed_step_ends_its_session(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 1s, timeout: 500ms",
		"load: {steady: {rate: 10/s, for: 5s}}\nflow: [{name: a, get: /}, {name: b, get: /}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->by_failure[FAILURE_RESPONSE_TIMEOUT], 50);
	assert_int_equal(counts_of(&bench, 1)->scheduled, 0); /* what never became due was never scheduled */
	assert_int_equal(counts->sessions_broken, 50);
	bench_fini(&bench);
}

static void
test_a_session_may_go_on_after_a_failed_step(void **state)
{
	struct bench bench;

	(void)state;
	bench_init_target(&bench, ", null_service: 1s, timeout: 500ms",
		"load: {concurrency: {users: 2, iterations: 6}}\nsession: {on_failure: continue}\n"
		"flow: [{name: a, get: /}, {name: b, get: /, repeat: 2}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->failed, 18);
	assert_int_equal(counts->sessions_completed, 6);
	assert_int_equal(counts->sessions_broken, 0);
	bench_fini(&bench);
}

static void
test_steps_that_were_due_in_a_gap_are_lost_and_their_sessions_with_them(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {concurrency: {users: 10, for: 10s}}\n"
			   "flow: [{name: a, get: /, repeat: 1000, think: 700ms}]\n");
	bench.jump_ns = 3 * NS_PER_S;
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->by_failure[FAILURE_LOOP_GAP], 10);
	assert_int_equal(counts->sessions_broken, 10);
	assert_int_equal(counts->sessions_started, 20); /* the users begin anew */
	assert_int_equal(counts->sessions_cut, 10);
	bench_fini(&bench);
}

static void
test_a_step_belongs_to_the_level_of_its_own_due_time(void **state)
{
	struct bench bench;

	(void)state;
	/* Each session's second step is due in the next level. */
	bench_init(&bench, "load: {steps: {from: 10/s, by: 10/s, every: 2s, to: 30/s}}\n"
			   "flow: [{name: a, get: /, think: 2s}, {name: b, get: /}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(bench.closed_n, 3);
	assert_int_equal(bench.summary->levels[0].counts.scheduled, 20);
	assert_int_equal(bench.summary->levels[1].counts.scheduled, 40 + 20);
	assert_int_equal(bench.summary->levels[2].counts.scheduled, 60 + 40);
	assert_int_equal(counts->sessions_completed, 60);
	assert_int_equal(counts->sessions_cut, 60);
	bench_fini(&bench);
}

static void
test_a_warm_up_has_steps_of_its_own(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 10/s, for: 4s}, warmup: 2s}\n"
			   "flow: [{name: a, get: /, think: 1s}, {name: b, get: /}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->sessions_started, 60);
	assert_int_equal(bench.summary->measured.counts.scheduled, 40 + 40);
	assert_int_equal(counts->scheduled, 60 + 50);
	bench_fini(&bench);
}

static void
drain_soon(struct bench *bench)
{
	run_control(bench->run, &(struct control){.kind = CONTROL_DRAIN});
}

static void
test_a_load_that_is_stopped_cuts_its_sessions(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 100/s, for: 10s}}\n"
			   "flow: [{name: a, get: /, repeat: 100, think: 1s}]\n");
	bench.on_start = drain_soon;
	const struct counts *counts = bench_go(&bench);

	assert_true(counts->sessions_started <= 1);
	assert_int_equal(counts->sessions_cut, counts->sessions_started);
	bench_fini(&bench);
}

static void
test_sessions_end_with_the_level_that_broke_and_new_ones_begin_after_it(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steps: {from: 100/s, by: 100/s, every: 2s, to: 300/s}}\n"
			   "flow: [{name: a, get: /, repeat: 100, think: 100ms}]\n");
	bench.broken_level = 0;
	const struct counts *counts = bench_go(&bench);

	/* The broken level, the next one cut at its start, and all after it in full. */
	assert_in_range(counts->sessions_started, 200 + 400 + 600, 200 + 400 + 600 + 10);
	assert_int_equal(counts->sessions_cut, counts->sessions_started);
	bench_fini(&bench);
}

static void
test_two_flows_keep_to_their_own_steps(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench,
		"scenarios:\n"
		"  one: {load: {steady: {rate: 10/s, for: 5s}}, flow: [{name: a, get: /}, {name: b, get: /}]}\n"
		"  two: {load: {concurrency: {users: 1, iterations: 7}}, flow: [{name: c, get: /, repeat: 3}]}\n"
		"  three: {load: {steady: {rate: 20/s, for: 2s}}, requests: [{name: d, get: /}, {name: e, get: /}]}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts_of(&bench, 0)->ok, 50);
	assert_int_equal(counts_of(&bench, 1)->ok, 50);
	assert_int_equal(counts_of(&bench, 2)->ok, 21);
	assert_int_equal(counts_of(&bench, 3)->ok + counts_of(&bench, 4)->ok, 40);
	assert_int_equal(counts->sessions_completed, 57);
	bench_fini(&bench);
}

/* Whatever is asked for, and whatever happens meanwhile: bench_go holds every count against the identities. */
static void
test_the_identities_hold_whatever_happens(void **state)
{
	static const char *const thinks[] = {
		"0", "30ms", "uniform:0..200ms", "exponential:100ms", "lognormal:50ms:1", "1500ms"};
	static const char *const loads[] = {
		"steady: {rate: 40/s, for: 4s}, in_flight: {max: %u, when_full: drop}",
		"steady: {rate: 40/s, for: 4s}, in_flight: {max: %u, when_full: queue}, spacing: poisson",
		"concurrency: {users: %u, for: 4s}",
		"concurrency: {users: %u, iterations: 30}",
		"steps: {from: 10/s, by: 20/s, every: 1s, to: 70/s}, in_flight: {max: %u}, warmup: 1s",
		"burst: {count: 30, every: 2s, times: 2}, in_flight: {max: %u}",
		"concurrency: {users: %u, for: 3s}, warmup: {requests: 5}",
	};
	enum { LOADS = sizeof(loads) / sizeof(loads[0]), THINKS = sizeof(thinks) / sizeof(thinks[0]) };

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		char load[256], profile[1024], target[128];
		struct bench bench;

		snprintf(
			load, sizeof(load), loads[rng_at(seed, 1, 0) % LOADS], (unsigned)(1 + rng_at(seed, 1, 1) % 12));
		snprintf(profile, sizeof(profile),
			"seed: %u\nload: {%s}\nsession: {on_failure: %s}\n"
			"flow: [{name: a, get: /, think: %s}, {name: b, get: /, repeat: %u, think: %s}, {name: c, get: /}]\n",
			(unsigned)seed, load, rng_at(seed, 1, 2) % 2 ? "end" : "continue",
			thinks[rng_at(seed, 1, 3) % THINKS], (unsigned)(1 + rng_at(seed, 1, 4) % 5),
			thinks[rng_at(seed, 1, 5) % THINKS]);
		/* Sometimes every answer takes too long. */
		snprintf(target, sizeof(target), ", null_service: %ums, timeout: 300ms, connect_timeout: 300ms",
			(unsigned)(rng_at(seed, 1, 6) % 4 == 0 ? 400 : rng_at(seed, 1, 7) % 100));
		bench_init_target(&bench, target, profile);
		bench.jump_ns = rng_at(seed, 1, 8) % 3 == 0 ? (int64_t)(rng_at(seed, 1, 9) % 3000) * NS_PER_MS : 0;
		bench.broken_level = rng_at(seed, 1, 10) % 3 == 0 ? 0 : -1;
		bench.on_start = rng_at(seed, 1, 11) % 10 == 0 ? drain_soon : NULL;
		const struct counts *counts = bench_go(&bench);

		if (bench.on_start == NULL)
			assert_true(counts->sessions_started > 0);
		bench_fini(&bench);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_arrival_performs_its_steps_in_order_and_each_is_an_exchange),
		cmocka_unit_test(test_a_step_is_due_when_the_one_before_ended_and_was_thought_about),
		cmocka_unit_test(test_sessions_that_think_hold_their_slot_but_are_not_in_flight),
		cmocka_unit_test(test_arrivals_beyond_the_cap_wait_for_a_session_to_end),
		cmocka_unit_test(test_a_user_runs_one_session_after_the_other),
		cmocka_unit_test(test_a_load_that_counts_sessions_ends_when_they_are_through),
		cmocka_unit_test(test_a_failed_step_ends_its_session),
		cmocka_unit_test(test_a_session_may_go_on_after_a_failed_step),
		cmocka_unit_test(test_steps_that_were_due_in_a_gap_are_lost_and_their_sessions_with_them),
		cmocka_unit_test(test_a_step_belongs_to_the_level_of_its_own_due_time),
		cmocka_unit_test(test_a_warm_up_has_steps_of_its_own),
		cmocka_unit_test(test_a_load_that_is_stopped_cuts_its_sessions),
		cmocka_unit_test(test_sessions_end_with_the_level_that_broke_and_new_ones_begin_after_it),
		cmocka_unit_test(test_two_flows_keep_to_their_own_steps),
		cmocka_unit_test(test_the_identities_hold_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
