#include "daemon/job.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/file.h"

/* What a job makes of a child's streams and end; the child is a script in place of brunt. */

static char dir[] = "/tmp/brunt-job-XXXXXX";

struct heard {
	uv_loop_t loop;
	char kinds[512];
	size_t lines;
	bool has_ended;
	int exit_code;
	uint64_t lost;
	struct buf said;
	struct job *job;
	enum job_stop stops;
	bool is_stopped_at_first;
};

static void
on_event(void *context, const char *kind, const char *line, size_t length)
{
	struct heard *heard = context;

	assert_int_equal(strlen(line), length);
	heard->lines++;
	snprintf(heard->kinds + strlen(heard->kinds), sizeof(heard->kinds) - strlen(heard->kinds), "%s ", kind);
	if (heard->is_stopped_at_first && heard->lines == 1)
		job_stop(heard->job, heard->stops);
}

static void
on_end(void *context, struct job *job)
{
	struct heard *heard = context;

	heard->has_ended = true;
	heard->exit_code = job_exit_code(job);
	heard->lost = job_lines_lost(job);
	job_add_said(job, &heard->said);
	job_free(job);
}

static void
write_script(const char *body, char *path, size_t size)
{
	struct error err = {0};
	char text[1024];

	snprintf(path, size, "%s/brunt", dir);
	int n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);

	assert_true(file_write_atomic(path, text, (size_t)n, &err));
	assert_int_equal(chmod(path, 0700), 0);
}

static void
run_script(struct heard *heard, const char *body)
{
	static const char *const settings[] = {"load.steady.rate=5/s"};
	struct error err = {0};
	char path[64];

	write_script(body, path, sizeof(path));
	struct job_config config = {.program = path,
		.dir = dir,
		.profile = "p.yaml",
		.settings = settings,
		.settings_n = 1,
		.has_stream = true,
		.has_control = true,
		.on_event = on_event,
		.on_end = on_end,
		.context = heard};

	buf_init(&heard->said, (size_t)1 << 20);
	assert_int_equal(uv_loop_init(&heard->loop), 0);
	heard->job = job_start(&heard->loop, &config, &err);
	if (heard->job == NULL)
		fail_msg("%s", err.message);
	uv_run(&heard->loop, UV_RUN_DEFAULT);
	assert_true(heard->has_ended);
	assert_int_equal(uv_loop_close(&heard->loop), 0);
}

static void
test_events_are_heard_in_order_and_the_end_last(void **state)
{
	struct heard heard = {.lines = 0};

	(void)state;
	run_script(
		&heard, "echo '{\"event\":\"run\",\"id\":\"x\"}'; echo '{\"event\":\"end\"}'; echo oh no >&2; exit 3");
	assert_string_equal(heard.kinds, "run end ");
	assert_int_equal(heard.exit_code, 3);
	assert_int_equal(heard.lost, 0);
	assert_string_equal(heard.said.bytes, "oh no\n");
	buf_fini(&heard.said);
}

static void
test_the_run_is_told_what_it_needs(void **state)
{
	struct heard heard = {.lines = 0};
	char expected[256];

	(void)state;
	run_script(&heard, "echo \"$@\" >&2");
	snprintf(expected, sizeof(expected),
		"run p.yaml --out %s/results --quiet --suite %d --events - --figures --control - --set "
		"load.steady.rate=5/s\n",
		dir, (int)getpid());
	assert_string_equal(heard.said.bytes, expected);
	buf_fini(&heard.said);
}

static void
test_lines_that_are_no_events_are_counted_and_nothing_else(void **state)
{
	struct heard heard = {.lines = 0};

	(void)state;
	run_script(&heard,
		"echo hello; echo '{\"event\":\"Run\"}'; echo '{\"event\":\"\"}'; echo '{\"event\":\"run\"'\n"
		"echo '{\"event\":\"phase\"}'; printf '{\"event\":\"torn\"}'");
	assert_string_equal(heard.kinds, "phase ");
	assert_int_equal(heard.lost, 4);
	buf_fini(&heard.said);
}

static void
test_a_line_over_the_ceiling_is_passed_over(void **state)
{
	struct heard heard = {.lines = 0};

	(void)state;
	run_script(&heard, "printf '{\"event\":\"phase\",\"x\":\"'; head -c 400000 /dev/zero | tr '\\0' x; echo '\"}'\n"
			   "echo '{\"event\":\"end\"}'");
	assert_string_equal(heard.kinds, "end ");
	assert_int_equal(heard.lost, 1);
	buf_fini(&heard.said);
}

static void
test_endless_talk_is_kept_at_both_ends(void **state)
{
	struct heard heard = {.lines = 0};

	(void)state;
	run_script(&heard, "echo first >&2; head -c 3000000 /dev/zero | tr '\\0' x >&2; echo last >&2");
	assert_memory_equal(heard.said.bytes, "first\n", 6);
	assert_string_equal(heard.said.bytes + heard.said.length - 5, "last\n");
	assert_true(heard.said.length < 2 * JOB_SAID_MAX + 100);
	assert_non_null(strstr(heard.said.bytes, "bytes are left out here"));
	buf_fini(&heard.said);
}

static void
test_a_crash_is_an_end_like_any_other(void **state)
{
	struct heard heard = {.lines = 0};

	(void)state;
	run_script(&heard, "echo '{\"event\":\"run\"}'; kill -SEGV $$");
	assert_string_equal(heard.kinds, "run ");
	assert_int_equal(heard.exit_code, 128 + SIGSEGV);
	buf_fini(&heard.said);
}

static void
test_it_is_drained_by_a_word_and_stopped_by_a_signal(void **state)
{
	struct heard drained = {.is_stopped_at_first = true, .stops = JOB_DRAIN};
	struct heard stopped = {.is_stopped_at_first = true, .stops = JOB_STOP};
	struct heard killed = {.is_stopped_at_first = true, .stops = JOB_KILL};

	(void)state;
	run_script(&drained, "echo '{\"event\":\"run\"}'; read line; echo \"$line\" >&2");
	assert_string_equal(drained.said.bytes, "{\"control\":\"drain\"}\n");
	run_script(&stopped, "trap 'echo bye >&2; exit 7' TERM; echo '{\"event\":\"run\"}'; read line; sleep 1");
	assert_int_equal(stopped.exit_code, 7);
	assert_string_equal(stopped.said.bytes, "bye\n");
	run_script(&killed, "trap '' TERM; echo '{\"event\":\"run\"}'; read line; sleep 100");
	assert_int_equal(killed.exit_code, 128 + SIGKILL);
	buf_fini(&drained.said);
	buf_fini(&stopped.said);
	buf_fini(&killed.said);
}

static void
test_a_program_that_is_not_there_is_an_error(void **state)
{
	struct heard heard = {.lines = 0};
	struct error err = {0};
	struct job_config config = {.program = "/nowhere/brunt", .dir = dir, .profile = "p", .on_end = on_end};

	(void)state;
	assert_int_equal(uv_loop_init(&heard.loop), 0);
	assert_null(job_start(&heard.loop, &config, &err));
	assert_non_null(strstr(err.message, "cannot start"));
	assert_int_equal(uv_loop_close(&heard.loop), 0);
}

/* A process is known again by its start, since its number may be somebody else's by then. */
static void
test_a_process_is_known_by_its_start(void **state)
{
	(void)state;
	assert_true(job_pid_start(getpid()) > 0);
	assert_int_equal(job_pid_start(getpid()), job_pid_start(getpid()));
	assert_true(job_pid_start(1) < job_pid_start(getpid()));
	assert_int_equal(job_pid_start(1 << 30), -1);
}

static int
make_dir(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
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
		cmocka_unit_test(test_events_are_heard_in_order_and_the_end_last),
		cmocka_unit_test(test_the_run_is_told_what_it_needs),
		cmocka_unit_test(test_lines_that_are_no_events_are_counted_and_nothing_else),
		cmocka_unit_test(test_a_line_over_the_ceiling_is_passed_over),
		cmocka_unit_test(test_endless_talk_is_kept_at_both_ends),
		cmocka_unit_test(test_a_crash_is_an_end_like_any_other),
		cmocka_unit_test(test_it_is_drained_by_a_word_and_stopped_by_a_signal),
		cmocka_unit_test(test_a_program_that_is_not_there_is_an_error),
		cmocka_unit_test(test_a_process_is_known_by_its_start),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
