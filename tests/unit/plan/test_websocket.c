#include "unit/plan/loading.h"

#include <stdio.h>

#include "base/check.h"

#define PROFILE "target: {%s}\nload: {steady: {rate: 1/s, for: 1s}}\nrequests: [{name: a%s}]\n"

static const char *
profile_of(const char *target, const char *request)
{
	static char text[1000];

	snprintf(text, sizeof(text), PROFILE, target, request);
	return text;
}

static const char *
header_of(const struct plan_request *request, const char *name)
{
	const struct plan_pair *headers = request->headers.items;

	for (size_t i = 0; i < request->headers.n; i++)
		if (strcmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

static void
test_url_says_where_and_what_is_opened(void **state)
{
	static const struct {
		const char *url, *scheme, *resource, *authority;
		int port;
	} rows[] = {
		{"ws://h", "http", "/", "h", 80},
		{"WS://h:81/", "http", "/", "h:81", 81},
		{"wss://h/chat/", "https", "/chat/", "h", 443},
		{"wss://[::1]:8/chat?a=/b&c=d", "https", "/chat?a=/b&c=d", "[::1]:8", 8},
		{"ws://h?x", "http", "/?x", "h", 80},
		{"ws://unix:/run/x.sock", "http", "/", "localhost", 0},
		{"ws://unix:/run/x.sock:/chat?y", "http", "/chat?y", "localhost", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char target[100];

		snprintf(target, sizeof(target), "url: \"%s\"", rows[i].url);
		struct plan *plan = load(profile_of(target, ", body: x"));
		const struct plan_url *url = &plan->target.url;

		assert_string_equal(url->text, rows[i].url);
		assert_string_equal(url->scheme, rows[i].scheme);
		assert_string_equal(url->resource, rows[i].resource);
		assert_string_equal(url->authority, rows[i].authority);
		assert_string_equal(url->path, "");
		assert_int_equal(url->port, rows[i].port);
		assert_string_equal(plan->target.protocol->name, "websocket");
		plan_free(plan);
	}
}

static void
test_opening_shows_what_the_target_says(void **state)
{
	(void)state;
	struct plan *plan = load(profile_of(
		"url: \"ws://h:81/chat\", auth: {bearer: \"${env:TOKEN}\"}, "
		"websocket: {protocols: [chat.v2, chat], headers: {Origin: \"http://shop\"}, unasked: ignore, "
		"max_message_bytes: 1KiB}",
		", body: x"));
	const struct plan_request *opening = ((const struct plan_backend *)plan->target.backends.items)->opening;

	assert_string_equal(opening->method, "GET");
	assert_string_equal(opening->path, "/chat");
	assert_string_equal(header_of(opening, "Host"), "h:81");
	assert_string_equal(header_of(opening, "Origin"), "http://shop");
	assert_string_equal(header_of(opening, "Upgrade"), "websocket");
	assert_string_equal(header_of(opening, "Connection"), "Upgrade");
	assert_string_equal(header_of(opening, "Sec-WebSocket-Version"), "13");
	assert_string_equal(header_of(opening, "Sec-WebSocket-Protocol"), "chat.v2, chat");
	assert_string_equal(header_of(opening, "Authorization"), "Bearer t0k3n");
	assert_null(header_of(&plan->requests[0], "Authorization"));
	assert_int_equal(plan->target.websocket.unasked, UNASKED_IGNORE);
	assert_int_equal(plan->target.websocket.message_bytes, 1024);
	plan_free(plan);
}

static void
test_request_is_a_message_and_what_answers_it(void **state)
{
	static const struct {
		const char *request, *body, *reader;
		uint64_t messages;
		const char *until;
		bool is_binary;
	} rows[] = {
		{", body: \"x ${seq}\"", "x ${seq}", "discard", 1, NULL, false},
		{", json: {a: 1}, binary: true", "{\"a\":1}", "discard", 1, NULL, true},
		{", body: x, expect: {body: y}", "x", "text", 1, NULL, false},
		{", body: x, receive: 1", "x", "discard", 1, NULL, false},
		{", body: x, receive: 10", "x", "messages", 10, NULL, false},
		{", body: x, receive: 10, expect: {body: y}", "x", "messages", 10, NULL, false},
		{", body: x, receive: {until: \"end ${seq}\"}", "x", "messages", 0, "end ${seq}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plan *plan = load(profile_of("url: \"ws://h\"", rows[i].request));
		const struct plan_request *request = &plan->requests[0];

		assert_string_equal(request->body, rows[i].body);
		assert_string_equal(request->reader->name, rows[i].reader);
		assert_int_equal(request->receive.messages, rows[i].messages);
		assert_string_equal(request->receive.until != NULL ? request->receive.until : "",
			rows[i].until != NULL ? rows[i].until : "");
		assert_int_equal(request->is_binary, rows[i].is_binary);
		assert_true(plan_status_expected(&request->expect, 101));
		assert_false(plan_status_expected(&request->expect, 200));
		plan_free(plan);
	}
}

static void
test_profile_without_requests_sends_a_message(void **state)
{
	(void)state;
	struct plan *plan = load("target: \"ws://h/chat\"\nload: {steady: {rate: 1/s, for: 1s}}\n");

	assert_string_equal(plan->requests[0].body, "brunt ${seq}");
	assert_string_equal(plan->requests[0].path, "/chat");
	plan_free(plan);
}

static void
test_what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *target, *request, *words;
	} rows[] = {
		{"url: \"ws://h#x\"", ", body: x", "'#' has no place"},
		{"url: \"ws://h/a b\"", ", body: x", "no URL may hold"},
		{"url: \"ws://\"", ", body: x", "there is no host"},
		{"url: \"ws://h\", http: 2", ", body: x", "http: '2' is no way to speak to ws://h"},
		{"url: \"http://h\", http: websocket", ", body: x", "'websocket' follows from the URL"},
		{"url: \"http://h\", websocket: {unasked: ignore}", ", get: /", "neither ws:// nor wss://"},
		{"url: \"ws://h\", redirects: 2", ", body: x", "no such thing over WebSocket"},
		{"urls: [\"ws://h\", \"http://i\"]", ", body: x", "ws:// and http:// do not go together"},
		{"url: \"ws://h\", websocket: {headers: {Upgrade: x}}", ", body: x", "belongs to the handshake itself"},
		{"url: \"ws://h\", websocket: {headers: {Sec-WebSocket-Protocol: x}}", ", body: x",
			"write target.websocket.protocols"},
		{"url: \"ws://h\", websocket: {headers: {X-A: \"${seq}\"}}", ", body: x", "'X-A' holds a slot"},
		{"url: \"ws://h\", websocket: {headers: {\"X A\": b}}", ", body: x", "is not a header's name"},
		{"url: \"ws://h\", websocket: {protocols: [a, \"b c\"]}", ", body: x",
			"'b c' is not the name of a subprotocol"},
		{"url: \"ws://h\", websocket: {protocols: [a, a]}", ", body: x", "each once"},
		{"url: \"ws://h\"", ", get: /", "over WebSocket a request is a message"},
		{"url: \"ws://h\"", ", body: x, read: text", "over WebSocket a request is a message"},
		{"url: \"ws://h\"", ", body: x, headers: {a: b}", "write target.websocket.headers"},
		{"url: \"ws://h\"", ", body: x, auth: off", "write target.auth"},
		{"url: \"ws://h\"", ", body: x, expect: 200", "a message has no status"},
		{"url: \"ws://h\"", ", body: x, expect: {header: {a: b}}", "a message has no status and no fields"},
		{"url: \"ws://h\"", "", "there is no message"},
		{"url: \"ws://h\"", ", body: x, receive: {messages: 2, until: y}", "one of messages and until"},
		{"url: \"ws://h\"", ", body: x, receive: {until: \"\"}", "every message contains an empty text"},
		{"url: \"http://h\"", ", get: /, receive: 2", "receive: belongs to WebSocket"},
		{"url: \"http://h\"", ", get: /, binary: true", "binary: belongs to WebSocket"},
		{"url: \"http://h\"", ", get: /, read: messages", "read: belongs to WebSocket"},
		{"url: \"http://h\", proxy: \"ws://p\"", ", get: /", "proxy: write http://HOST:PORT"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char into[1400];
		const char *said = refusal_of(profile_of(rows[i].target, rows[i].request), NULL, into, sizeof(into));

		if (strstr(said, rows[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", said, rows[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_says_where_and_what_is_opened),
		cmocka_unit_test(test_opening_shows_what_the_target_says),
		cmocka_unit_test(test_request_is_a_message_and_what_answers_it),
		cmocka_unit_test(test_profile_without_requests_sends_a_message),
		cmocka_unit_test(test_what_makes_no_sense_is_refused),
	};

	setenv("TOKEN", "t0k3n", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
