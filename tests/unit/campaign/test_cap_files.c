/* Caps in the files of a cgroup, v1 and v2, in a folder of ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign/cap_files.h"

static char folder[] = "/tmp/brunt-cap-XXXXXX";
static struct cgroup_limits places;
static struct cap_files files;
static struct error err;

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
assert_holds(const char *name, const char *wanted)
{
	char text[64] = "";
	FILE *file = fopen(path_of(name), "r");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, wanted);
}

static int
begin(void **state)
{
	struct cgroup_place place = {.is_own = true, .is_v2 = true};

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/brunt-cap-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(place.directory, sizeof(place.directory), "%s", folder);
	places = (struct cgroup_limits){.cpu = place, .memory = place};
	err = (struct error){0};
	return 0;
}

static int
end(void **state)
{
	static const char *const names[] = {
		"cpu.max", "memory.max", "cpu.cfs_quota_us", "cpu.cfs_period_us", "memory.limit_in_bytes"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	rmdir(folder);
	return 0;
}

static void
test_v2_keeps_the_period_and_gets_back_what_it_had(void **state)
{
	(void)state;
	put("cpu.max", "max 50000\n");
	put("memory.max", "max\n");
	assert_true(cap_files_set(&files, &(struct plan_cap){0.5, 268435456}, &places, &err));
	assert_holds("cpu.max", "25000 50000");
	assert_holds("memory.max", "268435456");
	assert_true(cap_files_restore(&files, &err));
	assert_holds("cpu.max", "max 50000");
	assert_holds("memory.max", "max");
}

static void
test_v1_has_a_file_for_the_period(void **state)
{
	(void)state;
	places.cpu.is_v2 = places.memory.is_v2 = false;
	put("cpu.cfs_quota_us", "-1\n");
	put("cpu.cfs_period_us", "200000\n");
	put("memory.limit_in_bytes", "9223372036854771712\n");
	assert_true(cap_files_set(&files, &(struct plan_cap){1.5, 1048576}, &places, &err));
	assert_holds("cpu.cfs_quota_us", "300000");
	assert_holds("memory.limit_in_bytes", "1048576");
	assert_true(cap_files_restore(&files, &err));
	assert_holds("cpu.cfs_quota_us", "-1");
	assert_holds("memory.limit_in_bytes", "9223372036854771712");
}

static void
test_what_is_not_capped_is_not_touched(void **state)
{
	(void)state;
	put("cpu.max", "max 100000\n");
	assert_true(cap_files_set(&files, &(struct plan_cap){.cpu = 2}, &places, &err)); /* there is no memory.max */
	assert_holds("cpu.max", "200000 100000");
	assert_true(cap_files_restore(&files, &err));
	assert_true(cap_files_restore(&files, &err)); /* once more does nothing */
	assert_holds("cpu.max", "max 100000");
}

static void
test_where_half_of_it_fails_none_of_it_stands(void **state)
{
	(void)state;
	put("memory.max", "max\n");
	assert_false(cap_files_set(&files, &(struct plan_cap){0.5, 1048576}, &places, &err));
	assert_holds("memory.max", "max");
	assert_non_null(strstr(err.message, "cannot read"));
	assert_non_null(strstr(err.message, "/cpu.max"));
}

static void
test_nobody_is_capped_who_was_not_meant(void **state)
{
	const struct plan_cap cap = {.cpu = 0.5};

	(void)state;
	put("cpu.max", "max 100000\n");
	places.cpu.is_own = false;
	assert_false(cap_files_set(&files, &cap, &places, &err));
	assert_string_equal(err.message, "the target is in no cgroup of its own, so that its CPU cannot be capped");
	err = (struct error){0};
	places.cpu.holds_us = true;
	assert_false(cap_files_set(&files, &cap, &places, &err));
	assert_non_null(strstr(err.message, "brunt itself is in the target's cgroup"));
	err = (struct error){0};
	places.cpu.directory[0] = '\0';
	assert_false(cap_files_set(&files, &cap, &places, &err));
	assert_non_null(strstr(err.message, "cannot be seen"));
	assert_holds("cpu.max", "max 100000");
}

static void
test_a_cgroup_that_is_gone_has_no_cap(void **state)
{
	(void)state;
	put("cpu.max", "max 100000\n");
	assert_true(cap_files_set(&files, &(struct plan_cap){.cpu = 2}, &places, &err));
	unlink(path_of("cpu.max"));
	assert_true(cap_files_restore(&files, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v2_keeps_the_period_and_gets_back_what_it_had, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_has_a_file_for_the_period, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_not_capped_is_not_touched, begin, end),
		cmocka_unit_test_setup_teardown(test_where_half_of_it_fails_none_of_it_stands, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_is_capped_who_was_not_meant, begin, end),
		cmocka_unit_test_setup_teardown(test_a_cgroup_that_is_gone_has_no_cap, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
