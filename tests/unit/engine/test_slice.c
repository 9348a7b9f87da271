#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/slice.h"

/* The kernel is the judge: what sched_getattr(2) says of each thread and process. */
struct said {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t slice_ns, deadline_ns, period_ns;
};

static struct said
ask(void)
{
	struct said said = {.size = sizeof(said)};

	assert_int_equal(syscall(SYS_sched_getattr, 0, &said, sizeof(said), 0), 0);
	return said;
}

/* Each test is a process of its own: a thread cannot take its wish back. */
static int
in_child(void (*what)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define UNKNOWN 77

static void
expect(bool is_so, int code)
{
	if (!is_so)
		_exit(code);
}

static void
shorten(void)
{
	uint64_t before_ns = ask().slice_ns;

	slice_shorten();
	if (before_ns == 0)
		_exit(UNKNOWN);
	expect(ask().slice_ns == SLICE_NS, 1);
	expect(before_ns > SLICE_NS, 2);
}

static void *
ask_in_thread(void *slice_ns)
{
	*(uint64_t *)slice_ns = ask().slice_ns;
	return NULL;
}

static void
start_others(void)
{
	uint64_t usual_ns = ask().slice_ns, of_thread_ns = 0;
	pthread_t thread;
	int status;

	slice_shorten();
	expect(pthread_create(&thread, NULL, ask_in_thread, &of_thread_ns) == 0, 1);
	pthread_join(thread, NULL);
	expect(of_thread_ns == usual_ns, 2);
	pid_t pid = fork();

	if (pid == 0)
		_exit(ask().slice_ns == usual_ns ? 0 : 1);
	expect(waitpid(pid, &status, 0) == pid && status == 0, 3);
}

static void
be_raised(void)
{
	if (setpriority(PRIO_PROCESS, 0, -5) != 0)
		_exit(UNKNOWN);
	uint64_t before_ns = ask().slice_ns;

	slice_shorten();
	expect(ask().slice_ns == before_ns && ask().nice == -5, 1);
	expect((ask().flags & 1) == 0, 2); /* what it starts is raised as well */
}

static void
judge(int code)
{
	if (code == UNKNOWN)
		skip();
	assert_int_equal(code, 0);
}

static void
a_thread_that_asks_has_short_slices(void **state)
{
	(void)state;
	judge(in_child(shorten));
}

static void
what_it_starts_has_the_usual_ones(void **state)
{
	(void)state;
	judge(in_child(start_others));
}

static void
a_raised_priority_is_left_alone(void **state)
{
	(void)state;
	judge(in_child(be_raised));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_asks_has_short_slices),
		cmocka_unit_test(what_it_starts_has_the_usual_ones),
		cmocka_unit_test(a_raised_priority_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
