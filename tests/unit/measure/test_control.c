#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "measure/events.h"

static struct control
there_and_back(const struct control *control)
{
	struct control read = {0};
	struct error err = {0};
	struct buf line;

	buf_init(&line, CONTROL_LINE_MAX);
	assert_true(control_encode(&line, control));
	assert_int_equal(line.bytes[line.length - 1], '\n');
	if (!control_decode(line.bytes, line.length - 1, &read, &err))
		fail_msg("%s: %s", line.bytes, err.message);
	buf_fini(&line);
	return read;
}

static void
test_what_is_said_is_what_is_understood(void **state)
{
	static const struct control all[] = {
		{.kind = CONTROL_LEVEL, .level = 100.0 / 3, .at_ns = 5},
		{.kind = CONTROL_LEVEL, .level = 0, .at_ns = -1},
		{.kind = CONTROL_DRAIN, .at_ns = -1},
		{.kind = CONTROL_STOP, .at_ns = -1},
		{.kind = CONTROL_START, .at_ns = (INT64_C(1) << 53) + 1}, /* more than a double holds */
		{.kind = CONTROL_PAUSE, .at_ns = -1},
		{.kind = CONTROL_RESUME, .at_ns = 7, .first_level = 9, .span = 3},
		{.kind = CONTROL_END, .at_ns = -1},
		{.kind = CONTROL_BEAT, .at_ns = -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct control read = there_and_back(&all[i]);

		assert_int_equal(read.kind, all[i].kind);
		assert_true(read.level == all[i].level);
		assert_int_equal(read.at_ns, all[i].at_ns);
		assert_int_equal(read.first_level, all[i].first_level);
		assert_int_equal(read.span, all[i].span);
	}
}

static void
test_what_a_leader_must_say_may_not_be_left_out(void **state)
{
	static const char *const lines[] = {
		"{\"control\":\"start\"}",
		"{\"control\":\"resume\",\"level\":1,\"span\":1}",
		"{\"control\":\"resume\",\"level\":1,\"at_ns\":1}",
		"{\"control\":\"resume\",\"span\":1,\"at_ns\":1}",
		"{\"control\":\"resume\",\"level\":10000,\"span\":1,\"at_ns\":1}",
		"{\"control\":\"level\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct control read = {0};
		struct error err = {0};

		assert_false(control_decode(lines[i], strlen(lines[i]), &read, &err));
		assert_true(error_is_set(&err));
	}
}

static void
test_only_a_leader_says_when_to_begin_pause_resume_and_end(void **state)
{
	(void)state;
	for (int kind = 0; kind < CONTROL_KIND_COUNT; kind++) {
		struct control control = {.kind = (enum control_kind)kind};
		bool is_anybodys = kind == CONTROL_LEVEL || kind == CONTROL_DRAIN || kind == CONTROL_STOP;

		assert_int_equal(control_is_of_leader(&control), !is_anybodys);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_said_is_what_is_understood),
		cmocka_unit_test(test_what_a_leader_must_say_may_not_be_left_out),
		cmocka_unit_test(test_only_a_leader_says_when_to_begin_pause_resume_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
