#include "unit/plan/loading.h"

#include <stdio.h>

#define PROFILE                                                                                                        \
	"target: {url: \"http://127.0.0.1:1\", http: %s, timeout: 2s}\nload: {steady: {rate: 1/s, for: 1s}}\n"         \
	"requests: [{name: a, grpc: {method: %s}%s}]\n"

static const char *
profile_of(const char *http, const char *method, const char *more)
{
	static char text[1000];

	snprintf(text, sizeof(text), PROFILE, http, method, more);
	return text;
}

static void
check_refused(const char *http, const char *method, const char *more, const char *words)
{
	char into[1400];
	const char *said = refusal_of(profile_of(http, method, more), NULL, into, sizeof(into));

	if (strstr(said, words) == NULL)
		fail_msg("'%s' does not say '%s'", said, words);
}

static void
check_body(const char *message, const char *body, size_t length)
{
	struct plan *plan = load(profile_of("\"2\"", "/a.B/C", ""));

	plan_free(plan);
	char text[400];

	snprintf(text, sizeof(text), "/a.B/C, message: %s", message);
	plan = load(profile_of("\"2\"", text, ""));
	assert_int_equal(plan->requests[0].body_length, length);
	assert_memory_equal(plan->requests[0].body, body, length);
	assert_false(plan->requests[0].has_slots);
	plan_free(plan);
}

static void
test_call_is_a_post_with_its_headers(void **state)
{
	(void)state;
	struct plan *plan = load(profile_of("\"2\"", "/a.B/C, metadata: {x-a: b}", ""));
	const struct plan_request *request = &plan->requests[0];
	static const struct plan_pair wanted[] = {
		{"Content-Type", "application/grpc"}, {"TE", "trailers"}, {"grpc-timeout", "2000m"}, {"x-a", "b"}};

	assert_string_equal(request->method, "POST");
	assert_string_equal(request->path, "/a.B/C");
	assert_string_equal(request->reader->name, "grpc");
	assert_int_equal(request->headers.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(((const struct plan_pair *)request->headers.items)[i].name, wanted[i].name);
		assert_string_equal(((const struct plan_pair *)request->headers.items)[i].value, wanted[i].value);
	}
	plan_free(plan);
}

static void
test_message_has_its_length_before_it(void **state)
{
	(void)state;
	check_body("{}", "\0\0\0\0\0", 5);
	check_body("{hex: \"00fF24\"}", "\0\0\0\0\3\0\xff$", 8);
	check_body("{base64: JHt4fQ==}", "\0\0\0\0\4${x}", 9);
}

static void
test_what_cannot_be_called_is_refused(void **state)
{
	(void)state;
	check_refused("\"1\"", "/a.B/C", "", "gRPC goes over HTTP/2");
	check_refused("\"2\"", "a.B/C", "", "is no method of gRPC");
	check_refused("\"2\"", "/a.B", "", "is no method of gRPC");
	check_refused("\"2\"", "/a.B/C", ", body: x", "'body' follows from grpc");
	check_refused("\"2\"", "/a.B/C", ", get: /", "'get' follows from grpc");
	check_refused("\"2\"", "/a.B/C, message: {hex: abc}", "", "hex: write two");
	check_refused("\"2\"", "/a.B/C, message: {base64: a}", "", "base64: this is no Base64");
	check_refused("\"2\"", "/a.B/C, message: {hex: ab, base64: YQ==}", "", "write one of hex, base64 and file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_is_a_post_with_its_headers),
		cmocka_unit_test(test_message_has_its_length_before_it),
		cmocka_unit_test(test_what_cannot_be_called_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
