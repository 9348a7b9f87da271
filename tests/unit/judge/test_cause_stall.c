/* What the kernel kept from the target: whether it is why it broke, and what the series shows of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/excerpt.h"
#include "unit/judge/causes.h"

#define SLOW .slow = 400, .slow_ns = 50 * NS_PER_MS
#define TIMEOUTS .bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 4}}

static void
test_stall_leads_the_slow_answers_that_it_makes(void **state)
{
	(void)state;
	CHECK_CAUSES(14, STEP(.throttled = 0.6, .stalled_from_s = 4, TIMEOUTS), CPU, TIMEOUT, ERRORS);
	CHECK_CAUSES(14, STEP(.memory_pressure = 0.5, .stalled_from_s = 4, TIMEOUTS), CPU, TIMEOUT, ERRORS);
	CHECK_CAUSES(14, STEP(.io_pressure = 0.5, .stalled_from_s = 4, TIMEOUTS), CPU, TIMEOUT, ERRORS);
	CHECK_CAUSES(14, STEP(.throttled = 0.9, .stalled_from_s = 4, .capacity_per_s = 40, .capacity_from_s = 4), CPU,
		SATURATION, LATENCY, TIMEOUT, ERRORS);
	CHECK_MISSED(14, STEP(.throttled = 0.6, .stalled_from_s = 4, SLOW), CPU, LATENCY);
}

/* It began to be stopped in the last seconds of the level before. */
static void
test_stall_onset_reaches_back_into_the_level_before(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	assert_int_equal(
		run_play_on(&run, (struct step){.offered = 100, .throttled = 0.5, .stalled_from_s = 7}), LEVEL_OK);
	assert_int_equal(
		run_play_on(&run,
			(struct step){.offered = 200, .throttled = 0.7, .bad = {{FAILURE_RESPONSE_TIMEOUT, 900, 0}}}),
		LEVEL_BROKEN);
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->failure_mode, CPU);
	assert_int_equal(v->onset_ns, 7 * NS_PER_S);
	assert_string_equal(v->evidence[0]->rule, "throttled");
	run_fini(&run);
}

static const struct finding *
finding_of(struct step step, double idle_pressure, const char *rule, enum level_status status)
{
	static struct finding found;
	struct scripted_run run;

	run_init(&run, "steps");
	struct reading idle = make_reading(&run, &(struct step){.memory_pressure = idle_pressure}, 0);

	recorder_add_reading(run.recorder, LEVEL_NONE, false, &idle);
	end_interval(&run, LEVEL_NONE, &idle, 0);
	assert_int_equal(run_play_on(&run, (struct step){.offered = 50}), LEVEL_OK);
	const struct level_verdict *v = run_play(&run, step);
	const struct finding *finding = find_rule(v, rule);

	assert_int_equal(v->status, status);
	found = finding != NULL ? *finding : (struct finding){0};
	run_fini(&run);
	return finding != NULL ? &found : NULL;
}

static void
check_not_blamed(const struct finding *finding, const char *why)
{
	assert_non_null(finding);
	assert_int_equal(finding->mode, NONE);
	assert_int_equal(finding->weight, LEVEL_OK);
	if (strstr(finding->text, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, finding->text);
}

/* What answers in time is not to blame for how it gets there; and errors that come at once have another cause. */
static void
test_stall_without_slow_answers_is_a_finding_and_no_cause(void **state)
{
	(void)state;
	check_not_blamed(finding_of(STEP(.throttled = 0.9), 0, "throttled", LEVEL_OK), "in time all the same");
	check_not_blamed(finding_of(STEP(.memory_pressure = 0.9), 0, "memory_pressure", LEVEL_OK), "all the same");
	CHECK_CAUSES(12, STEP(.throttled = 0.9, .bad = {{FAILURE_STATUS, 400, 2}}), ERRORS);
	assert_null(finding_of(STEP(.throttled = 0.2, .memory_pressure = 0.15), 0, "throttled", LEVEL_OK));
	CHECK_CAUSES(16, STEP(.throttled = 0.2, .io_pressure = 0.15, TIMEOUTS), TIMEOUT, ERRORS);
	check_not_blamed(finding_of(STEP(.memory_pressure = 0.9, TIMEOUTS), 0.8, "memory_pressure", LEVEL_BROKEN),
		"without any load too");
}

/* It is neither the target's limit nor brunt's: nobody is blamed, and nobody has to guess. */
static void
test_what_the_host_took_is_told_and_blamed_on_nobody(void **state)
{
	(void)state;
	check_not_blamed(finding_of(STEP(.stolen = 0.3, TIMEOUTS), 0, "stolen", LEVEL_BROKEN),
		"the host of its virtual machine took a CPU away for 30% of the time");
	check_not_blamed(finding_of(STEP(.stolen = 0.3), 0, "stolen", LEVEL_OK), "in time all the same");
	CHECK_CAUSES(16, STEP(.stolen = 0.3, TIMEOUTS), TIMEOUT, ERRORS);
	assert_null(finding_of(STEP(.stolen = 0.05, TIMEOUTS), 0, "stolen", LEVEL_BROKEN));
}

static void
test_cpu_that_a_quota_stops_says_so(void **state)
{
	(void)state;
	const struct finding *f = finding_of(STEP(.cpu = 1, .throttled = 0.85, TIMEOUTS), 0, "cpu", LEVEL_BROKEN);

	assert_non_null(f);
	assert_int_equal(f->mode, CPU);
	assert_non_null(strstr(f->text, "stopped by its quota in 85% of the periods"));
}

static void
test_kill_tells_what_memory_it_held_last(void **state)
{
	(void)state;
	const struct finding *f = finding_of(
		STEP(.memory = 0.97, .memory_from_s = 3, .kill_at_s = 6, .gone_at_s = 6), 0, "memory", LEVEL_BROKEN);

	assert_non_null(f);
	assert_non_null(strstr(f->text, "killed for memory 1 time"));
	assert_non_null(strstr(f->text, "97% of its limit"));
	assert_non_null(strstr(f->text, "when it was last looked at"));
}

/* No level's own rule said so: break_when.memory is off, and the process was gone before the next one was looked at. */
static void
test_death_between_two_levels_is_told_by_the_memory_before_it(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run.plan.break_when.memory = INFINITY;
	run_play_on(&run, (struct step){.offered = 50, .memory = 0.95});
	run.is_gone = true;
	run_play_on(&run, (struct step){.offered = 50, .bad = {{FAILURE_CONNECT_REFUSED, 500, 0}}});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->failure_mode, OOM);
	assert_int_equal(v->causes[1], CRASH);
	run_fini(&run);
}

static void
check_excerpt(const struct finding *f, const char *of, int64_t from_s, const double *values, size_t n, size_t onset)
{
	assert_non_null(f);
	assert_string_equal(f->excerpt.of, of);
	assert_int_equal(f->excerpt.from_ns, from_s * NS_PER_S);
	assert_int_equal(f->excerpt.step_ns, NS_PER_S);
	assert_int_equal(f->excerpt.n, n);
	assert_int_equal(f->excerpt.onset, onset);
	for (size_t i = 0; i < n; i++)
		assert_true(fabs(f->excerpt.values[i] - values[i]) < 1e-9 * fmax(values[i], 1));
}

/* Four rows up to the one in which it began, and two after it; the level starts at 11 s. */
static void
test_excerpt_shows_how_it_came_and_went_on(void **state)
{
	struct step step = STEP(.cpu = 1, .cpu_from_s = 5, .memory = 0.95, .memory_from_s = 2,
		.bad = {{FAILURE_RESPONSE_TIMEOUT, 300, 5}, {FAILURE_CONNECT_REFUSED, 3, 9}});

	(void)state;
	check_excerpt(finding_of(step, 0, "cpu", LEVEL_BROKEN), "CPU", 13, (double[]){0.2, 0.2, 0.2, 1, 1, 1}, 6, 3);
	check_excerpt(finding_of(step, 0, "memory", LEVEL_BROKEN), "memory", 10,
		(double[]){0, 1e8, 1e8, 9.5e8, 9.5e8, 9.5e8}, 6, 3);
	/* From the first second on: there is little before it. */
	check_excerpt(finding_of((struct step){.offered = 10, .seconds = 2, .cpu = 1, .bad = {{FAILURE_STATUS, 20, 0}}},
			      0, "cpu", LEVEL_BROKEN),
		"CPU", 8, (double[]){0, 0, 0, 1, 1}, 5, 3);
}

/* Rows end a little late: what began with one of them is not told of the one before. */
static void
test_excerpt_is_not_led_astray_by_rows_that_end_late(void **state)
{
	struct series_row rows[6] = {0};
	struct series series = {.rows = rows, .n = 6, .step_ns = NS_PER_S};
	struct finding f = {.rule = "cpu", .onset_ns = 3 * NS_PER_S + 100000};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		rows[i].at_ns = (int64_t)(i + 1) * NS_PER_S + (i == 2 ? 900000 : 100000);
		rows[i].target[GAUGE_CPU] = i < 3 ? 0.1 : 0.9;
	}
	excerpt_take(&f, &series);
	assert_int_equal(f.excerpt.onset, 3);
	assert_true(f.excerpt.values[f.excerpt.onset] > 0.5);
	f.excerpt = (struct excerpt){0};
	f.onset_ns = -1;
	excerpt_take(&f, &series);
	assert_int_equal(f.excerpt.n, 0);
	f.rule = "lateness";
	f.onset_ns = NS_PER_S;
	excerpt_take(&f, &series);
	assert_int_equal(f.excerpt.n, 0);
}

/* Findings that hold for each SLO leave the last rules their places. */
static void
test_many_missed_slos_do_not_hide_the_cause(void **state)
{
	struct scripted_run run;
	struct plan_slo slos[FINDINGS_PER_LEVEL_MAX + 4] = {0};

	(void)state;
	run_init(&run, "steps");
	run.plan.slos = slos;
	run.plan.slos_n = ARRAY_LEN(slos);
	for (size_t i = 0; i < ARRAY_LEN(slos); i++)
		slos[i].expr = make_expr("response", 0.95, EXPR_LT, 1.0);
	const struct level_verdict *v = run_play(&run,
		(struct step){.offered = 100, .cpu = 1, .throttled = 0.5, .memory_pressure = 0.5, .io_pressure = 0.5});

	assert_non_null(find_rule(v, "slo"));
	assert_non_null(find_rule(v, "throttled"));
	assert_non_null(find_rule(v, "memory_pressure"));
	assert_non_null(find_rule(v, "io_pressure"));
	assert_non_null(find_rule(v, "cpu"));
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stall_leads_the_slow_answers_that_it_makes),
		cmocka_unit_test(test_stall_onset_reaches_back_into_the_level_before),
		cmocka_unit_test(test_stall_without_slow_answers_is_a_finding_and_no_cause),
		cmocka_unit_test(test_what_the_host_took_is_told_and_blamed_on_nobody),
		cmocka_unit_test(test_cpu_that_a_quota_stops_says_so),
		cmocka_unit_test(test_kill_tells_what_memory_it_held_last),
		cmocka_unit_test(test_death_between_two_levels_is_told_by_the_memory_before_it),
		cmocka_unit_test(test_excerpt_shows_how_it_came_and_went_on),
		cmocka_unit_test(test_excerpt_is_not_led_astray_by_rows_that_end_late),
		cmocka_unit_test(test_many_missed_slos_do_not_hide_the_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
