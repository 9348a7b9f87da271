#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load/schedule.h"
#include "samples.h"

/* The profile forms that scripts rely on, from YAML text to due times. */

#include "unit/load/plans.h"

/* A valid load; the plan lives until the next one. */
static struct schedule
schedule_of(const char *load)
{
	static struct plan *plan;
	struct error err = {0};
	struct schedule schedule;

	if (plan != NULL)
		plan_free(plan);
	plan = NULL;
	if (load == NULL)
		return (struct schedule){0};
	plan = plan_of(load, &err);
	if (plan == NULL)
		fail_msg("%s: %s", load, err.message);
	schedule_init(&schedule, &plan->scenarios[0].load, 1);
	return schedule;
}

static int
forget_plan(void **state)
{
	(void)state;
	schedule_of(NULL);
	return 0;
}

static void
assert_load(const char *load, double arrivals, int64_t end_ns)
{
	struct schedule s = schedule_of(load);

	if (schedule_expected(&s) != arrivals)
		fail_msg("%s: %.17g arrivals, not %.17g", load, schedule_expected(&s), arrivals);
	assert_int_equal(schedule_end_ns(&s), end_ns);
}

static void
test_every_documented_form_is_read(void **state)
{
	(void)state;
	assert_load("{steady: {rate: 1000/s, for: 30s}}", 30000, 30 * SECOND);
	assert_load("{steady: {rate: 100/min, for: 3s}}", 5, 3 * SECOND);
	assert_load("{steady: {rate: 50/s, count: 1000}}", 1000, 20 * SECOND);
	assert_load("{steady: {rate: 50/s, for: 10s}, warmup: {requests: 100}}", 600, 12 * SECOND);
	assert_load("{ramp: {from: 10/s, to: 500/s, over: 2m}}", 30600, 120 * SECOND);
	assert_load("{ramp: {from: 100/s, to: 0/s, over: 10s}}", 500, 10 * SECOND);
	assert_load("{spike: {base: 10/s, peak: 100/s, before: 30s, during: 10s, after: 30s}}", 1600, 70 * SECOND);
	assert_load("{spike: {base: 10/s, peak: 100/s, before: 3s, during: 1s, after: 2s, repeat: 3, every: 5s}}",
		130 + 300, 16 * SECOND);
	assert_load("{steps: {from: 50/s, by: 20/s, every: 30s, to: 300/s}}", 75300, 420 * SECOND);
	assert_load("{steps: {from: 30/s, by: 10/s, every: 1s, to: 10/s}}", 60, 3 * SECOND);
	assert_load("{levels: {at: [10/s, 50/s, 20/s], every: 10s}}", 800, 30 * SECOND);
	assert_load("{levels: {at: [7], every: 2s}}", 14, 2 * SECOND);
	assert_load("{stages: [{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]}", 500 + 3750, 40 * SECOND);
	assert_load(
		"{stages: [{rate: 50/s, for: 1s}, {rate: 0, for: 1s}, {ramp: {to: 10, over: 1s}}]}", 55, 3 * SECOND);
	assert_load("{stages: [{burst: {count: 7, every: 1s, times: 2}}, {sine: {mean: 10, amplitude: 5, period: 1s, "
		    "for: 2s}}]}",
		14 + 20, 4 * SECOND);
	assert_load("{sine: {mean: 100, amplitude: 100, period: 10s, for: 20s}}", 2000, 20 * SECOND);
	assert_load("{burst: {count: 100}}", 100, SECOND);
}

static void
test_a_count_ends_a_sine_where_its_area_reaches_it(void **state)
{
	(void)state;
	assert_load("{sine: {mean: 100, amplitude: 100, period: 10s, count: 2000}}", 2000, 20 * SECOND);
	assert_load("{sine: {mean: 100, amplitude: 0, period: 10s, count: 150}}", 150, 3 * SECOND / 2);
	assert_load("{sine: {mean: 100, amplitude: 50, period: 1s, for: 5s, count: 200}}", 200, 2 * SECOND);
	assert_load("{sine: {mean: 100, amplitude: 50, period: 1s, for: 2s, count: 1k}}", 200, 2 * SECOND);
}

static void
test_a_stage_ends_when_its_count_has_come(void **state)
{
	(void)state;
	assert_load("{stages: [{rate: 50/s, count: 100}, {rate: 10/s, count: 7}]}", 107, 2700000000);
	assert_load("{stages: [{rate: 3/s, count: 10}, {to: 200/s, over: 2s}]}", 10 + 203, 5333333333);
	assert_load(
		"{stages: [{rate: 50/s, for: 1s, count: 100}, {rate: 50/s, for: 4s, count: 100}]}", 150, 3 * SECOND);
	assert_load("{stages: [{rate: 50/s, for: 1s}, {sine: {mean: 100, amplitude: 50, period: 1s, count: 300}}]}",
		350, 4 * SECOND);

	struct schedule s = schedule_of("{stages: [{rate: 50/s, count: 100}, {rate: 500/s, count: 100}]}");

	assert_int_equal(schedule_levels_count(&s), 2); /* plateaus that rise, each judged apart */
	assert_int_equal(schedule_level_span(&s, 1).start_ns, 2 * SECOND);
	assert_int_equal(schedule_level_span(&s, 1).end_ns, 2200000000);
	assert_float_equal(schedule_expected_between(&s, 0, 2 * SECOND), 100, 0);
	assert_float_equal(schedule_expected_between(&s, 2 * SECOND, 2200000000), 100, 0);
}

static void
test_waves_that_rise_are_no_plateaus(void **state)
{
	(void)state;
	struct schedule s = schedule_of("{stages: [{rate: 5/s, for: 1s}, {sine: {mean: 100, amplitude: 50, period: 1s, "
					"for: 2s}}]}");

	assert_int_equal(schedule_levels_count(&s), 1);
}

static void
test_a_poisson_load_that_its_count_ends_makes_just_so_many(void **state)
{
	(void)state;
	struct schedule s =
		schedule_of("{steady: {rate: 50/s, count: 1000}, spacing: poisson, warmup: {requests: 100}}");
	int64_t warmup_ns = schedule_measured_from_ns(&s);

	assert_float_equal(schedule_expected(&s), 1100, 0);
	assert_float_equal(schedule_expected_between(&s, 0, warmup_ns), 100, 0);
	assert_float_equal(schedule_expected_between(&s, warmup_ns, schedule_end_ns(&s)), 1000, 0);
	s = schedule_of("{steady: {rate: 50/s, for: 2s}, spacing: poisson, warmup: 1s}");
	assert_float_equal(schedule_expected_between(&s, 0, SECOND), 50, 1e-9);
	assert_float_equal(schedule_expected_between(&s, SECOND, 2 * SECOND), 50, 1e-9);
}

/* It would be ignored without a word. */
static void
test_stop_where_there_are_no_levels_is_refused(void **state)
{
	static const struct {
		const char *load, *stop;
		bool is_good;
	} loads[] = {
		{"{steady: {rate: 5/s, for: 1s}}", "max", false},
		{"{steady: {rate: 5/s, for: 1s}}", "first_broken", false},
		{"{stages: [{rate: 5/s, for: 1s}, {rate: 9/s, for: 1s}]}", "after 1", false},
		{"{stages: [{rate: 5/s, for: 1s}, {rate: 9/s, for: 1s}]}", "max", true},
		{"{steps: {from: 5/s, by: 5/s, every: 1s, to: 20/s}}", "max", true},
		{"{levels: {at: [1/s, 5/s], every: 1s}}", "after 1", true},
		{"{steady: {rate: 5/s, for: 1s}}", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		char text[256];
		struct error err = {0};

		snprintf(text, sizeof(text), "target: http://h\nload: %s\n%s%s\n", loads[i].load,
			loads[i].stop != NULL ? "stop: " : "", loads[i].stop != NULL ? loads[i].stop : "");
		struct plan *plan = plan_of_text(text, &err);

		assert_non_null(plan);
		assert_int_equal(schedule_check(plan, &err), loads[i].is_good);
		if (!loads[i].is_good) {
			assert_non_null(strstr(err.message, "has no levels that it could end after"));
			assert_non_null(strstr(err.where, ":3:7"));
		}
		plan_free(plan);
	}
}

static void
test_a_count_that_has_no_place_in_time_is_refused(void **state)
{
	static const struct {
		const char *load, *word;
	} loads[] = {
		{"{steady: {rate: 1/h, count: 1M}}", "longer than a year"},
		{"{sine: {mean: 1/h, amplitude: 0, period: 1s, count: 1M}}", "longer than a year"},
		{"{sine: {mean: 10 users, amplitude: 5, period: 1s, count: 10}}", "write for: 10m"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		struct error err = {0};
		struct plan *plan = plan_of(loads[i].load, &err);

		assert_non_null(plan);
		assert_false(schedule_check(plan, &err));
		assert_non_null(strstr(err.message, loads[i].word));
		plan_free(plan);
	}
}

/* It would be steered by what another load did to the target, or not at all. */
static void
test_a_search_stands_alone_and_ends_by_itself(void **state)
{
#define TARGET "target: {url: \"http://127.0.0.1:1\"}\n"
#define SEARCH "load: {search: {from: 5/s, max: 50/s}}"
#define REQUESTS "requests: [{name: a, get: /}]"
	static const struct {
		const char *text, *word;
	} bad[] = {
		{TARGET "scenarios: [{name: x, " SEARCH ", " REQUESTS
			"}, {name: y, load: {steady: {rate: 1/s, for: 9s}}, "
			"requests: [{name: b, get: /}]}]\n",
			"the only one"},
		{TARGET "scenarios: [{name: y, load: {steady: {rate: 1/s, for: 9s}}, requests: [{name: b, get: /}]}, {name: x, " SEARCH
			", " REQUESTS "}]\n",
			"the only one"},
		{TARGET SEARCH "\n" REQUESTS "\nstop: max\n", "leave `stop` out"},
		{TARGET "load: {search: {from: 5/s, max: 50/s}, warmup: {requests: 9}}\n" REQUESTS "\n",
			"leave warmup.requests out"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = {0};
		struct plan *plan = plan_of_text(bad[i].text, &err);

		if (plan == NULL)
			fail_msg("%zu: %s", i, err.message);
		assert_false(schedule_check(plan, &err));
		if (strstr(err.message, bad[i].word) == NULL)
			fail_msg("%zu: '%s' lacks '%s'", i, err.message, bad[i].word);
		plan_free(plan);
	}
	struct error err = {0};
	struct plan *plan = plan_of_text(TARGET SEARCH "\n" REQUESTS "\nstop: first_broken\n", &err);

	assert_non_null(plan);
	assert_true(schedule_check(plan, &err));
	plan_free(plan);
}

static void
test_users_make_a_closed_loop_in_every_shape(void **state)
{
	static const struct {
		const char *load;
		double users_at_1s;
	} loads[] = {
		{"{concurrency: {users: 64, for: 30s}}", 64},
		{"{concurrency: {users: 1, iterations: 1000}}", 1},
		{"{steady: {rate: 10 users, for: 30s}}", 10},
		{"{ramp: {from: 10 users, to: 20 users, over: 2s}}", 15},
		{"{steps: {from: 10 users, by: 5 users, every: 1s, to: 20 users}}", 15},
		{"{levels: {at: [1 users, 5 users, 15 users], every: 1s}}", 5},
		{"{stages: [{users: 1, for: 1s}, {users: 5, for: 1s}]}", 5},
		{"{spike: {base: 1 user, peak: 9 users, before: 1s, during: 1s, after: 1s}}", 9},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		struct schedule s = schedule_of(loads[i].load);

		if (!s.in_users || schedule_level_at(&s, SECOND) != loads[i].users_at_1s)
			fail_msg("%s: %g, in users: %d", loads[i].load, schedule_level_at(&s, SECOND), s.in_users);
	}
}

static void
test_stages_of_rising_users_are_levels(void **state)
{
	(void)state;
	struct schedule s =
		schedule_of("{stages: [{users: 1, for: 300s}, {users: 5, for: 300s}, {users: 50, for: 300s}]}");

	assert_int_equal(schedule_levels_count(&s), 3);
	assert_float_equal(schedule_level_span(&s, 2).offered, 50, 0);
}

static void
test_a_given_from_holds_in_a_stage_even_if_it_is_0(void **state)
{
	(void)state;
	struct schedule s = schedule_of("{stages: [{rate: 100, for: 1s}, {from: 0, to: 100, over: 2s}]}");

	assert_float_equal(schedule_level_at(&s, SECOND), 0, 0);
	s = schedule_of("{stages: [{rate: 100, for: 1s}, {to: 200, over: 2s}]}");
	assert_float_equal(schedule_level_at(&s, SECOND), 100, 0);
}

static void
test_mistakes_are_named_where_they_stand(void **state)
{
	static const struct {
		const char *load, *where, *word;
	} bad[] = {
		{"{steady: {rate: 50/z, for: 1s}}", "p.yaml:2:23", "50/z"},
		{"{steady: {rate: -5, for: 1s}}", "p.yaml:2:23", "negative"},
		{"{steady: {rate: 20M/s, for: 1s}}", "p.yaml:2:23", "too much"},
		{"{steady: {rate: 5, for: 900d}}", "p.yaml:2:31", "too much"},
		{"{steady: {rate: 50/s}}", "p.yaml:2:16", "for: 30s"},
		{"{steps: {from: 50/s, by: 0, every: 1s, to: 60/s}}", "p.yaml:2:15", "by"},
		{"{steps: {from: 50/s, by: 5 users, every: 1s, to: 60}}", "p.yaml:2:32", "one thing"},
		{"{levels: {at: [5/s, 5 users], every: 1s}}", "p.yaml:2:27", "one thing"},
		{"{levels: {at: [], every: 1s}}", "p.yaml:2:21", "give 1 to 1000 levels"},
		{"{levels: {at: 5/s, every: 1s}}", "p.yaml:2:21", "give 1 to 1000 levels"},
		{"{levels: {at: [5/s], every: 0}}", "p.yaml:2", "every"},
		{"{levels: {at: [5/s, x], every: 1s}}", "p.yaml:2:27", "is not a rate"},
		{"{levels: {at: [5/s, 0], every: 1s}}", "p.yaml:2:27", "sends nothing"},
		{"{steady: {rate: 0/s, for: 1s}}", "p.yaml:2:23", "load.steady.rate: 0/s sends nothing"},
		{"{steps: {from: 0/s, by: 10/s, every: 1s, to: 60/s}}", "p.yaml:2:22",
			"load.steps.from: 0/s sends nothing"},
		{"{steps: {from: 9/s, by: 9/s, every: 1s, to: 0}}", "p.yaml:2:51", "load.steps.to: 0 sends nothing"},
		{"{sine: {mean: 0, amplitude: 0, period: 1s, for: 1s}}", "p.yaml:2:21", "load.sine.mean: 0 sends"},
		{"{sine: {mean: 5, amplitude: 1, period: 1s}}", "p.yaml:2:14", "no end"},
		{"{stages: [{rate: 5, for: 1s}, {steps: {from: 0, by: 1, every: 1s, to: 2}}]}", "p.yaml:2:52",
			"load.stages[1].steps.from: 0 sends nothing"},
		{"{stages: [{rate: 5, for: 1s}, {rate: 0, count: 9}]}", "p.yaml:2:16", "pause"},
		{"{stages: [{users: 5, for: 1s}, {rate: 6 users, count: 9}]}", "p.yaml:2:38", "stage 2"},
		{"{concurrency: {users: 0, for: 1s}}", "p.yaml:2:21", "users"},
		{"{concurrency: {users: 1.5, for: 1s}}", "p.yaml:2:21", "whole number"},
		{"{stages: []}", "p.yaml:2:16", "list of shapes"},
		{"{stages: [{users: 5, iterations: 10}]}", "p.yaml:2:17", "stage 1"},
		{"{trace: {file: no-such-file}}", "p.yaml:2:22", "no-such-file"},
		{"{search: {from: 50/s, max: 40/s}}", "p.yaml:2:16", "max: 40 is below `from`"},
		{"{search: {from: 50/s, max: 90/s, min: 60/s}}", "p.yaml:2:16", "min: 60 is above `from`"},
		{"{search: {from: 50/s, max: 90/s, factor: 1}}", "p.yaml:2:48", "1.01"},
		{"{search: {from: 50/s, max: 90/s, every: 0s}}", "p.yaml:2:16", "every"},
		{"{search: {from: 50/s, max: 90/s, limit: 10s}}", "p.yaml:2:16", "longer one"},
		{"{ramp: {from: 0, to: 0/s, over: 1s}}", "p.yaml:2:28", "load.ramp.to: 0/s sends nothing"},
		{"{spike: {base: 0, peak: 0, before: 1s, during: 1s, after: 1s}}", "p.yaml:2:31",
			"load.spike.peak: 0 s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = {0};
		struct plan *plan = plan_of(bad[i].load, &err);

		if (plan != NULL)
			fail_msg("accepted: %s", bad[i].load);
		if (strncmp(err.where, bad[i].where, strlen(bad[i].where)) != 0 ||
			strstr(err.message, bad[i].word) == NULL)
			fail_msg("%s: \"%s: %s\" lacks %s or '%s'", bad[i].load, err.where, err.message, bad[i].where,
				bad[i].word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_documented_form_is_read),
		cmocka_unit_test(test_a_count_ends_a_sine_where_its_area_reaches_it),
		cmocka_unit_test(test_a_stage_ends_when_its_count_has_come),
		cmocka_unit_test(test_waves_that_rise_are_no_plateaus),
		cmocka_unit_test(test_a_poisson_load_that_its_count_ends_makes_just_so_many),
		cmocka_unit_test(test_stop_where_there_are_no_levels_is_refused),
		cmocka_unit_test(test_a_count_that_has_no_place_in_time_is_refused),
		cmocka_unit_test(test_a_search_stands_alone_and_ends_by_itself),
		cmocka_unit_test(test_users_make_a_closed_loop_in_every_shape),
		cmocka_unit_test(test_stages_of_rising_users_are_levels),
		cmocka_unit_test(test_a_given_from_holds_in_a_stage_even_if_it_is_0),
		cmocka_unit_test(test_mistakes_are_named_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, forget_plan);
}
