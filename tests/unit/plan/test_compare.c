#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "plan/compare.h"
#include "plan/experiment.h"
#include "unit/plan/fakes.h"

#define HEAD                                                                                                           \
	"target: http://127.0.0.1:8080\n"                                                                              \
	"load: {steady: {rate: 10/s, for: 1s}}\n"                                                                      \
	"requests: [{name: buy, get: /}]\n"
#define TWO_ARMS "arms: {off: {}, on: {set: {seed: 2}}}\n"
#define THREE_ARMS "arms: {off: {}, four: {set: {seed: 2}}, eight: {set: {seed: 3}}}\n"

static struct plan_experiment *
load(const char *text, struct error *err)
{
	*err = (struct error){0};
	return experiment_load_text(text, strlen(text), "p.yaml", NULL, 0, &fake_tables, err);
}

static struct plan_experiment *
load_good(const char *text)
{
	struct error err;
	struct plan_experiment *experiment = load(text, &err);

	if (experiment == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return experiment;
}

static void
assert_refused(const char *text, const char *where, const char *message)
{
	struct error err;

	assert_null(load(text, &err));
	assert_string_equal(err.where, where);
	assert_string_equal(err.message, message);
}

static void
test_goals_of_two_arms_are_kept_apart_from_those_of_a_run(void **state)
{
	struct plan_experiment *e = load_good(HEAD TWO_ARMS
		"slo: [\"p95 < 1s\", \"improvement(p95) >= 10%\", \"error_rate < 1%\", \"speedup(p50, on) > 2\"]\n");
	const struct plan *plan = &e->whole;

	(void)state;
	assert_int_equal(plan->slos_n, 2);
	assert_string_equal(plan->slos[0].expr.text, "p95 < 1s");
	assert_string_equal(plan->slos[1].expr.text, "error_rate < 1%");
	assert_int_equal(plan->gates_n, 2);
	assert_string_equal(plan->gates[0].expr.text, "improvement(p95) >= 10%");
	assert_string_equal(plan->gates[1].expr.arm, "on");
	experiment_free(e);
}

static void
test_what_is_gated_has_defaults(void **state)
{
	struct plan_experiment *e = load_good(HEAD TWO_ARMS);
	const struct plan_compare *compare = &e->whole.compare;

	(void)state;
	assert_false(compare->has_gate);
	assert_int_equal(compare->named_n, 0);
	assert_true(fabs(compare->tolerance - 0.1) < 1e-12);
	assert_int_equal(compare->resamples, 2000);
	experiment_free(e);
}

static void
test_a_profile_says_what_is_gated_and_how_much_worse_it_may_be(void **state)
{
	struct plan_experiment *e = load_good(HEAD TWO_ARMS
		"compare: {gate: [p95, buy.service.p50], tolerance: 5%, tolerances: {error_rate: 50%, response.p95: 1%}}\n");
	const struct plan_compare *compare = &e->whole.compare;

	(void)state;
	assert_true(compare->has_gate);
	assert_int_equal(compare->named_n, 3);
	assert_string_equal(compare->named[0].measure.metric->name, "response");
	assert_true(fabs(compare->named[0].tolerance - 0.01) < 1e-12);
	assert_int_equal(compare->named[1].measure.request, 0);
	assert_true(fabs(compare->named[1].tolerance - 0.05) < 1e-12);
	assert_string_equal(compare->named[2].measure.metric->name, "error_rate");
	assert_true(fabs(compare->named[2].tolerance - 0.5) < 1e-12);
	experiment_free(e);
}

static void
test_gating_can_be_switched_off(void **state)
{
	static const char *const ways[] = {HEAD TWO_ARMS "compare: {gate: off}\n", HEAD TWO_ARMS "compare: off\n",
		HEAD TWO_ARMS "compare: {gate: []}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct plan_experiment *e = load_good(ways[i]);

		assert_true(e->whole.compare.has_gate);
		assert_int_equal(e->whole.compare.named_n, 0);
		experiment_free(e);
	}
}

static void
test_goals_of_two_arms_need_two_arms(void **state)
{
	(void)state;
	assert_refused(HEAD "slo: [\"p95 < 1s\", \"improvement(p95) >= 10%\"]\n", "p.yaml:4:19",
		"'improvement(p95) >= 10%' compares two arms, and the profile has none; add arms");
	assert_refused(HEAD THREE_ARMS "slo: [\"improvement(p95) >= 10%\"]\n", "p.yaml:5:7",
		"'improvement(p95) >= 10%': which of the 3 arms is compared with 'off'? Name it: improvement(..., "
		"eight)");
	assert_refused(HEAD THREE_ARMS "baseline: eight\nslo: [\"speedup(p95, eight) >= 2\"]\n", "p.yaml:6:7",
		"'speedup(p95, eight) >= 2': 'eight' is the baseline itself");
	assert_refused(HEAD "abort_when: [\"improvement(p95) < 0\"]\n", "p.yaml:4:14",
		"two arms are compared only when all runs are over; put it under 'slo'");
}

static void
test_mistakes_in_compare_are_named(void **state)
{
	(void)state;
	assert_refused(HEAD TWO_ARMS "compare: {gate: [p95, eror_rate]}\n", "p.yaml:5:23",
		"compare: 'eror_rate' is no metric; did you mean 'error_rate'?");
	assert_refused(HEAD TWO_ARMS "compare: {tolerances: {p95: 5ms}}\n", "p.yaml:5:29",
		"tolerances: p95 is not a share such as 10% or 0.1");
	assert_refused(HEAD TWO_ARMS "compare: {resamples: 7}\n", "p.yaml:5:22",
		"resamples: '7' is too little; the least is 200");
}

static void
test_a_regression_has_a_baseline_and_a_tolerance_of_its_own(void **state)
{
	struct plan_experiment *e = load_good(HEAD
		"compare: {gate: [p95, buy.p50], tolerances: {buy.p50: 1%}}\nregression: {baseline: nightly, tolerance: 20%}\n");
	const struct plan *plan = e->arms[0].plan;

	(void)state;
	assert_string_equal(plan->regression.baseline, "nightly");
	assert_false(plan->regression.is_forced);
	assert_true(fabs(plan->compare.tolerance - 0.2) < 1e-12);
	assert_true(fabs(plan->compare.named[0].tolerance - 0.2) < 1e-12);
	assert_true(fabs(plan->compare.named[1].tolerance - 0.01) < 1e-12);
	experiment_free(e);
	e = load_good(HEAD "regression: {baseline: last.yaml, tolerance: {p95: 5%}, force: true}\n");
	plan = e->arms[0].plan;
	assert_true(plan->regression.is_forced);
	assert_int_equal(plan->compare.named_n, 1);
	assert_true(fabs(plan->compare.named[0].tolerance - 0.05) < 1e-12);
	assert_true(fabs(plan->compare.tolerance - 0.1) < 1e-12);
	experiment_free(e);
	e = load_good(HEAD "regression: nightly\n");
	assert_string_equal(e->arms[0].plan->regression.baseline, "nightly");
	experiment_free(e);
}

static void
test_files_of_a_regression_are_relative_to_the_profile_and_names_are_names(void **state)
{
	struct error err = {0};
	const char *file = HEAD "regression: base/last.yaml\n", *name = HEAD "regression: nightly\n";
	struct plan *plan = plan_load_text(file, strlen(file), "dir/p.yaml", NULL, 0, &fake_tables, &err);

	(void)state;
	assert_non_null(plan);
	assert_string_equal(plan->regression.baseline, "dir/base/last.yaml");
	plan_free(plan);
	plan = plan_load_text(name, strlen(name), "dir/p.yaml", NULL, 0, &fake_tables, &err);
	assert_non_null(plan);
	assert_string_equal(plan->regression.baseline, "nightly");
	plan_free(plan);
}

static void
test_a_flag_says_tolerances_of_all_or_of_one(void **state)
{
	struct plan_experiment *e = load_good(HEAD "compare: {gate: [p95, buy.p50], tolerances: {buy.p50: 1%}}\n");
	struct plan *plan = e->arms[0].plan;
	struct error err = {0};

	(void)state;
	assert_true(compare_adjust(plan, "30%", fake_tables.metrics, &err));
	assert_true(compare_adjust(plan, "buy.p99=2%", fake_tables.metrics, &err));
	assert_true(compare_adjust(plan, "p95=3%", fake_tables.metrics, &err));
	assert_int_equal(plan->compare.named_n, 3);
	assert_true(fabs(plan->compare.tolerance - 0.3) < 1e-12);
	assert_true(fabs(plan->compare.named[0].tolerance - 0.03) < 1e-12);
	assert_true(fabs(plan->compare.named[1].tolerance - 0.01) < 1e-12);
	assert_true(fabs(plan->compare.named[2].tolerance - 0.02) < 1e-12);
	assert_false(compare_adjust(plan, "p95=", fake_tables.metrics, &err));
	err = (struct error){0};
	assert_false(compare_adjust(plan, "=5%", fake_tables.metrics, &err));
	assert_string_equal(err.message, "'=5%' is not a share such as 5%, or MEASURE=SHARE such as p95=5%");
	err = (struct error){0};
	assert_false(compare_adjust(plan, "nothing=5%", fake_tables.metrics, &err));
	experiment_free(e);
}

static void
test_mistakes_in_regression_are_named(void **state)
{
	(void)state;
	assert_refused(HEAD "regression: {baseline: x, tolerance: 5ms}\n", "p.yaml:4:38",
		"tolerance: '5ms' is not a share such as 10% or 0.1");
	assert_refused(HEAD TWO_ARMS "regression: nightly\n", "p.yaml:5:13",
		"regression: one run is compared with a baseline, and 'arms' makes several");
	assert_refused(HEAD "regression: {baseline: [a]}\n", "p.yaml:4:24",
		"baseline: write a saved baseline's name, a file or a results directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goals_of_two_arms_are_kept_apart_from_those_of_a_run),
		cmocka_unit_test(test_what_is_gated_has_defaults),
		cmocka_unit_test(test_a_profile_says_what_is_gated_and_how_much_worse_it_may_be),
		cmocka_unit_test(test_gating_can_be_switched_off),
		cmocka_unit_test(test_goals_of_two_arms_need_two_arms),
		cmocka_unit_test(test_mistakes_in_compare_are_named),
		cmocka_unit_test(test_a_regression_has_a_baseline_and_a_tolerance_of_its_own),
		cmocka_unit_test(test_files_of_a_regression_are_relative_to_the_profile_and_names_are_names),
		cmocka_unit_test(test_a_flag_says_tolerances_of_all_or_of_one),
		cmocka_unit_test(test_mistakes_in_regression_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
