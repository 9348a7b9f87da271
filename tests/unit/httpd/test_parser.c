#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "httpd/parser.h"

struct fixture {
	struct httpd_limits limits;
	struct request_pool pool;
	struct parser parser;
};

static void
fixture_open(struct fixture *f, size_t head_bytes, size_t body_bytes)
{
	f->limits = httpd_default_limits;
	f->limits.head_bytes = head_bytes;
	f->limits.body_bytes = body_bytes;
	request_pool_init(&f->pool, head_bytes, body_bytes);
	parser_init(&f->parser, &f->limits, &f->pool);
}

static void
fixture_close(struct fixture *f)
{
	parser_fini(&f->parser);
	request_pool_fini(&f->pool);
}

/* The status that a whole text is refused with; 0 if it is a request; -1 if it is not complete. */
static int
outcome_of(const char *text)
{
	struct fixture f;
	size_t used;
	int outcome = -1;

	fixture_open(&f, 200, 20);
	switch (parser_feed(&f.parser, text, strlen(text), &used)) {
	case PARSER_MORE: break;
	case PARSER_REQUEST: outcome = 0; break;
	case PARSER_REFUSED: outcome = f.parser.refusal; break;
	}
	fixture_close(&f);
	return outcome;
}

static const char posted[] = "POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX-Name:  value \r\nTransfer-Encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n";

static void
check_posted(struct request *r)
{
	assert_string_equal(r->shown.method, "POST");
	assert_string_equal(r->shown.target, "/a?b=1");
	assert_string_equal(httpd_request_header(&r->shown, "x-name"), "value");
	assert_null(httpd_request_header(&r->shown, "trailer"));
	assert_null(httpd_request_header(&r->shown, "value"));
	assert_int_equal(r->shown.body_length, 7);
	assert_memory_equal(r->shown.body, "abcdefg", 7);
	assert_true(r->keeps_alive);
}

static void
test_a_request_is_the_same_wherever_its_bytes_are_cut(void **state)
{
	(void)state;
	size_t length = sizeof(posted) - 1;

	for (size_t cut = 1; cut < length; cut++) {
		struct fixture f;
		size_t used;

		fixture_open(&f, 4096, 4096);
		assert_int_equal(parser_feed(&f.parser, posted, cut, &used), PARSER_MORE);
		assert_int_equal(used, cut);
		assert_int_equal(parser_feed(&f.parser, posted + cut, length - cut, &used), PARSER_REQUEST);
		assert_int_equal(used, length - cut);
		struct request *r = parser_take(&f.parser);

		check_posted(r);
		request_give(&f.pool, r);
		fixture_close(&f);
	}
}

static void
test_a_request_may_come_byte_by_byte(void **state)
{
	(void)state;
	struct fixture f;
	size_t used, last = sizeof(posted) - 2;

	fixture_open(&f, 4096, 4096);
	for (size_t i = 0; i < last; i++)
		assert_int_equal(parser_feed(&f.parser, posted + i, 1, &used), PARSER_MORE);
	assert_int_equal(parser_feed(&f.parser, posted + last, 1, &used), PARSER_REQUEST);
	struct request *r = parser_take(&f.parser);

	check_posted(r);
	request_give(&f.pool, r);
	fixture_close(&f);
}

static void
test_pipelined_requests_come_out_one_by_one(void **state)
{
	(void)state;
	static const char text[] = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /3 HTTP/1.0\r\n\r\n";
	static const char *const targets[] = {"/1", "/2", "/3"};
	struct fixture f;
	size_t at = 0;

	fixture_open(&f, 4096, 4096);
	for (size_t i = 0; i < 3; i++) {
		size_t used;

		assert_int_equal(parser_feed(&f.parser, text + at, sizeof(text) - 1 - at, &used), PARSER_REQUEST);
		at += used;
		struct request *r = parser_take(&f.parser);

		assert_string_equal(r->shown.target, targets[i]);
		assert_int_equal(r->shown.is_head, i == 1);
		assert_int_equal(r->keeps_alive, i < 2);
		request_give(&f.pool, r);
	}
	assert_int_equal(at, sizeof(text) - 1);
	fixture_close(&f);
}

static void
test_what_is_no_request_is_refused(void **state)
{
	(void)state;
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\nHost: h\r\n"), -1);
	assert_int_equal(outcome_of("hello\r\n\r\n"), 400);
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n"), 400);
	assert_int_equal(outcome_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
	assert_int_equal(outcome_of("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), 501);
	assert_int_equal(outcome_of("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n"), 417);
}

/* What request smuggling is made of: two opinions on where the body ends. */
static void
test_an_ambiguous_length_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
		outcome_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 400);
	assert_int_equal(
		outcome_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
		400);
	assert_int_equal(outcome_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"), 400);
	assert_int_equal(outcome_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na"), 400);
	assert_int_equal(outcome_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
}

static void
test_sizes_are_bounded(void **state)
{
	(void)state;
	char text[4096];

	snprintf(text, sizeof(text), "GET /%0300d HTTP/1.1\r\nHost: h\r\n\r\n", 0);
	assert_int_equal(outcome_of(text), 414);
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\nA: %0300d\r\n\r\n", 0);
	assert_int_equal(outcome_of(text), 431);
	assert_int_equal(outcome_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n01234567890123456789"), 0);
	assert_int_equal(outcome_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\n"), 413);
	assert_int_equal(
		outcome_of(
			"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n012345678901234567890"),
		413);
	snprintf(text, sizeof(text),
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: %0300d\r\n\r\n", 0);
	assert_int_equal(outcome_of(text), 431);
}

/* A chunk extension is no body and no header: without a bound of its own it could go on for ever. */
static void
test_chunk_extensions_are_bounded(void **state)
{
	(void)state;
	static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;";
	struct fixture f;
	size_t used, fed = 0;

	fixture_open(&f, 200, 20);
	assert_int_equal(parser_feed(&f.parser, head, sizeof(head) - 1, &used), PARSER_MORE);
	while (fed < 10000 && parser_feed(&f.parser, "aaaaaaaaaa", 10, &used) == PARSER_MORE)
		fed += 10;
	assert_in_range(fed, 100, 600);
	assert_int_equal(f.parser.refusal, 413);
	fixture_close(&f);
}

static void
test_an_upgrade_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(
		outcome_of("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"),
		0);
}

static void
test_a_continue_is_wanted_only_while_the_body_is_missing(void **state)
{
	(void)state;
	static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
	struct fixture f;
	size_t used;

	fixture_open(&f, 4096, 4096);
	assert_int_equal(parser_feed(&f.parser, head, sizeof(head) - 1, &used), PARSER_MORE);
	assert_true(f.parser.request->wants_continue);
	assert_int_equal(parser_feed(&f.parser, "ab", 2, &used), PARSER_REQUEST);
	struct request *r = parser_take(&f.parser);

	assert_false(r->wants_continue);
	request_give(&f.pool, r);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_is_the_same_wherever_its_bytes_are_cut),
		cmocka_unit_test(test_a_request_may_come_byte_by_byte),
		cmocka_unit_test(test_pipelined_requests_come_out_one_by_one),
		cmocka_unit_test(test_what_is_no_request_is_refused),
		cmocka_unit_test(test_an_ambiguous_length_is_refused),
		cmocka_unit_test(test_sizes_are_bounded),
		cmocka_unit_test(test_chunk_extensions_are_bounded),
		cmocka_unit_test(test_an_upgrade_is_ignored),
		cmocka_unit_test(test_a_continue_is_wanted_only_while_the_body_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
