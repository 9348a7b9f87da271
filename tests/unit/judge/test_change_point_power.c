#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/change_point.h"
#include "unit/judge/arms.h"

/* A thousand histories each are simulated whose steps are known: how often one is found where there is none, and how
 * often the one that is there, and when. Noise is of deviation 1. Seeds are fixed, so the counts are the same each
 * time. */

#ifdef NDEBUG
#define HISTORIES 1000
#else /* a tenth of them, and as much wider bounds as chance then makes */
#define HISTORIES 100
#endif
#define RUNS_MAX 200

struct noise {
	const char *name;
	double memory;                      /* of the run before */
	enum { NORMAL, SKEWED, WILD } kind; /* WILD: one in ten runs deviates five times as much */
};

static const struct noise steady = {"steady", 0, NORMAL}, skewed = {"skewed", 0, SKEWED}, wild = {"wild", 0, WILD},
			  alike = {"alike", 0.3, NORMAL}, very_alike = {"very alike", 0.6, NORMAL};

static double
roll_noise(struct dice *dice, const struct noise *noise, double *at)
{
	*at = noise->memory * *at + sqrt(1 - noise->memory * noise->memory) * roll_normal(dice);
	if (noise->kind == SKEWED) /* lognormal, of mean 0 and variance 1 */
		return (exp(*at * 0.5) - exp(0.125)) / sqrt((exp(0.25) - 1) * exp(0.25));
	return noise->kind == WILD && roll(dice) < 0.1 ? 5 * *at : *at;
}

static void
roll_history(uint64_t seed, const struct noise *noise, size_t n, size_t step_at, double step, double *values)
{
	struct dice dice = {.seed = seed};
	double at = roll_normal(&dice);

	for (size_t i = 0; i < n; i++)
		values[i] = 100 + roll_noise(&dice, noise, &at) + (i >= step_at ? step : 0);
}

/* Both bounds are of 1,000; fewer deviate more. */
static void
assert_share(int count, double least, double most)
{
	double slack = HISTORIES < 1000 ? 0.08 : 0;

	if (count < HISTORIES * (least - slack) || count > HISTORIES * (most + slack))
		fail_msg("%d of %d is not within %g and %g", count, HISTORIES, least, most);
}

static void
test_where_nothing_changed_hardly_any_step_is_found(void **state)
{
	const struct {
		const struct noise *noise;
		size_t n;
		double most;
	} cases[] = {{&steady, 14, 0.01}, {&steady, 30, 0.01}, {&steady, 90, 0.015}, {&skewed, 60, 0.01},
		{&wild, 60, 0.01}, {&alike, 60, 0.02}, {&very_alike, 60, 0.025}};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct change_point found[CHANGE_STEPS_MAX];
		double values[RUNS_MAX];
		int alarms = 0;

		for (uint64_t i = 0; i < HISTORIES; i++) {
			roll_history(i, cases[k].noise, cases[k].n, cases[k].n, 0, values);
			alarms += change_point_find(values, cases[k].n, CHANGE_P, found) > 0;
		}
		print_message("%zu runs, %s: false alarms %.1f%%\n", cases[k].n, cases[k].noise->name,
			100.0 * alarms / HISTORIES);
		assert_share(alarms, 0, cases[k].most);
	}
}

static void
test_a_step_is_found_where_it_is(void **state)
{
	const struct {
		const struct noise *noise;
		size_t n, at;
		double step, least; /* share that is found */
	} cases[] = {{&steady, 60, 30, 2, 0.97}, {&steady, 60, 50, 2, 0.8}, {&steady, 60, 56, 3, 0.75},
		{&steady, 30, 20, -3, 0.87}, {&skewed, 60, 40, 2, 0.93}, {&wild, 60, 40, 3, 0.9},
		{&alike, 90, 60, 3, 0.97}};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		int seen = 0, within = 0, near = 0, covered = 0, more = 0;

		for (uint64_t i = 0; i < HISTORIES; i++) {
			struct change_point found[CHANGE_STEPS_MAX];
			double values[RUNS_MAX];

			roll_history(i + 5000, cases[k].noise, cases[k].n, cases[k].at, cases[k].step, values);
			size_t n = change_point_find(values, cases[k].n, CHANGE_P, found);

			more += n > 1;
			for (size_t j = 0; j < n; j++) {
				double off = fabs((double)found[j].at - (double)cases[k].at);

				if (off > 5 || found[j].delta * cases[k].step < 0)
					continue;
				seen++;
				near += off <= 1;
				within += found[j].first <= cases[k].at && cases[k].at <= found[j].last;
				covered += found[j].ci[0] <= cases[k].step && cases[k].step <= found[j].ci[1];
				break;
			}
		}
		double of_seen = 100.0 / (seen > 0 ? seen : 1);

		print_message("%zu runs, %s, step of %g at %zu: found %.1f%%, within one run %.0f%%, range holds it "
			      "%.0f%%, size covered %.0f%%, more than one %.1f%%\n",
			cases[k].n, cases[k].noise->name, cases[k].step, cases[k].at, 100.0 * seen / HISTORIES,
			of_seen * near, of_seen * within, of_seen * covered, 100.0 * more / HISTORIES);
		assert_share(seen, cases[k].least, 1);
		assert_share(more, 0, 0.04);
		/* Ranges and sizes of what was found: of nominal 95%. */
		assert_true(within * of_seen >= 90 && covered * of_seen >= 90);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_nothing_changed_hardly_any_step_is_found),
		cmocka_unit_test(test_a_step_is_found_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
