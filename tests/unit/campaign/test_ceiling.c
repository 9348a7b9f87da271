#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "campaign/ceiling.h"
#include "campaign/reach.h"
#include "unit/load/plans.h"

#define MINUTE_NS (60 * NS_PER_S)

static struct plan_experiment *
profile(const char *text)
{
	static const struct plan_choice *const protocols[] = {&http1, NULL}, *const readers[] = {&discard, NULL};
	static const struct plan_metric *const metrics[] = {NULL};
	const struct plan_tables tables = {
		.shapes = shape_choices, .protocols = protocols, .readers = readers, .metrics = metrics};
	struct error err = {0};
	struct plan_experiment *experiment = experiment_load_text(text, strlen(text), "p.yaml", NULL, 0, &tables, &err);

	if (experiment == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return experiment;
}

static struct plan_experiment *
with_load(const char *load)
{
	char text[2048];

	snprintf(text, sizeof(text), "target: {url: \"http://127.0.0.1:1\"}\nload: %s\nrequests: [{name: a, get: /}]\n",
		load);
	return profile(text);
}

static struct ceiling_wants
wants_of(struct plan_experiment *experiment)
{
	struct ceiling_wants wants;

	ceiling_measure(experiment, &wants);
	experiment_free(experiment);
	return wants;
}

static void
test_each_shape_is_measured_by_its_highest_level(void **state)
{
	static const struct {
		const char *load;
		double rate_per_s;
		uint64_t users;
		int64_t duration_ns;
	} loads[] = {
		{"{steady: {rate: 6000/min, for: 30s}}", 100, 0, 30 * NS_PER_S},
		{"{steady: {rate: 100/s, count: 500}}", 100, 0, 5 * NS_PER_S},
		{"{steady: {rate: 100/s, for: 30s}, warmup: 10s}", 100, 0, 40 * NS_PER_S},
		{"{ramp: {from: 500/s, to: 10/s, over: 1m}}", 500, 0, MINUTE_NS},
		{"{spike: {base: 10/s, peak: 900/s, before: 5s, during: 1ms, after: 5s}}", 900, 0,
			10 * NS_PER_S + NS_PER_MS},
		{"{steps: {from: 50/s, by: 20/s, every: 30s, to: 300/s}}", 300, 0, 14 * 30 * NS_PER_S},
		{"{levels: {at: [10/s, 70/s, 20/s], every: 10s}}", 70, 0, 30 * NS_PER_S},
		{"{stages: [{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}, {burst: {count: 800}}]}", 800, 0,
			41 * NS_PER_S},
		{"{sine: {mean: 100/s, amplitude: 50/s, period: 1m, for: 10m}}", 150, 0, 10 * MINUTE_NS},
		{"{burst: {count: 100, every: 100ms, times: 10}}", 1000, 0, NS_PER_S},
		{"{search: {from: 10/s, max: 5000/s, limit: 20m}}", 5000, 0, 20 * MINUTE_NS},
		{"{concurrency: {users: 64, for: 30s}}", 0, 64, 30 * NS_PER_S},
		{"{steps: {from: 1 users, by: 1 users, every: 10s, to: 9 users}}", 0, 9, 90 * NS_PER_S},
		{"{concurrency: {users: 64, iterations: 1000}}", 0, 64, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct ceiling_wants wants = wants_of(with_load(loads[i].load));

		if (wants.rate_per_s != loads[i].rate_per_s || wants.users != loads[i].users ||
			wants.duration_ns != loads[i].duration_ns)
			fail_msg("%s: %g/s, %llu users, %lld ns", loads[i].load, wants.rate_per_s,
				(unsigned long long)wants.users, (long long)wants.duration_ns);
		assert_int_equal(wants.connections, 1000);
	}
}

#define TARGET "target: {url: \"http://127.0.0.1:1\", connections: 10}\n"

static void
test_scenarios_add_up_and_steps_of_a_flow_too(void **state)
{
	struct ceiling_wants wants = wants_of(profile(TARGET
		"scenarios:\n"
		"- {name: a, load: {steady: {rate: 100/s, for: 10s}}, requests: [{name: a, get: /}]}\n"
		"- {name: b, load: {ramp: {to: 50/s, over: 20s}}, requests: [{name: b, get: /}]}\n"
		"- {name: c, load: {steady: {rate: 10/s, for: 5s}}, flow: [{name: c, get: /}, {name: d, get: /}, {name: e, get: /}]}\n"
		"- {name: d, load: {concurrency: {users: 7, for: 5s}}, flow: [{name: f, get: /}, {name: g, get: /}]}\n"));

	(void)state;
	assert_float_equal(wants.rate_per_s, 100 + 50 + 30, 1e-9);
	assert_int_equal(wants.users, 7);
	assert_int_equal(wants.duration_ns, 20 * NS_PER_S);
	assert_int_equal(wants.connections, 10);
}

static void
test_runs_one_after_the_other_take_their_time_and_not_their_rate(void **state)
{
	struct ceiling_wants arms =
		wants_of(profile(TARGET "load: {steady: {rate: 100/s, for: 10s}}\nrepeats: 3\n"
					"arms: {one: {}, two: {set: {load.steady.rate: 250/s}}}\n"));
	struct ceiling_wants matrix = wants_of(profile(
		TARGET "load: {steady: {rate: 100/s, for: 10s}}\nmatrix: {load.steady.rate: [10/s, 20/s, 300/s]}\n"));

	(void)state;
	assert_float_equal(arms.rate_per_s, 250, 0);
	assert_int_equal(arms.duration_ns, 60 * NS_PER_S);
	assert_int_equal(arms.connections, 10);
	assert_float_equal(matrix.rate_per_s, 300, 0);
	assert_int_equal(matrix.duration_ns, 30 * NS_PER_S);
}

static void
refuses(const struct ceilings *ceilings, const char *text, const char *where, const char *message)
{
	struct plan_experiment *experiment = profile(text);
	struct error err = {0};

	if (ceiling_check(ceilings, experiment, &err))
		fail_msg("is not refused: %s", text);
	assert_string_equal(err.message, message);
	assert_string_equal(err.where, where);
	experiment_free(experiment);
}

static void
test_what_is_too_much_is_told_with_its_line(void **state)
{
	const struct ceilings ceilings = {
		.rate_per_s = 500, .users = 50, .connections = 200, .duration_ns = 10 * MINUTE_NS};

	(void)state;
	refuses(&ceilings, TARGET "load:\n  steps:\n    from: 50/s\n    by: 20/s\n    every: 10s\n    to: 800/s\n",
		"p.yaml:7:9", "load.steps: 800/s at its highest is more than the operator's ceiling of 500/s");
	refuses(&ceilings, TARGET "load:\n  search: {from: 10/s, max: 2k/s}\n", "p.yaml:3:29",
		"load.search: 2000/s at its highest is more than the operator's ceiling of 500/s");
	refuses(&ceilings, TARGET "load:\n  burst: {count: 501, every: 1h}\n", "p.yaml:3:10",
		"load.burst: 501/s at its highest is more than the operator's ceiling of 500/s");
	refuses(&ceilings, TARGET "load: {concurrency: {users: 51, for: 1s}}\n", "p.yaml:2:29",
		"load.concurrency: 51 users at its highest are more than the operator's ceiling of 50");
	refuses(&ceilings,
		TARGET
		"load: {steady: {rate: 200/s, for: 1s}}\nflow: [{name: a, get: /}, {name: b, get: /}, {name: c, get: /}]\n",
		"p.yaml:2:23",
		"load.steady: 600/s at its highest by the steps of its flow is more than the operator's ceiling of 500/s");
	refuses(&ceilings,
		TARGET
		"scenarios:\n- {name: a, load: {steady: {rate: 300/s, for: 1s}}, requests: [{name: a, get: /}]}\n"
		"- {name: b, load: {steady: {rate: 301/s, for: 1s}}, requests: [{name: b, get: /}]}\n",
		"p.yaml:4:35",
		"load.steady: 601/s at its highest, all scenarios together, is more than the operator's ceiling of 500/s");
	refuses(&ceilings,
		"target: {url: \"http://127.0.0.1:1\", connections: 201}\nload: {steady: {rate: 1/s, for: 1s}}\n",
		"p.yaml:1:50",
		"target.connections: 201 are more than the operator's ceiling of 200; write 'connections: 200'");
	refuses(&ceilings, "target: {url: \"http://127.0.0.1:1\"}\nload: {steady: {rate: 1/s, for: 1s}}\n", "p.yaml",
		"target.connections: 1000 (the default) are more than the operator's ceiling of 200; write 'connections: 200'");
	refuses(&ceilings, TARGET "load: {steady: {rate: 1/s, for: 11m}}\n", "p.yaml:2:23",
		"load: it takes 11m00s in all, more than the operator's ceiling of 10m00s");
	refuses(&ceilings, TARGET "load: {steady: {rate: 1/s, for: 4m}}\nrepeats: 3\narms: {one: {}, two: {}}\n",
		"p.yaml:2:23", "load, of all runs: it takes 24m00s in all, more than the operator's ceiling of 10m00s");
	refuses(&ceilings, TARGET "load: {concurrency: {users: 5, iterations: 10}}\n", "p.yaml:2:29",
		"load: users who end by a count alone may take for ever, and the operator's ceiling is 10m00s; write 'for: 10m00s' "
		"beside it");
}

static void
test_what_is_just_right_is_admitted_and_without_ceilings_everything(void **state)
{
	const struct ceilings ceilings = {.rate_per_s = 500, .users = 50, .connections = 10, .duration_ns = MINUTE_NS},
			      none = {0};
	struct plan_experiment *right = profile(TARGET "load: {ramp: {to: 30k/min, over: 1m}}\n");
	struct plan_experiment *much = with_load("{concurrency: {users: 10000, iterations: 1000000}}");
	struct error err = {0};

	(void)state;
	if (!ceiling_check(&ceilings, right, &err))
		fail_msg("%s", err.message);
	assert_true(ceiling_check(&none, much, &err));
	experiment_free(right);
	experiment_free(much);
}

static void
test_a_load_that_does_more_than_it_said_is_stopped(void **state)
{
	const struct ceilings ceilings = {.rate_per_s = 1000}, none = {0};
	struct ceiling_watch watch = {.ceilings = &ceilings}, unwatched = {.ceilings = &none};
	struct error err = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(ceiling_watch(&watch, 1090, NS_PER_S, &err)); /* as late seconds bring */
	assert_false(ceiling_watch(&watch, 5000, NS_PER_S, &err));
	assert_false(ceiling_watch(&watch, 5000, NS_PER_S, &err));
	assert_false(ceiling_watch(&watch, 900, NS_PER_S, &err));
	for (int i = 0; i < 5; i++)
		assert_false(ceiling_watch(&watch, 2500, NS_PER_S / 2, &err));
	assert_true(ceiling_watch(&watch, 2500, NS_PER_S / 2, &err));
	assert_memory_equal(err.message, "it sent 5000/s for 3 s, more than the operator's ceiling of 1000/s", 66);
	assert_false(ceiling_watch(&watch, 2500, NS_PER_S / 2, &err)); /* once */
	for (int i = 0; i < 10; i++)
		assert_false(ceiling_watch(&unwatched, 1000000, NS_PER_S, &err));
}

static void
test_whom_a_profile_wants_to_reach_is_known_as_far_as_it_is_written(void **state)
{
	static const char load[] = "load: {steady: {rate: 1/s, for: 1s}}\n";
	static const struct {
		const char *text, *said; /* NULL: nothing is certain */
	} profiles[] = {
		{"target: \"http://127.0.0.1:80\"\n", NULL},
		{"target: \"http://shop.test\"\n", NULL},
		{"target: \"http://10.0.0.1\"\n", "10.0.0.1, port 80, is not in the operator's allowlist"},
		{"target: {urls: [\"http://127.0.0.1\", \"http://[::2]:81\"]}\n", "::2, port 81, is not in"},
		{"target: \"http+unix:///run/docker.sock\"\n", "/run/docker.sock is not in"},
		{"target: {url: \"http://shop.test\", connect_to: [10.0.0.9]}\n",
			"target.connect_to: 10.0.0.9:80 is not in"},
		{"target: {url: \"http://169.254.169.254\", proxy: \"http://127.0.0.1:3128\"}\n",
			"'169.254.169.254' is not in"},
		{"target: {url: \"http://shop.test\", proxy: \"http://10.0.0.1:3128\"}\n",
			"10.0.0.1, port 3128, is not in"},
		{"target: \"http://127.0.0.1:80\"\nready: \"http://10.0.0.2/\"\n", "10.0.0.2, port 80"},
		{"target: \"http://127.0.0.1:80\"\nprobe: \"http://10.0.0.3/\"\n", "10.0.0.3, port 80"},
		{"target: \"http://127.0.0.1:80\"\nat: [{at: 0s, url: \"http://10.0.0.4/\"}]\n", "10.0.0.4, port 80"},
		{"target: \"http://127.0.0.1:80\"\noutput: {push: {influx: \"http://10.0.0.5/write\"}}\n",
			"10.0.0.5, port 80"},
		{"target: \"http://127.0.0.1:80\"\narms: {a: {}, b: {set: {target.url: \"http://10.0.0.6\"}}}\n",
			"10.0.0.6, port 80"},
	};
	struct error err = {0};
	struct allow *allow = allow_parse(ALLOW_DEFAULT, strlen(ALLOW_DEFAULT), "allow", &err);
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", profiles[i].text, load);
		struct plan_experiment *experiment = profile(text);

		err = (struct error){0};
		if (reach_check(allow, experiment, &err) != (profiles[i].said == NULL) ||
			(profiles[i].said != NULL && strstr(err.message, profiles[i].said) == NULL))
			fail_msg("%s: %s", profiles[i].text, err.message);
		assert_string_equal(err.where, profiles[i].said == NULL ? "" : "p.yaml");
		experiment_free(experiment);
	}
	allow_free(allow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_shape_is_measured_by_its_highest_level),
		cmocka_unit_test(test_scenarios_add_up_and_steps_of_a_flow_too),
		cmocka_unit_test(test_runs_one_after_the_other_take_their_time_and_not_their_rate),
		cmocka_unit_test(test_what_is_too_much_is_told_with_its_line),
		cmocka_unit_test(test_what_is_just_right_is_admitted_and_without_ceilings_everything),
		cmocka_unit_test(test_a_load_that_does_more_than_it_said_is_stopped),
		cmocka_unit_test(test_whom_a_profile_wants_to_reach_is_known_as_far_as_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
