#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "samples.h"

/* Conformance: what holds for every row of shapes.def, whatever its parameters. */

static const struct sample *now;

/* Says which sample is at fault; cmocka alone would not. */
#define HOLDS(x)                                                                                                       \
	do {                                                                                                           \
		if (!(x))                                                                                              \
			fail_msg("%s, %s: not so: %s", now->shape, now->what, #x);                                     \
	} while (0)

#define FOR_EACH_SAMPLE(ops)                                                                                           \
	for (now = samples(); now->shape != NULL; now++)                                                               \
		for (const struct shape_ops *ops = sample_shape(now->shape), *once = ops; once != NULL; once = NULL)

static double
total_of(const struct shape_ops *ops)
{
	return ops->arrivals_until(now->params, ops->duration_ns(now->params));
}

/* What rounding to the ns may cost, in arrivals, and what a double of this size cannot hold. */
static double
tolerance_at(const struct shape_ops *ops, int64_t t_ns)
{
	return 1e-6 + ops->level_at(now->params, t_ns) * 2e-9 + total_of(ops) * 1e-15;
}

static void
test_every_shape_has_a_sample_and_its_samples_pass_its_own_check(void **state)
{
	(void)state;
	for (size_t i = 0; shapes[i] != NULL; i++) {
		bool is_there = false;

		for (now = samples(); now->shape != NULL; now++)
			is_there |= strcmp(now->shape, shapes[i]->choice.name) == 0;
		if (!is_there)
			fail_msg("%s has no sample", shapes[i]->choice.name);
		assert_ptr_equal(shape_choices[i], &shapes[i]->choice);
		assert_ptr_equal(shape_of(&(struct plan_chosen){.choice = shape_choices[i]}), shapes[i]);
	}
	FOR_EACH_SAMPLE(ops)
	{
		struct error err = {0};

		HOLDS(ops->choice.check == NULL || ops->choice.check(now->params, &err));
		HOLDS(strlen(ops->choice.help) > 0);
	}
}

/* Also k that are no whole numbers: Poisson spacing asks for those. */
static void
test_the_kth_arrival_is_where_the_integral_is_k(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		double total = total_of(ops);

		for (int i = 0; i < 2000 && !ops->is_timed; i++) {
			double k = i % 2 ? floor(total * i / 2000) : total * i / 2000;
			int64_t t_ns = ops->when_ns(now->params, k);

			HOLDS(t_ns >= 0 && t_ns <= ops->duration_ns(now->params));
			HOLDS(fabs(ops->arrivals_until(now->params, t_ns) - k) <= tolerance_at(ops, t_ns));
		}
	}
}

static void
test_timed_arrivals_come_one_after_the_other_at_their_moments(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		for (double k = 0; ops->is_timed && k < total_of(ops); k++) {
			int64_t t_ns = ops->when_ns(now->params, k);

			HOLDS(ops->arrivals_until(now->params, t_ns) <= k);
			HOLDS(ops->arrivals_until(now->params, t_ns + 1) > k);
		}
	}
}

static void
test_due_times_never_go_back(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		double total = total_of(ops), first = 0;

		for (int run = 0; run < 3; run++, first = floor(total / 2 * run) - 1000)
			for (double k = fmax(0, first); k < first + 3000 && k < total; k++)
				HOLDS(ops->when_ns(now->params, k) <= ops->when_ns(now->params, k + 1));
	}
}

static void
test_nothing_is_due_before_the_start_or_before_the_end_beyond_the_last(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		double total = total_of(ops);
		int64_t end_ns = ops->duration_ns(now->params);

		HOLDS(end_ns > 0);
		HOLDS(ops->arrivals_until(now->params, 0) == 0);
		HOLDS(ops->when_ns(now->params, ceil(total * (1 + 1e-12))) >= end_ns);
		HOLDS(ops->when_ns(now->params, total + 1000) == end_ns);
	}
}

/* Midpoints of many slices: exact for lines, close for the rest; a jump costs half a slice. */
static void
test_arrivals_are_the_integral_of_the_level(void **state)
{
	enum { SLICES = 200000 };

	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		int64_t end_ns = ops->duration_ns(now->params);
		double sum = 0, most = 0;

		for (int64_t i = 0; i < SLICES; i++) {
			double level = ops->level_at(now->params, end_ns / SLICES * i + end_ns / SLICES / 2);

			sum += level * (double)end_ns * 1e-9 / SLICES;
			most = fmax(most, level);
		}
		HOLDS(fabs(sum - total_of(ops)) <= most * (double)end_ns * 1e-9 / SLICES * 20 + 1e-6);
	}
}

static void
test_levels_tile_the_whole_and_offer_their_mean(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		if (ops->levels_count == NULL)
			continue;
		int64_t until_ns = 0;

		for (size_t i = 0; i < ops->levels_count(now->params); i++) {
			struct level_span span = ops->level_span(now->params, i);
			double arrivals = ops->arrivals_until(now->params, span.end_ns) -
					  ops->arrivals_until(now->params, span.start_ns);

			/* A steered one settles first, and rests then. */
			HOLDS(span.start_ns == until_ns || ops->level_most != NULL);
			HOLDS(span.end_ns > span.start_ns);
			HOLDS(fabs(span.offered * (double)(span.end_ns - span.start_ns) * 1e-9 - arrivals) < 1e-6);
			until_ns = span.end_ns;
		}
		HOLDS(until_ns == ops->duration_ns(now->params) || ops->level_most != NULL);
	}
}

static void
test_levels_are_never_negative_or_beyond_the_most(void **state)
{
	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		int64_t end_ns = ops->duration_ns(now->params);

		for (int64_t i = 0; i <= 1000; i++) {
			double level = ops->level_at(now->params, end_ns / 1000 * i);

			HOLDS(level >= 0 && level <= LEVEL_MOST);
		}
		HOLDS(ops->level_at(now->params, end_ns) >= 0);
	}
}

/* Held against an operator's ceiling: no moment is above it, and no second brings more than it says, but for the one
 * that a window may have at either end. */
static void
test_no_moment_is_above_the_peak(void **state)
{
	enum { LOOKS = 5000 };

	(void)state;
	FOR_EACH_SAMPLE(ops)
	{
		int64_t end_ns = ops->duration_ns(now->params);
		double peak = ops->level_peak(now->params);

		HOLDS(peak >= 0 && peak <= ARRIVALS_MOST);
		for (int64_t i = 0; i <= LOOKS; i++) {
			int64_t t_ns = end_ns / LOOKS * i;
			int64_t until_ns = end_ns - t_ns < SECOND ? end_ns : t_ns + SECOND;
			double in_a_second =
				ops->arrivals_until(now->params, until_ns) - ops->arrivals_until(now->params, t_ns);

			HOLDS(ops->is_timed || ops->level_at(now->params, t_ns) <= peak * (1 + 1e-12));
			HOLDS(in_a_second <= peak * (1 + 1e-9) + total_of(ops) * 1e-12);
		}
	}
}

/* What single shapes promise beyond that. */

static void
test_the_peak_is_reached(void **state)
{
	(void)state;
	assert_float_equal(sample_shape("sine")->level_peak(&(struct sine){100, 40, SECOND, SECOND, 0}), 140, 0);
	assert_float_equal(sample_shape("steps")->level_peak(&(struct steps){300, 20, 50, SECOND}), 300, 0);
	assert_float_equal(sample_shape("ramp")->level_peak(RAMP(10, 500, SECOND)), 500, 0);
	assert_float_equal(sample_shape("spike")->level_peak(&(struct spike){10, 100, 1, 1, 1, 1, 0}), 100, 0);
	assert_float_equal(sample_shape("levels")->level_peak(sample_levels()), 50, 0);
	assert_float_equal(sample_shape("stages")->level_peak(sample_stages()), 200, 0);
	assert_float_equal(sample_shape("burst")->level_peak(&(struct burst){100, 3, 2 * SECOND}), 100, 0);
	assert_float_equal(sample_shape("burst")->level_peak(&(struct burst){100, 30, SECOND / 4}), 400, 0);
	assert_float_equal(sample_shape("trace")->level_peak(sample_trace()), 4, 0); /* at twice its speed */
	assert_float_equal(sample_shape("search")->level_peak(&(struct search){.from = 10, .max = 5000}), 5000, 0);
}

static void
test_steps_are_cut_to_the_last_level(void **state)
{
	const struct shape_ops *ops = sample_shape("steps");
	const struct steps stress = {50, 20, 300, 30 * SECOND}, down = {100, 30, 20, SECOND};

	(void)state;
	assert_int_equal(ops->levels_count(&stress), 14);
	assert_float_equal(ops->level_span(&stress, 12).offered, 290, 0);
	assert_float_equal(ops->level_span(&stress, 13).offered, 300, 0);
	assert_int_equal(ops->levels_count(&down), 4);
	assert_float_equal(ops->level_span(&down, 2).offered, 40, 0);
	assert_float_equal(ops->level_span(&down, 3).offered, 20, 0);
	assert_int_equal(ops->levels_count(&(struct steps){0.1, 0.1, 1, SECOND}), 10);
	assert_int_equal(ops->levels_count(&(struct steps){0.1, 0.1, 0.4, SECOND}), 4);
}

static void
test_an_arrival_on_the_border_of_two_steps_belongs_to_the_later(void **state)
{
	const struct shape_ops *ops = sample_shape("steps");
	const struct steps steps = {100 / 3.0, 100 / 3.0, 100, 30 * SECOND};

	(void)state;
	assert_int_equal(ops->when_ns(&steps, 1000), 30 * SECOND);
	assert_int_equal(ops->when_ns(&steps, 3000), 60 * SECOND);
	assert_int_equal(ops->when_ns(&steps, 6000), 90 * SECOND);
}

static void
test_repeated_spikes_stand_where_every_says(void **state)
{
	const struct shape_ops *ops = sample_shape("spike");
	const struct spike spike = {10, 100, 3 * SECOND, SECOND, 2 * SECOND, 7, 5 * SECOND};

	(void)state;
	assert_int_equal(ops->duration_ns(&spike), (3 + 6 * 5 + 1 + 2) * SECOND);
	for (int i = 0; i < 7; i++) {
		assert_float_equal(ops->level_at(&spike, (3 + 5 * i) * SECOND - 1), 10, 0);
		assert_float_equal(ops->level_at(&spike, (3 + 5 * i) * SECOND), 100, 0);
		assert_float_equal(ops->level_at(&spike, (4 + 5 * i) * SECOND - 1), 100, 0);
		assert_float_equal(ops->level_at(&spike, (4 + 5 * i) * SECOND), 10, 0);
	}
}

static void
test_a_stage_without_from_begins_where_the_one_before_ended(void **state)
{
	const struct shape_ops *ops = sample_shape("stages");
	const struct stages *stages = sample_stages();

	(void)state;
	assert_float_equal(ops->level_at(stages, 10 * SECOND), 50, 0);
	assert_float_equal(ops->level_at(stages, 25 * SECOND), 125, 1e-9);
	assert_float_equal(ops->level_at(stages, 40 * SECOND), 200, 0);
	assert_float_equal(ops->level_at(stages, 47 * SECOND), 0, 0);
	/* Half of 200 to 0 in 7 s are 700, after 500 of the first and 3750 of the second; then nothing for 5 s. */
	assert_float_equal(ops->arrivals_until(stages, 52 * SECOND), 4950, 1e-9);
	assert_int_equal(ops->when_ns(stages, 4950), 52 * SECOND);
	assert_int_equal(ops->levels_count(stages), 1);
}

static struct stages *
plateaus(const double *levels)
{
	static struct steady stages[3];
	static struct plan_chosen chain[3];
	static int64_t starts_ns[4];
	static double arrivals[4];
	static struct stages all;

	all = (struct stages){.chain = {chain, 3}, .starts_ns = starts_ns, .arrivals = arrivals};
	for (size_t i = 0; i < 3; i++) {
		stages[i] = (struct steady){levels[i], 10 * SECOND, 0};
		chain[i] = (struct plan_chosen){.choice = &sample_shape("steady")->choice, .params = &stages[i]};
	}
	return &all;
}

static void
test_rising_plateaus_are_levels_and_others_are_one(void **state)
{
	const struct shape_ops *ops = sample_shape("stages");
	struct error err = {0};
	struct stages *rising = plateaus((double[]){1, 5, 20});

	(void)state;
	assert_true(stages_prepare(rising, &err));
	assert_int_equal(ops->levels_count(rising), 3);
	assert_float_equal(ops->level_span(rising, 2).offered, 20, 0);
	struct stages *spike = plateaus((double[]){10, 100, 10});

	assert_true(stages_prepare(spike, &err));
	assert_int_equal(ops->levels_count(spike), 1);
	assert_float_equal(ops->level_span(spike, 0).offered, 40, 1e-9);
}

static void
test_stages_without_an_end_or_a_load_are_refused(void **state)
{
	struct error err = {0};
	struct stages *nothing = plateaus((double[]){0, 0, 0});

	(void)state;
	assert_false(stages_prepare(nothing, &err));
	assert_non_null(strstr(err.message, "send nothing"));
	err = (struct error){0};
	struct stages *endless = plateaus((double[]){1, 0, 3});
	struct steady *pause = ((struct plan_chosen *)endless->chain.items)[1].params;

	pause->for_ns = 0;
	pause->count = 7;
	assert_false(stages_prepare(endless, &err));
	assert_non_null(strstr(err.message, "never comes to its count"));
}

static void
test_impossible_parameters_are_refused_with_what_would_be_right(void **state)
{
	const struct {
		const char *shape, *word;
		const void *params;
	} bad[] = {
		{"steady", "no end", &(struct steady){50, 0, 0}},
		{"ramp", "over", &(struct ramp){.line = {1, 2, 0}}},
		{"spike", "repeat", &(struct spike){1, 2, SECOND, SECOND, SECOND, 0, 0}},
		{"spike", "every", &(struct spike){1, 2, SECOND, SECOND, SECOND, 2, SECOND / 2}},
		{"spike", "during", &(struct spike){1, 2, SECOND, 0, SECOND, 1, 0}},
		{"spike", "year", &(struct spike){1, 2, SECOND, SECOND, SECOND, 1000000000, MINUTE}},
		{"steps", "by", &(struct steps){10, 0, 20, SECOND}},
		{"steps", "levels", &(struct steps){10, 0.001, 20, SECOND}},
		{"steps", "every", &(struct steps){1, 1, 2, 0}},
		{"sine", "amplitude", &(struct sine){10, 11, SECOND, SECOND, 0}},
		{"sine", "end", &(struct sine){10, 1, SECOND, 0, 0}},
		{"sine", "period", &(struct sine){10, 1, 0, SECOND, 0}},
		{"burst", "count", &(struct burst){0, 1, SECOND}},
		{"burst", "times", &(struct burst){1, 0, SECOND}},
		{"burst", "every", &(struct burst){1, 1, 0}},
		{"concurrency", "no end", &(struct concurrency){5, 0, 0}},
		{"concurrency", "whole number", &(struct concurrency){2.5, SECOND, 0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = {0};

		if (sample_shape(bad[i].shape)->choice.check(bad[i].params, &err))
			fail_msg("%s accepts what lacks '%s'", bad[i].shape, bad[i].word);
		if (strstr(err.message, bad[i].word) == NULL)
			fail_msg("%s: '%s' does not say '%s'", bad[i].shape, err.message, bad[i].word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shape_has_a_sample_and_its_samples_pass_its_own_check),
		cmocka_unit_test(test_the_kth_arrival_is_where_the_integral_is_k),
		cmocka_unit_test(test_timed_arrivals_come_one_after_the_other_at_their_moments),
		cmocka_unit_test(test_due_times_never_go_back),
		cmocka_unit_test(test_nothing_is_due_before_the_start_or_before_the_end_beyond_the_last),
		cmocka_unit_test(test_arrivals_are_the_integral_of_the_level),
		cmocka_unit_test(test_levels_tile_the_whole_and_offer_their_mean),
		cmocka_unit_test(test_levels_are_never_negative_or_beyond_the_most),
		cmocka_unit_test(test_no_moment_is_above_the_peak),
		cmocka_unit_test(test_the_peak_is_reached),
		cmocka_unit_test(test_steps_are_cut_to_the_last_level),
		cmocka_unit_test(test_an_arrival_on_the_border_of_two_steps_belongs_to_the_later),
		cmocka_unit_test(test_repeated_spikes_stand_where_every_says),
		cmocka_unit_test(test_a_stage_without_from_begins_where_the_one_before_ended),
		cmocka_unit_test(test_rising_plateaus_are_levels_and_others_are_one),
		cmocka_unit_test(test_stages_without_an_end_or_a_load_are_refused),
		cmocka_unit_test(test_impossible_parameters_are_refused_with_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
