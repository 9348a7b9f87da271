#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cmd/plot.h"

/* The picture of a planned load, character by character. */

#define SECOND INT64_C(1000000000)

static const char *
drawn(const struct plot *plot)
{
	static char text[16384];
	struct buf into;

	buf_init(&into, sizeof(text) - 1);
	plot_draw(plot, &into);
	assert_false(into.overflowed);
	memcpy(text, into.bytes, into.length);
	text[into.length] = '\0';
	buf_fini(&into);
	return text;
}

/* Four plateaus of 25, 50, 75 and 100 per second. */
static struct plot
stairs(bool is_ascii)
{
	struct plot plot = {.end_ns = 40 * SECOND, .unit = "/s", .is_ascii = is_ascii};

	for (size_t i = 0; i < PLOT_COLUMNS; i++)
		plot.values[i] = 25 * (double)(i / (PLOT_COLUMNS / 4) + 1);
	return plot;
}

static void
test_a_plot_in_ascii_is_this_and_nothing_else(void **state)
{
	const struct plot plot = stairs(true);

	(void)state;
	assert_string_equal(drawn(&plot),
		"     100/s |                                                ################\n"
		"           |                                                ################\n"
		"           |                                ################################\n"
		"           |                                ################################\n"
		"           |                                ################################\n"
		"      50/s |                ################################################\n"
		"           |                ################################################\n"
		"           |################################################################\n"
		"           |################################################################\n"
		"           |################################################################\n"
		"         0 +----------------------------------------------------------------\n"
		"            0s                              20.0s                      40.0s\n");
}

/* 40 dots are 100/s: the first plateau is 10 of them, two and a half characters of four. */
static void
test_braille_shows_quarters_of_a_line(void **state)
{
	const struct plot plot = stairs(false);
	const char *text = drawn(&plot), *line = text;

	(void)state;
	for (int i = 0; i < 7; i++)
		line = strchr(line, '\n') + 1;
	assert_memory_equal(line, "           │⣤⣤", strlen("           │⣤⣤"));
	line = strchr(line, '\n') + 1;
	assert_memory_equal(line, "           │⣿⣿", strlen("           │⣿⣿"));
	assert_memory_equal(text, "     100/s ┤⠀", strlen("     100/s ┤⠀"));
	assert_non_null(strstr(text, "\n         0 └─"));
}

static void
test_what_is_above_0_shows_and_0_does_not(void **state)
{
	struct plot plot = {.end_ns = SECOND, .unit = "/s", .is_ascii = true};

	(void)state;
	assert_null(strchr(drawn(&plot), '#')); /* an empty load is an empty plot, and no division by 0 */
	plot.values[0] = 1e6;
	plot.values[PLOT_COLUMNS - 1] = 0.001;
	const char *text = drawn(&plot), *lowest = strstr(text, "\n         0 +");

	assert_int_equal(lowest[-1], '#');
	assert_int_equal(lowest[-2], ' ');
}

static void
test_rounding_of_samples_does_not_show(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(plot_level_text(199.9997, text, sizeof(text)), "200");
	assert_string_equal(plot_level_text(0, text, sizeof(text)), "0");
	assert_string_equal(plot_level_text(33.33333, text, sizeof(text)), "33.3");
	assert_string_equal(plot_time_text(0, text, sizeof(text)), "0s");
}

static void
test_unicode_is_used_where_the_environment_allows_it(void **state)
{
	(void)state;
	unsetenv("NO_UTF8");
	setenv("LC_ALL", "C", 1);
	setenv("LANG", "en_GB.UTF-8", 1);
	assert_false(plot_has_utf8()); /* the first that is set decides */
	setenv("LC_ALL", "", 1);
	unsetenv("LC_CTYPE");
	assert_true(plot_has_utf8());
	setenv("NO_UTF8", "1", 1);
	assert_false(plot_has_utf8());
	unsetenv("NO_UTF8");
	unsetenv("LANG");
	assert_false(plot_has_utf8());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_plot_in_ascii_is_this_and_nothing_else),
		cmocka_unit_test(test_braille_shows_quarters_of_a_line),
		cmocka_unit_test(test_what_is_above_0_shows_and_0_does_not),
		cmocka_unit_test(test_rounding_of_samples_does_not_show),
		cmocka_unit_test(test_unicode_is_used_where_the_environment_allows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
