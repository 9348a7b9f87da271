#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "judge/search.h"

#define EVERY_NS (10 * NS_PER_S)
#define SETTLE_NS (5 * NS_PER_S)
#define CONFIRM_NS (30 * NS_PER_S)
#define TRIALS_MAX 400

static const struct search usual = {.from = 50,
	.max = 10000,
	.min = 1,
	.factor = 2,
	.width = 0.05,
	.every_ns = EVERY_NS,
	.settle_ns = SETTLE_NS,
	.confirm_ns = CONFIRM_NS,
	.limit_ns = 3600 * NS_PER_S};

/* A search under way. */
struct hunt {
	struct search goal;
	bool in_users;
	struct search_trial trials[TRIALS_MAX];
	size_t n;
	int64_t left_ns;
};

static struct hunt
hunt_begin(const struct search *goal)
{
	return (struct hunt){.goal = *goal, .left_ns = goal->limit_ns};
}

static struct search_step
hunt_next(const struct hunt *h)
{
	return search_next(&h->goal, h->in_users, h->trials, h->n, h->left_ns);
}

static struct search_answer
hunt_answer(const struct hunt *h)
{
	return search_answer(&h->goal, h->in_users, h->trials, h->n);
}

static void
hunt_tell(struct hunt *h, const struct search_step *step, enum search_outcome outcome)
{
	assert_true(h->n < TRIALS_MAX);
	h->left_ns -= h->goal.settle_ns + step->measure_ns;
	h->trials[h->n++] = (struct search_trial){
		.level = step->level, .outcome = outcome, .is_confirmation = step->is_confirmation};
}

/* As a person writes it, and printf does: to three figures. */
static double
three(double level)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3g", level);
	return strtod(text, NULL);
}

/* The next step is this one, and comes to that. */
static void
expect(struct hunt *h, enum search_state state, double level, enum search_outcome outcome)
{
	struct search_step step = hunt_next(h);

	if (step.state != state || fabs(step.level - level) > 1e-9 * level)
		fail_msg("trial %zu is %s %g, not %s %g", h->n, search_state_names[step.state], step.level,
			search_state_names[state], level);
	hunt_tell(h, &step, outcome);
}

static void
expect_done(const struct hunt *h, enum search_end end)
{
	struct search_step step = hunt_next(h);

	assert_string_equal(search_state_names[step.state], "done");
	assert_string_equal(search_end_names[step.end], search_end_names[end]);
	assert_true(isnan(step.level));
}

/* Goes on against a target without noise. */
static enum search_end
hunt_on(struct hunt *h, double breaks_above)
{
	for (;;) {
		struct search_step step = hunt_next(h);

		if (step.state == SEARCH_DONE)
			return step.end;
		hunt_tell(h, &step, step.level > breaks_above ? SEARCH_BROKE : SEARCH_HELD);
	}
}

static void
test_climbs_brackets_halves_repeats_both_ends_and_confirms(void **state)
{
	struct hunt h = hunt_begin(&usual);
	double middle = three(200 * sqrt(2)), quarter = three(sqrt(200 * middle));
	double eighth = three(sqrt(quarter * middle)), last = three(sqrt(quarter * eighth));

	(void)state;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 200, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 400, SEARCH_BROKE);
	expect(&h, SEARCH_NARROW, middle, SEARCH_BROKE);
	expect(&h, SEARCH_NARROW, quarter, SEARCH_HELD);
	expect(&h, SEARCH_NARROW, eighth, SEARCH_BROKE);
	expect(&h, SEARCH_NARROW, last, SEARCH_HELD);
	expect(&h, SEARCH_REPEAT, last, SEARCH_HELD);
	expect(&h, SEARCH_REPEAT, eighth, SEARCH_BROKE);
	assert_int_equal(hunt_next(&h).measure_ns, CONFIRM_NS);
	assert_true(hunt_next(&h).is_confirmation);
	assert_false(hunt_answer(&h).is_confirmed);
	expect(&h, SEARCH_CONFIRM, last, SEARCH_HELD);
	expect_done(&h, SEARCH_END_FOUND);

	struct search_answer answer = hunt_answer(&h);

	assert_true(answer.is_confirmed && !answer.is_at_least && !answer.is_at_most);
	assert_true(answer.held == last && answer.broke == eighth);
	assert_true(answer.interval[0] < answer.median && answer.median < answer.interval[1]);
	assert_true(last < answer.median && answer.median < eighth);
	assert_true(answer.interval[1] / answer.interval[0] < 1.08);
	assert_int_equal(answer.levels, 11);
}

static void
test_the_interval_holds_where_a_steady_target_breaks(void **state)
{
	(void)state;
	for (double breaks_above = M_PI; breaks_above < 9000; breaks_above *= 1.37) {
		struct hunt h = hunt_begin(&usual);

		assert_int_equal(hunt_on(&h, breaks_above), SEARCH_END_FOUND);
		struct search_answer answer = hunt_answer(&h);

		assert_true(answer.held <= breaks_above && breaks_above < answer.broke);
		assert_true(answer.broke / answer.held <= 1.05);
		assert_true(answer.interval[0] <= breaks_above && breaks_above <= answer.interval[1]);
	}
}

/* Nobody offers 282.8427/s. What is wanted narrower than three figures can tell gets more of them; what the profile
 * says stands as it is. */
static void
test_levels_are_written_as_a_person_would(void **state)
{
	static const double widths[] = {0.2, 0.05, 0.02, 0.004, 0.001};
	static const char *const formats[] = {"%.3g", "%.3g", "%.4g", "%.4g", "%.5g"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		for (double breaks_above = 0.0123; breaks_above < 90000; breaks_above *= 7.7) {
			struct hunt h = hunt_begin(&usual);
			char text[32];

			h.goal.min = 0;
			h.goal.width = widths[i];
			h.goal.from = breaks_above / 3.21987654321;
			h.goal.max = 1000 * breaks_above;
			h.left_ns = INT64_MAX / 2;
			assert_int_equal(hunt_on(&h, breaks_above), SEARCH_END_FOUND);
			assert_true(h.trials[0].level == h.goal.from);
			for (size_t k = 1; k < h.n; k++) {
				snprintf(text, sizeof(text), formats[i], h.trials[k].level);
				if (strtod(text, NULL) != h.trials[k].level)
					fail_msg("%.17g is not %s", h.trials[k].level, text);
			}
			assert_true(hunt_answer(&h).broke / hunt_answer(&h).held - 1 <= widths[i]);
		}
}

static void
test_a_climb_ends_at_the_highest_level_allowed(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	h.goal.max = 300;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 200, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 300, SEARCH_HELD);
	expect(&h, SEARCH_CONFIRM, 300, SEARCH_HELD);
	expect_done(&h, SEARCH_END_MAX);
	struct search_answer answer = hunt_answer(&h);

	assert_true(answer.is_at_least && answer.is_confirmed && answer.held == 300);
	assert_true(answer.interval[0] == 300 && isnan(answer.interval[1]) && isnan(answer.broke));
}

static void
test_descends_where_the_first_level_breaks(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_BROKE);
	expect(&h, SEARCH_DESCEND, 25, SEARCH_BROKE);
	expect(&h, SEARCH_DESCEND, 12.5, SEARCH_HELD);
	expect(&h, SEARCH_NARROW, three(12.5 * sqrt(2)), SEARCH_HELD);
	assert_int_equal(hunt_on(&h, 20), SEARCH_END_FOUND);
	assert_true(hunt_answer(&h).held <= 20 && hunt_answer(&h).broke > 20);
}

static void
test_a_descent_ends_at_the_lowest_level_allowed(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	h.goal.min = 20;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_BROKE);
	expect(&h, SEARCH_DESCEND, 25, SEARCH_BROKE);
	expect(&h, SEARCH_DESCEND, 20, SEARCH_BROKE);
	expect(&h, SEARCH_REPEAT, 20, SEARCH_BROKE);
	expect_done(&h, SEARCH_END_MIN);
	struct search_answer answer = hunt_answer(&h);

	assert_true(answer.is_at_most && answer.broke == 20 && isnan(answer.held) && answer.interval[1] == 20);

	h = hunt_begin(&usual);
	h.goal.min = 0; /* is not named: it does not go on for ever */
	assert_int_equal(hunt_on(&h, 0), SEARCH_END_MIN);
}

static void
test_a_void_level_comes_once_more_and_moves_no_bracket(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_VOID);
	assert_true(hunt_answer(&h).held == 50);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 200, SEARCH_BROKE);
	expect(&h, SEARCH_NARROW, three(100 * sqrt(2)), SEARCH_VOID);
	assert_true(hunt_answer(&h).held == 100 && hunt_answer(&h).broke == 200);
	expect(&h, SEARCH_NARROW, three(100 * sqrt(2)), SEARCH_BROKE);
	assert_int_equal(hunt_answer(&h).voids, 2);
	assert_int_equal(hunt_answer(&h).levels, 4);
}

static void
test_a_level_that_is_void_twice_is_the_generators_limit(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_VOID);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_VOID);
	expect(&h, SEARCH_CONFIRM, 50, SEARCH_HELD);
	expect_done(&h, SEARCH_END_GENERATOR);
	assert_true(hunt_answer(&h).is_at_least && hunt_answer(&h).held == 50);

	h = hunt_begin(&usual); /* not even the first */
	expect(&h, SEARCH_CLIMB, 50, SEARCH_VOID);
	expect(&h, SEARCH_CLIMB, 50, SEARCH_VOID);
	expect_done(&h, SEARCH_END_GENERATOR);
	struct search_answer answer = hunt_answer(&h);

	assert_true(isnan(answer.held) && isnan(answer.broke) && isnan(answer.interval[0]));
	assert_false(answer.is_at_least || answer.is_at_most);
}

static void
test_users_are_whole_and_narrowed_to_the_last(void **state)
{
	(void)state;
	for (int most = 1; most < 70; most++) {
		struct hunt h = hunt_begin(&usual);

		h.in_users = true;
		h.goal.from = 5;
		h.goal.max = 100;
		assert_int_equal(hunt_on(&h, most), SEARCH_END_FOUND);
		struct search_answer answer = hunt_answer(&h);

		for (size_t i = 0; i < h.n; i++)
			assert_true(h.trials[i].level == round(h.trials[i].level) && h.trials[i].level >= 1);
		assert_true(answer.held <= most && answer.broke > most);
		assert_true(answer.broke == answer.held + 1 || answer.broke / answer.held <= 1.05);
		assert_true(answer.interval[0] <= most && answer.interval[1] >= most + 1);
	}
}

static void
test_no_level_is_begun_that_the_limit_would_cut(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	h.left_ns = 3 * (SETTLE_NS + EVERY_NS);
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_BROKE);
	expect(&h, SEARCH_NARROW, three(50 * sqrt(2)), SEARCH_HELD);
	expect_done(&h, SEARCH_END_LIMIT);
	assert_true(hunt_answer(&h).broke == 100 && hunt_answer(&h).interval[0] > 50);

	h = hunt_begin(&usual); /* there is time for one more level, but not for a confirmation */
	h.goal.max = 50;
	h.left_ns = SETTLE_NS + EVERY_NS + SETTLE_NS + CONFIRM_NS - 1;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect_done(&h, SEARCH_END_LIMIT);
	assert_true(hunt_answer(&h).is_at_least && !hunt_answer(&h).is_confirmed);
}

static void
test_a_confirmation_that_breaks_moves_the_bracket_down_and_levels_are_long_from_then_on(void **state)
{
	struct hunt h = hunt_begin(&usual);
	struct search_step step;

	(void)state;
	while ((step = hunt_next(&h)).state != SEARCH_CONFIRM)
		hunt_tell(&h, &step, step.level > 1000 ? SEARCH_BROKE : SEARCH_HELD);
	double too_high = step.level;

	hunt_tell(&h, &step, SEARCH_BROKE);
	assert_true(hunt_answer(&h).broke == too_high && hunt_answer(&h).held < too_high);
	while ((step = hunt_next(&h)).state != SEARCH_DONE) {
		assert_true(step.level < too_high && step.is_confirmation && step.measure_ns == CONFIRM_NS);
		hunt_tell(&h, &step, step.level > 850 ? SEARCH_BROKE : SEARCH_HELD);
	}
	assert_int_equal(step.end, SEARCH_END_FOUND);
	struct search_answer answer = hunt_answer(&h);

	assert_true(answer.is_confirmed && answer.held <= 850 && answer.broke > 850);
	assert_true(answer.interval[0] <= 850 && 850 <= answer.interval[1]);
}

static void
test_an_end_that_contradicts_itself_widens_the_interval(void **state)
{
	struct hunt steady = hunt_begin(&usual), h = hunt_begin(&usual);
	struct search_step step;

	(void)state;
	hunt_on(&steady, 1000);
	while ((step = hunt_next(&h)).state != SEARCH_REPEAT)
		hunt_tell(&h, &step, step.level > 1000 ? SEARCH_BROKE : SEARCH_HELD);
	hunt_tell(&h, &step, SEARCH_BROKE);
	struct search_answer answer = hunt_answer(&h), without = hunt_answer(&steady);

	assert_true(answer.interval[0] < without.interval[0]);
	assert_true(answer.interval[1] / answer.interval[0] > without.interval[1] / without.interval[0]);
	assert_int_equal(hunt_next(&h).state, SEARCH_NARROW); /* where it is as likely to hold as to break */
	assert_true(hunt_next(&h).level == three(answer.median));
	hunt_on(&h, 1000);
	assert_true(hunt_answer(&h).interval[0] <= 1000 && 1000 <= hunt_answer(&h).interval[1]);
}

static void
test_a_level_that_broke_by_accident_does_not_hold_the_climb_down(void **state)
{
	struct hunt h = hunt_begin(&usual);

	(void)state;
	expect(&h, SEARCH_CLIMB, 50, SEARCH_HELD);
	expect(&h, SEARCH_CLIMB, 100, SEARCH_BROKE);
	hunt_on(&h, 3000);
	assert_true(hunt_answer(&h).interval[0] <= 3000 && 3000 <= hunt_answer(&h).interval[1]);
}

/* Whatever comes of its levels, it ends, and never leaves what it may try. */
static void
test_every_search_ends(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct hunt h = hunt_begin(&usual);
		double broken = rng_unit_at(seed, 1, 0), voids = seed % 3 ? 0 : 0.3 * rng_unit_at(seed, 1, 1);

		h.in_users = seed % 2;
		h.goal.confirm_ns = seed % 5 ? CONFIRM_NS : 0;
		h.goal.factor = 1.2 + rng_unit_at(seed, 1, 2);
		for (struct search_step step = hunt_next(&h); step.state != SEARCH_DONE; step = hunt_next(&h)) {
			bool is_void = rng_unit_at(seed, 2, h.n) < voids;
			bool breaks = rng_unit_at(seed, 3, h.n) < broken;

			assert_true(step.level >= 1 && step.level <= h.goal.max);
			hunt_tell(&h, &step, is_void ? SEARCH_VOID : breaks ? SEARCH_BROKE : SEARCH_HELD);
			assert_true(h.n <= search_trials_most(&h.goal, h.in_users));
		}
		struct search_answer answer = hunt_answer(&h);

		assert_false(answer.held >= answer.broke);
		assert_false(answer.interval[0] > answer.interval[1]);
	}
}

static void
test_of_no_trial_nothing_is_known(void **state)
{
	struct search_answer answer = search_answer(&usual, false, NULL, 0);

	(void)state;
	assert_true(isnan(answer.held) && isnan(answer.broke) && isnan(answer.median));
	assert_false(answer.is_at_least || answer.is_at_most || answer.is_confirmed);
}

/* The same levels, but for how sure each of them is. */
static void
test_what_is_in_doubt_widens_the_interval(void **state)
{
	double widths[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct hunt h = hunt_begin(&usual);
		struct search_step step;

		while ((step = hunt_next(&h)).state != SEARCH_DONE) {
			hunt_tell(&h, &step, step.level > 420 ? SEARCH_BROKE : SEARCH_HELD);
			if (fabs(step.level / 420 - 1) < 0.1)
				h.trials[h.n - 1].doubt = 0.2 * i;
		}
		struct search_answer answer = hunt_answer(&h);

		assert_true(answer.interval[0] <= 420 && 420 <= answer.interval[1]);
		widths[i] = answer.interval[1] / answer.interval[0];
	}
	assert_true(widths[0] < widths[1] && 1.05 * widths[1] < widths[2]);
}

/* A climb leaves the next level that held or broke for certain at up to twice the ends: without a look between them,
 * the interval of a search whose last levels were in doubt would reach as far. */
static void
test_what_the_ends_leave_in_doubt_is_looked_for_beyond_them(void **state)
{
	struct hunt h = hunt_begin(&usual);
	struct search_step step;
	bool has_looked = false;

	(void)state;
	while ((step = hunt_next(&h)).state != SEARCH_DONE) {
		struct search_answer known = hunt_answer(&h);

		has_looked = has_looked || (step.state == SEARCH_NARROW &&
						   (step.level > 1.05 * known.broke || step.level < known.held / 1.05));
		hunt_tell(&h, &step, step.level > 420 ? SEARCH_BROKE : SEARCH_HELD);
		if (fabs(step.level / 420 - 1) < 0.1)
			h.trials[h.n - 1].doubt = 0.45;
	}
	struct search_answer answer = hunt_answer(&h);

	assert_true(has_looked);
	assert_true(answer.interval[0] <= 420 && 420 <= answer.interval[1]);
	assert_true(answer.interval[1] / answer.interval[0] < 1.35);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_climbs_brackets_halves_repeats_both_ends_and_confirms),
		cmocka_unit_test(test_the_interval_holds_where_a_steady_target_breaks),
		cmocka_unit_test(test_levels_are_written_as_a_person_would),
		cmocka_unit_test(test_a_climb_ends_at_the_highest_level_allowed),
		cmocka_unit_test(test_descends_where_the_first_level_breaks),
		cmocka_unit_test(test_a_descent_ends_at_the_lowest_level_allowed),
		cmocka_unit_test(test_a_void_level_comes_once_more_and_moves_no_bracket),
		cmocka_unit_test(test_a_level_that_is_void_twice_is_the_generators_limit),
		cmocka_unit_test(test_users_are_whole_and_narrowed_to_the_last),
		cmocka_unit_test(test_no_level_is_begun_that_the_limit_would_cut),
		cmocka_unit_test(
			test_a_confirmation_that_breaks_moves_the_bracket_down_and_levels_are_long_from_then_on),
		cmocka_unit_test(test_an_end_that_contradicts_itself_widens_the_interval),
		cmocka_unit_test(test_a_level_that_broke_by_accident_does_not_hold_the_climb_down),
		cmocka_unit_test(test_every_search_ends),
		cmocka_unit_test(test_of_no_trial_nothing_is_known),
		cmocka_unit_test(test_what_is_in_doubt_widens_the_interval),
		cmocka_unit_test(test_what_the_ends_leave_in_doubt_is_looked_for_beyond_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
