#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "campaign/background.h"

/* One thread in libuv's pool, so that it is known which one carried the work. */

static int
nice_of_this_thread(void)
{
	errno = 0;
	int nice = getpriority(PRIO_PROCESS, (id_t)gettid());

	assert_int_equal(errno, 0);
	return nice;
}

struct job {
	struct background_work work;
	uv_loop_t *loop;
	int times_left, times_done, nice;
	pid_t thread;
};

struct look {
	uv_work_t work;
	int nice;
	pid_t thread;
};

static void
look(uv_work_t *work)
{
	struct look *seen = container_of(work, struct look, work);

	seen->nice = nice_of_this_thread();
	seen->thread = gettid();
}

static void
looked(uv_work_t *work, int status)
{
	(void)work;
	assert_int_equal(status, 0);
}

static void
job_work(struct background_work *work)
{
	struct job *job = container_of(work, struct job, work);

	job->nice = nice_of_this_thread();
	job->thread = gettid();
}

static void
job_after(struct background_work *work, int status)
{
	struct job *job = container_of(work, struct job, work);

	assert_int_equal(status, 0);
	job->times_done++;
	if (--job->times_left > 0)
		background_queue(job->loop, &job->work, job_work, job_after);
}

static void
test_work_gives_way_and_who_tells_the_loop_of_it_does_not(void **state)
{
	struct look before = {0}, after = {0};
	struct job job = {.times_left = 3};
	uv_loop_t loop;

	(void)state;
	if (nice_of_this_thread() == 19)
		skip(); /* nothing can give way any more */
	assert_int_equal(uv_loop_init(&loop), 0);
	job.loop = &loop;
	assert_int_equal(uv_queue_work(&loop, &before.work, look, looked), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	background_queue(&loop, &job.work, job_work, job_after);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(job.times_done, 3);
	assert_int_equal(uv_queue_work(&loop, &after.work, look, looked), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(job.nice, BACKGROUND_NICE > 0 ? BACKGROUND_NICE : before.nice);
	assert_int_equal(after.thread, before.thread);
	assert_int_not_equal(job.thread, after.thread);
	assert_int_equal(after.nice, before.nice);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_gives_way_and_who_tells_the_loop_of_it_does_not),
	};

	setenv("UV_THREADPOOL_SIZE", "1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
