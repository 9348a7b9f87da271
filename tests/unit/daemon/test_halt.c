#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "daemon/halt.h"

#define AT (INT64_C(1790000000) * NS_PER_S)

static char dir[64], path[96];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/brunt-halt-XXXXXX");
	snprintf(path, sizeof(path), "%s/halt", mkdtemp(dir));
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return file_remove_tree(dir) ? 0 : -1;
}

static void
test_a_stop_outlives_a_restart_until_it_is_lifted(void **state)
{
	struct halt before, after;
	struct error err = {0};

	(void)state;
	assert_true(halt_init(&before, path, &err) && !before.is_on);
	assert_true(halt_set(&before, "alice", "the\nshop burns", AT, &err));
	assert_true(halt_init(&after, path, &err));
	assert_true(after.is_on);
	assert_string_equal(after.who, "alice");
	assert_string_equal(after.why, "the shop burns");
	assert_int_equal(after.since_wall_ns, AT);
	assert_true(halt_lift(&after, &err));
	assert_false(after.is_on);
	assert_true(halt_init(&before, path, &err) && !before.is_on);
	assert_true(halt_lift(&before, &err)); /* twice does no harm */
}

static void
test_a_file_made_by_hand_stops_too(void **state)
{
	struct error err = {0};
	struct halt halt;

	(void)state;
	fclose(fopen(path, "w"));
	assert_true(halt_init(&halt, path, &err) && halt.is_on);
	assert_string_equal(halt.who, "");
	assert_int_equal(halt.since_wall_ns, 0);
	assert_true(file_write_atomic(path, "x\xff\n\n\n\n", 6, &err));
	assert_true(halt_init(&halt, path, &err) && halt.is_on);
}

static void
test_it_holds_even_where_it_cannot_be_written(void **state)
{
	struct error err = {0};
	struct halt halt;

	(void)state;
	assert_true(halt_init(&halt, "/nowhere/at/all", &err));
	assert_false(halt_set(&halt, "alice", "", AT, &err));
	assert_true(halt.is_on);
}

static void
test_long_words_are_cut_between_characters(void **state)
{
	char much[1000] = "";
	struct error err = {0};
	struct halt halt;

	(void)state;
	for (size_t i = 0; i + 4 < sizeof(much); i += 3)
		memcpy(much + i, "\xe2\x82\xac", 4);
	assert_true(halt_init(&halt, path, &err));
	assert_true(halt_set(&halt, much, much, AT, &err));
	assert_int_equal(strlen(halt.why) % 3, 0);
	assert_int_equal(strlen(halt.who) % 3, 0);
	assert_true(strlen(halt.why) > 200);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_a_stop_outlives_a_restart_until_it_is_lifted),
		IN_DIR(test_a_file_made_by_hand_stops_too),
		IN_DIR(test_it_holds_even_where_it_cannot_be_written),
		IN_DIR(test_long_words_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
