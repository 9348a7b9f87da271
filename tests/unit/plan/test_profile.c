#include "unit/plan/loading.h"

#include <math.h>
#include <stdio.h>

#define SMALL "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n"

static void
test_defaults_are_those_of_the_definitions(void **state)
{
	(void)state;
	struct plan *plan = load(SMALL);
	const struct plan_load *load = &plan->scenarios[0].load;

	assert_int_equal(plan->target.timeout_ns, 10000000000);
	assert_int_equal(plan->target.connect_timeout_ns, 3000000000);
	assert_int_equal(plan->target.connections, 1000);
	assert_int_equal(plan->target.requests_per_connection, 0);
	assert_int_equal(plan->target.pick, PICK_LIFO);
	assert_ptr_equal(plan->target.protocol, &fake_http1);
	assert_int_equal(plan->target.response_ceiling_bytes, 65536);
	assert_false(plan->target.has_watch);
	assert_null(plan->target.process.command);
	assert_int_equal(load->spacing, SPACING_UNIFORM);
	assert_int_equal(load->warmup_ns, 0);
	assert_int_equal(load->in_flight_max, 1000);
	assert_int_equal(load->when_full, WHEN_FULL_QUEUE);
	assert_false(load->in_users);
	assert_int_equal(plan->pacing, PACING_AUTO);
	assert_int_equal(plan->relaxed_tick_ns, 250000);
	assert_int_equal(plan->idle_baseline_ns, 0);
	assert_string_equal(plan->output.dir, "results");
	assert_int_equal(plan->output.interval_ns, 1000000000);
	assert_string_equal(plan->name, "x");
	assert_string_equal(plan->path, "x.yaml");
	plan_free(plan);
}

static void
test_thresholds_are_those_of_the_definitions(void **state)
{
	(void)state;
	struct plan *plan = load(SMALL);

	assert_true(plan->break_when.error_rate == 0.1);
	assert_true(plan->break_when.timeout_rate == 0.05);
	assert_true(fabs(plan->break_when.memory - 0.9) < 1e-15);
	assert_true(fabs(plan->break_when.cpu - 0.95) < 1e-15);
	assert_true(plan->break_when.crash);
	assert_int_equal(plan->stop.when, STOP_FIRST_BROKEN);
	assert_true(plan->safe_share == 0.8);
	assert_int_equal(plan->generator.lateness_p99_ns, 1000000);
	assert_true(plan->generator.lateness_share == 0.1);
	assert_true(plan->generator.taken_min == 0.99);
	assert_true(fabs(plan->generator.client_failures_max - 0.001) < 1e-15);
	assert_int_equal(plan->generator.loop_gap_ns, 1000000000);
	plan_free(plan);
}

static void
test_a_profile_without_requests_gets_the_url(void **state)
{
	(void)state;
	struct plan *plan = load("target: http://h/api/\nload: {steady: {rate: 5/s, for: 1s}}\n");

	assert_int_equal(plan->requests_n, 1);
	assert_string_equal(plan->requests[0].name, "root");
	assert_string_equal(plan->requests[0].method, "GET");
	assert_string_equal(plan->requests[0].path, "/api");
	assert_true(plan->requests[0].weight == 1);
	assert_ptr_equal(plan->requests[0].reader, &fake_discard);
	assert_true(plan_status_expected(&plan->requests[0].expect, 200));
	assert_true(plan_status_expected(&plan->requests[0].expect, 399));
	assert_false(plan_status_expected(&plan->requests[0].expect, 400));
	assert_false(plan_status_expected(&plan->requests[0].expect, 199));
	plan_free(plan);
}

static void
test_the_profile_of_the_design_compiles(void **state)
{
	(void)state;
	struct plan *plan =
		load("name: checkout-breaking-point\n"
		     "target:\n  url: http://127.0.0.1:8080\n  timeout: 5s\n  connections: 256\n  watch: {port: 8080}\n"
		     "load:\n  steps: {from: 50/s, by: 20/s, every: 30s, to: 300/s}\n  spacing: poisson\n"
		     "  warmup: 10s\n  in_flight: {max: 150, when_full: drop}\n"
		     "requests:\n  - name: browse\n    weight: 9\n    get: /items/${seq}\n"
		     "  - name: buy\n    post: /orders\n    json: {sku: \"${seq}\", id: \"${uuid}\"}\n"
		     "    expect: {status: 2xx, body: accepted}\n"
		     "break_when: {error_rate: 20%, timeout_rate: off, crash: off}\nstop: after 2\n"
		     "slo: [\"p95 <= 550ms (stretch 400ms)\", \"buy.p99 < 1s\", \"max_sustainable_rate >= 150/s\"]\n"
		     "abort_when: error_rate > 50%\n");
	const struct fake_steps *steps = plan->scenarios[0].load.shape.params;

	assert_ptr_equal(plan->scenarios[0].load.shape.choice, &fake_steps);
	assert_int_equal(plan->scenarios[0].load.shape.line, 8);
	assert_int_equal(plan->scenarios[0].load.shape.column, 10);
	assert_true(steps->from == 50 && steps->by == 20 && steps->to == 300);
	assert_int_equal(steps->every_ns, 30000000000);
	assert_int_equal(plan->scenarios[0].load.spacing, SPACING_POISSON);
	assert_int_equal(plan->scenarios[0].load.warmup_ns, 10000000000);
	assert_int_equal(plan->scenarios[0].load.in_flight_max, 150);
	assert_int_equal(plan->scenarios[0].load.when_full, WHEN_FULL_DROP);
	assert_true(plan->target.has_watch);
	assert_int_equal(plan->target.watch.every_ns, 250000000);
	assert_int_equal(plan->idle_baseline_ns, 2000000000);
	assert_string_equal(plan->requests[1].body, "{\"sku\":\"${seq}\",\"id\":\"${uuid}\"}");
	assert_true(plan->requests[1].has_slots);
	assert_string_equal(plan->requests[1].expect.body, "accepted");
	assert_ptr_equal(plan->requests[0].reader, &fake_discard);
	assert_ptr_equal(plan->requests[1].reader, &fake_text);
	assert_false(plan_status_expected(&plan->requests[1].expect, 302));
	assert_true(plan->break_when.error_rate == 0.2);
	assert_true(isnan(plan->break_when.timeout_rate));
	assert_true(fabs(plan->break_when.cpu - 0.95) < 1e-15);
	assert_false(plan->break_when.crash);
	assert_int_equal(plan->stop.when, STOP_AFTER);
	assert_int_equal(plan->stop.after, 2);
	assert_int_equal(plan->slos_n, 3);
	assert_int_equal(plan->slos[1].expr.request, 1);
	assert_int_equal(plan->slos[0].line, 22);
	assert_int_equal(plan->abort_when_n, 1);
	assert_true(plan->abort_when[0].value == 0.5);
	plan_free(plan);
}

static void
test_objectives_about_percentiles_bound_each_answer_of_the_goodput(void **state)
{
	static const char start[] = "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n"
				    "requests: [{name: a, get: /}, {name: b, get: /}]\n"
				    "slo: [\"p95 <= 550ms\", \"b.p99 < 1s\", \"error_rate < 1%\", \"mean < 1s\", "
				    "\"p50 > 1ms\"]\n";
	char text[1024];
	struct plan *plan = load(start);

	(void)state;
	assert_int_equal(plan->good_when_n, 2);
	assert_int_equal(plan->good_when[0].most_ns, 550000000);
	assert_int_equal(plan->good_when[0].request, -1);
	assert_int_equal(plan->good_when[1].most_ns, 1000000000);
	assert_int_equal(plan->good_when[1].request, 1);
	plan_free(plan);
	snprintf(text, sizeof(text), "%sgood_when: {service: 20ms}\n", start);
	plan = load(text);
	assert_int_equal(plan->good_when_n, 1);
	assert_ptr_equal(plan->good_when[0].metric, &fake_service);
	assert_int_equal(plan->good_when[0].most_ns, 20000000);
	plan_free(plan);
}

/* Every form of an open or closed load that scripts already use, as far as the tables of this test know the shape. */
static void
test_every_form_of_a_load_is_understood(void **state)
{
	(void)state;
	static const struct {
		const char *load, *shape;
		bool in_users;
	} forms[] = {
		{"{steady: {rate: 1000/s, for: 30s}}", "steady", false},
		{"{steady: {rate: 1000/s, count: 1000}}", "steady", false},
		{"{steady: {rate: 20, for: 30s}}", "steady", false},
		{"{steady: {rate: 10 users, for: 30s}}", "steady", true},
		{"{ramp: {from: 10/s, to: 500/s, over: 2m}}", "ramp", false},
		{"{ramp: {from: 0, to: 10 users, over: 2m}}", "ramp", true},
		{"{steps: {from: 10 users, by: 5, every: 30s, to: 100 users}}", "steps", true},
		{"{stages: [{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]}", "stages", false},
		{"{stages: [{steady: {rate: 5 users, for: 1s}}, {ramp: {to: 9 users, over: 1s}}]}", "stages", true},
		{"{stages: {stages: [{rate: 50/s, for: 10s}]}}", "stages", false},
		{"{concurrency: {users: 64, for: 30s}}", "concurrency", true},
		{"{concurrency: {users: 1, iterations: 1k}}", "concurrency", true},
		{"{concurrency: {users: 64 users, for: 30s}}", "concurrency", true},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), "target: http://h\nload: %s\n", forms[i].load);
		struct plan *plan = load(text);

		assert_string_equal(plan->scenarios[0].load.shape.choice->name, forms[i].shape);
		assert_int_equal(plan->scenarios[0].load.in_users, forms[i].in_users);
		plan_free(plan);
	}
}

static void
test_stages_are_a_list_of_shapes(void **state)
{
	(void)state;
	struct plan *plan =
		load("target: http://h\nload:\n  stages:\n    - {rate: 50/s, for: 10s}\n"
		     "    - {to: 200/s, over: 30s}\n    - steps: {from: 1/s, by: 1/s, every: 1s, to: 3/s}\n");
	const struct fake_stages *stages = plan->scenarios[0].load.shape.params;
	const struct plan_chosen *chosen = stages->list.items;

	assert_int_equal(stages->list.n, 3);
	assert_ptr_equal(chosen[0].choice, &fake_steady);
	assert_true(((const struct fake_steady *)chosen[0].params)->rate == 50);
	assert_ptr_equal(chosen[1].choice, &fake_ramp);
	assert_int_equal(((const struct fake_ramp *)chosen[1].params)->over_ns, 30000000000);
	assert_ptr_equal(chosen[2].choice, &fake_steps);
	assert_int_equal(chosen[1].line, 5);
	plan_free(plan);
}

static void
test_short_forms_stand_for_long_ones(void **state)
{
	(void)state;
	struct plan *plan =
		load("target: http://h\nload: {steady: {rate: 5/s, for: 1s}, warmup: {requests: 100}, in_flight: 7}\n"
		     "requests: [{name: a, get: /, expect: [200, 4xx]}]\noutput: out\nslo: p95 < 1s\n");

	assert_int_equal(plan->scenarios[0].load.warmup_requests, 100);
	assert_int_equal(plan->scenarios[0].load.warmup_ns, 0);
	assert_int_equal(plan->scenarios[0].load.in_flight_max, 7);
	assert_true(plan_status_expected(&plan->requests[0].expect, 200));
	assert_true(plan_status_expected(&plan->requests[0].expect, 499));
	assert_false(plan_status_expected(&plan->requests[0].expect, 201));
	assert_string_equal(plan->output.dir, "out");
	assert_int_equal(plan->slos_n, 1);
	plan_free(plan);
}

static void
test_scenarios_have_their_own_loads_and_slices_of_the_requests(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"target: {url: \"http://h\", connections: 5}\nscenarios:\n"
		"  one: {load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: a, get: /}, {name: b, get: /}]}\n"
		"  two: {load: {concurrency: {users: 3, for: 1s}, in_flight: 9}, requests: [{name: c, put: /, body: "
		"x}]}\n",
		"target: {url: \"http://h\", connections: 5}\nscenarios:\n"
		"  - {name: one, load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: a, get: /}, {name: b, get: "
		"/}]}\n"
		"  - {name: two, load: {concurrency: {users: 3, for: 1s}, in_flight: 9}, requests: [{name: c, put: /, "
		"body: x}]}\n",
	};

	for (size_t i = 0; i < 2; i++) {
		struct plan *plan = load(texts[i]);

		assert_int_equal(plan->scenarios_n, 2);
		assert_string_equal(plan->scenarios[0].name, "one");
		assert_string_equal(plan->scenarios[1].name, "two");
		assert_int_equal(plan->scenarios[0].requests_n, 2);
		assert_int_equal(plan->scenarios[1].first_request, 2);
		assert_int_equal(plan->scenarios[1].requests_n, 1);
		assert_int_equal(plan->requests[2].scenario, 1);
		assert_string_equal(plan->requests[2].method, "PUT");
		assert_int_equal(plan->scenarios[0].load.in_flight_max, 5);
		assert_int_equal(plan->scenarios[1].load.in_flight_max, 9);
		assert_false(plan->scenarios[0].load.in_users);
		assert_true(plan->scenarios[1].load.in_users);
		plan_free(plan);
	}
}

static void
test_json_bodies_keep_their_types_and_say_so_in_a_header(void **state)
{
	(void)state;
	struct plan *plan = load(
		SMALL "requests:\n  - name: a\n    post: /\n    headers: {X-Y: z}\n"
		      "    json: {s: \"5\", n: 5, m: -2.5e3, b: true, z: null, t: 05, l: [a, \"q\\\"\\n\"], e: {}}\n"
		      "  - {name: b, post: /, headers: {content-type: text/x}, json: 5}\n");
	const struct plan_pair *headers = plan->requests[0].headers.items;

	assert_string_equal(plan->requests[0].body,
		"{\"s\":\"5\",\"n\":5,\"m\":-2.5e3,\"b\":true,\"z\":null,\"t\":\"05\","
		"\"l\":[\"a\",\"q\\\"\\n\"],\"e\":{}}");
	assert_int_equal(plan->requests[0].body_length, strlen(plan->requests[0].body));
	assert_false(plan->requests[0].has_slots);
	assert_int_equal(plan->requests[0].headers.n, 2);
	assert_string_equal(headers[0].name, "X-Y");
	assert_string_equal(headers[1].name, "Content-Type");
	assert_string_equal(headers[1].value, "application/json");
	assert_int_equal(plan->requests[1].headers.n, 1);
	assert_string_equal(plan->requests[1].body, "5");
	plan_free(plan);
}

static void
test_any_method_may_be_named(void **state)
{
	(void)state;
	struct plan *plan =
		load("target: http://h/api\nload: {steady: {rate: 5/s, for: 1s}}\nrequests:\n"
		     "  - {name: a, method: PROPFIND, path: \"/x?q=${random(1, 9)}\"}\n  - {name: b, options: \"*\"}\n"
		     "  - {name: c, delete: /}\n  - {name: d, head: /}\n  - {name: e, patch: /}\n");

	assert_string_equal(plan->requests[0].method, "PROPFIND");
	assert_string_equal(plan->requests[0].path, "/api/x?q=${random(1, 9)}");
	assert_string_equal(plan->requests[1].path, "*");
	assert_string_equal(plan->requests[2].method, "DELETE");
	assert_string_equal(plan->requests[3].method, "HEAD");
	assert_string_equal(plan->requests[4].method, "PATCH");
	plan_free(plan);
}

static void
test_a_short_timeout_shortens_the_connect_timeout(void **state)
{
	(void)state;
	struct plan *plan = load("target: {url: \"http://h\", timeout: 1s}\nload: {steady: {rate: 5/s, for: 1s}}\n");

	assert_int_equal(plan->target.connect_timeout_ns, 1000000000);
	plan_free(plan);
}

static void
test_a_target_that_brunt_starts_is_watched(void **state)
{
	(void)state;
	struct plan *plan = load("target: {url: \"http://h\", command: ./server --port 80, ready: 5s, stop: 1s}\n"
				 "load: {steady: {rate: 5/s, for: 1s}}\n");

	assert_string_equal(plan->target.process.command, "./server --port 80");
	assert_int_equal(plan->target.process.ready_ns, 5000000000);
	assert_int_equal(plan->target.process.stop_ns, 1000000000);
	assert_int_equal(plan->idle_baseline_ns, 2000000000);
	plan_free(plan);
	plan = load(
		"target: {url: \"http://h\", command: x}\nidle_baseline: 0\nload: {steady: {rate: 5/s, for: 1s}}\n");
	assert_int_equal(plan->idle_baseline_ns, 0);
	plan_free(plan);
}

static void
test_the_effective_profile_reads_as_itself(void **state)
{
	(void)state;
	struct plan *plan = load("target: \"http://h\"\nload: {steady: {rate: 5/s, for: 1s}}\nname: a\nrequests:\n"
				 "- name: \"b\"\n  post: /\n  headers: {}\n"
				 "  json: {k: [[1, -2], [], 'yes', yes, \"caf\xc3\xa9\", \"\\u2028\\t#\"]}\n");
	static const char effective[] = "target:\n  url: \"http://h\"\nload:\n  steady:\n    rate: 5/s\n    for: 1s\n"
					"name: a\nrequests:\n  - name: \"b\"\n    post: /\n    headers: {}\n    json:\n"
					"      k:\n        - - 1\n          - -2\n        - []\n        - \"yes\"\n"
					"        - yes\n        - \"caf\xc3\xa9\"\n        - \"\\u2028\\t#\"\n";

	assert_string_equal(plan->effective_yaml, effective);
	struct plan *again = load(plan->effective_yaml);

	assert_string_equal(again->effective_yaml, effective);
	assert_string_equal(again->effective_json, plan->effective_json);
	assert_string_equal(again->hash, plan->hash);
	assert_string_equal(again->requests[0].body, plan->requests[0].body);
	plan_free(again);
	plan_free(plan);
}

/* FNV-1a 64 of the text below, computed apart from this code. */
static void
test_the_hash_is_fnv1a_of_the_effective_profile(void **state)
{
	(void)state;
	struct plan *plan = load(SMALL);

	assert_string_equal(
		plan->effective_yaml, "target:\n  url: http://h\nload:\n  steady:\n    rate: 5/s\n    for: 1s\n");
	assert_string_equal(plan->hash, "e7e420d3d5fc9471");
	plan_free(plan);
}

static void
test_names_come_from_the_file_where_none_is_given(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"profiles/night run.v2.yaml", "night-run.v2"}, {"-", "profile"},
		{"/a/.hidden", "-hidden"}, {"x", "x"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = {0};
		struct plan *plan = plan_load_text(SMALL, strlen(SMALL), names[i][0], NULL, 0, &fake_tables, &err);

		assert_non_null(plan);
		assert_string_equal(plan->name, names[i][1]);
		plan_free(plan);
	}
}

static void
test_a_wide_tick_widens_what_counts_as_late(void **state)
{
	(void)state;
	static const struct {
		const char *keys;
		int64_t lateness_ns;
	} cases[] = {
		{"pacing: relaxed\n", 1000000},
		{"pacing: relaxed\nrelaxed_tick: 5ms\n", 10000000},
		{"relaxed_tick: 5ms\n", 10000000}, /* auto may choose it */
		{"pacing: precise\nrelaxed_tick: 5ms\n", 1000000},
		{"pacing: relaxed\nrelaxed_tick: 5ms\ngenerator: {lateness_p99: 2ms}\n", 2000000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n%s",
			cases[i].keys);
		struct plan *plan = load(text);

		assert_int_equal(plan->generator.lateness_p99_ns, cases[i].lateness_ns);
		plan_free(plan);
	}
}

static void
test_gamma_spacing_is_read_in_all_its_forms(void **state)
{
	static const char *const forms[] = {"gamma:0.5", "{gamma: 0.5}", "{gamma: {burstiness: 0.5}}"};
	static const struct {
		const char *form, *words;
	} mistakes[] = {
		{"gamma:0", "spacing: 'gamma:0' is not a burstiness from 0.01 to 1000, such as gamma:0.5"},
		{"gamma:x", "is not a burstiness"},
		{"{gamma: 1e9}", "'1e9' is not a burstiness"},
		{"{gamma: {burst: 1}}", "spacing: write uniform, poisson, gamma:0.5"},
		{"{gamma: {burstiness: [1]}}", "burstiness is a number"},
		{"poison", "'poison' is not uniform, poisson or gamma:BURSTINESS"},
		{"[poisson]", "'a list' is not uniform"},
	};
	char text[256], into[1400];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(text, sizeof(text), "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, spacing: %s}\n",
			forms[i]);
		struct plan *plan = load(text);

		assert_int_equal(plan->scenarios[0].load.spacing, SPACING_GAMMA);
		assert_true(plan->scenarios[0].load.burstiness == 0.5);
		plan_free(plan);
	}
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		snprintf(text, sizeof(text), "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, spacing: %s}\n",
			mistakes[i].form);
		const char *said = refusal_of(text, NULL, into, sizeof(into));

		if (strstr(said, mistakes[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", said, mistakes[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_those_of_the_definitions),
		cmocka_unit_test(test_thresholds_are_those_of_the_definitions),
		cmocka_unit_test(test_a_profile_without_requests_gets_the_url),
		cmocka_unit_test(test_the_profile_of_the_design_compiles),
		cmocka_unit_test(test_objectives_about_percentiles_bound_each_answer_of_the_goodput),
		cmocka_unit_test(test_every_form_of_a_load_is_understood),
		cmocka_unit_test(test_stages_are_a_list_of_shapes),
		cmocka_unit_test(test_short_forms_stand_for_long_ones),
		cmocka_unit_test(test_scenarios_have_their_own_loads_and_slices_of_the_requests),
		cmocka_unit_test(test_json_bodies_keep_their_types_and_say_so_in_a_header),
		cmocka_unit_test(test_any_method_may_be_named),
		cmocka_unit_test(test_a_short_timeout_shortens_the_connect_timeout),
		cmocka_unit_test(test_a_target_that_brunt_starts_is_watched),
		cmocka_unit_test(test_the_effective_profile_reads_as_itself),
		cmocka_unit_test(test_the_hash_is_fnv1a_of_the_effective_profile),
		cmocka_unit_test(test_names_come_from_the_file_where_none_is_given),
		cmocka_unit_test(test_a_wide_tick_widens_what_counts_as_late),
		cmocka_unit_test(test_gamma_spacing_is_read_in_all_its_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
