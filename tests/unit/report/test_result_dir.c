#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "report/journal.h"
#include "unit/report/fixture.h"

#define LINE "{\"event\":\"interval\",\"seq\":0}\n"

static char root[64]; /* a directory of this test's own */
static struct plan plan;
static struct summary *summary;
static struct verdict verdict;
static struct report report;

static int
set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/brunt-results-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	plan = fixture_plan();
	plan.output.dir = root;
	summary = fixture_summary(&plan, 3);
	verdict = fixture_verdict();
	report = fixture_report(&plan, summary, &verdict);
	return 0;
}

static void
remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	char below[PATH_MAX];

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (unlink(below) != 0)
			remove_tree(below);
	}
	if (directory != NULL)
		closedir(directory);
	rmdir(path);
}

static int
tear_down(void **state)
{
	(void)state;
	summary_free(summary);
	remove_tree(root);
	return 0;
}

static const char *
in_root(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static bool
is_there(const char *name)
{
	struct stat status;

	return lstat(in_root(name), &status) == 0;
}

static char *
contents(const char *name)
{
	struct error err = {0};
	char *text = file_read(in_root(name), 1 << 24, NULL, &err);

	assert_string_equal(err.message, "");
	return text;
}

#define RUN "checkout/20261122T020000Z-1a2b3c"

static struct result_dir *
opened(const char *exactly)
{
	struct error err = {0};
	struct result_dir *dir = result_dir_open(&plan, &report.identity, exactly, &err);

	assert_string_equal(err.message, "");
	assert_non_null(dir);
	return dir;
}

static void
test_a_run_is_partial_until_it_is_finished_and_then_whole(void **state)
{
	struct result_dir *dir = opened(NULL);
	struct error err = {0};
	char target[64] = "";

	(void)state;
	assert_true(is_there(RUN ".partial/profile.yaml"));
	assert_false(is_there(RUN));
	result_dir_add_events(dir, LINE, strlen(LINE));
	result_dir_add_events(dir, LINE, strlen(LINE));
	result_dir_add_hlog(dir, "hlog\n", 5);
	char *events = contents(RUN ".partial/events.ndjson");

	assert_string_equal(events, LINE LINE); /* what a killed run leaves */
	free(events);
	assert_true(result_dir_finish(dir, &report, &err));
	assert_false(is_there(RUN ".partial"));
	static const char *const names[] = {"profile.yaml", "result.json", "report.txt", "run.hlog", "events.ndjson"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char name[128];

		snprintf(name, sizeof(name), RUN "/%s", names[i]);
		assert_true(is_there(name));
	}
	assert_int_equal(
		readlink(in_root("checkout/latest"), target, sizeof(target) - 1), strlen("20261122T020000Z-1a2b3c"));
	assert_string_equal(target, "20261122T020000Z-1a2b3c");
	char *text = contents(RUN "/report.txt");

	assert_non_null(strstr(text, "BREAKS at 240/s"));
	free(text);
	assert_string_equal(result_dir_path(dir), in_root(RUN));
	result_dir_free(dir);
}

static void
test_latest_follows_the_newest_run(void **state)
{
	struct error err = {0};
	char target[64] = "";

	(void)state;
	for (int i = 0; i < 2; i++) {
		report.identity.id = i == 0 ? "first" : "second";
		struct result_dir *dir = opened(NULL);

		assert_true(result_dir_finish(dir, &report, &err));
		result_dir_free(dir);
	}
	assert_true(readlink(in_root("checkout/latest"), target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "second");
}

static void
test_exactly_means_exactly_there(void **state)
{
	char there[PATH_MAX];
	struct error err = {0};

	(void)state;
	snprintf(there, sizeof(there), "%s", in_root("new/deeper/"));
	struct result_dir *dir = opened(there);

	assert_true(result_dir_finish(dir, &report, &err));
	result_dir_free(dir);
	assert_true(is_there("new/deeper/result.json"));
	assert_false(is_there("new/latest"));

	/* What is there and not empty is nobody's to overwrite. */
	assert_null(result_dir_open(&plan, &report.identity, there, &err));
	assert_non_null(strstr(err.message, "is there already; results go into a new or empty directory"));
}

static void
test_an_empty_directory_is_filled_in_place(void **state)
{
	char there[PATH_MAX];
	struct error err = {0};
	struct stat before, after;

	(void)state;
	snprintf(there, sizeof(there), "%s", in_root("empty"));
	assert_int_equal(mkdir(there, 0777), 0);
	assert_int_equal(stat(there, &before), 0);
	struct result_dir *dir = opened(there);

	assert_false(is_there("empty/result.json"));
	assert_true(result_dir_finish(dir, &report, &err));
	result_dir_free(dir);
	assert_true(is_there("empty/result.json"));
	assert_int_equal(stat(there, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino); /* a mount point stays what it is */
}

static void
test_discarded_results_leave_their_place_as_it_was(void **state)
{
	char there[PATH_MAX];

	(void)state;
	snprintf(there, sizeof(there), "%s", in_root("again"));
	result_dir_discard(opened(there));
	assert_false(is_there("again") || is_there("again.partial"));
	result_dir_discard(opened(there)); /* and it can be used again */

	assert_int_equal(mkdir(there, 0777), 0);
	result_dir_discard(opened(there));
	assert_true(is_there("again")); /* not ours to remove */
	assert_int_equal(rmdir(there), 0);
}

static void
test_a_place_that_cannot_be_written_is_said_before_the_run(void **state)
{
	char there[PATH_MAX];
	struct error err = {0};

	(void)state;
	snprintf(there, sizeof(there), "%s", in_root("file"));
	assert_true(file_write_atomic(there, "x", 1, &err));
	assert_null(result_dir_open(&plan, &report.identity, there, &err));
	assert_non_null(strstr(err.message, "is there already"));
	err = (struct error){0};
	assert_null(result_dir_open(&plan, &report.identity, "/proc/no/such", &err));
	assert_non_null(strstr(err.message, "cannot make the directory"));
	err = (struct error){0};
	struct result_dir *dir = opened(NULL);

	/* The same id again: the first run's journal is not touched. */
	assert_null(result_dir_open(&plan, &report.identity, NULL, &err));
	assert_non_null(strstr(err.message, "is left of a run that did not end"));
	result_dir_free(dir);
}

static void
test_the_first_failed_write_is_remembered_and_the_torn_line_cut_off(void **state)
{
	struct rlimit limit, small;
	struct journal journal;
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_true(journal_init(&journal, fd, "journal"));
	assert_false(journal_add_fails(&journal, LINE, strlen(LINE)));
	getrlimit(RLIMIT_FSIZE, &limit);
	small = (struct rlimit){strlen(LINE) + 10, limit.rlim_max}; /* room for a third of a line */
	setrlimit(RLIMIT_FSIZE, &small);
	bool is_told = journal_add_fails(&journal, LINE, strlen(LINE));
	bool is_told_again = journal_add_fails(&journal, LINE, strlen(LINE));

	setrlimit(RLIMIT_FSIZE, &limit);
	assert_true(is_told);
	assert_false(is_told_again);
	assert_int_equal(journal.error, EFBIG);
	assert_false(journal_add_fails(&journal, LINE, strlen(LINE))); /* no line after a hole */
	assert_false(journal_sync(&journal));
	journal_fini(&journal);
	close(fd);
	char *text = contents("journal");

	assert_string_equal(text, LINE);
	free(text);
}

/* A full disk: the journal's descriptor is pointed at /dev/full, where every write is ENOSPC. */
static void
test_a_full_disk_loses_the_journal_but_neither_the_run_nor_the_result(void **state)
{
	struct result_dir *dir = opened(NULL);
	struct error err = {0};
	char text[256], link[64], path[PATH_MAX];
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	for (int fd = 3; fd < 64; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, path, sizeof(path) - 1);

		if (n > 0 && (path[n] = '\0', strstr(path, "events.ndjson") != NULL))
			assert_int_equal(dup2(full, fd), fd);
	}
	assert_false(result_dir_failed(dir, text, sizeof(text)));
	result_dir_add_events(dir, LINE, strlen(LINE));
	result_dir_add_events(dir, LINE, strlen(LINE));
	assert_true(result_dir_failed(dir, text, sizeof(text)));
	assert_string_equal(text, "events.ndjson is not complete: No space left on device");
	assert_false(result_dir_finish(dir, &report, &err));
	assert_string_equal(err.message, text);
	assert_true(is_there(RUN "/result.json"));
	result_dir_free(dir);
	close(full);
}

static void
test_a_result_that_cannot_be_written_stays_partial(void **state)
{
	struct result_dir *dir = opened(NULL);
	struct error err = {0};

	(void)state;
	/* A directory of that name cannot be replaced by a file, not even by root. */
	assert_int_equal(mkdir(in_root(RUN ".partial/result.json"), 0777), 0);
	assert_int_equal(mkdir(in_root(RUN ".partial/result.json/x"), 0777), 0);
	assert_false(result_dir_finish(dir, &report, &err));
	assert_non_null(strstr(err.message, "result.json"));
	assert_false(is_there(RUN));
	assert_false(is_there("checkout/latest"));
	assert_true(is_there(RUN ".partial/events.ndjson"));
	assert_true(is_there(RUN ".partial/report.txt"));
	result_dir_free(dir);
}

/* A process killed in the middle of finishing leaves either the partial directory or the whole one. */
static void
test_a_kill_at_any_moment_leaves_old_or_new(void **state)
{
	(void)state;
	for (unsigned delay_us = 0; delay_us < 20000; delay_us += 1000) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct error err = {0};
			struct result_dir *dir = result_dir_open(&plan, &report.identity, NULL, &err);

			if (dir != NULL)
				result_dir_finish(dir, &report, &err);
			_exit(0);
		}
		usleep(delay_us);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (is_there(RUN)) {
			char *text = contents(RUN "/result.json");

			assert_int_equal(text[strlen(text) - 2], '}');
			free(text);
			assert_true(is_there(RUN "/report.txt"));
			assert_false(is_there(RUN ".partial"));
		}
		remove_tree(in_root("checkout"));
	}
}

#define RESULT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RESULT_TEST(test_a_run_is_partial_until_it_is_finished_and_then_whole),
		RESULT_TEST(test_latest_follows_the_newest_run),
		RESULT_TEST(test_exactly_means_exactly_there),
		RESULT_TEST(test_an_empty_directory_is_filled_in_place),
		RESULT_TEST(test_discarded_results_leave_their_place_as_it_was),
		RESULT_TEST(test_a_place_that_cannot_be_written_is_said_before_the_run),
		RESULT_TEST(test_the_first_failed_write_is_remembered_and_the_torn_line_cut_off),
		RESULT_TEST(test_a_full_disk_loses_the_journal_but_neither_the_run_nor_the_result),
		RESULT_TEST(test_a_result_that_cannot_be_written_stays_partial),
		RESULT_TEST(test_a_kill_at_any_moment_leaves_old_or_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
