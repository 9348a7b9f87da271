#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/check.h"
#include "brunt_version.h"
#include "proto/protocol.h"

#define AGENT "User-Agent: brunt/" BRUNT_VERSION "\r\n"

static const struct plan plan = {.target.url.authority = "example.org:8080"};

static void
check_composed(const struct plan_request *request, const char *expected)
{
	struct buf head;
	struct error err = {0};

	buf_init(&head, PROTOCOL_HEAD_CEILING);
	assert_true(http1_protocol.compose(&plan, request, &head, &err));
	assert_string_equal(head.bytes, expected);
	buf_fini(&head);
}

static void
check_refused(const struct plan_request *request, const char *words)
{
	struct buf head;
	struct error err = {0};

	buf_init(&head, PROTOCOL_HEAD_CEILING);
	assert_false(http1_protocol.compose(&plan, request, &head, &err));
	if (strstr(err.message, words) == NULL || strstr(err.message, "'buy'") == NULL)
		fail_msg("'%s' says neither '%s' nor the request's name", err.message, words);
	buf_fini(&head);
}

#define HEADERS(...)                                                                                                   \
	{                                                                                                              \
		.items = (struct plan_pair[]){__VA_ARGS__},                                                            \
		.n = sizeof((struct plan_pair[]){__VA_ARGS__}) / sizeof(struct plan_pair)                              \
	}

static void
test_request_has_a_host_and_says_who_asks(void **context)
{
	(void)context;
	const struct plan_request get = {.name = "buy", .method = "GET", .path = "/api/items?q=1"};

	check_composed(&get, "GET /api/items?q=1 HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "\r\n");
}

static void
test_headers_of_the_user_replace_defaults_and_keep_their_order(void **context)
{
	(void)context;
	const struct plan_request get = {.name = "buy",
		.method = "GET",
		.path = "/",
		.headers = HEADERS({"X-B", "2"}, {"host", "other"}, {"X-A", "1"}, {"USER-AGENT", "me"}, {"X-B", "3"})};

	check_composed(&get, "GET / HTTP/1.1\r\nX-B: 2\r\nhost: other\r\nX-A: 1\r\nUSER-AGENT: me\r\nX-B: 3\r\n\r\n");
}

static void
test_length_goes_with_the_body(void **context)
{
	(void)context;
	const struct plan_request fixed = {
		.name = "buy", .method = "POST", .path = "/", .body = "a\0b", .body_length = 3};
	const struct plan_request slots = {
		.name = "buy", .method = "PUT", .path = "/", .body = "${seq}", .body_length = 6, .has_slots = true};
	const struct plan_request empty = {.name = "buy", .method = "POST", .path = "/"};
	const struct plan_request get = {.name = "buy", .method = "GET", .path = "/", .body = "", .body_length = 0};

	check_composed(&fixed, "POST / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "Content-Length: 3\r\n\r\n");
	check_composed(&slots, "PUT / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT
			       "Content-Length: " PROTOCOL_CONTENT_LENGTH "\r\n\r\n");
	check_composed(&empty, "POST / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "Content-Length: 0\r\n\r\n");
	check_composed(&get, "GET / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "Content-Length: 0\r\n\r\n");
}

static void
test_framing_of_the_user_is_left_alone(void **context)
{
	(void)context;
	const struct plan_request chunked = {.name = "buy",
		.method = "POST",
		.path = "/",
		.body = "0\r\n\r\n",
		.body_length = 5,
		.headers = HEADERS({"transfer-encoding", "chunked"})};
	const struct plan_request wrong = {.name = "buy",
		.method = "POST",
		.path = "/",
		.body = "abc",
		.body_length = 3,
		.headers = HEADERS({"content-length", "7"})};

	check_composed(
		&chunked, "POST / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "transfer-encoding: chunked\r\n\r\n");
	check_composed(&wrong, "POST / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "content-length: 7\r\n\r\n");
}

static void
test_slots_may_stand_in_the_path(void **context)
{
	(void)context;
	const struct plan_request get = {.name = "buy", .method = "GET", .path = "/i/${random(1, 5)}/${seq}"};

	check_composed(&get, "GET /i/${random(1, 5)}/${seq} HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "\r\n");
}

static void
check_refused_path(const char *method, const char *path, const char *words)
{
	const struct plan_request request = {.name = "buy", .method = method, .path = path};

	check_refused(&request, words);
}

static void
check_refused_header(const char *name, const char *value, const char *words)
{
	const struct plan_request request = {
		.name = "buy", .method = "GET", .path = "/", .headers = HEADERS({name, value})};

	check_refused(&request, words);
}

static void
test_what_would_break_the_request_is_refused_in_words(void **context)
{
	(void)context;
	check_refused_path("GE T", "/", "'GE T' is not a method");
	check_refused_path("", "/", "'' is not a method");
	check_refused_path("GET\r\nX:", "/", "is not a method");
	check_refused_path("CONNECT", "/", "tunnel");
	check_refused_path("GET", "items", "does not begin with '/'");
	check_refused_path("GET", "", "does not begin with '/'");
	check_refused_path("GET", "/a b", "contains a space; write it as %20");
	check_refused_path("GET", "/${seq} b", "contains a space");
	check_refused_path("GET", "/$${a b}", "contains a space"); /* no slot, but ${ itself */
	check_refused_path("GET", "/a HTTP/1.1\r\nX: y", "contains a space");
	check_refused_path("GET", "/a\r\nX:y", "control character; write it as %0D");
	check_refused_header("X Y", "v", "'X Y' is not a header name");
	check_refused_header("", "v", "'' is not a header name");
	check_refused_header("X:", "v", "'X:' is not a header name");
	check_refused_header("X\r\n", "v", "is not a header name");
	check_refused_header("\xc3\xa9", "v", "is not a header name");
	check_refused_header("X", "a\r\nY: b", "header 'X' contains a line break");
	check_refused_header("X", "a\nb", "header 'X' contains a line break");
	check_refused_header("X", "a\x01", "header 'X' contains a control character");
}

static void
test_tabs_and_text_beyond_ascii_may_stand_in_values(void **context)
{
	(void)context;
	const struct plan_request get = {
		.name = "buy", .method = "GET", .path = "/", .headers = HEADERS({"X", "a\tb \xc3\xa9"}, {"Y", ""})};

	check_composed(&get, "GET / HTTP/1.1\r\nHost: example.org:8080\r\n" AGENT "X: a\tb \xc3\xa9\r\nY: \r\n\r\n");
}

static void
test_headers_over_the_ceiling_are_refused(void **context)
{
	(void)context;
	static char value[PROTOCOL_HEAD_CEILING];
	const struct plan_request get = {.name = "buy", .method = "GET", .path = "/", .headers = HEADERS({"X", value})};

	memset(value, 'a', sizeof(value) - 1);
	check_refused(&get, "larger than 65536 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_has_a_host_and_says_who_asks),
		cmocka_unit_test(test_headers_of_the_user_replace_defaults_and_keep_their_order),
		cmocka_unit_test(test_length_goes_with_the_body),
		cmocka_unit_test(test_framing_of_the_user_is_left_alone),
		cmocka_unit_test(test_slots_may_stand_in_the_path),
		cmocka_unit_test(test_what_would_break_the_request_is_refused_in_words),
		cmocka_unit_test(test_tabs_and_text_beyond_ascii_may_stand_in_values),
		cmocka_unit_test(test_headers_over_the_ceiling_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
