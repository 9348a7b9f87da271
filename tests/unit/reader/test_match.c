#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "reader/match.h"

/* Texts that stream by, as they are and as JSON strings. */

static const struct {
	const char *wanted, *json;
	bool is_there;
} samples[] = {
	{"CANARY-7", "I was told CANARY-7.", true},
	{"CANARY-7", "I was told CANARY-8.", false},
	{"say \"hi\"", "say \\\"hi\\\"", true},
	{"a/b\\c", "a\\/b\\\\c", true},
	{"tab\there", "tab\\there", true},
	{"n", "\\n", false}, /* an escape is not its letter */
	{"\n", "x\\ny", true},
	{"\xc3\xa9t\xc3\xa9", "\\u00e9t\xc3\xa9", true},
	{"\xf0\x9f\x98\x80!", "\\ud83d\\ude00!", true},
	{"\xf0\x9f\x98\x80", "\\ud83d \\ude00", false},
	{"CD", "A\\u0043\\u0044", true},
	{"", "", true},
};

static void
test_json_strings_are_searched_for_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct match match;

		match_begin(&match, samples[i].wanted);
		match_add_json(&match, samples[i].json, strlen(samples[i].json));
		if (match_is_found(&match) != samples[i].is_there)
			fail_msg("'%s' in '%s'", samples[i].wanted, samples[i].json);
	}
}

/* Deltas of an answer are strings of their own, each whole; what is wanted may begin in one and end in the next. */
static void
test_a_text_may_be_spread_over_many_strings(void **state)
{
	static const char *const deltas[] = {"I was to", "ld CAN", "", "ARY", "-\\u0037", "."};
	struct match match;

	(void)state;
	match_begin(&match, "CANARY-7");
	for (size_t i = 0; i < ARRAY_LEN(deltas); i++) {
		match_add_json(&match, deltas[i], strlen(deltas[i]));
		assert_int_equal(match_is_found(&match), i >= 4);
	}
}

static void
test_nothing_wanted_is_found_at_once(void **state)
{
	struct match match;

	(void)state;
	match_begin(&match, NULL);
	assert_true(match_is_found(&match));
	match_add(&match, "x", 1);
	match_add_json(&match, "\\u0041", 6);
	assert_true(match_is_found(&match));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings_are_searched_for_what_they_say),
		cmocka_unit_test(test_a_text_may_be_spread_over_many_strings),
		cmocka_unit_test(test_nothing_wanted_is_found_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
