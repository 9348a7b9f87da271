#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/json_scan.h"

/* What is JSON at all, and what is found in a hundred thousand documents, Python's json judges: outsiders/reader. */

enum { CONTENT = 1, COUNT, ERROR };

static const struct json_want delta[] = {JSON_WANT("content", CONTENT), JSON_WANTS_END};
static const struct json_want choice[] = {JSON_WANT_IN("delta", 0, delta), JSON_WANTS_END};
static const struct json_want wants[] = {JSON_WANT_IN("choices", 0, choice), JSON_WANT("count", COUNT),
	JSON_WANT_IN("error", ERROR, delta), JSON_WANTS_END};

struct finds {
	unsigned meanings[8];
	struct json_value values[8];
	size_t n;
};

static void
find(void *context, unsigned meaning, const struct json_value *value)
{
	struct finds *f = context;

	assert_true(f->n < ARRAY_LEN(f->meanings));
	f->meanings[f->n] = meaning;
	f->values[f->n++] = *value;
}

static bool
scan(const char *text, struct finds *f)
{
	f->n = 0;
	return json_scan(text, strlen(text), wants, find, f);
}

static void
test_values_are_found_where_their_path_leads(void **context)
{
	(void)context;
	struct finds f;

	assert_true(scan("{\"id\":[{\"content\":1}],\"choices\":[{\"delta\":{\"content\":\"a\\\"b\"}},{\"delta\":{}},"
			 "{\"delta\":{\"content\":null}}],\"count\":7,\"content\":\"no\"}",
		&f));
	assert_int_equal(f.n, 3);
	assert_int_equal(f.meanings[0], CONTENT);
	assert_int_equal(f.values[0].type, JSON_STRING);
	assert_int_equal(f.values[0].length, 4);
	assert_memory_equal(f.values[0].text, "a\\\"b", 4);
	assert_int_equal(f.values[1].type, JSON_NULL);
	assert_int_equal(f.meanings[2], COUNT);
}

static void
test_an_object_is_told_before_what_is_in_it(void **context)
{
	(void)context;
	struct finds f;

	assert_true(scan("{\"error\":{\"content\":true}}", &f));
	assert_int_equal(f.n, 2);
	assert_int_equal(f.meanings[0], ERROR);
	assert_int_equal(f.values[0].type, JSON_OBJECT);
	assert_int_equal(f.values[1].type, JSON_TRUE);
	assert_true(scan("{\"error\":\"text\"}", &f));
	assert_int_equal(f.n, 1);
}

static void
test_a_wanted_name_may_hold_escapes_but_not_come_twice(void **context)
{
	(void)context;
	struct finds f;

	assert_true(scan("{\"c\\u006funt\":1}", &f));
	assert_int_equal(f.n, 1);
	assert_false(scan("{\"count\":1,\"count\":2}", &f));
	assert_false(scan("{\"count\":1,\"c\\u006funt\":2}", &f));
	assert_true(scan("{\"x\":1,\"x\":2}", &f));
	assert_true(scan("{\"choices\":[{\"delta\":{}},{\"delta\":{}}]}", &f));
}

static void
test_a_text_says_the_same_with_and_without_escapes(void **context)
{
	(void)context;
	static const struct {
		const char *json, *plain;
		bool is_same;
	} texts[] = {
		{"stop", "stop", true},
		{"st\\u006fp", "stop", true},
		{"\\u0073top", "stop", true},
		{"stop", "stopp", false},
		{"stopp", "stop", false},
		{"", "", true},
		{"", "a", false},
		{"a\\/b\\n", "a/b\n", true},
		{"\\u00e9", "\xe9", false},
		{"a\\u0000", "a", false},
		{"\\u0100", "", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct json_value value = {JSON_STRING, texts[i].json, strlen(texts[i].json)};

		assert_int_equal(json_says(&value, texts[i].plain), texts[i].is_same);
	}
}

static void
test_counts_are_whole_numbers_that_a_double_holds(void **context)
{
	(void)context;
	static const struct {
		const char *text;
		bool is_count;
		uint64_t count;
	} numbers[] = {
		{"0", true, 0},
		{"17", true, 17},
		{"9007199254740991", true, UINT64_C(9007199254740991)},
		{"9007199254740992", false, 0},
		{"99999999999999999999999", false, 0},
		{"-1", false, 0},
		{"1.0", false, 0},
		{"1e3", false, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const struct json_value value = {JSON_NUMBER, numbers[i].text, strlen(numbers[i].text)};
		uint64_t count = 0;

		assert_int_equal(json_count(&value, &count), numbers[i].is_count);
		if (numbers[i].is_count)
			assert_int_equal(count, numbers[i].count);
	}
}

static void
test_64_levels_pass_and_65_do_not(void **context)
{
	(void)context;
	for (size_t depth = 64; depth <= 65; depth++) {
		char text[131] = {0};
		struct finds f;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(scan(text, &f), depth == 64);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_found_where_their_path_leads),
		cmocka_unit_test(test_an_object_is_told_before_what_is_in_it),
		cmocka_unit_test(test_a_wanted_name_may_hold_escapes_but_not_come_twice),
		cmocka_unit_test(test_a_text_says_the_same_with_and_without_escapes),
		cmocka_unit_test(test_counts_are_whole_numbers_that_a_double_holds),
		cmocka_unit_test(test_64_levels_pass_and_65_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
