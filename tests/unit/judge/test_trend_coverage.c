#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/sustained.h"
#include "judge/trend.h"
#include "unit/judge/arms.h"

/* A thousand runs each are simulated whose slope is known, of windows that remember some of the one before: of the 95%
 * intervals between 93 and 97 in 100 must hold it. Where nothing grows, at most 5 in 100 may be called a leak. Seeds
 * are fixed, so the counts are the same each time. */

#ifdef NDEBUG
#define RUNS 1000
#define LEAST 0.93
#define MOST 0.97
#define ALARMS_MOST 0.05
#else /* a fifth of them, and as much wider bounds as chance then makes */
#define RUNS 200
#define LEAST 0.90
#define MOST 0.99
#define ALARMS_MOST 0.08
#endif
#define WINDOWS_MAX 90

struct noise {
	size_t windows;
	double memory; /* of the window before */
	bool is_skewed;
};

/* Of variance 1 before it is skewed, as P99s are: e^(x/2). */
static void
roll_windows(struct dice *dice, const struct noise *noise, double slope, double *x, double *y)
{
	double at = roll_normal(dice);

	for (size_t i = 0; i < noise->windows; i++) {
		at = i == 0 ? at : noise->memory * at + sqrt(1 - noise->memory * noise->memory) * roll_normal(dice);
		x[i] = (double)i;
		y[i] = 100 + slope * (double)i + (noise->is_skewed ? exp(at / 2) : at);
	}
}

static void
test_intervals_of_slopes_cover_what_they_say(void **state)
{
	static const struct noise noises[] = {
		{90, 0, false}, {90, 0.3, false}, {90, 0.6, false}, {90, 0.3, true}, {45, 0.3, false}, {45, 0.5, true}};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(noises); k++) {
		double x[WINDOWS_MAX], y[WINDOWS_MAX];
		int held = 0, told = 0;

		for (uint64_t run = 0; run < RUNS; run++) {
			struct dice dice = {.seed = run};
			struct trend trend;

			roll_windows(&dice, &noises[k], 0.02, x, y);
			assert_true(trend_find(&trend, x, y, noises[k].windows));
			held += trend.ci[0] <= 0.02 && 0.02 <= trend.ci[1];
			told += trend.p < 0.05;
		}
		print_message("%zu windows, memory %.1f%s: covered %.1f%%, told from 0 %.1f%%\n", noises[k].windows,
			noises[k].memory, noises[k].is_skewed ? ", skewed" : "", 100.0 * held / RUNS,
			100.0 * told / RUNS);
		assert_in_range(held, RUNS * LEAST, RUNS * MOST);
	}
}

static void
test_what_is_flat_is_rarely_called_a_leak_or_a_trend(void **state)
{
	static const struct noise noises[] = {
		{20, 0.5, false}, {45, 0.3, false}, {90, 0.6, false}, {90, 0.8, false}, {90, 0.6, true}};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(noises); k++) {
		double x[WINDOWS_MAX], y[WINDOWS_MAX];
		int leaks = 0, trends = 0;

		for (uint64_t run = 0; run < RUNS; run++) {
			struct dice dice = {.seed = run + 5000};
			struct drift drift;

			roll_windows(&dice, &noises[k], 0, x, y);
			leaks += memory_course_find(&drift, x, y, noises[k].windows) == MEMORY_LEAK;
			assert_true(drift_find(&drift, x, y, noises[k].windows));
			trends += drift.is_trend;
		}
		print_message("%zu windows, memory %.1f%s: leaks %.1f%%, trends %.1f%%\n", noises[k].windows,
			noises[k].memory, noises[k].is_skewed ? ", skewed" : "", 100.0 * leaks / RUNS,
			100.0 * trends / RUNS);
		assert_true(leaks <= RUNS * ALARMS_MOST);
		assert_true(trends <= RUNS * (1 - LEAST));
	}
}

/* Warm-up of any length that a run is long enough for, with and without a leak beside it. */
static void
test_warm_up_is_rarely_called_a_leak_and_a_leak_rarely_missed(void **state)
{
	int blamed = 0, missed = 0;

	(void)state;
	for (uint64_t run = 0; run < RUNS; run++) {
		double x[WINDOWS_MAX], y[WINDOWS_MAX], warm[WINDOWS_MAX];
		struct dice dice = {.seed = run + 9000};
		const struct noise noise = {.windows = 90, .memory = 0.5};
		struct drift drift;
		double constant = 5 + 30 * roll(&dice);

		roll_windows(&dice, &noise, 0, x, y);
		for (size_t i = 0; i < noise.windows; i++) {
			/* The first quarter of 120 windows is left out before. */
			warm[i] = y[i] + 100 * (1 - exp(-((double)i + 30) / constant));
			y[i] += 0.3 * (double)i;
		}
		blamed += memory_course_find(&drift, x, warm, noise.windows) == MEMORY_LEAK;
		missed += memory_course_find(&drift, x, y, noise.windows) != MEMORY_LEAK;
	}
	print_message("warm-ups blamed %.1f%%, leaks missed %.1f%%\n", 100.0 * blamed / RUNS, 100.0 * missed / RUNS);
	assert_true(blamed <= RUNS * ALARMS_MOST);
	assert_true(missed <= RUNS * ALARMS_MOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals_of_slopes_cover_what_they_say),
		cmocka_unit_test(test_what_is_flat_is_rarely_called_a_leak_or_a_trend),
		cmocka_unit_test(test_warm_up_is_rarely_called_a_leak_and_a_leak_rarely_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
