#include "unit/plan/loading.h"

#include <stdio.h>

#define PROFILE "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, expect: %s}]\n"

static void
test_expectations_become_checks_with_names(void **state)
{
	char text[1000];

	(void)state;
	snprintf(text, sizeof(text), PROFILE,
		"{body: {contains: x, regex: 'a+'}, header: {ETag: {exists: false}}, json: {/a: 1, /b: {regex: b, contains: c}}, "
		"size: 1KiB.., crc32: cbf43926}");
	struct plan *plan = load(text);
	const struct plan_request *request = &plan->requests[0];
	static const char *const names[] = {
		"body regex", "header ETag", "json /a", "json /b", "json /b", "size", "crc32"};

	assert_string_equal(request->expect.body, "x");
	assert_int_equal(request->checks_n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(request->checks[i].name, names[i]);
	assert_int_equal(request->checks[1].how, CHECK_IS_ABSENT);
	assert_int_equal(request->checks[4].how, CHECK_CONTAINS);
	assert_int_equal(request->checks[5].least, 1024);
	assert_true(request->checks[5].most == UINT64_MAX);
	assert_int_equal(request->checks[6].crc32, 0xcbf43926);
	plan_free(plan);
}

static void
test_checks_of_all_requests_are_numbered(void **state)
{
	(void)state;
	struct plan *plan = load("target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests:\n"
				 "  - {name: a, get: /, expect: {size: 1, json: {/x: y}}}\n  - {name: b, get: /}\n"
				 "  - {name: c, get: /, expect: {status: 200, size: 2}}\n");

	assert_int_equal(plan->requests[0].first_check, 0);
	assert_int_equal(plan->requests[1].checks_n, 0);
	assert_int_equal(plan->requests[2].first_check, 2);
	plan_free(plan);
}

static void
test_what_is_no_check_is_refused_in_words(void **state)
{
	static const char *const rows[][2] = {
		{"{header: x}", "header: write a map such as {Content-Type"},
		{"{json: {status: done}}", "json: 'status' is not a JSON pointer"},
		{"{json: {/a: {is: 1}}}", "expect: write equals, contains, regex or exists, not 'is'"},
		{"{json: {/a: {exists: maybe}}}", "exists: write true or false"},
		{"{json: {/a: [1]}}", "expect: '/a' wants a value"},
		{"{json: {/a: \"${uuid}\"}}", "a check holds no slots"},
		{"{body: {exists: true}}", "body: write contains, equals or regex"},
		{"{body: []}", "body: write a text, or a map"},
		{"{size: 2KiB..1KiB}", "size: '2KiB..1KiB' is no size"},
		{"{size: ..}", "is no size"},
		{"{size: big}", "is no size"},
		{"{sha256: abc}", "sha256: write its 64 hexadecimal digits"},
		{"{crc32: 0xcbf43926}", "crc32: write its 8 hexadecimal digits"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1000], into[1400];

		snprintf(text, sizeof(text), PROFILE, rows[i][0]);
		const char *said = refusal_of(text, NULL, into, sizeof(into));

		if (strstr(said, rows[i][1]) == NULL)
			fail_msg("'%s' does not say '%s'", said, rows[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expectations_become_checks_with_names),
		cmocka_unit_test(test_checks_of_all_requests_are_numbered),
		cmocka_unit_test(test_what_is_no_check_is_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
