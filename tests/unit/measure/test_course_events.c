#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "measure/events.h"

/* What is said of what happens around a load and beside it, and of an experiment's runs; whoever reads a run back need
 * not know of it. */

#define CEILING ((size_t)4096)

static struct buf into;

static int
set_up(void **state)
{
	(void)state;
	buf_init(&into, CEILING);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buf_fini(&into);
	return 0;
}

static void
assert_line(const char *wanted)
{
	const struct plan plan = {.requests_n = 0};
	struct event event;
	struct error err = {0};

	assert_string_equal(into.bytes, wanted);
	assert_true(event_decode(into.bytes, into.length - 1, &plan, &event, NULL, &err));
	assert_int_equal(event.kind, EVENT_UNKNOWN);
	buf_clear(&into);
}

static void
test_an_action_is_told_as_it_begins_and_as_it_ends(void **state)
{
	(void)state;
	const struct plan_action action = {.name = "restart \"it\""};
	const struct action_record record = {.action = &action, .text = "ended with exit status 3"};

	assert_true(event_encode_action(&into, &record, ACTION_RUNNING, 5));
	assert_line(
		"{\"event\":\"action\",\"at_ns\":5,\"name\":\"restart \\\"it\\\"\",\"state\":\"running\",\"text\":\"\"}\n");
	assert_true(event_encode_action(&into, &record, ACTION_FAILED, 9));
	assert_line(
		"{\"event\":\"action\",\"at_ns\":9,\"name\":\"restart \\\"it\\\"\",\"state\":\"failed\",\"text\":\"ended "
		"with exit status 3\"}\n");
}

static void
test_a_probe_is_told_by_its_status_or_why_it_got_none(void **state)
{
	(void)state;
	const struct plan_probe probe = {.name = "/health"};

	assert_true(event_encode_probe(
		&into, &probe, &(struct probe_change){.at_ns = 7, .status = 503, .failure = FAILURE_COUNT}));
	assert_line("{\"event\":\"probe\",\"at_ns\":7,\"name\":\"/health\",\"said\":\"503\"}\n");
	assert_true(event_encode_probe(
		&into, &probe, &(struct probe_change){.at_ns = 8, .failure = FAILURE_CONNECT_REFUSED}));
	assert_line("{\"event\":\"probe\",\"at_ns\":8,\"name\":\"/health\",\"said\":\"connect_refused\"}\n");
}

static void
test_a_run_of_an_experiment_is_told_with_its_place_and_outcome(void **state)
{
	(void)state;
	const struct run_record record = {.status = VERDICT_FAIL, .exit_code = 1};

	assert_true(event_encode_part(&into, 2, 4, "on", "runs/02-on", NULL));
	assert_line(
		"{\"event\":\"part\",\"part\":2,\"of\":4,\"arm\":\"on\",\"dir\":\"runs/02-on\",\"state\":\"begun\"}\n");
	assert_true(event_encode_part(&into, 2, 4, "on", "runs/02-on", &record));
	assert_line("{\"event\":\"part\",\"part\":2,\"of\":4,\"arm\":\"on\",\"dir\":\"runs/02-on\",\"state\":\"ended\","
		    "\"status\":\"fail\",\"exit_code\":1}\n");
}

static void
test_a_line_without_room_is_left_out_whole(void **state)
{
	(void)state;
	const struct plan_probe probe = {.name = "/health"};
	const struct probe_change change = {.at_ns = 7, .status = 200, .failure = FAILURE_COUNT};
	size_t lines = 0;

	while (event_encode_probe(&into, &probe, &change))
		lines++;
	assert_true(lines > 10);
	assert_int_equal(into.bytes[into.length - 1], '\n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_action_is_told_as_it_begins_and_as_it_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_probe_is_told_by_its_status_or_why_it_got_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_run_of_an_experiment_is_told_with_its_place_and_outcome, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_line_without_room_is_left_out_whole, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
