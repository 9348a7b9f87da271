#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/check.h"
#include "fleet/leader_parts.h"
#include "measure/events.h"
#include "unit/engine/plans.h"

#define WORKERS 2

/* A leader whose workers are lines of text: what each has written before its pipe ended. */
struct fixture {
	struct plan *plan;
	struct fleet fleet;
	struct worker workers[WORKERS];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->plan = plan_of("load: {steady: {rate: 9/s, for: 1s}}\n");
	f->fleet = (struct fleet){
		.options.workers = WORKERS, .plan = f->plan, .workers = f->workers, .state = FLEET_LOADED};
	f->fleet.levels = calloc(SUMMARY_LEVELS_MAX, sizeof(*f->fleet.levels));
	merger_init(&f->fleet.merger, f->plan, WORKERS);
	for (uint32_t i = 0; i < WORKERS; i++) {
		worker_init(&f->workers[i], i, &f->fleet.options);
		f->workers[i].has_eof = true;
	}
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	merger_fini(&f->fleet.merger);
	for (uint32_t i = 0; i < WORKERS; i++)
		buf_fini(&f->workers[i].lines);
	free(f->fleet.levels);
	plan_free(f->plan);
	free(f);
	return 0;
}

static void
announce(struct fixture *f, uint32_t worker, const char *hash)
{
	buf_printf(&f->workers[worker].lines,
		"{\"event\":\"run\",\"v\":1,\"id\":\"\",\"hash\":\"%s\",\"requests\":[\"root\"],\"shard\":%u,\"shards\":%u}\n",
		hash, worker, WORKERS);
}

static void
hear(struct fixture *f)
{
	while (fleet_hear(&f->fleet))
		;
}

static void
test_a_worker_that_has_read_another_profile_is_lost(void **state)
{
	struct fixture *f = *state;

	announce(f, 0, f->plan->hash);
	announce(f, 1, "0000000000000000");
	hear(f);
	assert_int_equal(f->workers[0].state, WORKER_LIVE);
	assert_int_equal(f->workers[1].state, WORKER_LOST);
	assert_non_null(strstr(f->fleet.end.text, "worker 2 of 2 makes no sense: it has read another profile"));
}

static void
test_a_worker_that_makes_no_sense_is_lost_and_nothing_more_of_it_is_heard(void **state)
{
	static const char *const lines[] = {
		"nonsense\n",
		"{\"event\":\"phase\",\"phase\":\"lunch\",\"at_ns\":5}\n",
		"{\"event\":\"shard\",\"state\":\"hungry\",\"at_ns\":5}\n",
		"{\"event\":\"interval\"}\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(set_up(state), 0);
		struct fixture *f = *state;

		announce(f, 0, f->plan->hash);
		buf_add_text(&f->workers[0].lines, lines[i]);
		buf_add_text(
			&f->workers[0].lines, "{\"event\":\"end\",\"status\":\"pass\",\"exit_code\":0,\"at_ns\":1}\n");
		hear(f);
		assert_int_equal(f->workers[0].state, WORKER_LOST);
		assert_int_equal(f->fleet.end.workers_lost, 1);
		tear_down(state);
	}
	set_up(state);
}

static void
test_a_worker_that_is_gone_without_a_word_is_lost_and_its_signal_told(void **state)
{
	struct fixture *f = *state;

	announce(f, 0, f->plan->hash);
	f->workers[0].has_exited = true;
	f->workers[0].term_signal = 9;
	hear(f);
	assert_int_equal(f->workers[0].state, WORKER_LOST);
	assert_string_equal(f->fleet.end.text, "worker 1 of 2 was killed by signal 9 (Killed)");
	assert_int_equal(f->workers[1].state, WORKER_STARTING);
}

static void
test_a_worker_that_came_to_its_end_is_not_lost_unless_it_failed_then(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < WORKERS; i++) {
		announce(f, i, f->plan->hash);
		buf_add_text(
			&f->workers[i].lines, "{\"event\":\"end\",\"status\":\"pass\",\"exit_code\":0,\"at_ns\":1}\n");
		f->workers[i].has_exited = true;
		f->workers[i].exit_status = i == 1 ? 5 : 0;
	}
	hear(f);
	assert_int_equal(f->workers[0].state, WORKER_ENDED);
	assert_int_equal(f->workers[1].state, WORKER_LOST);
	assert_string_equal(f->fleet.end.text, "worker 2 of 2 ended by itself, with exit code 5");
}

/* Before the load begins, it need not: nothing was sent. */
static void
test_a_worker_that_never_was_ready_ends_the_run_before_it_begins(void **state)
{
	struct fixture *f = *state;

	f->fleet.state = FLEET_STARTING;
	f->workers[1].has_exited = true;
	f->workers[1].exit_status = 2;
	hear(f);
	assert_true(f->fleet.end.has_failed);
	assert_int_equal(f->fleet.end.workers_lost, 0);
	assert_string_equal(f->fleet.end.text, "worker 2 of 2 ended by itself, with exit code 2 before it was ready");
}

/* A level ends where the last of them says, and begins there where a warm-up of requests ended in each at its own time.
 */
static void
test_levels_are_those_that_all_announce(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < WORKERS; i++) {
		announce(f, i, f->plan->hash);
		buf_printf(&f->workers[i].lines,
			"{\"event\":\"level\",\"level\":0,\"start_ns\":%u,\"end_ns\":%u,\"offered\":9}\n", 100 + i,
			200 + i);
	}
	hear(f);
	assert_int_equal(f->fleet.levels[0].announced_n, 2);
	assert_int_equal(f->fleet.levels[0].start_ns, 101);
	assert_int_equal(f->fleet.levels[0].end_ns, 201);
	buf_add_text(&f->workers[1].lines,
		"{\"event\":\"level\",\"level\":1,\"start_ns\":300,\"end_ns\":400,\"offered\":9}\n");
	buf_add_text(&f->workers[0].lines,
		"{\"event\":\"level\",\"level\":1,\"start_ns\":300,\"end_ns\":400,\"offered\":10}\n");
	hear(f);
	assert_int_equal(f->fleet.end.workers_lost, 1); /* they do not run the same schedule */
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_worker_that_has_read_another_profile_is_lost),
		cmocka_unit_test_teardown(
			test_a_worker_that_makes_no_sense_is_lost_and_nothing_more_of_it_is_heard, tear_down),
		TEST(test_a_worker_that_is_gone_without_a_word_is_lost_and_its_signal_told),
		TEST(test_a_worker_that_came_to_its_end_is_not_lost_unless_it_failed_then),
		TEST(test_a_worker_that_never_was_ready_ends_the_run_before_it_begins),
		TEST(test_levels_are_those_that_all_announce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
