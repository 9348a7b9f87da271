#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/check.h"
#include "request/extract.h"
#include "unit/request/flows.h"

/* One answer, looked at for one value (or for cookies), from its bytes to what the session then holds. */
struct bench {
	struct flow_fixture f;
	struct session session;
	struct extractor *extractor;
	struct extraction extraction;
	char *memory;
};

static void
bench_init(struct bench *b, enum plan_extract_kind kind, const char *what)
{
	struct error err = {0};

	flow_fixture_init(&b->f);
	if (what != NULL)
		flow_fixture_extract(&b->f, "token", kind, what);
	else
		b->f.flow.keeps_cookies = true;
	if (!extractor_new(&b->f.plan, &b->f.requests[0], &b->extractor, &err))
		fail_msg("%s", err.message);
	assert_non_null(b->extractor);
	b->memory = malloc(session_memory_size(&b->f.flow));
	session_init(&b->session, &b->f.flow, b->memory);
	session_begin(&b->session, 1, 0);
	extraction_init(&b->extraction);
	extraction_begin(&b->extraction, b->extractor);
}

static void
bench_fini(struct bench *b)
{
	extraction_fini(&b->extraction);
	extractor_free(b->extractor);
	session_fini(&b->session);
	free(b->memory);
}

static void
add_header(struct bench *b, const char *name, const char *value)
{
	extraction_add_header(&b->extraction, name, strlen(name), value, strlen(value));
}

/* expected NULL: the answer fails. */
static void
check_end(struct bench *b, const char *expected)
{
	size_t length;
	bool is_there = extraction_end(&b->extraction, &b->session);

	assert_int_equal(is_there, expected != NULL);
	if (expected == NULL)
		return;
	const char *value = session_value(&b->session, 0, &length);

	assert_int_equal(length, strlen(expected));
	assert_memory_equal(value, expected, length);
}

static void
check_body(enum plan_extract_kind kind, const char *what, const char *body, const char *expected)
{
	const size_t steps[] = {1, 7, strlen(body) + 1};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) { /* however the body is cut */
		struct bench b;

		bench_init(&b, kind, what);
		assert_true(extractor_wants_body(b.extractor));
		assert_false(extractor_wants_headers(b.extractor));
		for (size_t at = 0; at < strlen(body); at += steps[i])
			extraction_add_body(&b.extraction, body + at, strnlen(body + at, steps[i]));
		check_end(&b, expected);
		bench_fini(&b);
	}
}

static void
test_a_json_pointer_takes_what_it_points_at(void **state)
{
	(void)state;
	check_body(EXTRACT_JSON, "/a/token", "{\"a\": {\"token\": \"x\\u00e9\"}}", "x\xc3\xa9");
	check_body(EXTRACT_JSON, "/n", "{\"n\": 12}", "12");
	check_body(EXTRACT_JSON, "/token", "{\"other\": 1}", NULL);
	check_body(EXTRACT_JSON, "/token", "{\"token\": null}", NULL);
	check_body(EXTRACT_JSON, "/token", "<html>", NULL);
	check_body(EXTRACT_JSON, "/token", "", NULL);
}

static void
test_a_regular_expression_takes_its_first_group(void **state)
{
	(void)state;
	check_body(EXTRACT_REGEX, "name=\"csrf\" value=\"([^\"]+)\"",
		"<form>\n<input name=\"csrf\" value=\"a1/b2==\">\n<input name=\"csrf\" value=\"second\">", "a1/b2==");
	check_body(EXTRACT_REGEX, "(a|b)(c)", "xbc", "b");
	check_body(EXTRACT_REGEX, "^.*=(.*)", "a=b=c", "c");
	check_body(EXTRACT_REGEX, "id=([0-9]*)", "id=", "");
	check_body(EXTRACT_REGEX, "x(y)?z", "xz", NULL); /* the group took no part */
	check_body(EXTRACT_REGEX, "id=([0-9]+)", "id=none", NULL);
	check_body(EXTRACT_REGEX, "id=([0-9]+)", "", NULL);
}

static void
test_a_regular_expression_sees_what_follows_a_nul(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, EXTRACT_REGEX, "id=([0-9]+)");
	extraction_add_body(&b.extraction, "\0\0id=7", 6);
	check_end(&b, "7");
	bench_fini(&b);
}

static void
test_a_header_is_found_by_its_name_in_any_case(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, EXTRACT_HEADER, "X-Session");
	assert_true(extractor_wants_headers(b.extractor));
	assert_false(extractor_wants_body(b.extractor));
	add_header(&b, "X-Sessions", "no");
	add_header(&b, "x-SESSION", "first \t");
	add_header(&b, "X-Session", "second");
	check_end(&b, "first");
	extraction_begin(&b.extraction, b.extractor); /* the next answer has none */
	add_header(&b, "Content-Type", "text/plain");
	check_end(&b, NULL);
	bench_fini(&b);
}

static void
test_an_answer_that_was_not_good_leaves_the_session_as_it_was(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, EXTRACT_HEADER, "X-Session");
	add_header(&b, "X-Session", "kept");
	check_end(&b, "kept");
	extraction_begin(&b.extraction, b.extractor);
	add_header(&b, "X-Session", "of a 500"); /* and no extraction_end */
	extraction_begin(&b.extraction, b.extractor);
	size_t length;

	assert_memory_equal(session_value(&b.session, 0, &length), "kept", 4);
	bench_fini(&b);
}

static void
test_cookies_of_several_fields_are_kept(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, EXTRACT_HEADER, NULL);
	add_header(&b, "Set-Cookie", "sid=1; Path=/");
	add_header(&b, "set-cookie", "lb=node2");
	assert_true(extraction_end(&b.extraction, &b.session));
	char into[COOKIE_JAR_MAX + 1];

	*session_put_cookies(&b.session, "/", 1, into) = '\0';
	assert_string_equal(into, "sid=1; lb=node2");
	bench_fini(&b);
}

static void
test_a_cookie_is_taken_by_its_name_and_the_last_is_meant(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, EXTRACT_COOKIE, "sid");
	assert_true(extractor_wants_headers(b.extractor));
	assert_false(extractor_wants_body(b.extractor));
	add_header(&b, "Set-Cookie", "sid=first; Path=/");
	add_header(&b, "Set-Cookie", "side=2");
	add_header(&b, "Set-Cookie", "sid=a=b; Secure; Path=/x");
	check_end(&b, "a=b");
	bench_fini(&b);
	bench_init(&b, EXTRACT_COOKIE, "sid");
	add_header(&b, "Set-Cookie", "Sid=1");
	check_end(&b, NULL);
	bench_fini(&b);
}

/* What is not there becomes the default; what is too large is a failure still. */
static void
test_a_default_stands_for_what_is_not_there(void **state)
{
	static const struct {
		enum plan_extract_kind kind;
		const char *what;
	} rows[] = {{EXTRACT_JSON, "/next"}, {EXTRACT_REGEX, "next=([a-z]+)"}, {EXTRACT_HEADER, "Next"},
		{EXTRACT_COOKIE, "next"}};
	static const char null[] = "{\"next\": null}";
	char large[SESSION_VALUE_MAX + 64];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bench_init(&b, rows[i].kind, rows[i].what);
		b.f.extracts[0].otherwise = "none";
		check_end(&b, "none");
		extraction_add_body(&b.extraction, null, strlen(null));
		check_end(&b, "none");
		bench_fini(&b);
	}
	bench_init(&b, EXTRACT_JSON, "/next");
	b.f.extracts[0].otherwise = "";
	snprintf(large, sizeof(large), "{\"next\": \"%0*d\"}", (int)SESSION_VALUE_MAX + 1, 1);
	extraction_add_body(&b.extraction, large, strlen(large));
	check_end(&b, NULL);
	bench_fini(&b);
}

static void
test_what_is_too_large_fails(void **state)
{
	static char large[SESSION_VALUE_MAX + 1];
	struct bench b;

	(void)state;
	memset(large, 'x', SESSION_VALUE_MAX);
	large[SESSION_VALUE_MAX] = '\0';
	bench_init(&b, EXTRACT_HEADER, "X-Session");
	add_header(&b, "X-Session", large);
	check_end(&b, large);
	extraction_begin(&b.extraction, b.extractor);
	extraction_add_header(&b.extraction, "X-Session", 9, "xx", 2);
	for (size_t n = 0; n < EXTRACTION_FIELDS_MAX; n += SESSION_VALUE_MAX)
		add_header(&b, "X-Session", large);
	check_end(&b, NULL);
	bench_fini(&b);

	bench_init(&b, EXTRACT_REGEX, "(x)");
	for (size_t n = 0; n < EXTRACTION_BODY_MAX; n += SESSION_VALUE_MAX)
		extraction_add_body(&b.extraction, large, SESSION_VALUE_MAX);
	check_end(&b, "x");
	extraction_add_body(&b.extraction, "x", 1);
	check_end(&b, NULL);
	bench_fini(&b);
}

static void
check_refused(const char *name, const char *regex, const char *sentence)
{
	struct flow_fixture f;
	struct extractor *extractor;
	struct error err = {0};

	flow_fixture_init(&f);
	flow_fixture_extract(&f, name, EXTRACT_REGEX, regex);
	assert_false(extractor_new(&f.plan, &f.requests[0], &extractor, &err));
	assert_string_equal(err.message, sentence);
}

static void
test_what_cannot_be_looked_for_is_refused_at_start(void **state)
{
	(void)state;
	check_refused("t", "(", "regex: '(' is not a regular expression: missing closing parenthesis (at character 2)");
	check_refused("t", "id=[0-9]+", "regex: 'id=[0-9]+' has no group; put what is to be taken in ( )");
	check_refused("seq", "(a)", "extract: 'seq' has another meaning already; write another name");
	check_refused("session", "(a)", "extract: 'session' has another meaning already; write another name");
	check_refused("history", "(a)", "extract: 'history' has another meaning already; write another name");
}

static void
test_who_extracts_nothing_has_no_extractor(void **state)
{
	struct plan_request request = {.name = "no step"};
	struct extractor *extractor;
	struct flow_fixture f;
	struct error err = {0};

	(void)state;
	flow_fixture_init(&f);
	assert_true(extractor_new(&f.plan, &f.requests[1], &extractor, &err));
	assert_null(extractor);
	assert_true(extractor_new(&f.plan, &request, &extractor, &err));
	assert_null(extractor);
	assert_false(extractor_wants_headers(NULL) || extractor_wants_body(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_json_pointer_takes_what_it_points_at),
		cmocka_unit_test(test_a_regular_expression_takes_its_first_group),
		cmocka_unit_test(test_a_regular_expression_sees_what_follows_a_nul),
		cmocka_unit_test(test_a_header_is_found_by_its_name_in_any_case),
		cmocka_unit_test(test_an_answer_that_was_not_good_leaves_the_session_as_it_was),
		cmocka_unit_test(test_cookies_of_several_fields_are_kept),
		cmocka_unit_test(test_a_cookie_is_taken_by_its_name_and_the_last_is_meant),
		cmocka_unit_test(test_a_default_stands_for_what_is_not_there),
		cmocka_unit_test(test_what_is_too_large_fails),
		cmocka_unit_test(test_what_cannot_be_looked_for_is_refused_at_start),
		cmocka_unit_test(test_who_extracts_nothing_has_no_extractor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
