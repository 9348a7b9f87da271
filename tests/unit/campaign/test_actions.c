#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "base/units.h"
#include "campaign/actions.h"
#include "unit/campaign/answers.h"

/* Time is the test's: what is due is told by a clock that it turns itself. */
struct fixture {
	uv_loop_t loop;
	struct answers answers;
	struct plan *plan;
	struct actions_host host;
	struct actions actions;
	struct action_record *records;
	int64_t now_ns;
	long target_pid;
	char order[64]; /* 'r' for each that began, 'd', 'f', 'c' for how it ended */
	struct error err;
};

static int64_t
host_now_ns(void *context)
{
	const struct fixture *f = context;

	return f->now_ns;
}

static long
host_target_pid(void *context)
{
	const struct fixture *f = context;

	return f->target_pid;
}

static void
host_on_change(void *context, const struct action_record *record, enum action_state state, int64_t at_ns)
{
	struct fixture *f = context;

	assert_int_equal(at_ns, f->now_ns);
	assert_int_equal(record->state, state);
	f->order[strlen(f->order)] = action_state_names[state][0];
}

static struct fixture *
start(const char *more)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(uv_loop_init(&f->loop), 0);
	answers_start(&f->answers, (const int[]){200, -2});
	f->plan = answers_plan(&f->answers, more);
	f->host = (struct actions_host){
		.now_ns = host_now_ns, .target_pid = host_target_pid, .on_change = host_on_change, .context = f};
	f->records = calloc(f->plan->course->actions_n, sizeof(*f->records));
	for (size_t i = 0; i < f->plan->course->actions_n; i++)
		f->records[i].action = &f->plan->course->actions[i];
	assert_true(actions_init(&f->actions, &f->loop, f->records, f->plan->course->actions_n, &f->host, &f->err));
	return f;
}

static void
end(struct fixture *f)
{
	actions_stop(&f->actions);
	actions_clear(&f->actions);
	actions_fini(&f->actions);
	answers_stop(&f->answers);
	while (uv_run(&f->loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(uv_loop_close(&f->loop), 0);
	plan_free(f->plan);
	free(f->records);
	free(f);
}

static int64_t
turn_at(struct fixture *f, int64_t now_ns)
{
	f->now_ns = now_ns;
	return actions_turn(&f->actions, now_ns);
}

static void
turn_until(struct fixture *f, const struct action_record *record)
{
	while (record->state == ACTION_RUNNING)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static void
test_actions_begin_when_they_are_due_and_not_before(void **state)
{
	(void)state;
	struct fixture *f = start("at: [{at: 1s, run: \"true\"}, {at: 1s, run: \"true\"}, {at: 3s, run: \"true\"}]\n");

	actions_start(&f->actions, 10 * NS_PER_S); /* the first level's start */
	assert_int_equal(turn_at(f, 10 * NS_PER_S), 11 * NS_PER_S);
	assert_int_equal(turn_at(f, 11 * NS_PER_S - 1), 11 * NS_PER_S);
	assert_string_equal(f->order, "");
	assert_int_equal(turn_at(f, 11 * NS_PER_S), 13 * NS_PER_S);
	assert_string_equal(f->order, "rr");
	assert_int_equal(turn_at(f, 20 * NS_PER_S), -1); /* late, and begun all the same */
	assert_int_equal(f->records[2].started_ns, 20 * NS_PER_S);
	end(f);
}

static void
test_a_command_is_done_or_failed_by_its_exit_status(void **state)
{
	(void)state;
	struct fixture *f = start("at: [{at: 0, run: \"true\"}, {at: 1s, run: exit 7}]\n");

	actions_start(&f->actions, 0);
	turn_at(f, 0);
	turn_until(f, &f->records[0]);
	assert_int_equal(f->records[0].state, ACTION_DONE);
	assert_string_equal(f->records[0].text, "");
	turn_at(f, NS_PER_S);
	f->now_ns = 5 * NS_PER_S;
	turn_until(f, &f->records[1]);
	assert_int_equal(f->records[1].state, ACTION_FAILED);
	assert_string_equal(f->records[1].text, "ended with exit status 7");
	assert_int_equal(f->records[1].started_ns, NS_PER_S);
	assert_int_equal(f->records[1].ended_ns, 5 * NS_PER_S);
	assert_string_equal(f->order, "rdrf");
	end(f);
}

static void
test_a_command_that_is_to_run_for_a_while_is_done_when_that_is_over(void **state)
{
	(void)state;
	struct fixture *f = start("at: [{at: 0, run: sleep 600, for: 50ms}, {at: 0, run: exit 7, for: 60s}, "
				  "{at: 0, run: sleep 600, within: 50ms}]\n");

	actions_start(&f->actions, 0);
	for (int i = 0; i < 3; i++)
		turn_until(f, &f->records[i]);
	assert_int_equal(f->records[0].state, ACTION_DONE);
	assert_int_equal(f->records[1].state, ACTION_FAILED); /* before its time, and not well */
	assert_string_equal(f->records[2].text, "took too long and was ended");
	end(f);
}

/* A process of ours that waits to be killed. */
static pid_t
fork_victim(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void
test_a_signal_goes_to_whose_number_is_in_the_file(void **state)
{
	(void)state;
	char path[] = "/tmp/brunt-pid-XXXXXX", more[256];
	int fd = mkstemp(path), status;
	pid_t victim = fork_victim();

	snprintf(
		more, sizeof(more), "at: [{at: 0, signal: KILL, to: %s}, {at: 0, signal: USR1, to: %s}]\n", path, path);
	struct fixture *f = start(more);

	assert_true(dprintf(fd, "%d\n", (int)victim) > 0);
	actions_start(&f->actions, 0);
	assert_int_equal(waitpid(victim, &status, 0), victim);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(f->records[0].state, ACTION_DONE);
	assert_string_equal(f->order, "rdrd"); /* until it is waited for, the number is the process's */
	unlink(path);
	close(fd);
	end(f);
}

/* 0, 1 and −1 would be everybody: nothing of the kind is ever signalled. */
static void
test_a_pid_file_without_a_number_of_one_process_is_a_failure(void **state)
{
	(void)state;
	static const char *const contents[] = {"", "x", "0", "1", "-1", "12x", "99999999999999999999"};

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		char path[] = "/tmp/brunt-pid-XXXXXX", more[256];
		int fd = mkstemp(path);

		assert_true(write(fd, contents[i], strlen(contents[i])) >= 0);
		snprintf(more, sizeof(more), "at: [{at: 0, signal: CONT, to: %s}]\n", path);
		struct fixture *f = start(more);

		actions_start(&f->actions, 0);
		assert_int_equal(f->records[0].state, ACTION_FAILED);
		unlink(path);
		close(fd);
		end(f);
	}
}

static void
test_a_request_is_good_by_its_status(void **state)
{
	(void)state;
	struct fixture *f = start("at: [{at: 0, url: /a}, {at: 0, url: /b, status: 404}]\n");

	actions_start(&f->actions, 0);
	turn_until(f, &f->records[0]);
	turn_until(f, &f->records[1]);
	assert_int_equal(f->records[0].state, ACTION_DONE);
	assert_int_equal(f->records[1].state, ACTION_FAILED);
	assert_string_equal(f->records[1].text, "it answered 200");
	end(f);
}

static void
test_what_still_runs_or_waits_when_the_load_ends_is_told(void **state)
{
	(void)state;
	struct fixture *f = start("at: [{at: 0, run: sleep 600}, {at: 9s, run: \"true\"}]\n");

	actions_start(&f->actions, 0);
	f->now_ns = 5 * NS_PER_S;
	actions_stop(&f->actions);
	assert_int_equal(f->records[0].state, ACTION_CUT);
	assert_int_equal(f->records[0].ended_ns, 5 * NS_PER_S);
	assert_int_equal(f->records[1].state, ACTION_WAITING);
	assert_int_equal(f->records[1].started_ns, -1);
	assert_string_equal(f->order, "rc");
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_begin_when_they_are_due_and_not_before),
		cmocka_unit_test(test_a_command_is_done_or_failed_by_its_exit_status),
		cmocka_unit_test(test_a_command_that_is_to_run_for_a_while_is_done_when_that_is_over),
		cmocka_unit_test(test_a_signal_goes_to_whose_number_is_in_the_file),
		cmocka_unit_test(test_a_pid_file_without_a_number_of_one_process_is_a_failure),
		cmocka_unit_test(test_a_request_is_good_by_its_status),
		cmocka_unit_test(test_what_still_runs_or_waits_when_the_load_ends_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
