/* How sure a breaking point is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 0.5e-5))
		fail_msg("%.9g is not %.9g", value, wanted);
}

/* Two levels of 10 s; the second breaks. */
static struct break_confidence
confidence_of(struct step good, struct step broken)
{
	struct scripted_run run;

	run_init(&run, "steps");
	assert_true(run_play_on(&run, good) < LEVEL_BROKEN);
	assert_int_equal(run_play_on(&run, broken), LEVEL_BROKEN);
	struct break_confidence confidence = judge_run(run.judge, run.summary, &run.facts)->breaking_point.confidence;

	run_fini(&run);
	return confidence;
}

static void
test_intervals_are_those_of_both_levels(void **state)
{
	struct break_confidence c = confidence_of((struct step){.offered = 10, .bad = {{FAILURE_STATUS, 1, 0}}},
		(struct step){.offered = 10.1, .requests = 100, .bad = {{FAILURE_STATUS, 50, 0}}});

	(void)state;
	near(c.level, 0.95);
	near(c.threshold, 0.1);
	near(c.sustained_errors[0], 0.00025);
	near(c.sustained_errors[1], 0.05446);
	near(c.broken_errors[0], 0.39832);
	near(c.broken_errors[1], 0.60168);
	near(c.broken_timeouts[0], 0);
	assert_int_equal(c.rests_on, FAILURE_MODE_HIGH_ERROR_RATE);
	assert_true(c.is_separated);
}

/* 9 of 100 and 11 of 100 are the same thing; 90 of 10,000 and 1,200 of 10,000 are not. */
static void
test_levels_are_apart_only_where_both_intervals_are(void **state)
{
	static const struct {
		double rate;
		uint32_t good, bad;
		bool is_separated;
	} rows[] = {{10, 0, 11, false}, {10, 9, 50, false}, {10, 1, 50, true}, {1000, 900, 1200, true},
		{1000, 990, 1200, false}, {1000, 900, 1010, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct break_confidence c = confidence_of(
			(struct step){.offered = rows[i].rate, .bad = {{FAILURE_STATUS, rows[i].good, 0}}},
			(struct step){.offered = rows[i].rate + 1,
				.requests = (uint32_t)rows[i].rate * 10,
				.bad = {{FAILURE_STATUS, rows[i].bad, 0}}});

		assert_int_equal(c.is_separated, rows[i].is_separated);
	}
}

/* 8% timeouts are no 10% of errors; they are held against the limit of their own. */
static void
test_timeouts_are_held_against_their_own_limit(void **state)
{
	struct break_confidence c = confidence_of((struct step){.offered = 100},
		(struct step){.offered = 101, .bad = {{FAILURE_RESPONSE_TIMEOUT, 80, 0}}});

	(void)state;
	assert_int_equal(c.rests_on, FAILURE_MODE_TIMEOUT);
	near(c.threshold, 0.05);
	assert_true(c.broken_timeouts[0] > 0.05 && c.broken_timeouts[0] < 80.0 / 1010);
	assert_true(c.is_separated);
}

static void
test_what_is_no_matter_of_a_rate_says_what_it_rests_on(void **state)
{
	static const struct {
		struct step broken;
		enum failure_mode mode;
	} rows[] = {
		{{.offered = 101, .gone_at_s = 5, .bad = {{FAILURE_CONNECT_REFUSED, 500, 5}}}, FAILURE_MODE_CRASH},
		{{.offered = 101, .kill_at_s = 5}, FAILURE_MODE_OUT_OF_MEMORY},
		{{.offered = 101, .cpu = 1, .bad = {{FAILURE_STATUS, 20, 0}}}, FAILURE_MODE_RESOURCE_EXHAUSTION},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct break_confidence c = confidence_of((struct step){.offered = 100}, rows[i].broken);

		assert_int_equal(c.rests_on, rows[i].mode);
		assert_true(isnan(c.threshold));
		assert_false(c.is_separated);
		assert_true(c.broken_errors[1] >= c.broken_errors[0]);
	}
}

static void
test_break_at_the_lowest_level_is_apart_from_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 900, 0}}});
	struct break_confidence c = judge_run(run.judge, run.summary, &run.facts)->breaking_point.confidence;

	assert_true(isnan(c.sustained_errors[0]) && isnan(c.sustained_errors[1]));
	assert_true(c.broken_errors[0] > 0.8);
	assert_false(c.is_separated);
	run_fini(&run);
}

static void
test_nothing_broken_is_nothing_to_be_sure_of(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100});
	assert_true(judge_run(run.judge, run.summary, &run.facts)->breaking_point.confidence.level == 0);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals_are_those_of_both_levels),
		cmocka_unit_test(test_levels_are_apart_only_where_both_intervals_are),
		cmocka_unit_test(test_timeouts_are_held_against_their_own_limit),
		cmocka_unit_test(test_what_is_no_matter_of_a_rate_says_what_it_rests_on),
		cmocka_unit_test(test_break_at_the_lowest_level_is_apart_from_nothing),
		cmocka_unit_test(test_nothing_broken_is_nothing_to_be_sure_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
