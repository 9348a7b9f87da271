/* A level's status: every boundary of the table in DEFINITIONS, "Levels". */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

/* The status of one level after a healthy first one. */
static enum level_status
status_after_healthy(struct step step)
{
	struct scripted_run run;

	run_init(&run, "steps");
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100}), LEVEL_OK);
	enum level_status status = run_play(&run, step)->status;

	run_fini(&run);
	return status;
}

static void
test_errors_cross_each_boundary_only_above_it(void **state)
{
	static const struct {
		uint32_t failed;
		enum level_status status;
	} rows[] = {{0, LEVEL_OK}, {5, LEVEL_OK}, {6, LEVEL_ERR}, {50, LEVEL_ERR}, {51, LEVEL_DEGR}, {100, LEVEL_DEGR},
		{101, LEVEL_BROKEN}, {1000, LEVEL_BROKEN}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* Errors over the whole level cost goodput too: 100 users, where achieved is not compared with offered.
		 */
		struct scripted_run run;

		run_init(&run, "steps");
		run.scenario.load.in_users = true;
		struct step step = {.offered = 100, .bad = {{FAILURE_STATUS, rows[i].failed, 0}}};

		assert_int_equal(run_play(&run, step)->status, rows[i].status);
		run_fini(&run);
	}
}

static void
test_break_at_is_the_profiles(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.break_when.error_rate = NAN; /* off */
	assert_int_equal(
		run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 900, 0}}}), LEVEL_DEGR);
	run.plan.break_when.error_rate = 0.5;
	assert_int_equal(
		run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 500, 0}}}), LEVEL_DEGR);
	assert_int_equal(
		run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 501, 0}}}), LEVEL_BROKEN);
	run_fini(&run);
}

static void
test_timeouts_break_above_five_percent(void **state)
{
	(void)state;
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .bad = {{FAILURE_RESPONSE_TIMEOUT, 50, 0}}}),
		LEVEL_DEGR);
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .bad = {{FAILURE_RESPONSE_TIMEOUT, 51, 0}}}),
		LEVEL_BROKEN);
	/* All three kinds count. */
	assert_int_equal(status_after_healthy((struct step){.offered = 100,
				 .bad = {{FAILURE_RESPONSE_TIMEOUT, 17, 0}, {FAILURE_QUEUE_TIMEOUT, 17, 0},
					 {FAILURE_CONNECT_TIMEOUT, 17, 0}}}),
		LEVEL_BROKEN);
}

/* 1000 requests due in 10 s, of which the first level's pace leaves 0.5 under way at the end: 2% are 20. */
static void
test_achieved_degrades_below_98_percent(void **state)
{
	(void)state;
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .slow = 20, .slow_ns = NS_PER_S}), LEVEL_OK);
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .slow = 21, .slow_ns = NS_PER_S}), LEVEL_DEGR);
}

/* A server that answers everything after 500 ms misses 5% of a 10 s window, and none of its work. */
static void
test_work_under_way_at_the_end_is_no_shortfall(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	const struct level_verdict *v = run_play(&run, (struct step){.offered = 100, .latency_ns = NS_PER_S / 2});

	assert_int_equal(v->status, LEVEL_OK);
	run_fini(&run);
}

static void
test_p95_degrades_above_twice_the_first_levels(void **state)
{
	const int64_t first_ns = 10 * NS_PER_MS;

	(void)state;
	for (int is_above = 0; is_above < 2; is_above++) {
		struct scripted_run run;

		run_init(&run, "steps");
		assert_int_equal(run_play_on(&run, (struct step){.offered = 100, .latency_ns = first_ns}), LEVEL_OK);
		/* Half a percent below and above: as near as the three digits of a histogram tell. */
		int64_t latency_ns = 2 * first_ns + (is_above ? 1 : -1) * first_ns / 100;
		const struct level_verdict *v = run_play(&run, (struct step){.offered = 100, .latency_ns = latency_ns});

		assert_int_equal(v->status, is_above ? LEVEL_DEGR : LEVEL_OK);
		assert_true((find_rule(v, "latency") != NULL) == is_above);
		run_fini(&run);
	}
}

static void
test_missed_slo_is_err(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 4e6));
	const struct level_verdict *v = run_play(&run, (struct step){.offered = 100});

	assert_int_equal(v->status, LEVEL_ERR);
	assert_false(v->slo_holds);
	assert_non_null(find_rule(v, "slo"));
	v = run_play(&run, (struct step){.offered = 100, .latency_ns = 3 * NS_PER_MS});
	assert_int_equal(v->status, LEVEL_OK);
	assert_true(v->slo_holds);
	run_fini(&run);
}

/* An SLO at a percentile counts what failed above every success: 6% failures fail any P95. */
static void
test_failures_rank_above_every_success(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 1e9));
	const struct level_verdict *v = run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 49, 0}}});

	assert_true(v->slo_holds);
	v = run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 60, 0}}});
	assert_false(v->slo_holds);
	assert_non_null(strstr(find_rule(v, "slo")->text, "> timeout (2.00s)"));
	run_fini(&run);
}

static void
test_generators_limits_void_a_level_only_above_them(void **state)
{
	static const struct {
		struct step step;
		const char *rule; /* NULL: valid */
	} rows[] = {
		{{.offered = 100, .lateness_ns = 990 * NS_PER_US}, NULL},
		{{.offered = 100, .lateness_ns = 1010 * NS_PER_US}, "lateness"},
		/* 10% of a response P99 of 100 ms. */
		{{.offered = 100, .latency_ns = 100 * NS_PER_MS, .lateness_ns = 9900 * NS_PER_US}, NULL},
		{{.offered = 100, .latency_ns = 100 * NS_PER_MS, .lateness_ns = 10200 * NS_PER_US}, "lateness"},
		{{.offered = 100, .bad = {{FAILURE_NO_FDS, 1, 0}}}, NULL},
		{{.offered = 100, .bad = {{FAILURE_NO_FDS, 2, 0}}}, "client_failures"},
		{{.offered = 100, .bad = {{FAILURE_NO_PORTS, 1, 0}, {FAILURE_GENERATOR_STALL, 1, 0}}},
			"client_failures"},
		{{.offered = 100, .bad = {{FAILURE_LOOP_GAP, 11, 0}}}, "taken"},
		{{.offered = 100, .gap_ns = NS_PER_S}, NULL},
		{{.offered = 100, .gap_ns = NS_PER_S + 1}, "loop_gap"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		const struct level_verdict *v = run_play(&run, rows[i].step);

		assert_int_equal(v->status, rows[i].rule != NULL ? LEVEL_INVALID : LEVEL_OK);
		if (rows[i].rule != NULL)
			assert_non_null(find_rule(v, rows[i].rule));
		run_fini(&run);
	}
}

/* Failures that took 2 s allow for 200 ms, though the few successes were fast. */
static void
test_lateness_small_beside_the_timeouts_voids_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	const struct level_verdict *v = run_play(&run,
		(struct step){
			.offered = 100, .lateness_ns = 50 * NS_PER_MS, .bad = {{FAILURE_RESPONSE_TIMEOUT, 900, 0}}});

	assert_int_equal(v->status, LEVEL_BROKEN);
	assert_null(find_rule(v, "lateness"));
	run_fini(&run);
}

/* 100 timeouts of 10,000 are 1%: whoever answers in 5 ms was sent to 50 ms late, whatever they took. Nor do they make
 * the slowest half percent the P99. */
static void
test_a_few_timeouts_hide_no_lateness(void **state)
{
	static const struct {
		uint32_t timeouts, slow;
		bool is_late;
	} rows[] = {{0, 0, true}, {100, 0, true}, {101, 0, false}, {90, 50, true}, {0, 150, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		const struct level_verdict *v =
			run_play(&run, (struct step){.offered = 1000,
					       .lateness_ns = 50 * NS_PER_MS,
					       .slow = rows[i].slow,
					       .slow_ns = NS_PER_S,
					       .bad = {{FAILURE_RESPONSE_TIMEOUT, rows[i].timeouts, 0}}});

		assert_int_equal(find_rule(v, "lateness") != NULL, rows[i].is_late);
		run_fini(&run);
	}
}

static void
test_taken_is_enough_at_99_percent(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	assert_null(
		find_rule(run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_LOOP_GAP, 10, 0}}}), "taken"));
	run_fini(&run);
}

static void
test_level_that_the_generator_limited_is_never_broken(void **state)
{
	(void)state;
	assert_int_equal(status_after_healthy((struct step){.offered = 100,
				 .lateness_ns = 50 * NS_PER_MS,
				 .bad = {{FAILURE_STATUS, 900, 0}},
				 .cpu = 1,
				 .memory = 0.99,
				 .gone_at_s = 5}),
		LEVEL_INVALID);
}

/* P99 needs 100 samples; 30 late ones of 30 are late all the same. */
static void
test_few_requests_can_be_late_too(void **state)
{
	(void)state;
	assert_int_equal(
		status_after_healthy((struct step){.offered = 3, .lateness_ns = 50 * NS_PER_MS}), LEVEL_INVALID);
	assert_int_equal(status_after_healthy((struct step){.offered = 3}), LEVEL_OK);
}

static void
test_one_failure_of_few_breaks_nothing(void **state)
{
	static const struct {
		uint32_t requests, failed;
		enum level_status status;
	} rows[] = {
		{5, 1, LEVEL_ERR},
		{5, 2, LEVEL_BROKEN},
		{1, 1, LEVEL_BROKEN},
		{19, 1, LEVEL_ERR},
		{19, 2, LEVEL_BROKEN},
		{20, 3, LEVEL_BROKEN},
		{20, 2, LEVEL_DEGR},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scripted_run run;

		run_init(&run, "steps");
		run.scenario.load.in_users = true;
		struct step step = {
			.offered = 1, .requests = rows[i].requests, .bad = {{FAILURE_STATUS, rows[i].failed, 0}}};

		assert_int_equal(run_play(&run, step)->status, rows[i].status);
		run_fini(&run);
	}
}

static void
test_busy_server_that_answers_well_is_a_finding_and_ok(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	const struct level_verdict *v = run_play(&run, (struct step){.offered = 100, .cpu = 1});

	assert_int_equal(v->status, LEVEL_OK);
	assert_non_null(find_rule(v, "cpu"));
	assert_int_equal(find_rule(v, "cpu")->mode, FAILURE_MODE_NONE);
	assert_non_null(strstr(find_rule(v, "cpu")->text, "answers well"));
	run_fini(&run);
}

static void
test_cpu_breaks_above_its_threshold_beside_a_symptom(void **state)
{
	(void)state;
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .cpu = 0.95, .bad = {{FAILURE_STATUS, 6, 0}}}),
		LEVEL_ERR);
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .cpu = 0.96, .bad = {{FAILURE_STATUS, 6, 0}}}),
		LEVEL_BROKEN);
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .cpu = 0.96, .slow = 50, .slow_ns = NS_PER_S}),
		LEVEL_BROKEN);
	/* Three seconds of ten are sustained, though the average is far below; two are not. */
	assert_int_equal(status_after_healthy((struct step){
				 .offered = 100, .cpu = 1, .cpu_from_s = 7, .bad = {{FAILURE_STATUS, 6, 0}}}),
		LEVEL_BROKEN);
	assert_int_equal(status_after_healthy((struct step){
				 .offered = 100, .cpu = 1, .cpu_from_s = 8, .bad = {{FAILURE_STATUS, 6, 0}}}),
		LEVEL_ERR);
}

/* Slower than at first is no symptom: all is answered, in time and without an error. */
static void
test_busy_server_that_only_got_slower_is_not_broken(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100});
	const struct level_verdict *v =
		run_play(&run, (struct step){.offered = 100, .cpu = 1, .latency_ns = 20 * NS_PER_MS});

	assert_int_equal(v->status, LEVEL_DEGR);
	assert_non_null(find_rule(v, "latency"));
	assert_int_equal(find_rule(v, "cpu")->mode, FAILURE_MODE_NONE);
	run_fini(&run);
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LE, 10e6));
	run_play_on(&run, (struct step){.offered = 100});
	v = run_play(&run, (struct step){.offered = 100, .cpu = 1, .latency_ns = 20 * NS_PER_MS});
	assert_int_equal(v->status, LEVEL_BROKEN); /* where it was too slow for the profile */
	assert_non_null(strstr(find_rule(v, "cpu")->text, "beside slo"));
	run_fini(&run);
}

/* A poller burns its core without any load: what errors it has, its CPU explains none of them. */
static void
test_cpu_that_is_as_busy_when_idle_says_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_idle(&run, 1);
	run_idle(&run, 1);
	const struct level_verdict *v =
		run_play(&run, (struct step){.offered = 100, .cpu = 1, .bad = {{FAILURE_STATUS, 6, 0}}});

	assert_int_equal(v->status, LEVEL_ERR);
	assert_non_null(strstr(find_rule(v, "cpu")->text, "without any load"));
	run_fini(&run);
}

static void
test_memory_breaks_above_its_share_of_the_limit(void **state)
{
	(void)state;
	assert_int_equal(status_after_healthy((struct step){.offered = 100, .memory = 0.9}), LEVEL_OK);
	assert_int_equal(status_after_healthy((struct step){.offered = 100, .memory = 0.91}), LEVEL_BROKEN);
}

/* The rule may be off, but a death at 95% is still one by memory. */
static void
test_memory_rule_that_is_off_still_explains_a_death(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.break_when.memory = NAN;
	assert_int_equal(run_play(&run, (struct step){.offered = 100, .memory = 0.95})->status, LEVEL_OK);
	const struct level_verdict *v = run_play(&run, (struct step){.offered = 100, .memory = 0.95, .gone_at_s = 5});

	assert_int_equal(v->status, LEVEL_BROKEN);
	assert_int_equal(find_rule(v, "memory")->mode, FAILURE_MODE_OUT_OF_MEMORY);
	run_fini(&run);
}

static void
test_process_gone_is_a_crash_whenever_it_is_seen(void **state)
{
	(void)state;
	assert_int_equal(
		status_after_healthy((struct step){.offered = 100, .gone_at_s = 5, .back_at_s = 6}), LEVEL_BROKEN);
	/* While the last request is waited for, after the window. */
	assert_int_equal(status_after_healthy(
				 (struct step){.offered = 100, .gone_at_s = 11, .slow = 1, .slow_ns = 2 * NS_PER_S}),
		LEVEL_BROKEN);
}

static void
test_refusals_are_a_crash_only_where_it_answered_before(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	const struct level_verdict *v =
		run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_CONNECT_REFUSED, 1000, 0}}});

	assert_null(find_rule(v, "crash"));
	run_fini(&run);
	assert_int_equal(status_after_healthy((struct step){.offered = 100, .bad = {{FAILURE_CONNECT_REFUSED, 2, 5}}}),
		LEVEL_OK);
	assert_int_equal(status_after_healthy((struct step){.offered = 100, .bad = {{FAILURE_CONNECT_REFUSED, 3, 5}}}),
		LEVEL_BROKEN);
}

static void
test_what_a_stop_cancelled_is_no_error(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	assert_int_equal(
		run_play(&run, (struct step){.offered = 100, .is_cut = true, .bad = {{FAILURE_CANCELLED, 300, 5}}})
			->status,
		LEVEL_CUT);
	assert_int_equal(
		run_play(&run, (struct step){.offered = 100, .is_cut = true, .bad = {{FAILURE_STATUS, 300, 5}}})
			->status,
		LEVEL_BROKEN);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_cross_each_boundary_only_above_it),
		cmocka_unit_test(test_break_at_is_the_profiles),
		cmocka_unit_test(test_timeouts_break_above_five_percent),
		cmocka_unit_test(test_achieved_degrades_below_98_percent),
		cmocka_unit_test(test_work_under_way_at_the_end_is_no_shortfall),
		cmocka_unit_test(test_p95_degrades_above_twice_the_first_levels),
		cmocka_unit_test(test_missed_slo_is_err),
		cmocka_unit_test(test_failures_rank_above_every_success),
		cmocka_unit_test(test_generators_limits_void_a_level_only_above_them),
		cmocka_unit_test(test_lateness_small_beside_the_timeouts_voids_nothing),
		cmocka_unit_test(test_a_few_timeouts_hide_no_lateness),
		cmocka_unit_test(test_taken_is_enough_at_99_percent),
		cmocka_unit_test(test_level_that_the_generator_limited_is_never_broken),
		cmocka_unit_test(test_few_requests_can_be_late_too),
		cmocka_unit_test(test_one_failure_of_few_breaks_nothing),
		cmocka_unit_test(test_busy_server_that_answers_well_is_a_finding_and_ok),
		cmocka_unit_test(test_cpu_breaks_above_its_threshold_beside_a_symptom),
		cmocka_unit_test(test_busy_server_that_only_got_slower_is_not_broken),
		cmocka_unit_test(test_cpu_that_is_as_busy_when_idle_says_nothing),
		cmocka_unit_test(test_memory_breaks_above_its_share_of_the_limit),
		cmocka_unit_test(test_memory_rule_that_is_off_still_explains_a_death),
		cmocka_unit_test(test_process_gone_is_a_crash_whenever_it_is_seen),
		cmocka_unit_test(test_refusals_are_a_crash_only_where_it_answered_before),
		cmocka_unit_test(test_what_a_stop_cancelled_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
