#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/check.h"
#include "request/condition.h"
#include "request/pattern.h"
#include "unit/request/flows.h"

static void
test_conditions_hold_for_texts_and_numbers(void **state)
{
	static const struct {
		const char *value;
		enum plan_test test;
		const char *text;
		bool holds;
	} rows[] = {
		{"", TEST_SET, NULL, false},
		{"x", TEST_SET, NULL, true},
		{"", TEST_NOT_SET, NULL, true},
		{"0", TEST_NOT_SET, NULL, false},
		{"done", TEST_EQUAL, "done", true},
		{"Done", TEST_EQUAL, "done", false},
		{"done", TEST_DIFFERENT, "done", false},
		{"", TEST_DIFFERENT, "done", true},
		{"1.0", TEST_EQUAL, "1", true},
		{"1e3", TEST_EQUAL, "1000", true},
		{"1x", TEST_EQUAL, "1", false},
		{"9", TEST_LESS, "10", true},
		{"10", TEST_LESS, "9", false},
		{"10", TEST_LESS, "10", false},
		{"10", TEST_AT_MOST, "10", true},
		{"11", TEST_AT_MOST, "10", false},
		{"10", TEST_MORE, "9.5", true},
		{"-1", TEST_MORE, "0", false},
		{"0", TEST_AT_LEAST, "-0.5", true},
		{"abc", TEST_LESS, "abd", false},
		{"", TEST_MORE, "0", false},
		{"", TEST_LESS, "1", false},
		{"inf", TEST_MORE, "1", false},
		{"0x10", TEST_EQUAL, "16", false},
		{"nan", TEST_EQUAL, "nan", true},
	};
	struct flow_fixture f;
	struct session session;

	(void)state;
	flow_fixture_init(&f);
	flow_fixture_extract(&f, "v", EXTRACT_JSON, "/v");
	char *memory = malloc(session_memory_size(&f.flow));

	session_init(&session, &f.flow, memory);
	session_begin(&session, 1, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct plan_condition condition = {.test = rows[i].test, .text = rows[i].text};

		assert_true(session_set_value(&session, 0, rows[i].value, strlen(rows[i].value)));
		if (condition_holds(&condition, &session) != rows[i].holds)
			fail_msg("row %zu: '%s' against '%s'", i, rows[i].value, rows[i].text ? rows[i].text : "");
	}
	session_fini(&session);
	free(memory);
}

/* Each of them took seconds to minutes by glibc's regexec, or would. */
static void
test_no_expression_takes_for_ever(void **state)
{
	static const char *const expressions[] = {
		"(a+)+$", "(.*)x", "(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)y", "(a)\\1{2000}b"};
	static char text[65536];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
		struct error err = {0};
		struct pattern *pattern = pattern_new(expressions[i], &err);

		assert_non_null(pattern);
		assert_int_not_equal(pattern_find(pattern, text, sizeof(text), NULL, NULL), PATTERN_FOUND);
		pattern_free(pattern);
	}
}

static void
test_a_pattern_sees_bytes_that_are_no_utf8(void **state)
{
	static const char text[] = "\xff\xfe id=\"caf\xc3\xa9\" \xc3";
	struct error err = {0};
	struct pattern *pattern = pattern_new("id=\"([\xc3\xa9\\w]+)\"", &err);
	const char *group;
	size_t length;

	(void)state;
	assert_non_null(pattern);
	assert_true(pattern_has_group(pattern));
	assert_int_equal(pattern_find(pattern, text, sizeof(text) - 1, &group, &length), PATTERN_FOUND);
	assert_int_equal(length, 5);
	assert_memory_equal(group, "caf\xc3\xa9", 5);
	assert_int_equal(pattern_find(pattern, NULL, 0, &group, &length), PATTERN_NOT_FOUND);
	pattern_free(pattern);
	pattern = pattern_new("a(b)?c", &err);
	assert_int_equal(pattern_find(pattern, "xac", 3, &group, &length), PATTERN_FOUND);
	assert_null(group);
	pattern_free(pattern);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions_hold_for_texts_and_numbers),
		cmocka_unit_test(test_no_expression_takes_for_ever),
		cmocka_unit_test(test_a_pattern_sees_bytes_that_are_no_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
