#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/rng.h"
#include "target/jobs.h"

static void
test_jobs_come_out_by_due_time_and_then_by_number(void **state)
{
	(void)state;
	struct jobs jobs = {0};
	struct job_pool pool;

	job_pool_init(&pool);
	for (uint64_t k = 0; k < 5000; k++) {
		struct job *job = job_take(&pool);

		job->number = k;
		job->due_ns = (int64_t)(rng_at(3, 0, k) % 700);
		jobs_push(&jobs, job);
	}
	struct job *last = NULL;

	for (int i = 0; i < 5000; i++) {
		assert_ptr_equal(jobs_first(&jobs), jobs.heap[0]);
		struct job *job = jobs_pop(&jobs);

		assert_true(last == NULL || last->due_ns < job->due_ns ||
			    (last->due_ns == job->due_ns && last->number < job->number));
		last = job;
	}
	assert_null(jobs_first(&jobs));
	jobs_fini(&jobs);
	job_pool_fini(&pool);
}

static void
test_a_job_given_back_is_used_again_and_clean(void **state)
{
	(void)state;
	struct job_pool pool;

	job_pool_init(&pool);
	struct job *first = job_take(&pool);

	first->number = 7;
	first->is_finished = true;
	job_give(&pool, first);
	struct job *again = job_take(&pool);

	assert_ptr_equal(first, again);
	assert_int_equal(again->number, 0);
	assert_false(again->is_finished);
	job_pool_fini(&pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_come_out_by_due_time_and_then_by_number),
		cmocka_unit_test(test_a_job_given_back_is_used_again_and_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
