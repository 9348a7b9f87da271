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
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "campaign/target_process.h"
#include "unit/campaign/doors.h"

/* A signal comes, then the door opens, from the loop that the wait turns: once the command has made its mark, so that
 * no test hangs on how fast a shell starts. */
struct fixture {
	uv_loop_t loop;
	uv_timer_t timer;
	struct door door;
	struct plan plan;
	struct target_process target;
	char dir[64], mark[96], command[512];
	bool opens, interrupts; /* what the mark makes happen */
	bool is_interrupted;
	struct error err;
};

static bool
is_marked(const struct fixture *f)
{
	struct stat status;

	return stat(f->mark, &status) == 0;
}

static void
on_timer(uv_timer_t *timer)
{
	struct fixture *f = container_of(timer, struct fixture, timer);

	if (!is_marked(f))
		return;
	if (f->interrupts && !f->is_interrupted) {
		f->is_interrupted = true;
		return;
	}
	if (f->opens)
		door_open(&f->door);
	uv_timer_stop(timer);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/brunt-target-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->mark, sizeof(f->mark), "%s/mark", f->dir);
	door_bind(&f->door);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(uv_timer_init(&f->loop, &f->timer), 0);
	assert_int_equal(uv_timer_start(&f->timer, on_timer, 1, 1), 0);
	f->plan.target.url.text = "http://127.0.0.1";
	f->plan.target.process = (struct plan_command){.ready_ns = 60 * NS_PER_S, .stop_ns = 60 * NS_PER_S};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	target_process_stop(&f->target, &f->loop);
	uv_close((uv_handle_t *)&f->timer, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	door_close(&f->door);
	unlink(f->mark);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* `after`: what the shell does once it has made its mark. */
static bool
start(struct fixture *f, const char *before, const char *after)
{
	snprintf(f->command, sizeof(f->command), "%s: >%s; %s", before, f->mark, after);
	f->plan.target.process.command = f->command;
	return target_process_start(&f->target, &f->loop, &f->plan, &f->door.addresses, &f->is_interrupted, &f->err);
}

static bool
is_gone(long pid)
{
	return kill(-(pid_t)pid, 0) == -1 && errno == ESRCH;
}

static void
test_start_waits_until_the_address_accepts(void **state)
{
	struct fixture *f = *state;

	f->opens = true;
	assert_true(start(f, "", "exec sleep 60"));
	assert_true(is_marked(f));
	assert_true(f->target.child.is_running);
	assert_int_equal(f->target.child.exited_at_ns, -1);
}

static void
test_command_that_ends_early_is_told_with_its_status(void **state)
{
	struct fixture *f = *state;

	assert_false(start(f, "", "exit 7"));
	assert_non_null(strstr(f->err.message, "ended (exit 7, signal 0) before it accepted connections"));
	assert_false(f->target.child.is_running);
	assert_false(f->target.child.is_started);
}

static void
test_command_that_is_never_ready_is_stopped(void **state)
{
	struct fixture *f = *state;

	f->plan.target.process.ready_ns = 50 * NS_PER_MS;
	assert_false(start(f, "", "exec sleep 60"));
	assert_non_null(strstr(f->err.message, "did not accept connections"));
	assert_true(is_gone(f->target.child.process.pid));
}

static void
test_interrupt_ends_the_wait_and_the_command(void **state)
{
	struct fixture *f = *state;

	f->interrupts = f->opens = true; /* too late */
	assert_false(start(f, "", "exec sleep 60"));
	assert_false(error_is_set(&f->err));
	assert_true(is_gone(f->target.child.process.pid));
}

static void
test_stop_asks_with_sigterm_first(void **state)
{
	struct fixture *f = *state;

	f->opens = true;
	assert_true(start(f, "trap 'exit 5' TERM; ", "while :; do sleep 0.01; done"));
	target_process_stop(&f->target, &f->loop);
	assert_int_equal(f->target.child.exit_status, 5);
	assert_int_equal(f->target.child.term_signal, 0);
}

static void
test_stop_escalates_to_sigkill(void **state)
{
	struct fixture *f = *state;

	f->opens = true;
	f->plan.target.process.stop_ns = 50 * NS_PER_MS;
	assert_true(start(f, "trap '' TERM; ", "while :; do sleep 0.01; done"));
	target_process_stop(&f->target, &f->loop);
	assert_int_equal(f->target.child.term_signal, SIGKILL);
}

static void
test_exit_status_of_a_running_target_is_known(void **state)
{
	struct fixture *f = *state;

	f->opens = true;
	char until[160];

	snprintf(until, sizeof(until), "while test -e %s; do sleep 0.01; done; exit 3", f->mark);
	assert_true(start(f, "", until));
	unlink(f->mark);
	while (f->target.child.is_running)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->target.child.exit_status, 3);
	assert_int_equal(f->target.child.term_signal, 0);
	assert_true(f->target.child.exited_at_ns >= 0);
}

/* A shell in between would answer the signal with an exit code. */
static void
test_plain_command_takes_the_signal_itself(void **state)
{
	struct fixture *f = *state;

	door_open(&f->door);
	f->plan.target.process.command = "sleep 60";
	assert_true(
		target_process_start(&f->target, &f->loop, &f->plan, &f->door.addresses, &f->is_interrupted, &f->err));
	target_process_stop(&f->target, &f->loop);
	assert_int_equal(f->target.child.term_signal, SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start_waits_until_the_address_accepts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_command_that_ends_early_is_told_with_its_status, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_that_is_never_ready_is_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interrupt_ends_the_wait_and_the_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop_asks_with_sigterm_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop_escalates_to_sigkill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exit_status_of_a_running_target_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plain_command_takes_the_signal_itself, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
