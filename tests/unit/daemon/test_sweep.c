#include "daemon/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "daemon/ledger.h"

#define KNOWN "20261122T020000Z-00000a"
#define UNKNOWN "20261122T020000Z-00000b"
#define BEGUN "20261122T020000Z-00000c"
#define NOBODY 4194305 /* over the kernel's PID_MAX_LIMIT */

static char dir[] = "/tmp/brunt-sweep-XXXXXX";

static void
put(const char *name)
{
	struct error err = {0};
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	*strrchr(path, '/') = '\0';
	assert_true(file_make_dirs(path, &err));
	path[strlen(path)] = '/';
	assert_true(file_write_atomic(path, "x", 1, &err));
}

static bool
is_there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void
put_by(const char *name, long pid)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.tmp.%ld", name, pid);
	put(path);
}

static bool
is_there_by(const char *name, long pid)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.tmp.%ld", name, pid);
	return is_there(path);
}

static void
test_half_files_of_who_is_no_more_are_removed(void **state)
{
	char path[256];

	(void)state;
	put_by("job/a.json", NOBODY);
	put_by("job/results/deep/b.json", NOBODY);
	put_by("job/c.json", getpid());
	put("job/d.json");
	put("job/e.tmp.x");
	put("job/f.tmp.12x");
	snprintf(path, sizeof(path), "%s/job", dir);
	sweep_half_files(path);
	assert_false(is_there_by("job/a.json", NOBODY));
	assert_false(is_there_by("job/results/deep/b.json", NOBODY));
	assert_true(is_there_by("job/c.json", getpid()));
	assert_true(is_there("job/d.json") && is_there("job/e.tmp.x") && is_there("job/f.tmp.12x"));
}

static void
test_runs_that_nobody_was_promised_are_removed(void **state)
{
	struct error err = {0};
	struct ledger_run run = {
		.id = KNOWN, .name = "a", .submitted_by = "b", .target = "c", .load = "d", .exit_code = -1};

	(void)state;
	put("brunt.yaml");
	struct ledger *ledger = ledger_open(dir, &err);

	assert_non_null(ledger);
	assert_true(ledger_put_run(ledger, &run, NULL, 0, &err));
	put("runs/" KNOWN "/job.json");
	put("runs/" UNKNOWN "/job.json");
	put("runs/" BEGUN "/results.partial/events.ndjson"); /* of a directory that somebody brought along, say */
	put("runs/notes/mine.txt");
	put_by("halt", NOBODY);
	put_by("baselines/a.json", NOBODY);
	sweep_data(dir, ledger);
	assert_true(is_there("runs/" KNOWN "/job.json"));
	assert_false(is_there("runs/" UNKNOWN));
	assert_true(is_there("runs/" BEGUN "/results.partial/events.ndjson"));
	assert_true(is_there("runs/notes/mine.txt"));
	assert_false(is_there_by("halt", NOBODY));
	assert_false(is_there_by("baselines/a.json", NOBODY));
	assert_true(is_there("brunt.db"));
	ledger_close(ledger);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	(void)state;
	return !file_remove_tree(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_files_of_who_is_no_more_are_removed),
		cmocka_unit_test(test_runs_that_nobody_was_promised_are_removed),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
