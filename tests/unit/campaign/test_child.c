#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "campaign/child.h"

struct fixture {
	uv_loop_t loop;
	struct child child;
	int exits;
};

static void
on_exit_count(void *context, struct child *child)
{
	struct fixture *f = context;

	assert_false(child->is_running);
	f->exits++;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(uv_loop_init(&f->loop), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->child.is_running)
		child_end(&f->child);
	child_wait(&f->child, &f->loop, NULL);
	child_clear_group(&f->child, &f->loop);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

static void
start(struct fixture *f, const char *command, int64_t within_ns)
{
	struct child_config config = {.command = command,
		.shown = command,
		.within_ns = within_ns,
		.stop_ns = 60 * NS_PER_S,
		.on_exit = on_exit_count,
		.context = f};
	struct error err = {0};

	assert_true(child_start(&f->child, &f->loop, &config, &err));
}

static bool
is_group_gone(const struct child *child)
{
	return kill(-child->process.pid, 0) == -1 && errno == ESRCH;
}

static void
assert_fate(struct fixture *f, const char *command, const char *fate, bool has_succeeded)
{
	char text[128];

	start(f, command, 0);
	child_wait(&f->child, &f->loop, NULL);
	assert_string_equal(child_fate_text(&f->child, text, sizeof(text)), fate);
	assert_int_equal(child_has_succeeded(&f->child), has_succeeded);
}

static void
test_exit_status_and_signal_are_told(void **state)
{
	struct fixture *f = *state;

	assert_fate(f, "exit 0", "ended with exit status 0", true);
	assert_fate(f, "exit 3", "ended with exit status 3", false);
	assert_fate(f, "kill -9 $$", "was ended by signal 9 (Killed)", false);
	assert_int_equal(f->exits, 3);
}

static void
test_a_program_gets_its_arguments_as_they_are(void **state)
{
	static const char *const arguments[] = {
		"sh", "-c", "test \"$1\" = 'a  b' && kill -TERM $$", "sh", "a  b", NULL};
	const struct child_config config = {
		.program = "/bin/sh", .arguments = arguments, .shown = "sh", .is_silent = true, .stop_ns = NS_PER_S};
	struct fixture *f = *state;
	struct error err = {0};

	assert_true(child_start(&f->child, &f->loop, &config, &err));
	child_wait(&f->child, &f->loop, NULL);
	assert_int_equal(f->child.term_signal, SIGTERM);
}

static void
test_a_signal_is_passed_on_to_it(void **state)
{
	struct fixture *f = *state;
	char path[64] = "/tmp/brunt-child-XXXXXX", command[160];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "trap 'exit 9' INT; rm %s; while :; do sleep 0.05; done", path);
	start(f, command, 30 * NS_PER_S);
	while (access(path, F_OK) == 0 && f->child.is_running)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	child_signal(&f->child, SIGINT);
	child_wait(&f->child, &f->loop, NULL);
	assert_int_equal(f->child.exit_status, 9);
}

static void
test_what_takes_too_long_is_ended(void **state)
{
	struct fixture *f = *state;
	char text[128];

	start(f, "sleep 600", 10 * NS_PER_MS);
	child_wait(&f->child, &f->loop, NULL);
	assert_true(f->child.is_overdue);
	assert_false(child_has_succeeded(&f->child));
	assert_string_equal(child_fate_text(&f->child, text, sizeof(text)), "took too long and was ended");
	assert_int_equal(f->exits, 1);
}

/* Ended in time is in time, whatever the status of a trap. */
static void
test_ending_it_is_no_success(void **state)
{
	struct fixture *f = *state;

	start(f, "trap 'exit 0' TERM; while :; do sleep 0.01; done", 10 * NS_PER_MS);
	child_wait(&f->child, &f->loop, NULL);
	assert_false(child_has_succeeded(&f->child));
}

static void
test_an_interrupt_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	const bool is_interrupted = true;

	start(f, "exec sleep 600", 0);
	child_wait(&f->child, &f->loop, &is_interrupted);
	assert_int_equal(f->child.term_signal, SIGTERM);
}

static void
test_what_it_left_behind_is_cleared(void **state)
{
	struct fixture *f = *state;

	start(f, "sleep 600 & sleep 600 & exit 0", 0);
	child_wait(&f->child, &f->loop, NULL);
	assert_true(child_has_succeeded(&f->child));
	assert_false(is_group_gone(&f->child));
	child_clear_group(&f->child, &f->loop);
	assert_true(is_group_gone(&f->child));
}

static void
test_what_was_never_started_is_nothing_to_wait_for(void **state)
{
	struct fixture *f = *state;

	child_end(&f->child);
	child_wait(&f->child, &f->loop, NULL);
	child_clear_group(&f->child, &f->loop);
	assert_int_equal(f->exits, 0);
}

static void
test_a_command_of_any_sensible_length_runs(void **state)
{
	struct fixture *f = *state;
	size_t length = 60000;
	char *command = malloc(length + 32);

	memset(command, ' ', length);
	snprintf(command + length, 32, "exit 4");
	assert_fate(f, command, "ended with exit status 4", false);
	free(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exit_status_and_signal_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_program_gets_its_arguments_as_they_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_signal_is_passed_on_to_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_takes_too_long_is_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ending_it_is_no_success, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_interrupt_ends_the_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_it_left_behind_is_cleared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_never_started_is_nothing_to_wait_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_command_of_any_sensible_length_runs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
