#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"
#include "campaign/lifecycle.h"
#include "unit/campaign/answers.h"

#include <signal.h>

struct fixture {
	uv_loop_t loop;
	struct answers answers;
	struct plan *plan;
	struct lifecycle lifecycle;
	struct chronicle chronicle;
	bool is_interrupted, is_aborted;
	char log[64];
	struct error err;
};

static struct fixture *
start(const int *statuses, const char *more)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[1024];

	snprintf(f->log, sizeof(f->log), "/tmp/brunt-life-XXXXXX");
	close(mkstemp(f->log));
	snprintf(text, sizeof(text), more, f->log, f->log, f->log);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	answers_start(&f->answers, statuses);
	f->plan = answers_plan(&f->answers, text);
	lifecycle_init(&f->lifecycle, f->plan->course, &f->loop, &f->is_interrupted, &f->is_aborted, &f->chronicle);
	return f;
}

static void
end(struct fixture *f)
{
	lifecycle_end(&f->lifecycle);
	answers_stop(&f->answers);
	while (uv_run(&f->loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(uv_loop_close(&f->loop), 0);
	plan_free(f->plan);
	unlink(f->log);
	free(f);
}

static void
assert_log(const struct fixture *f, const char *wanted)
{
	char said[256] = "";
	FILE *file = fopen(f->log, "r");

	assert_non_null(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(said, wanted);
}

static const int always_well[] = {200, -2};

static void
test_after_runs_once_and_only_where_something_was_begun(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "before: echo b >> %s\nafter: echo a >> %s\n");

	lifecycle_end(&f->lifecycle);
	assert_log(f, "");
	assert_true(lifecycle_begin(&f->lifecycle, &f->err));
	assert_log(f, "b\n");
	lifecycle_end(&f->lifecycle);
	lifecycle_end(&f->lifecycle);
	assert_log(f, "b\na\n");
	assert_true(f->chronicle.before.was_run && f->chronicle.before.took_ns > 0);
	assert_true(f->chronicle.after.was_run && !f->chronicle.after.has_failed);
	end(f);
}

static void
test_a_before_that_fails_is_a_sentence_and_after_runs_all_the_same(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "before: exit 3\nafter: echo a >> %s\n");

	assert_false(lifecycle_begin(&f->lifecycle, &f->err));
	assert_string_equal(f->err.message, "before: 'exit 3' ended with exit status 3; nothing was sent");
	assert_true(f->chronicle.before.has_failed);
	lifecycle_end(&f->lifecycle);
	assert_log(f, "a\n");
	end(f);
}

static void
test_an_interrupt_ends_before_and_is_no_error(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "before: sleep 600\n");

	f->is_interrupted = true;
	assert_false(lifecycle_begin(&f->lifecycle, &f->err));
	assert_false(error_is_set(&f->err));
	end(f);
}

static void
test_ready_is_polled_until_it_answers_as_expected(void **state)
{
	(void)state;
	struct fixture *f = start((const int[]){503, ANSWER_GONE, 404, 200, -2}, "ready: {url: /health, every: 5ms}\n");
	int64_t since_ns = clock_now_ns(&monotonic_clock) - NS_PER_S;

	assert_true(lifecycle_wait_ready(&f->lifecycle, since_ns, NULL, &f->err));
	assert_int_equal(f->chronicle.ready_polls, 4);
	assert_true(f->chronicle.ready_after_ns >= NS_PER_S);
	end(f);
}

static void
test_what_is_never_ready_says_what_it_answered_instead(void **state)
{
	(void)state;
	struct fixture *f = start((const int[]){503, -2}, "ready: {url: /health, every: 1ms, within: 40ms}\n");

	assert_false(lifecycle_wait_ready(&f->lifecycle, clock_now_ns(&monotonic_clock), NULL, &f->err));
	assert_string_equal(f->err.message, "ready: /health was not ready within 40.0ms: it answered 503");
	assert_int_equal(f->chronicle.ready_after_ns, -1);
	assert_true(f->chronicle.ready_polls > 0);
	end(f);
}

static void
test_an_interrupt_ends_the_wait_for_ready(void **state)
{
	(void)state;
	struct fixture *f = start((const int[]){503, -2}, "ready: {url: /health, every: 60s, within: 600s}\n");

	f->is_interrupted = true;
	assert_false(lifecycle_wait_ready(&f->lifecycle, clock_now_ns(&monotonic_clock), NULL, &f->err));
	assert_false(error_is_set(&f->err));
	end(f);
}

static void
test_a_target_that_ends_is_not_waited_for(void **state)
{
	(void)state;
	struct fixture *f = start((const int[]){503, -2}, "ready: {url: /health, every: 1ms, within: 600s}\n");
	struct child target = {.is_started = true, .exit_status = 7};

	assert_false(lifecycle_wait_ready(&f->lifecycle, clock_now_ns(&monotonic_clock), &target, &f->err));
	assert_string_equal(f->err.message, "ready: target.command ended with exit status 7 before /health answered");
	end(f);
}

static void
test_what_runs_beside_the_load_is_ended_with_it(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "beside: \"echo x >> %s; sleep 600\"\n");

	lifecycle_begin(&f->lifecycle, &f->err);
	assert_true(lifecycle_start_beside(&f->lifecycle, &f->err));
	assert_true(f->lifecycle.beside.is_running);
	lifecycle_stop_beside(&f->lifecycle);
	assert_false(f->lifecycle.beside.is_running);
	assert_false(f->chronicle.beside.has_failed); /* that it was ended is what was wanted */
	assert_true(f->chronicle.beside.took_ns > 0);
	end(f);
}

static void
test_what_ends_by_itself_beside_the_load_may_have_failed(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "beside: exit 5\n");

	lifecycle_begin(&f->lifecycle, &f->err);
	assert_true(lifecycle_start_beside(&f->lifecycle, &f->err));
	while (f->lifecycle.beside.is_running)
		uv_run(&f->loop, UV_RUN_ONCE);
	lifecycle_stop_beside(&f->lifecycle);
	assert_true(f->chronicle.beside.has_failed);
	assert_string_equal(f->chronicle.beside.text, "ended with exit status 5");
	end(f);
}

static void
test_what_before_left_running_is_ended(void **state)
{
	(void)state;
	struct fixture *f = start(always_well, "before: \"sleep 600 & echo $! >> %s\"\n");

	assert_true(lifecycle_begin(&f->lifecycle, &f->err));
	long group = f->lifecycle.before.process.pid;

	assert_int_equal(kill((pid_t)-group, 0), 0);
	lifecycle_end(&f->lifecycle);
	assert_int_equal(kill((pid_t)-group, 0), -1);
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_runs_once_and_only_where_something_was_begun),
		cmocka_unit_test(test_a_before_that_fails_is_a_sentence_and_after_runs_all_the_same),
		cmocka_unit_test(test_an_interrupt_ends_before_and_is_no_error),
		cmocka_unit_test(test_ready_is_polled_until_it_answers_as_expected),
		cmocka_unit_test(test_what_is_never_ready_says_what_it_answered_instead),
		cmocka_unit_test(test_an_interrupt_ends_the_wait_for_ready),
		cmocka_unit_test(test_a_target_that_ends_is_not_waited_for),
		cmocka_unit_test(test_what_runs_beside_the_load_is_ended_with_it),
		cmocka_unit_test(test_what_ends_by_itself_beside_the_load_may_have_failed),
		cmocka_unit_test(test_what_before_left_running_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
