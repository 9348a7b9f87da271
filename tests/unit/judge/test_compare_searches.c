#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/judge/arms.h"

struct compared_pair {
	struct plan plan;
	struct arm *baseline, *current;
	struct comparison *comparison;
};

static void
pair_fini(struct compared_pair *pair)
{
	compare_free(pair->comparison);
	arm_free(pair->baseline);
	arm_free(pair->current);
}

/* Two searches, one on either side: each with the 95% interval that it gives itself. */
static void
compare_searches(struct compared_pair *pair, const double sustained[2], const double breaks_between[2][2])
{
	static const struct world brief = {.seconds = 3, .per_second = 50, .median_ns = 10e6, .spread = 0.2};
	struct dice dice = {.seed = 7};

	pair->baseline = simulate_arm(&dice, "off", &pair->plan, &brief, 1);
	pair->current = simulate_arm(&dice, "on", &pair->plan, &brief, 1);
	for (int i = 0; i < 2; i++) {
		struct arm_run *run = i == 0 ? &pair->baseline->runs[0] : &pair->current->runs[0];

		run->max_sustainable = sustained[i];
		memcpy(run->breaks_between, breaks_between[i], sizeof(run->breaks_between));
	}
	pair->comparison = compare_arms(pair->baseline, pair->current, &pair->plan);
}

/* scipy: for e = hypot(log(420/400), log(357/340)) / 3.919928: exp(log(340/400) ± 1.959964 e) − 1,
 * and 2 norm.sf(|log(340/400)| / e) */
static void
test_two_searches_are_as_sure_as_both_say_they_are(void **state)
{
	static const double sustained[2] = {400, 340}, breaks[2][2] = {{400, 420}, {340, 357}};
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	compare_searches(&pair, sustained, breaks);
	const struct comparison_row *row = row_named(pair.comparison, "max_sustainable_rate");

	assert_true(fabs(row->ci_rel[0] - -0.1788248) < 1e-6 && fabs(row->ci_rel[1] - -0.1201634) < 1e-6);
	assert_true(fabs(row->p / 2.63578e-20 - 1) < 1e-4);
	assert_int_equal(row->status, COMPARISON_REGRESSION);
	pair_fini(&pair);
}

static void
test_searches_that_are_unsure_differ_by_nothing_that_is_known(void **state)
{
	static const double sustained[2] = {400, 340}, breaks[2][2] = {{300, 520}, {240, 457}};
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	compare_searches(&pair, sustained, breaks);
	assert_int_equal(row_named(pair.comparison, "max_sustainable_rate")->status, COMPARISON_UNSURE);
	pair_fini(&pair);
}

static void
test_search_that_found_no_end_cannot_be_told_from_another(void **state)
{
	static const double sustained[2] = {400, 340}, breaks[2][2] = {{400, 420}, {340, NAN}};
	struct compared_pair pair = {.plan = arms_plan(500)};

	(void)state;
	compare_searches(&pair, sustained, breaks);
	const struct comparison_row *row = row_named(pair.comparison, "max_sustainable_rate");

	assert_true(isnan(row->p) && !row->is_gated);
	pair_fini(&pair);
}

static void
test_search_is_gated_by_what_it_found_alone(void **state)
{
	static const struct plan_choice search = {.name = "search"};
	static const double sustained[2] = {400, 340}, breaks[2][2] = {{400, 420}, {340, 357}};
	struct compared_pair pair = {.plan = arms_plan(500)};
	struct plan_scenario scenario = pair.plan.scenarios[0];

	(void)state;
	scenario.load.shape.choice = &search;
	pair.plan.scenarios = &scenario;
	compare_searches(&pair, sustained, breaks);
	for (size_t i = 0; i < pair.comparison->rows_n; i++) {
		const struct comparison_row *row = &pair.comparison->rows[i];

		assert_int_equal(row->is_wanted, strcmp(row->name, "max_sustainable_rate") == 0);
	}
	assert_true(pair.comparison->rows[0].is_gated);
	pair_fini(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_searches_are_as_sure_as_both_say_they_are),
		cmocka_unit_test(test_searches_that_are_unsure_differ_by_nothing_that_is_known),
		cmocka_unit_test(test_search_that_found_no_end_cannot_be_told_from_another),
		cmocka_unit_test(test_search_is_gated_by_what_it_found_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
