#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "request/json_pointer.h"

/* RFC 6901 §5, its own document. */
#define RFC                                                                                                            \
	"{ \"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4, \"i\\\\j\": 5,"       \
	" \"k\\\"l\": 6, \" \": 7, \"m~n\": 8 }"

/* text NULL: there is no such value. */
static const struct {
	const char *json, *pointer, *text;
} rows[] = {
	{RFC, "", RFC},
	{RFC, "/foo", "[\"bar\", \"baz\"]"},
	{RFC, "/foo/0", "bar"},
	{RFC, "/", "0"},
	{RFC, "/a~1b", "1"},
	{RFC, "/c%d", "2"},
	{RFC, "/e^f", "3"},
	{RFC, "/g|h", "4"},
	{RFC, "/i\\j", "5"},
	{RFC, "/k\"l", "6"},
	{RFC, "/ ", "7"},
	{RFC, "/m~0n", "8"},
	{RFC, "/foo/1", "baz"},
	{RFC, "/foo/2", NULL},
	{RFC, "/foo/-", NULL},
	{RFC, "/foo/00", NULL},
	{RFC, "/foo/1x", NULL},
	{RFC, "/foo/", NULL},
	{RFC, "/foo/99999999999999999999", NULL},
	{RFC, "/nosuch", NULL},
	{RFC, "/fo", NULL},
	{RFC, "/fooo", NULL},
	{RFC, "/a~1b/0", NULL},
	{"{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}", "/a/b/1/c", "x"},
	{"{\"a\":\"}\",\"b\":\"]\\\"}\",\"c\":1.5e3}", "/c", "1.5e3"},
	{"{\"a\":[[],{},[\"]\"]],\"b\":true}", "/b", "true"},
	{"[[1,2],[3,4]]", "/1/0", "3"},
	{"[]", "/0", NULL},
	{"[ ]", "/0", NULL},
	{"{}", "/a", NULL},
	{" \"alone\" ", "", "alone"},
	{"{\"a\":null}", "/a", NULL},
	{"{\"a\":nullify}", "/a", "nullify"}, /* no JSON, but that is not what is asked */
	{"{\"a\":\"\"}", "/a", ""},
	{"{\"\\u0061\\/b\":1}", "/a~1b", "1"}, /* names are compared unescaped */
	{"{\"a\":\"x\\n\\t\\\\\\\"\\/\"}", "/a", "x\n\t\\\"/"},
	{"{\"a\":\"caf\\u00e9 \\u20AC \\ud83d\\ude00\"}", "/a", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
	{"{\"a\":\"\\ud83d\"}", "/a", NULL},
	{"{\"a\":\"\\ud83dx\"}", "/a", NULL},
	{"{\"a\":\"\\udc00\"}", "/a", NULL},
	{"{\"a\":\"\\u00g0\"}", "/a", NULL},
	{"{\"a\":\"\\x\"}", "/a", NULL},
	{"{\"a\":1,\"a\":2}", "/a", "1"},
	{"", "", NULL},
	{"", "/a", NULL},
	{"{", "/a", NULL},
	{"{\"a\"", "/a", NULL},
	{"{\"a\":", "/a", NULL},
	{"{\"a\":\"x", "/a", NULL},
	{"{\"a\":\"x\\", "/a", NULL},
	{"{\"a\":[1,2", "/a", NULL},
	{"{\"a\":[1,2", "/a/1", "2"},
	{"{\"a\" 1}", "/a", NULL},
	{"{a:1}", "/a", NULL},
	{"[,1]", "/1", NULL},
};

static bool
find_text(const char *json, size_t length, const char *pointer, char *text, size_t size, size_t *text_length)
{
	/* A copy of exactly this size, so that the sanitizer sees a look beyond it. */
	char *copy = malloc(length + 1);
	size_t value_length;

	memcpy(copy, json, length);
	const char *value = json_pointer_find(copy, length, pointer, &value_length);
	bool is_there = value != NULL && json_pointer_text(value, value_length, text, size, text_length);

	free(copy);
	return is_there;
}

static void
test_pointers_find_what_rfc_6901_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];
		size_t length;
		bool is_there =
			find_text(rows[i].json, strlen(rows[i].json), rows[i].pointer, text, sizeof(text), &length);

		if (is_there != (rows[i].text != NULL))
			fail_msg("%s in %s", rows[i].pointer, rows[i].json);
		if (!is_there)
			continue;
		assert_int_equal(length, strlen(rows[i].text));
		assert_memory_equal(text, rows[i].text, length);
	}
}

static void
test_a_text_cut_short_anywhere_is_no_reason_to_look_beyond_it(void **state)
{
	static const char json[] = "{\"x\":[{\"y\":\"\\ud83d\\ude00\"},\"\\\\\\\"\"],\"a\":{\"b\":[1,\"two\"]}}";

	(void)state;
	for (size_t n = 0; n <= sizeof(json) - 1; n++) {
		char *exact = malloc(n > 0 ? n : 1);
		size_t length;

		memcpy(exact, json, n);
		const char *value = json_pointer_find(exact, n, "/a/b/1", &length);

		assert_true((value != NULL) == (n >= sizeof(json) - 1 - 3));
		value = json_pointer_find(exact, n, "/x/0/y", &length);
		assert_true((value != NULL) == (n >= 25));
		free(exact);
	}
}

static void
test_a_text_larger_than_its_room_is_refused(void **state)
{
	char text[4];
	size_t length;

	(void)state;
	assert_true(find_text("\"abcd\"", 6, "", text, sizeof(text), &length));
	assert_false(find_text("\"abcde\"", 7, "", text, sizeof(text), &length));
	assert_false(find_text("\"abc\\u00e9\"", 11, "", text, sizeof(text), &length));
	assert_true(find_text("1234", 4, "", text, sizeof(text), &length));
	assert_false(find_text("12345", 5, "", text, sizeof(text), &length));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointers_find_what_rfc_6901_says),
		cmocka_unit_test(test_a_text_cut_short_anywhere_is_no_reason_to_look_beyond_it),
		cmocka_unit_test(test_a_text_larger_than_its_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
