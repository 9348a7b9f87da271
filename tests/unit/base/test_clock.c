#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

static void
test_a_wall_time_is_read_as_it_was_written(void **state)
{
	const int64_t times_s[] = {
		1, 951782400, 1795312800, 4102444799}; /* of a leap day, of summer and of 2099, too */
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times_s); i++)
		assert_int_equal(
			wall_of_text(wall_text(times_s[i] * NS_PER_S, text, sizeof(text))), times_s[i] * NS_PER_S);
	assert_string_equal(wall_text(951782400 * NS_PER_S, text, sizeof(text)), "2000-02-29T00:00:00Z");
}

static void
test_what_is_no_wall_time_is_none(void **state)
{
	static const char *const texts[] = {"", "not known", "2026-11-22", "2026-11-22T02:00:00", "22.11.2026"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(wall_of_text(texts[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wall_time_is_read_as_it_was_written),
		cmocka_unit_test(test_what_is_no_wall_time_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
