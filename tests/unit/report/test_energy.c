/* What a run cost in energy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "report/energy.h"

static struct level_summary levels[3];
static struct summary summary;

static void
draw(struct gauge_set *set, enum gauge gauge, double watts, uint64_t n)
{
	set->gauges[gauge] = (struct gauge_stats){.sum = watts * (double)n, .n = n};
}

static void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-9 * fabs(wanted)))
		fail_msg("%.12g is not %.12g", value, wanted);
}

/* 10 s at 150 W and 20 s at 250 W, of which 100 W are drawn anyway; one level was never played. */
static int
setup(void **state)
{
	(void)state;
	summary = (struct summary){.levels = levels, .levels_n = 3};
	for (int i = 0; i < 3; i++)
		levels[i] = (struct level_summary){.is_known = i < 2, .window_s = i < 2 ? 10 * (i + 1) : 99};
	draw(&levels[0].target, GAUGE_POWER, 150, 40);
	draw(&levels[1].target, GAUGE_POWER, 250, 80);
	draw(&summary.target, GAUGE_POWER, 200, 130);
	draw(&summary.target_idle, GAUGE_POWER, 100, 8);
	summary.measured.counts.ok = 700;
	return 0;
}

static void
test_energy_is_what_the_levels_drew_above_idle(void **state)
{
	struct energy energy;

	(void)state;
	assert_true(energy_of(&summary, &energy));
	near(energy.cpu_w, 200);
	near(energy.cpu_idle_w, 100);
	near(energy.joules, 10 * 50 + 20 * 150);
	near(energy.per_request_j, 5);
	assert_true(energy.is_idle_subtracted);
	assert_true(isnan(energy.gpu_w));
	assert_true(isnan(energy.per_token_j));
}

static void
test_energy_of_gpus_is_added_and_told_per_token(void **state)
{
	struct energy energy;

	(void)state;
	draw(&levels[0].target, GAUGE_GPU_POWER, 400, 40);
	draw(&summary.target, GAUGE_GPU_POWER, 350, 130); /* the second level had no reading of its own */
	draw(&summary.target_idle, GAUGE_GPU_POWER, 60, 8);
	summary.measured.counts.completion_tokens = 1000;
	assert_true(energy_of(&summary, &energy));
	near(energy.joules, 3500 + 10 * 340 + 20 * 290);
	near(energy.per_token_j, energy.joules / 1000);
}

/* It may measure the CPUs too, or a whole rack: nothing is added to it. */
static void
test_energy_that_a_command_told_is_all_there_is(void **state)
{
	struct energy energy;

	(void)state;
	draw(&levels[0].target, GAUGE_POWER_TOLD, 300, 10);
	draw(&levels[1].target, GAUGE_POWER_TOLD, 400, 20);
	draw(&summary.target, GAUGE_POWER_TOLD, 350, 33);
	assert_true(energy_of(&summary, &energy));
	near(energy.joules, 10 * 300 + 20 * 400);
	assert_false(energy.is_idle_subtracted);
	draw(&summary.target_idle, GAUGE_POWER_TOLD, 250, 2);
	assert_true(energy_of(&summary, &energy));
	near(energy.joules, 10 * 50 + 20 * 150);
	assert_true(energy.is_idle_subtracted);
	near(energy.told_w, 350);
	near(energy.told_idle_w, 250);
	near(energy.cpu_w, 200);
}

static void
test_idle_that_was_not_measured_is_not_subtracted_and_that_is_told(void **state)
{
	struct energy energy;

	(void)state;
	summary.target_idle.gauges[GAUGE_POWER].n = 0;
	assert_true(energy_of(&summary, &energy));
	assert_false(energy.is_idle_subtracted);
	near(energy.joules, 10 * 150 + 20 * 250);
}

static void
test_machine_that_does_not_say_has_no_energy(void **state)
{
	struct energy energy;

	(void)state;
	summary.target.gauges[GAUGE_POWER].n = 0;
	assert_false(energy_of(&summary, &energy));
	assert_true(isnan(energy.joules));
	assert_true(isnan(energy.per_request_j));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_energy_is_what_the_levels_drew_above_idle, setup),
		cmocka_unit_test_setup(test_energy_of_gpus_is_added_and_told_per_token, setup),
		cmocka_unit_test_setup(test_energy_that_a_command_told_is_all_there_is, setup),
		cmocka_unit_test_setup(test_idle_that_was_not_measured_is_not_subtracted_and_that_is_told, setup),
		cmocka_unit_test_setup(test_machine_that_does_not_say_has_no_energy, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
