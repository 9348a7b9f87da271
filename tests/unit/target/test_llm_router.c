#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/units.h"
#include "target/llm.h"

#define MS NS_PER_MS
#define WORKERS 3

/* Workers that do nothing but be chosen, at times that a test says. */
struct fixture {
	struct target_options options;
	struct target target;
	struct llm *llm;
	struct httpd_request request;
	struct generation generation;
};

static void
open_with(struct fixture *f, uint64_t workers)
{
	struct error err = {0};

	memset(f, 0, sizeof(*f));
	f->options.llm = llm_default_options;
	f->options.llm.is_on = true;
	f->options.llm.cache_tokens = 160;
	f->options.workers = workers;
	f->options.seed = 1;
	f->target.options = &f->options;
	f->llm = llm_new(&f->target, &err);
	assert_non_null(f->llm);
	f->target.llm = f->llm;
	f->generation.llm = f->llm;
	f->generation.request = &f->request;
}

/* Which worker takes a request then; -1: none does. */
static int
route(struct fixture *f, int64_t at_ns)
{
	f->request.arrival_ns = at_ns;
	f->generation.answer.number++;
	struct worker *w = llm_route(&f->generation);

	return w != NULL ? (int)(w - f->llm->workers) : -1;
}

static void
test_requests_go_round_where_all_have_as_much_to_do(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, WORKERS);
	for (int i = 0; i < 2 * WORKERS; i++)
		assert_int_equal(route(&f, i), i % WORKERS);
	llm_free(f.llm);
}

static void
test_requests_go_where_the_least_is_to_do(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, WORKERS);
	f.llm->workers[0].engine.running_count = 2;
	f.llm->workers[2].engine.waiting_count = 1;
	for (int i = 0; i < 5; i++)
		assert_int_equal(route(&f, i), 1);
	llm_free(f.llm);
}

static void
test_a_session_stays_where_its_cache_is(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, WORKERS);
	f.generation.has_session = true;
	f.generation.prompt.owner = 3 * 7 + 2;
	f.llm->workers[2].engine.running_count = 9;
	for (int i = 0; i < 5; i++)
		assert_int_equal(route(&f, i), 2);
	f.options.llm.cache = LLM_CACHE_PREFIX;
	assert_int_not_equal(route(&f, 9), 2);
	llm_free(f.llm);
}

static void
test_a_dead_worker_costs_an_attempt_and_retries_hide_it(void **state)
{
	(void)state;
	struct fixture f;
	int failed = 0;

	open_with(&f, WORKERS);
	f.options.llm.fail_from_ns = 100 * MS;
	f.options.llm.fail_for_ns = 100 * MS;
	f.options.llm.fail_workers = 1;
	for (int i = 0; i < 9; i++)
		failed += route(&f, 150 * MS) < 0;
	assert_int_equal(failed, 3);
	assert_int_equal(f.llm->counts.attempts_failed, 3);
	assert_int_equal(f.llm->counts.retries, 0);
	assert_null(llm_unavailable(f.llm, 150 * MS)); /* others live */

	f.options.llm.retries = 1;
	for (int i = 0; i < 9; i++)
		assert_true(route(&f, 150 * MS) > 0);
	assert_int_equal(f.llm->counts.retries, 3);
	for (int i = 0; i < 9; i++)
		assert_true(route(&f, 99 * MS) >= 0 && route(&f, 200 * MS) >= 0);
	assert_int_equal(f.llm->counts.attempts_failed, 6);
	llm_free(f.llm);
}

static void
test_all_workers_dead_is_a_server_that_is_not_there(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, WORKERS);
	llm_toggle_failure(f.llm);
	f.options.llm.retries = 5;
	assert_non_null(llm_unavailable(f.llm, 5));
	assert_int_equal(route(&f, 5), -1);
	assert_int_equal(f.llm->counts.attempts_failed, 6);
	llm_toggle_failure(f.llm);
	assert_null(llm_unavailable(f.llm, 5));
	llm_free(f.llm);
}

static void
test_a_breaker_opens_tries_again_and_closes(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, 2);
	f.options.llm.fail_from_ns = 0;
	f.options.llm.fail_for_ns = 1000 * MS;
	f.options.llm.fail_workers = 1;
	f.options.llm.retries = 1;
	f.options.llm.breaker_failures = 3;
	f.options.llm.breaker_for_ns = 300 * MS;
	for (int i = 0; i < 20; i++)
		assert_int_equal(route(&f, 10 * MS), 1);
	assert_int_equal(f.llm->counts.attempts_failed, 3);
	assert_int_equal(f.llm->counts.breaker_trips, 1);

	/* Its time is over: one attempt, which fails, opens it again. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(route(&f, 310 * MS), 1);
	assert_int_equal(f.llm->counts.attempts_failed, 4);
	assert_int_equal(f.llm->counts.breaker_trips, 2);
	assert_int_equal(f.llm->counts.breaker_recoveries, 0);

	int back = 0;

	for (int i = 0; i < 20; i++)
		back += route(&f, 1000 * MS) == 0;
	assert_true(back >= 9);
	assert_int_equal(f.llm->counts.breaker_recoveries, 1);
	assert_int_equal(f.llm->counts.attempts_failed, 4);
	llm_free(f.llm);
}

static void
test_when_all_breakers_are_open_nothing_is_wasted(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, 2);
	llm_toggle_failure(f.llm);
	f.options.llm.retries = 3;
	f.options.llm.breaker_failures = 1;
	assert_int_equal(route(&f, 0), -1);
	assert_int_equal(f.llm->counts.attempts_failed, 2);
	for (int i = 0; i < 10; i++)
		assert_int_equal(route(&f, 1 * MS), -1);
	assert_int_equal(f.llm->counts.attempts_failed, 2);
	llm_free(f.llm);
}

static void
test_errors_are_a_share_of_the_attempts(void **state)
{
	(void)state;
	struct fixture f;
	int failed = 0;

	open_with(&f, 1);
	f.options.error_ratio = 0.1;
	for (int i = 0; i < 10000; i++)
		failed += route(&f, i) < 0;
	assert_in_range(failed, 880, 1120); /* 4 sigma */
	f.options.llm.retries = 2;
	failed = 0;
	for (int i = 0; i < 10000; i++)
		failed += route(&f, i) < 0;
	assert_in_range(failed, 1, 23); /* a thousandth */
	llm_free(f.llm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_go_round_where_all_have_as_much_to_do),
		cmocka_unit_test(test_requests_go_where_the_least_is_to_do),
		cmocka_unit_test(test_a_session_stays_where_its_cache_is),
		cmocka_unit_test(test_a_dead_worker_costs_an_attempt_and_retries_hide_it),
		cmocka_unit_test(test_all_workers_dead_is_a_server_that_is_not_there),
		cmocka_unit_test(test_a_breaker_opens_tries_again_and_closes),
		cmocka_unit_test(test_when_all_breakers_are_open_nothing_is_wasted),
		cmocka_unit_test(test_errors_are_a_share_of_the_attempts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
