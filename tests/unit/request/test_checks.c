#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "request/checks.h"

/* One check against one answer, however its body is cut. */
static const char *
outcome_of(const struct plan_check *check, const char *header, const char *body, size_t step)
{
	static char got[120];
	struct plan_request request = {.name = "x", .checks = check, .checks_n = 1};
	struct checking checking;
	struct checks *checks;
	struct error err = {0};

	assert_true(checks_new(&request, &checks, &err));
	checking_init(&checking);
	for (int round = 0; round < 2; round++) { /* the second over what the first one left */
		checking_begin(&checking, checks);
		assert_int_equal(checks_want_headers(checks), check->of == CHECK_HEADER);
		assert_int_equal(checks_want_trailers(checks), check->of == CHECK_TRAILER);
		if (header != NULL && checks_want_headers(checks))
			checking_add_header(&checking, "X-A", 3, header, strlen(header));
		if (header != NULL && checks_want_trailers(checks))
			checking_add_trailer(&checking, "X-A", 3, header, strlen(header));
		for (size_t at = 0; at < strlen(body); at += step)
			checking_add_body(&checking, body + at, strnlen(body + at, step));
		enum failure failure = checking_end(&checking);

		if (failure == FAILURE_COUNT) {
			assert_int_equal(checking.misses.failed, 0);
			snprintf(got, sizeof(got), "holds");
			continue;
		}
		assert_int_equal(failure, check->of <= CHECK_TRAILER ? FAILURE_HEADER : FAILURE_BODY);
		assert_int_equal(checking.misses.failed, 1);
		checking.misses.describe(checking.misses.context, 0, got, sizeof(got));
	}
	checking_fini(&checking);
	checks_free(checks);
	return got;
}

#define DOCUMENT "{\"status\": \"que\\u0075ed\", \"n\": 3, \"ok\": true, \"nil\": null, \"list\": [{\"id\": \"a\"}]}"

static void
test_each_check_says_what_it_got(void **state)
{
	static const struct {
		struct plan_check check;
		const char *header, *body, *outcome;
	} rows[] = {
		{{.of = CHECK_HEADER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"}, "1", "", "holds"},
		{{.of = CHECK_HEADER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"}, "1.0", "", "'1.0'"},
		{{.of = CHECK_HEADER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"}, NULL, "", "no such field"},
		{{.of = CHECK_HEADER, .how = CHECK_CONTAINS, .what = "x-a", .text = "json"}, "text/json", "", "holds"},
		{{.of = CHECK_HEADER, .how = CHECK_MATCHES, .what = "x-a", .text = "^\\d+$"}, "12", "", "holds"},
		{{.of = CHECK_HEADER, .how = CHECK_MATCHES, .what = "x-a", .text = "^\\d+$"}, "12a", "", "'12a'"},
		{{.of = CHECK_HEADER, .how = CHECK_EXISTS, .what = "x-a"}, "", "", "holds"},
		{{.of = CHECK_HEADER, .how = CHECK_EXISTS, .what = "x-b"}, "", "", "no such field"},
		{{.of = CHECK_HEADER, .how = CHECK_IS_ABSENT, .what = "x-b"}, "", "", "holds"},
		{{.of = CHECK_HEADER, .how = CHECK_IS_ABSENT, .what = "x-a"}, "v", "", "'v'"},
		{{.of = CHECK_TRAILER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"}, "1", "", "holds"},
		{{.of = CHECK_TRAILER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"}, "2", "", "'2'"},
		{{.of = CHECK_TRAILER, .how = CHECK_EXISTS, .what = "x-b"}, "1", "", "no such field"},
		{{.of = CHECK_TRAILER, .how = CHECK_IS_ABSENT, .what = "x-b"}, "1", "", "holds"},
		{{.of = CHECK_BODY, .how = CHECK_EQUALS, .text = "abc"}, NULL, "abc", "holds"},
		{{.of = CHECK_BODY, .how = CHECK_EQUALS, .text = "abc"}, NULL, "abcd", "'abcd'"},
		{{.of = CHECK_BODY, .how = CHECK_EQUALS, .text = "abc"}, NULL, "", "''"},
		{{.of = CHECK_BODY, .how = CHECK_MATCHES, .text = "b+c"}, NULL, "abbbc", "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/status", .text = "queued"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/status", .text = "done"}, NULL, DOCUMENT,
			"'queued'"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/n", .text = "3.0"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/n", .text = "4"}, NULL, DOCUMENT, "'3'"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/ok", .text = "true"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/nil", .text = "null"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/no", .text = "null"}, NULL, DOCUMENT,
			"no such value"},
		{{.of = CHECK_JSON, .how = CHECK_EXISTS, .what = "/nil"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EXISTS, .what = "/list/0/id"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EXISTS, .what = "/list/1"}, NULL, DOCUMENT, "no such value"},
		{{.of = CHECK_JSON, .how = CHECK_IS_ABSENT, .what = "/list/1"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_IS_ABSENT, .what = "/n"}, NULL, DOCUMENT, "'3'"},
		{{.of = CHECK_JSON, .how = CHECK_MATCHES, .what = "/status", .text = "^q"}, NULL, DOCUMENT, "holds"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/n", .text = "3"}, NULL, "no json", "no such value"},
		{{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "", .text = "3"}, NULL, "3", "holds"},
		{{.of = CHECK_SIZE, .least = 3, .most = 5}, NULL, "abc", "holds"},
		{{.of = CHECK_SIZE, .least = 3, .most = 5}, NULL, "ab", "2 bytes"},
		{{.of = CHECK_SIZE, .least = 3, .most = 5}, NULL, "abcdef", "6 bytes"},
		/* RFC 3720 has "123456789" for CRCs; this is zlib's. */
		{{.of = CHECK_CRC32, .crc32 = 0xcbf43926}, NULL, "123456789", "holds"},
		{{.of = CHECK_CRC32, .crc32 = 0xcbf43926}, NULL, "12345678", "9ae0daaf"},
		/* FIPS 180-4's own example. */
		{{.of = CHECK_SHA256,
			 .sha256 = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
				 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
				 0xf2, 0x00, 0x15, 0xad}},
			NULL, "abc", "holds"},
		{{.of = CHECK_SHA256}, NULL, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	};
	static const size_t steps[] = {1, 3, 1000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
			const char *got = outcome_of(&rows[i].check, rows[i].header, rows[i].body, steps[s]);

			if (strcmp(got, rows[i].outcome) != 0)
				fail_msg("row %zu: %s, not %s", i, got, rows[i].outcome);
		}
}

/* A header is no trailer of the same name, nor the other way round. */
static void
test_trailers_and_headers_are_told_apart(void **state)
{
	static const struct plan_check list[] = {
		{.of = CHECK_HEADER, .how = CHECK_EQUALS, .what = "x-a", .text = "1"},
		{.of = CHECK_TRAILER, .how = CHECK_EQUALS, .what = "x-a", .text = "2"},
	};
	struct plan_request request = {.name = "x", .checks = list, .checks_n = 2};
	struct checking checking;
	struct checks *checks;
	struct error err = {0};

	(void)state;
	assert_true(checks_new(&request, &checks, &err));
	checking_init(&checking);
	checking_begin(&checking, checks);
	checking_add_header(&checking, "x-a", 3, "2", 1);
	checking_add_trailer(&checking, "x-a", 3, "1", 1);
	assert_int_equal(checking_end(&checking), FAILURE_HEADER);
	assert_int_equal(checking.misses.failed, 3);
	checking_begin(&checking, checks);
	checking_add_header(&checking, "x-a", 3, "1", 1);
	checking_add_trailer(&checking, "x-a", 3, "2", 1);
	assert_int_equal(checking_end(&checking), FAILURE_COUNT);
	checking_fini(&checking);
	checks_free(checks);
}

static void
test_every_check_that_fails_is_told(void **state)
{
	static const struct plan_check list[] = {
		{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/n", .text = "4"},
		{.of = CHECK_SIZE, .least = 0, .most = 100},
		{.of = CHECK_HEADER, .how = CHECK_EXISTS, .what = "etag"},
	};
	struct plan_request request = {.name = "x", .checks = list, .checks_n = 3, .first_check = 7};
	struct checking checking;
	struct checks *checks;
	struct error err = {0};

	(void)state;
	assert_true(checks_new(&request, &checks, &err));
	checking_init(&checking);
	checking_begin(&checking, checks);
	checking_add_body(&checking, DOCUMENT, sizeof(DOCUMENT) - 1);
	assert_int_equal(checking_end(&checking), FAILURE_BODY); /* that of the first */
	assert_int_equal(checking.misses.failed, 5);
	assert_int_equal(checking.misses.first, 7);
	checking_fini(&checking);
	checks_free(checks);
}

static void
test_a_body_that_is_too_large_to_look_at_fails(void **state)
{
	static const struct plan_check list[] = {{.of = CHECK_JSON, .how = CHECK_IS_ABSENT, .what = "/n"}};
	struct plan_request request = {.name = "x", .checks = list, .checks_n = 1};
	static char part[4096];
	struct checking checking;
	struct checks *checks;
	struct error err = {0};
	char got[120];

	(void)state;
	memset(part, ' ', sizeof(part));
	assert_true(checks_new(&request, &checks, &err));
	checking_init(&checking);
	checking_begin(&checking, checks);
	for (size_t i = 0; i <= CHECKS_BODY_MAX / sizeof(part); i++)
		checking_add_body(&checking, part, sizeof(part));
	assert_int_equal(checking_end(&checking), FAILURE_BODY);
	checking.misses.describe(checking.misses.context, 0, got, sizeof(got));
	assert_string_equal(got, "a body of more than 1 MiB");
	checking_fini(&checking);
	checks_free(checks);
}

static void
test_an_expression_that_is_none_is_refused(void **state)
{
	static const struct plan_check list[] = {{.of = CHECK_BODY, .how = CHECK_MATCHES, .text = "("}};
	struct plan_request request = {.name = "x", .checks = list, .checks_n = 1};
	struct checks *checks;
	struct error err = {0};

	(void)state;
	assert_false(checks_new(&request, &checks, &err));
	assert_non_null(strstr(err.message, "is not a regular expression"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_check_says_what_it_got),
		cmocka_unit_test(test_trailers_and_headers_are_told_apart),
		cmocka_unit_test(test_every_check_that_fails_is_told),
		cmocka_unit_test(test_a_body_that_is_too_large_to_look_at_fails),
		cmocka_unit_test(test_an_expression_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
