#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char root[PATH_MAX];

static const char *
in_root(const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static int
make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/brunt-file-XXXXXX");
	return mkdtemp(root) == NULL;
}

static size_t
entries_in_root(void)
{
	DIR *dir = opendir(root);
	size_t n = 0;

	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(void **state)
{
	struct error err = {0};
	size_t length;

	(void)state;
	assert_true(file_write_atomic(in_root("a"), "old", 3, &err));
	assert_true(file_write_atomic(in_root("a"), "newer", 5, &err));
	char *text = file_read(in_root("a"), 100, &length, &err);

	assert_string_equal(text, "newer");
	assert_int_equal(length, 5);
	assert_int_equal(entries_in_root(), 1);
	free(text);
	unlink(in_root("a"));
}

static void
test_a_write_that_fails_leaves_the_old_file(void **state)
{
	struct error err = {0};

	(void)state;
	assert_false(file_write_atomic(in_root("no/such/directory"), "x", 1, &err));
	assert_non_null(strstr(err.message, "No such file or directory"));
	assert_int_equal(entries_in_root(), 0);
}

static void
test_a_file_over_the_ceiling_is_refused(void **state)
{
	struct error err = {0};

	(void)state;
	assert_true(file_write_atomic(in_root("b"), "12345", 5, &err));
	assert_null(file_read(in_root("b"), 4, NULL, &err));
	assert_non_null(strstr(err.message, "larger than 4 bytes"));
	unlink(in_root("b"));
}

/* Larger than any piece of it, and not a whole number of them. */
static void
test_a_copy_is_whole_or_none(void **state)
{
	static char bytes[300001];
	struct error err = {0};
	char from[PATH_MAX + 64], nothing[PATH_MAX + 64];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 >> 3);
	snprintf(from, sizeof(from), "%s", in_root("from"));
	snprintf(nothing, sizeof(nothing), "%s", in_root("nothing"));
	assert_true(file_write_atomic(from, bytes, sizeof(bytes), &err));
	assert_true(file_copy_atomic(from, in_root("to"), &err));
	char *copy = file_read(in_root("to"), sizeof(bytes), &length, &err);

	assert_int_equal(length, sizeof(bytes));
	assert_memory_equal(copy, bytes, sizeof(bytes));
	assert_false(file_copy_atomic(root, in_root("to"), &err)); /* a directory opens, and cannot be read */
	assert_non_null(strstr(err.message, "cannot read"));
	err = (struct error){0};
	assert_false(file_copy_atomic(nothing, in_root("to"), &err));
	assert_non_null(strstr(err.message, "cannot read"));
	free(copy);
	copy = file_read(in_root("to"), sizeof(bytes), &length, &err);
	assert_int_equal(length, sizeof(bytes)); /* as it was */
	assert_int_equal(entries_in_root(), 2);
	free(copy);
	unlink(from);
	unlink(in_root("to"));
}

static void
test_a_tree_is_removed_and_nothing_that_it_links_to(void **state)
{
	struct error err = {0};
	char target[PATH_MAX + 64];

	(void)state;
	assert_true(file_make_dirs(in_root("t/below"), &err));
	assert_true(file_make_dirs(in_root("kept"), &err));
	assert_true(file_write_atomic(in_root("kept/file"), "x", 1, &err));
	assert_true(file_write_atomic(in_root("t/below/file"), "x", 1, &err));
	snprintf(target, sizeof(target), "%s", in_root("kept"));
	assert_int_equal(symlink(target, in_root("t/link")), 0);
	assert_true(file_remove_tree(in_root("t")));
	assert_int_equal(access(in_root("t"), F_OK), -1);
	assert_int_equal(access(in_root("kept/file"), F_OK), 0);
	assert_true(file_remove_tree(in_root("kept")));
	assert_int_equal(entries_in_root(), 0);
}

static void
test_directories_are_made_with_those_above_them(void **state)
{
	struct error err = {0};

	(void)state;
	assert_true(file_make_dirs(in_root("x/y/z"), &err));
	assert_true(file_make_dirs(in_root("x/y/z"), &err));
	assert_true(file_write_atomic(in_root("x/file"), "", 0, &err));
	assert_false(file_make_dirs(in_root("x/file"), &err));
	assert_non_null(strstr(err.message, "is not a directory"));
	unlink(in_root("x/file"));
	rmdir(in_root("x/y/z"));
	rmdir(in_root("x/y"));
	rmdir(in_root("x"));
}

/* Of Noll's own vectors. */
static void
test_a_file_is_known_by_its_bytes(void **state)
{
	struct error err = {0};
	uint64_t hash = 0;

	(void)state;
	assert_true(file_write_atomic(in_root("rows"), "foobar", 6, &err));
	assert_true(file_hash(in_root("rows"), &hash));
	assert_true(hash == UINT64_C(0x85944171f73967e8));
	assert_true(file_write_atomic(in_root("rows"), "", 0, &err));
	assert_true(file_hash(in_root("rows"), &hash));
	assert_true(hash == UINT64_C(0xcbf29ce484222325));
	unlink(in_root("rows"));
	assert_false(file_hash(in_root("rows"), &hash));
	assert_int_equal(mkfifo(in_root("rows"), 0600), 0);
	assert_false(file_hash(in_root("rows"), &hash)); /* who reads it takes it away from whoever is to have it */
	unlink(in_root("rows"));
}

static int
remove_root(void **state)
{
	(void)state;
	return rmdir(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_is_replaced_whole_and_nothing_is_left_beside_it),
		cmocka_unit_test(test_a_write_that_fails_leaves_the_old_file),
		cmocka_unit_test(test_a_file_over_the_ceiling_is_refused),
		cmocka_unit_test(test_a_copy_is_whole_or_none),
		cmocka_unit_test(test_a_tree_is_removed_and_nothing_that_it_links_to),
		cmocka_unit_test(test_directories_are_made_with_those_above_them),
		cmocka_unit_test(test_a_file_is_known_by_its_bytes),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
