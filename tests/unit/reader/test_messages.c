#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/reader.h"

static const struct reader_ops *const ops = &messages_reader;
static void *state;

static int
start(void **context)
{
	(void)context;
	state = must_alloc(ops->state_size);
	return 0;
}

static int
end(void **context)
{
	(void)context;
	free(state);
	return 0;
}

static void
begin(uint64_t messages, const char *until, const char *expected)
{
	const struct plan_request request = {.receive = {messages, until}};

	ops->begin(state, &request, &(struct reader_host){.expected = expected, .until = until});
}

/* Whether it was the last. */
static bool
hear(const char *text, int64_t now_ns)
{
	ops->on_bytes(state, text, strlen(text), now_ns);
	return ops->on_message(state, now_ns);
}

static void
test_answer_ends_after_so_many_messages(void **context)
{
	(void)context;
	begin(3, NULL, NULL);
	assert_false(hear("a", 1));
	assert_false(hear("", 1));
	assert_true(hear("b", 1));
	assert_int_equal(ops->end(state, 101), FAILURE_COUNT);
}

static void
test_answer_ends_with_the_marker_within_one_message(void **context)
{
	(void)context;
	begin(0, "end", "bc");
	assert_false(hear("ab en", 1));
	assert_false(hear("d, e", 1)); /* in two messages: it is in neither */
	assert_true(hear("the end", 1));
	assert_int_equal(ops->end(state, 101), FAILURE_BODY); /* nor is what is expected */
	begin(0, "end", "bc");
	assert_false(hear("abc", 1));
	assert_true(hear("end", 1));
	assert_int_equal(ops->end(state, 101), FAILURE_COUNT);
}

static void
test_message_is_an_event_when_its_last_byte_has_come(void **context)
{
	(void)context;
	begin(4, NULL, NULL);
	ops->on_bytes(state, "a", 1, 100);
	assert_int_equal(ops->generation(state)->first_token_ns, -1);
	assert_false(hear("b", 150));
	assert_int_equal(ops->generation(state)->first_token_ns, 150);
	assert_int_equal(ops->take_gap_ns(state), -1);
	assert_false(hear("c", 190));
	assert_int_equal(ops->take_gap_ns(state), 40);
	assert_false(hear("d", 190)); /* in the same read */
	assert_int_equal(ops->take_gap_ns(state), -1);
	assert_true(hear("e", 200));
	assert_int_equal(ops->generation(state)->chunks, 4);
	assert_int_equal(ops->generation(state)->coalesced, 1);
	assert_int_equal(ops->generation(state)->last_token_ns, 200);
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_answer_ends_after_so_many_messages),
		STATE_TEST(test_answer_ends_with_the_marker_within_one_message),
		STATE_TEST(test_message_is_an_event_when_its_last_byte_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
