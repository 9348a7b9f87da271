#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "engine/pacing.h"

static void
add(struct pacing *pacing, double run_wait, double cpu_allowed)
{
	struct reading self;

	for (size_t i = 0; i < GAUGE_COUNT; i++)
		self.values[i] = NAN;
	self.values[GAUGE_RUN_WAIT] = run_wait;
	self.values[GAUGE_CPU_ALLOWED] = cpu_allowed;
	pacing_add_reading(pacing, &self);
}

static void
test_auto_spins_as_long_as_nobody_waits(void **state)
{
	struct pacing pacing;

	(void)state;
	pacing_init(&pacing, PACING_AUTO, false);
	assert_false(pacing.is_relaxed);
	for (int i = 0; i < 100; i++)
		add(&pacing, i % PACING_WAITED_READINGS == 0 ? 0.009 : 0.5, 2); /* never often enough in a row */
	assert_false(pacing.is_relaxed);
	add(&pacing, NAN, NAN); /* not available */
	assert_false(pacing.is_relaxed);
}

static void
test_auto_relaxes_for_good_where_others_keep_waiting(void **state)
{
	struct pacing pacing;

	(void)state;
	pacing_init(&pacing, PACING_AUTO, false);
	for (int i = 0; i < PACING_WAITED_READINGS; i++)
		add(&pacing, 0.011, 2);
	assert_true(pacing.is_relaxed);
	add(&pacing, 0, 2);
	assert_true(pacing.is_relaxed);
}

static void
test_auto_relaxes_below_one_core_and_where_the_target_has_no_other(void **state)
{
	struct pacing pacing;

	(void)state;
	pacing_init(&pacing, PACING_AUTO, false);
	add(&pacing, 0, 0.99);
	assert_true(pacing.is_relaxed);
	pacing_init(&pacing, PACING_AUTO, true);
	assert_true(pacing.is_relaxed);
}

static void
test_what_the_profile_asks_for_holds(void **state)
{
	struct pacing pacing;

	(void)state;
	pacing_init(&pacing, PACING_PRECISE, true);
	for (int i = 0; i < 10; i++)
		add(&pacing, 0.9, 0.1);
	assert_false(pacing.is_relaxed);
	pacing_init(&pacing, PACING_RELAXED, false);
	assert_true(pacing.is_relaxed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_spins_as_long_as_nobody_waits),
		cmocka_unit_test(test_auto_relaxes_for_good_where_others_keep_waiting),
		cmocka_unit_test(test_auto_relaxes_below_one_core_and_where_the_target_has_no_other),
		cmocka_unit_test(test_what_the_profile_asks_for_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
