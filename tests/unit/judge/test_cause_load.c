/* Why it broke, or missed what was asked of it: of targets that live, and come to their limit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/causes.h"

/* 90 of 100 a second, from second 3 on: nothing is in vain, but all of it late. A backlog makes answers slow. */
static void
test_a_target_that_does_all_it_can_is_saturated(void **state)
{
	(void)state;
	CHECK_MISSED(13, STEP(.capacity_per_s = 90, .capacity_from_s = 3), SATURATION, LATENCY);
}

static void
test_saturation_leads_the_timeouts_and_errors_that_it_makes(void **state)
{
	(void)state;
	CHECK_CAUSES(10, STEP(.capacity_per_s = 50), SATURATION, LATENCY, TIMEOUT, ERRORS);
	CHECK_CAUSES(14, STEP(.capacity_per_s = 40, .capacity_from_s = 4), SATURATION, LATENCY, TIMEOUT, ERRORS);
}

static void
test_cpu_that_is_used_up_leads_the_saturation_that_it_is(void **state)
{
	(void)state;
	CHECK_CAUSES(10, STEP(.capacity_per_s = 90, .cpu = 1), CPU, SATURATION, LATENCY);
	/* Read a second late. */
	CHECK_CAUSES(11, STEP(.capacity_per_s = 90, .cpu = 1, .cpu_from_s = 1), CPU, SATURATION, LATENCY);
	/* Full only long after the backlog began: it was something else. */
	CHECK_CAUSES(10, STEP(.capacity_per_s = 90, .cpu = 1, .cpu_from_s = 5), SATURATION, CPU, LATENCY);
}

static void
test_deaths_lead_what_was_slow_before_them(void **state)
{
	(void)state;
	CHECK_CAUSES(16, STEP(.latency_ns = 50 * NS_PER_MS, .gone_at_s = 6, .bad = {{FAILURE_CONNECT_REFUSED, 400, 6}}),
		CRASH, ERRORS, LATENCY);
	CHECK_CAUSES(14, STEP(.latency_ns = 50 * NS_PER_MS, .memory = 0.95, .memory_from_s = 4), OOM, LATENCY);
	/* But what it was loaded with until it died of it comes first. */
	CHECK_CAUSES(10, STEP(.capacity_per_s = 85, .memory = 0.95, .memory_from_s = 6), SATURATION, OOM, LATENCY);
}

/* An SLO makes of slow answers a level that does not hold; nothing else was seen. */
static void
test_slow_answers_alone_are_a_degradation(void **state)
{
	(void)state;
	CHECK_MISSED(10, STEP(.latency_ns = 50 * NS_PER_MS), LATENCY);
	CHECK_MISSED(18, STEP(.slow = 180, .slow_ns = 60 * NS_PER_MS), LATENCY);
}

static void
test_slow_answers_lead_the_timeouts_and_errors_that_come_later(void **state)
{
	(void)state;
	CHECK_CAUSES(10, STEP(.latency_ns = 50 * NS_PER_MS, .bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 4}}), LATENCY,
		TIMEOUT, ERRORS);
	CHECK_CAUSES(10, STEP(.latency_ns = 50 * NS_PER_MS, .bad = {{FAILURE_STATUS, 300, 5}}), LATENCY, ERRORS);
	/* At the same time, as an overloaded server behaves that sheds what it cannot do: the errors are the news. */
	CHECK_CAUSES(10, STEP(.latency_ns = 50 * NS_PER_MS, .bad = {{FAILURE_STATUS, 300, 0}}), ERRORS, LATENCY);
	CHECK_CAUSES(11, STEP(.latency_ns = 50 * NS_PER_MS, .bad = {{FAILURE_STATUS, 300, 1}}), ERRORS, LATENCY);
}

#define REFUSED_BESIDE(kind, from) .bad = {{kind, 500, from}}, .bad_one_in = 5

static void
test_refusals_beside_answers_are_a_limit_of_connections(void **state)
{
	(void)state;
	CHECK_CAUSES(12, STEP(REFUSED_BESIDE(FAILURE_CONNECT_REFUSED, 2)), CONNECTIONS, ERRORS);
	CHECK_CAUSES(12, STEP(REFUSED_BESIDE(FAILURE_CONNECT_RESET, 2)), CONNECTIONS, ERRORS);
	/* A full accept queue drops the request for a connection: nothing comes back for a second. */
	CHECK_CAUSES(12, STEP(REFUSED_BESIDE(FAILURE_CONNECT_TIMEOUT, 2)), CONNECTIONS, TIMEOUT, ERRORS);
	/* It refuses some for five seconds, and then ended. */
	CHECK_CAUSES(17, STEP(.gone_at_s = 7, .bad = {{FAILURE_CONNECT_REFUSED, 300, 7}}), CRASH, ERRORS);
}

/* So few that they break nothing: named where the level misses what was asked of it, whatever that was. */
static void
test_a_limit_of_connections_that_breaks_nothing(void **state)
{
	(void)state;
	CHECK_MISSED(14, STEP(.bad = {{FAILURE_CONNECT_REFUSED, 60, 4}}, .bad_one_in = 10), CONNECTIONS);
}

/* Requests that hang are under way, too, and no answers: but the others are as fast as ever. */
static void
test_requests_that_hang_are_no_saturation(void **state)
{
	(void)state;
	CHECK_CAUSES(12, STEP(.bad = {{FAILURE_RESPONSE_TIMEOUT, 400, 0}}, .bad_one_in = 3), TIMEOUT, ERRORS);
}

/* Answers that are errors are answers: what is shed does not pile up. */
static void
test_shedding_is_no_saturation(void **state)
{
	(void)state;
	CHECK_CAUSES(13, STEP(.bad = {{FAILURE_STATUS, 400, 3}}, .bad_one_in = 2), ERRORS);
}

/* A first level has no other to be held against, but its own beginning. */
static void
test_a_first_level_can_be_saturated(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100, .capacity_per_s = 70, .capacity_from_s = 2});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->failure_mode, SATURATION);
	assert_int_equal(v->exit_code, EXIT_FAILED_GATE);
	run_fini(&run);
}

/* Twice as slow as at first, and all that was asked for: a finding, and nobody's fault. */
static void
test_a_target_that_holds_what_was_asked_is_not_blamed(void **state)
{
	(void)state;
	check_causes(STEP(.latency_ns = 15 * NS_PER_MS), NULL, 0, -1, 20 * NS_PER_MS);
	check_causes(STEP(.latency_ns = 50 * NS_PER_MS), NULL, 0, -1, 0);
	check_causes(STEP(.capacity_per_s = 95), NULL, 0, -1, 0);
	check_causes(STEP(.bad = {{FAILURE_CONNECT_REFUSED, 4, 1}}, .bad_one_in = 80), NULL, 0, -1, 20 * NS_PER_MS);
}

/* An SLO missed is no break: what held the level up is named, and the exit code is the SLO's. */
static void
test_causes_of_an_slo_missed_are_no_break(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_add_slo(&run, make_expr("response", 0.95, EXPR_LT, 20 * NS_PER_MS));
	run_play_on(&run, (struct step){.offered = 50});
	run_play_on(&run, (struct step){.offered = 100, .latency_ns = 50 * NS_PER_MS});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->failure_mode, LATENCY);
	assert_false(v->breaking_point.is_found);
	assert_int_equal(v->breaking_point.max_sustainable_level, 0);
	assert_int_equal(v->exit_code, EXIT_PASSED);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_target_that_does_all_it_can_is_saturated),
		cmocka_unit_test(test_saturation_leads_the_timeouts_and_errors_that_it_makes),
		cmocka_unit_test(test_cpu_that_is_used_up_leads_the_saturation_that_it_is),
		cmocka_unit_test(test_deaths_lead_what_was_slow_before_them),
		cmocka_unit_test(test_slow_answers_alone_are_a_degradation),
		cmocka_unit_test(test_slow_answers_lead_the_timeouts_and_errors_that_come_later),
		cmocka_unit_test(test_refusals_beside_answers_are_a_limit_of_connections),
		cmocka_unit_test(test_a_limit_of_connections_that_breaks_nothing),
		cmocka_unit_test(test_requests_that_hang_are_no_saturation),
		cmocka_unit_test(test_shedding_is_no_saturation),
		cmocka_unit_test(test_a_first_level_can_be_saturated),
		cmocka_unit_test(test_a_target_that_holds_what_was_asked_is_not_blamed),
		cmocka_unit_test(test_causes_of_an_slo_missed_are_no_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
