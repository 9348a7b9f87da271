/* Why it broke, and what came first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/causes.h"

static void
test_each_cause_alone_is_named_with_its_onset(void **state)
{
	(void)state;
	check_causes((struct step){.offered = 100}, NULL, 0, -1, 0);
	CHECK_CAUSES(13, STEP(.bad = {{FAILURE_STATUS, 700, 3}}), ERRORS);
	CHECK_CAUSES(14, STEP(.memory = 0.95, .memory_from_s = 4), OOM);
	CHECK_CAUSES(15, STEP(.kill_at_s = 5), OOM);
	CHECK_CAUSES(16, STEP(.gone_at_s = 6), CRASH);
	CHECK_CAUSES(12, STEP(.bad = {{FAILURE_CONNECT_REFUSED, 50, 2}}), CRASH);
	CHECK_CAUSES(13, STEP(.cpu = 1, .cpu_from_s = 3, .slow = 100, .slow_ns = NS_PER_S), CPU, LATENCY);
}

/* Requests that are due from second 2 on time out from second 4 on: after the timeout of 2 s. */
static void
test_timeouts_lead_the_errors_that_they_are(void **state)
{
	(void)state;
	CHECK_CAUSES(14, STEP(.bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 2}}), TIMEOUT, ERRORS);
	CHECK_CAUSES(14, STEP(.bad = {{FAILURE_QUEUE_TIMEOUT, 300, 2}}), TIMEOUT, ERRORS);
	/* Most time out after 2 s, but some while connecting after 1 s: they are all timeouts. */
	CHECK_CAUSES(12, STEP(.bad = {{FAILURE_CONNECT_TIMEOUT, 200, 0}, {FAILURE_RESPONSE_TIMEOUT, 300, 0}}), TIMEOUT,
		ERRORS);
	CHECK_CAUSES(11, STEP(.bad = {{FAILURE_CONNECT_TIMEOUT, 300, 0}}), TIMEOUT, ERRORS);
	/* Other errors in plenty, and earlier: they lead. */
	CHECK_CAUSES(11, STEP(.bad = {{FAILURE_STATUS, 300, 1}, {FAILURE_RESPONSE_TIMEOUT, 100, 2}}), ERRORS, TIMEOUT);
}

static void
test_refusals_never_lead_the_crash_that_makes_them(void **state)
{
	(void)state;
	CHECK_CAUSES(15, STEP(.gone_at_s = 5, .bad = {{FAILURE_RESET, 10, 5}, {FAILURE_CONNECT_REFUSED, 450, 5}}),
		CRASH, ERRORS);
	/* Seen gone only a second after the first refusal. */
	CHECK_CAUSES(15, STEP(.gone_at_s = 5, .bad = {{FAILURE_CONNECT_REFUSED, 500, 4}}), CRASH, ERRORS);
	/* It closed its port two seconds before it was gone. */
	CHECK_CAUSES(15, STEP(.gone_at_s = 5, .bad = {{FAILURE_CONNECT_REFUSED, 600, 2}}), CRASH, ERRORS);
	/* A proxy in front answers for the dead in the second before it is seen. */
	CHECK_CAUSES(15, STEP(.gone_at_s = 5, .bad = {{FAILURE_STATUS, 500, 4}}), CRASH, ERRORS);
	/* Nobody watches: the refusals alone say it. */
	CHECK_CAUSES(14, STEP(.bad = {{FAILURE_CONNECT_REFUSED, 500, 4}}), CRASH, ERRORS);
	/* It failed long before it died. */
	CHECK_CAUSES(11, STEP(.gone_at_s = 8, .bad = {{FAILURE_STATUS, 600, 1}, {FAILURE_CONNECT_REFUSED, 200, 8}}),
		ERRORS, CRASH);
}

static void
test_memory_leads_the_death_that_it_causes(void **state)
{
	(void)state;
	CHECK_CAUSES(15, STEP(.kill_at_s = 5, .gone_at_s = 5, .bad = {{FAILURE_CONNECT_REFUSED, 450, 5}}), OOM, CRASH,
		ERRORS);
	/* The counter is read a second after the process was seen gone. */
	CHECK_CAUSES(16, STEP(.kill_at_s = 6, .gone_at_s = 5, .bad = {{FAILURE_CONNECT_REFUSED, 450, 5}}), OOM, CRASH,
		ERRORS);
	/* No counter, but it was at 95% when it was last seen. */
	CHECK_CAUSES(13, STEP(.memory = 0.95, .memory_from_s = 3, .gone_at_s = 6), OOM, CRASH);
	/* A death at half the memory is a crash, whatever signal it was. */
	CHECK_CAUSES(16, STEP(.memory = 0.5, .gone_at_s = 6), CRASH);
}

static void
test_cpu_leads_the_timeouts_that_it_makes(void **state)
{
	(void)state;
	CHECK_CAUSES(10, STEP(.cpu = 1, .bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 2}}), CPU, TIMEOUT, ERRORS);
	/* In the same second, too. */
	CHECK_CAUSES(
		14, STEP(.cpu = 1, .cpu_from_s = 4, .bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 2}}), CPU, TIMEOUT, ERRORS);
	CHECK_CAUSES(13, STEP(.cpu = 1, .cpu_from_s = 3, .bad = {{FAILURE_STATUS, 300, 3}}), CPU, ERRORS);
	/* Errors first: the CPU only followed. */
	CHECK_CAUSES(11, STEP(.cpu = 1, .cpu_from_s = 5, .bad = {{FAILURE_STATUS, 300, 1}}), ERRORS, CPU);
}

/* The core was full already in the last seconds of the level before, where nothing suffered yet. */
static void
test_cpu_onset_reaches_back_into_the_level_before(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100, .cpu = 1, .cpu_from_s = 6}), LEVEL_OK);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 200, .cpu = 1, .bad = {{FAILURE_STATUS, 600, 1}}}),
		LEVEL_BROKEN);
	const struct verdict *v = judge_run(run.judge, run.summary, &run.facts);

	assert_int_equal(v->failure_mode, CPU);
	assert_int_equal(v->onset_ns, 6 * NS_PER_S);
	run_fini(&run);
}

static void
test_exit_status_is_told_where_brunt_started_the_target(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100});
	run.facts.target_started = run.facts.target_exited = true;
	run.facts.target_exited_ns = 14500 * NS_PER_MS;
	run.facts.target_exit_code = 70;
	const struct level_verdict *v =
		run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_CONNECT_REFUSED, 550, 4}}});

	assert_int_equal(v->status, LEVEL_BROKEN);
	assert_non_null(strstr(find_rule(v, "crash")->text, "exit status 70"));
	assert_int_equal(find_rule(v, "crash")->onset_ns, 14500 * NS_PER_MS);
	assert_int_equal(judge_run(run.judge, run.summary, &run.facts)->failure_mode, CRASH);
	run.facts.target_exit_code = 0;
	run.facts.target_signal = 9;
	v = run_play(&run, (struct step){.offered = 100, .gone_at_s = 1});
	assert_non_null(strstr(find_rule(v, "crash")->text, "signal 9"));
	assert_null(find_rule(v, "memory")); /* SIGKILL alone is a crash */
	run_fini(&run);
}

/* Kills before the load are not the load's. */
static void
test_only_a_rise_of_the_kill_counter_counts(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.kills = 7;
	run_idle(&run, 0.1);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100}), LEVEL_OK);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100, .kill_at_s = 3}), LEVEL_BROKEN);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 100}), LEVEL_OK);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_cause_alone_is_named_with_its_onset),
		cmocka_unit_test(test_timeouts_lead_the_errors_that_they_are),
		cmocka_unit_test(test_refusals_never_lead_the_crash_that_makes_them),
		cmocka_unit_test(test_memory_leads_the_death_that_it_causes),
		cmocka_unit_test(test_cpu_leads_the_timeouts_that_it_makes),
		cmocka_unit_test(test_cpu_onset_reaches_back_into_the_level_before),
		cmocka_unit_test(test_exit_status_is_told_where_brunt_started_the_target),
		cmocka_unit_test(test_only_a_rise_of_the_kill_counter_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
