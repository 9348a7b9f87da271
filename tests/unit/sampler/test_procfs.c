#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "sampler/procfs.h"

static void
test_stat_survives_parentheses_and_spaces_in_the_name(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_true(procfs_parse_stat("42 (a) b (c) R 7 1 1 0 -1 0 0 0 0 0 12 3 4 5 20 0 6 0 99 0 0", &stat));
	assert_string_equal(stat.comm, "a) b (c");
	assert_int_equal(stat.pid, 42);
	assert_int_equal(stat.parent, 7);
	assert_int_equal(stat.run_ns, 150 * NS_PER_MS);
	assert_int_equal(stat.children_ns, 90 * NS_PER_MS);
	assert_int_equal(stat.threads, 6);
	assert_int_equal(stat.start_ticks, 99);
	assert_false(procfs_parse_stat("", &stat));
	assert_false(procfs_parse_stat("42 (never closed", &stat));
	assert_false(procfs_parse_stat("42 (short) R 7 1", &stat));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat_survives_parentheses_and_spaces_in_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
