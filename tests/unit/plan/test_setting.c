#include "unit/plan/loading.h"

#include "base/check.h"

#define PROFILE                                                                                                        \
	"target: http://h\n"                                                                                           \
	"load:\n  steps: {from: 50/s, by: 20/s, every: 30s, to: 300/s}\n  warmup: 1s\n"                                \
	"requests:\n  - {name: buy, get: /}\n  - {name: buy.now, get: /now}\n"                                         \
	"slo: [\"p95 < 1s\"]\n"

static void
test_a_setting_replaces_what_the_profile_says(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE, (const char *const[]){"load.steps.to=500/s", "seed=7", NULL});
	const struct fake_steps *steps = plan->scenarios[0].load.shape.params;

	assert_true(steps->to == 500);
	assert_int_equal(plan->seed, 7);
	plan_free(plan);
}

static void
test_a_setting_finds_list_items_by_index_and_by_name(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE,
		(const char *const[]){"requests[0].weight=2", "requests.buy.now.weight=3", "slo[0]=p99 < 2s", NULL});

	assert_true(plan->requests[0].weight == 2);
	assert_true(plan->requests[1].weight == 3);
	assert_string_equal(plan->slos[0].expr.text, "p99 < 2s");
	plan_free(plan);
}

static void
test_a_setting_makes_the_maps_on_its_way(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE, (const char *const[]){"target.watch.port=80", "output.interval=2s",
						      "requests.buy.expect.status=404", NULL});

	assert_true(plan->target.has_watch);
	assert_int_equal(plan->target.watch.port, 80);
	assert_int_equal(plan->output.interval_ns, 2000000000);
	assert_true(plan_status_expected(&plan->requests[0].expect, 404));
	assert_false(plan_status_expected(&plan->requests[0].expect, 200));
	plan_free(plan);
}

static void
test_a_setting_of_a_shape_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	struct plan *plan = load_set(
		PROFILE, (const char *const[]){"load.steady={rate: 5/s, for: 2s}", "load.steady.rate=6/s", NULL});
	const struct fake_steady *steady = plan->scenarios[0].load.shape.params;

	assert_ptr_equal(plan->scenarios[0].load.shape.choice, &fake_steady);
	assert_true(steady->rate == 6);
	assert_int_equal(plan->scenarios[0].load.warmup_ns, 1000000000);
	plan_free(plan);
}

static void
test_null_removes_a_key(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE, (const char *const[]){"slo=null", "load.warmup=~", NULL});

	assert_int_equal(plan->slos_n, 0);
	assert_int_equal(plan->scenarios[0].load.warmup_ns, 0);
	assert_null(strstr(plan->effective_yaml, "slo"));
	plan_free(plan);
}

static void
test_the_url_may_be_set_beside_other_keys_of_a_shorthand(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE, (const char *const[]){"target.timeout=2s", NULL});

	assert_string_equal(plan->target.url.host, "h");
	assert_int_equal(plan->target.timeout_ns, 2000000000);
	plan_free(plan);
	plan = load_set(PROFILE, (const char *const[]){"target=http://i", "target.timeout=3s", NULL});
	assert_string_equal(plan->target.url.host, "i");
	assert_int_equal(plan->target.timeout_ns, 3000000000);
	plan_free(plan);
}

static void
test_a_later_setting_wins(void **state)
{
	(void)state;
	struct plan *plan = load_set(PROFILE, (const char *const[]){"seed=1", "seed=2", NULL});

	assert_int_equal(plan->seed, 2);
	plan_free(plan);
}

static const struct mistake {
	const char *set, *sentence;
} mistakes[] = {
	{"seed", "--set: 'seed' is not KEY=VALUE, such as load.steps.to=500/s"},
	{"=5", "--set: '=5' is not KEY=VALUE, such as load.steps.to=500/s"},
	{"seed=", "--set seed: there is no value; write KEY=VALUE, or KEY=null to remove the key"},
	{"seed= ", "--set seed: there is no value; write KEY=VALUE, or KEY=null to remove the key"},
	{"seed=x", "--set seed: seed: 'x' is not a whole number such as 1000 or 10k"},
	{"seed={a", "--set seed: this is not YAML: did not find expected ',' or '}'"},
	{"seed={a: 1, a: 2}", "--set seed: the key 'a' is here twice"},
	{"load..to=5", "--set load..to: a key is missing in the path; write load.steps.to=500/s"},
	{".load=5", "--set .load: a key is missing in the path; write load.steps.to=500/s"},
	{"load.steps.to.x=5", "--set load.steps.to.x: 'to' has no keys: it is '300/s'"},
	{"load[0]=5", "--set load[0]: 'load' is not a list"},
	{"slo[1]=5", "--set slo[1]: there is no item [1]: the list has 1"},
	{"slo[x]=5", "--set slo[x]: write a list's item as requests[0], counting from 0"},
	{"slo[0=5", "--set slo[0: write a list's item as requests[0], counting from 0"},
	{"requests.by.weight=5",
		"--set requests.by.weight: no item of the list is named 'by'; did you mean 'buy'? Valid "
		"here: buy, buy.now"},
	{"requests.0.weight=5", "--set requests.0.weight: write a list's item as requests[0], counting from 0"},
	{"slo.p95=5ms", "--set slo.p95: the items of 'slo' have no names; write the first one as slo[0]"},
	{"load.steps.form=5/s",
		"--set load.steps.form: unknown key 'form'; did you mean 'from'? Valid here: from, by, every, to"},
	{"extends=x.yaml", "--set extends: extends stands in the profile only"},
	{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1",
		"--set a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q: the path has more than 16 parts"},
};

static void
test_every_mistake_in_a_setting_names_the_flag(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char text[2048];

		assert_string_equal(refusal_of(PROFILE, mistakes[i].set, text, sizeof(text)), mistakes[i].sentence);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_setting_replaces_what_the_profile_says),
		cmocka_unit_test(test_a_setting_finds_list_items_by_index_and_by_name),
		cmocka_unit_test(test_a_setting_makes_the_maps_on_its_way),
		cmocka_unit_test(test_a_setting_of_a_shape_takes_the_place_of_the_old_one),
		cmocka_unit_test(test_null_removes_a_key),
		cmocka_unit_test(test_the_url_may_be_set_beside_other_keys_of_a_shorthand),
		cmocka_unit_test(test_a_later_setting_wins),
		cmocka_unit_test(test_every_mistake_in_a_setting_names_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
