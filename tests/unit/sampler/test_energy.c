/* What a command says that a target draws. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "fixture.h"
#include "sampler/energy.h"

static struct reading reading;

static struct sampler *
open_one(const struct plan_energy *plan)
{
	struct error err = {0};
	struct sampler *sampler = energy_open_at(&(struct sampler_config){.energy = plan}, &clock_, &err);

	assert_non_null(sampler);
	return sampler;
}

static double
watts_after(struct sampler *sampler, double seconds)
{
	clock_set_ns(&clock_, clock_now_ns(&clock_) + s_to_ns(seconds));
	sampler->ops->read(sampler, &reading);
	return reading.values[GAUGE_POWER_TOLD];
}

static void
test_a_counter_of_joules_is_watts_by_the_time_between_readings(void **state)
{
	char command[128];
	struct plan_energy plan = {.command = command, .prints = ENERGY_JOULES, .timeout_ns = 20 * NS_PER_S};
	struct sampler *sampler = open_one(&plan);

	(void)state;
	snprintf(command, sizeof(command), "cat %s/joules", root);
	put("1000\n", "/joules");
	assert_true(isnan(watts_after(sampler, 1))); /* since when? */
	assert_string_equal(energy_why_not(sampler), "");
	put("1060.5\n", "/joules");
	near(watts_after(sampler, 2), 60.5 / 2);
	put("20\n", "/joules"); /* it began again */
	assert_true(isnan(watts_after(sampler, 1)));
	put("  50 \n", "/joules");
	near(watts_after(sampler, 0.5), 60);
	assert_true(isnan(reading.values[GAUGE_CPU]));
	sampler->ops->close(sampler);
}

static void
test_watts_are_told_as_they_are(void **state)
{
	struct plan_energy plan = {.command = "echo 215.5", .prints = ENERGY_WATTS, .timeout_ns = 20 * NS_PER_S};
	struct sampler *sampler = open_one(&plan);

	(void)state;
	near(watts_after(sampler, 1), 215.5);
	near(watts_after(sampler, 1), 215.5);
	sampler->ops->close(sampler);
}

static void
check_says_nothing(const char *command, const char *why)
{
	struct plan_energy plan = {.command = command, .prints = ENERGY_WATTS, .timeout_ns = 20 * NS_PER_S};
	struct sampler *sampler = open_one(&plan);

	assert_true(isnan(watts_after(sampler, 1)));
	if (strstr(energy_why_not(sampler), why) == NULL)
		fail_msg("'%s' is not in '%s'", why, energy_why_not(sampler));
	sampler->ops->close(sampler);
}

static void
test_a_command_that_fails_says_why_it_says_nothing(void **state)
{
	(void)state;
	check_says_nothing("exit 3", "exit status 3");
	check_says_nothing("/nowhere/to/be/found", "exit status 127");
	check_says_nothing("kill -9 $$", "signal 9");
	check_says_nothing("echo many", "'many', which is no number of watts");
	check_says_nothing("echo 12 W", "'12 W', which is no number of watts");
	check_says_nothing("echo -3", "'-3'");
	check_says_nothing("echo nan", "'nan'");
	check_says_nothing("true", "''");
	check_says_nothing("head -c 1000000 /dev/zero | tr '\\0' x", "'xxxx");
}

/* The gap of a failure is not made up for: joules of a time of which nothing is known are nobody's. */
static void
test_a_counter_begins_anew_after_a_failure(void **state)
{
	char command[128];
	struct plan_energy plan = {.command = command, .prints = ENERGY_JOULES, .timeout_ns = 20 * NS_PER_S};
	struct sampler *sampler = open_one(&plan);

	(void)state;
	snprintf(command, sizeof(command), "cat %s/joules", root);
	put("100\n", "/joules");
	watts_after(sampler, 1);
	put("broken\n", "/joules");
	assert_true(isnan(watts_after(sampler, 1)));
	put("300\n", "/joules");
	assert_true(isnan(watts_after(sampler, 1)));
	put("310\n", "/joules");
	near(watts_after(sampler, 1), 10);
	sampler->ops->close(sampler);
}

/* With all that it started; what it leaves behind when it is in time, too. */
static void
test_a_command_that_takes_too_long_is_killed(void **state)
{
	char command[256], text[64];
	struct plan_energy plan = {.command = command, .prints = ENERGY_WATTS, .timeout_ns = 200 * NS_PER_MS};
	struct sampler *sampler = open_one(&plan);

	(void)state;
	snprintf(command, sizeof(command), "sleep 1000 & echo $! > %s/pid; sleep 1000", root);
	assert_true(isnan(watts_after(sampler, 1)));
	assert_non_null(strstr(energy_why_not(sampler), "longer than 200ms"));
	plan.timeout_ns = 20 * NS_PER_S;
	snprintf(command, sizeof(command), "sleep 1000 >/dev/null & echo $! > %s/pid; echo 7", root);
	near(watts_after(sampler, 1), 7);
	snprintf(command, sizeof(command), "%s/pid", root);
	assert_true(file_read_small(command, text, sizeof(text)) > 0);
	pid_t left = (pid_t)strtol(text, NULL, 10);

	assert_true(left > 1);
	/* Killed; somebody else's to be reaped. */
	for (int i = 0; i < 10000 && kill(left, 0) == 0; i++)
		usleep(1000);
	assert_int_equal(kill(left, 0), -1);
	assert_int_equal(errno, ESRCH);
	sampler->ops->close(sampler);
}

static void
test_without_a_command_there_is_no_sampler(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(energy_sampler.open(&(struct sampler_config){0}, &err));
	assert_true(error_is_set(&err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_counter_of_joules_is_watts_by_the_time_between_readings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watts_are_told_as_they_are, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_command_that_fails_says_why_it_says_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_counter_begins_anew_after_a_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_command_that_takes_too_long_is_killed, setup, teardown),
		cmocka_unit_test(test_without_a_command_there_is_no_sampler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
