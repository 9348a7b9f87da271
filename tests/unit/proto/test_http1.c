#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "proto/protocol.h"

#define CEILING 200

static const struct plan plan = {.target.response_ceiling_bytes = CEILING};
static const struct protocol_ear nobody = {0};
static const struct plan_request get = {.name = "r", .method = "GET"};

static void *state;

static int
start(void **context)
{
	(void)context;
	state = must_alloc(http1_protocol.state_size);
	http1_protocol.init(state, &plan);
	return 0;
}

static int
end(void **context)
{
	(void)context;
	free(state);
	return 0;
}

static enum protocol_result
feed(const char *text, enum failure *failure)
{
	*failure = FAILURE_COUNT;
	return http1_protocol.on_bytes(state, text, strlen(text), failure);
}

/* A response whose header section has `length` bytes. */
static char *
response_with_headers(size_t length)
{
	static const char start_of[] = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\nX: ", end_of[] = "\r\n\r\n";
	size_t padding = length - (sizeof(start_of) - 1) - (sizeof(end_of) - 1);
	char *text = malloc(length + 301);

	memcpy(text, start_of, sizeof(start_of) - 1);
	memset(text + sizeof(start_of) - 1, 'a', padding);
	memcpy(text + sizeof(start_of) - 1 + padding, end_of, sizeof(end_of));
	memset(text + length, 'b', 300);
	text[length + 300] = '\0';
	return text;
}

static enum protocol_result
feed_pieces(const char *text, size_t step, enum failure *failure)
{
	enum protocol_result result = PROTOCOL_MORE;
	size_t length = strlen(text);

	*failure = FAILURE_COUNT;
	for (size_t at = 0; at < length && result == PROTOCOL_MORE; at += step)
		result = http1_protocol.on_bytes(state, text + at, length - at < step ? length - at : step, failure);
	return result;
}

static enum protocol_result
feed_in_steps(const char *text, size_t step, enum failure *failure)
{
	http1_protocol.expect(state, &get, &nobody);
	return feed_pieces(text, step, failure);
}

static void
test_headers_up_to_the_ceiling_pass_however_they_are_cut(void **context)
{
	(void)context;
	char *text = response_with_headers(CEILING);
	enum failure failure;

	for (size_t step = 1; step <= strlen(text); step++)
		assert_int_equal(feed_in_steps(text, step, &failure), PROTOCOL_COMPLETE);
	free(text);
}

static void
test_headers_over_the_ceiling_fail_however_they_are_cut(void **context)
{
	(void)context;
	char *text = response_with_headers(CEILING + 1);
	enum failure failure;

	for (size_t step = 1; step <= strlen(text); step++) {
		assert_int_equal(feed_in_steps(text, step, &failure), PROTOCOL_FAILED);
		assert_int_equal(failure, FAILURE_TOO_LARGE);
		assert_false(http1_protocol.response(state)->is_complete);
	}
	free(text);
}

static void
test_endless_interim_responses_hit_the_ceiling(void **context)
{
	(void)context;
	enum protocol_result result = PROTOCOL_MORE;
	enum failure failure;
	int n = 0;

	http1_protocol.expect(state, &get, &nobody);
	for (; result == PROTOCOL_MORE && n < 1000; n++)
		result = feed("HTTP/1.1 100 Continue\r\n\r\n", &failure);
	assert_int_equal(result, PROTOCOL_FAILED);
	assert_int_equal(failure, FAILURE_TOO_LARGE);
	assert_int_equal(n, CEILING / 25 + 1);
}

static void
test_body_that_nobody_wants_is_not_handed_on(void **context)
{
	(void)context;
	enum failure failure;

	http1_protocol.expect(state, &get, &nobody);
	assert_int_equal(
		feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", &failure), PROTOCOL_MORE);
	assert_int_equal(feed("0\r\n\r\n", &failure), PROTOCOL_COMPLETE);
}

static void
test_status_is_known_before_the_body_is_complete(void **context)
{
	(void)context;
	enum failure failure;

	http1_protocol.expect(state, &get, &nobody);
	assert_false(http1_protocol.response(state)->has_first_byte);
	assert_int_equal(feed("H", &failure), PROTOCOL_MORE);
	assert_true(http1_protocol.response(state)->has_first_byte);
	assert_int_equal(http1_protocol.response(state)->status, 0);
	assert_int_equal(feed("TTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n", &failure), PROTOCOL_MORE);
	assert_int_equal(http1_protocol.response(state)->status, 503);
	assert_false(http1_protocol.response(state)->is_complete);
}

static void
test_interim_status_is_never_shown(void **context)
{
	(void)context;
	enum failure failure;

	http1_protocol.expect(state, &get, &nobody);
	assert_int_equal(feed("HTTP/1.1 103 Early Hints\r\n\r\n", &failure), PROTOCOL_MORE);
	assert_true(http1_protocol.response(state)->has_first_byte);
	assert_int_equal(http1_protocol.response(state)->status, 0);
	assert_false(http1_protocol.response(state)->is_complete);
}

static void
test_responses_follow_each_other_on_one_connection(void **context)
{
	(void)context;
	static const struct plan_request head = {.name = "h", .method = "HEAD"};
	enum failure failure;

	for (int i = 0; i < 3; i++) {
		http1_protocol.expect(state, &get, &nobody);
		assert_false(http1_protocol.response(state)->is_complete);
		assert_int_equal(feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &failure), PROTOCOL_COMPLETE);
		assert_true(http1_protocol.response(state)->keeps_alive);
		http1_protocol.expect(state, &head, &nobody);
		assert_int_equal(feed("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n", &failure), PROTOCOL_COMPLETE);
		assert_int_equal(http1_protocol.response(state)->status, 404);
	}
}

static void
test_bytes_after_a_complete_response_poison_the_connection(void **context)
{
	(void)context;
	enum failure failure;

	http1_protocol.expect(state, &get, &nobody);
	assert_int_equal(feed("HTTP/1.1 204 No Content\r\n\r\n", &failure), PROTOCOL_COMPLETE);
	assert_int_equal(feed("HTTP/1.1 408 Request Timeout\r\n", &failure), PROTOCOL_EXTRA);
	assert_int_equal(http1_protocol.response(state)->status, 204);
}

static void
keep_field(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	buf_printf(context, "%.*s=%.*s;", (int)name_length, name, (int)value_length, value);
}

static void
test_header_fields_are_told_whole_however_they_are_cut(void **context)
{
	(void)context;
	static const char response[] = "HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n"
				       "HTTP/1.1 200 OK\r\nContent-Type:  text/event-stream \r\nX-Empty:\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: late\r\n\r\n";
	static const char wanted[] = "Content-Type=text/event-stream;X-Empty=;Transfer-Encoding=chunked;";
	const struct plan roomy = {.target.response_ceiling_bytes = 65536};

	for (size_t step = 1; step < sizeof(response); step++) {
		struct buf fields, field;
		enum failure failure;
		const struct protocol_ear ear = {.on_header = keep_field, .context = &fields, .field = &field};

		buf_init(&fields, 1024);
		buf_init(&field, PROTOCOL_FIELD_MAX);
		http1_protocol.init(state, &roomy);
		http1_protocol.expect(state, &get, &ear);
		assert_int_equal(feed_pieces(response, step, &failure), PROTOCOL_COMPLETE);
		assert_string_equal(fields.bytes, wanted);
		assert_int_equal(field.length, 0);
		buf_fini(&fields);
		buf_fini(&field);
	}
}

static void
test_header_field_over_the_ceiling_is_left_out(void **context)
{
	(void)context;
	const struct plan roomy = {.target.response_ceiling_bytes = 65536};
	struct buf fields, field, response;
	enum failure failure;
	const struct protocol_ear ear = {.on_header = keep_field, .context = &fields, .field = &field};

	buf_init(&fields, 1024);
	buf_init(&field, PROTOCOL_FIELD_MAX);
	buf_init(&response, 65536);
	buf_add_text(&response, "HTTP/1.1 200 OK\r\nX-Long: ");
	for (size_t i = 0; i < PROTOCOL_FIELD_MAX; i++)
		buf_add_char(&response, 'x');
	buf_add_text(&response, "\r\nX-Next: short\r\nContent-Length: 0\r\n\r\n");
	http1_protocol.init(state, &roomy);
	http1_protocol.expect(state, &get, &ear);
	assert_int_equal(feed(response.bytes, &failure), PROTOCOL_COMPLETE);
	assert_string_equal(fields.bytes, "X-Next=short;Content-Length=0;");
	buf_fini(&fields);
	buf_fini(&field);
	buf_fini(&response);
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_headers_up_to_the_ceiling_pass_however_they_are_cut),
		STATE_TEST(test_headers_over_the_ceiling_fail_however_they_are_cut),
		STATE_TEST(test_endless_interim_responses_hit_the_ceiling),
		STATE_TEST(test_body_that_nobody_wants_is_not_handed_on),
		STATE_TEST(test_status_is_known_before_the_body_is_complete),
		STATE_TEST(test_interim_status_is_never_shown),
		STATE_TEST(test_responses_follow_each_other_on_one_connection),
		STATE_TEST(test_header_fields_are_told_whole_however_they_are_cut),
		STATE_TEST(test_header_field_over_the_ceiling_is_left_out),
		STATE_TEST(test_bytes_after_a_complete_response_poison_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
