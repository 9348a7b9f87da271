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

static struct protocol_state *state;
static struct protocol_exchange x;

static int
start(void **context)
{
	(void)context;
	state = must_alloc(http1_protocol.state_size);
	assert_int_equal(http1_protocol.exchange_size, sizeof(x));
	http1_protocol.init(state, &plan, false);
	return 0;
}

static int
end(void **context)
{
	(void)context;
	free(state);
	return 0;
}

static void
begin(const struct plan_request *request, const struct protocol_ear *ear)
{
	const char *bytes;

	if (state->room == 0)
		http1_protocol.init(state, &plan, false);
	http1_protocol.begin(state, &x, request, "G", 1, ear);
	assert_int_equal(http1_protocol.output(state, &bytes), 1);
	assert_ptr_equal(protocol_take_sent(state, 1), &x);
}

static void
feed(const char *text)
{
	http1_protocol.on_bytes(state, text, strlen(text));
	assert_ptr_equal(protocol_take_news(state), &x);
	assert_null(protocol_take_news(state));
}

static bool
is_complete(void)
{
	return x.has_ended && x.failure == FAILURE_COUNT;
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

static void
feed_pieces(const char *text, size_t step)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length && !x.has_ended; at += step)
		http1_protocol.on_bytes(state, text + at, length - at < step ? length - at : step);
}

static void
feed_in_steps(const char *text, size_t step)
{
	begin(&get, &nobody);
	feed_pieces(text, step);
}

static void
test_headers_up_to_the_ceiling_pass_however_they_are_cut(void **context)
{
	(void)context;
	char *text = response_with_headers(CEILING);

	for (size_t step = 1; step <= strlen(text); step++) {
		feed_in_steps(text, step);
		assert_true(is_complete());
	}
	free(text);
}

static void
test_headers_over_the_ceiling_fail_however_they_are_cut(void **context)
{
	(void)context;
	char *text = response_with_headers(CEILING + 1);

	for (size_t step = 1; step <= strlen(text); step++) {
		feed_in_steps(text, step);
		assert_true(x.has_ended);
		assert_int_equal(x.failure, FAILURE_TOO_LARGE);
		assert_int_equal(state->fate, PROTOCOL_BROKEN);
	}
	free(text);
}

static void
test_endless_interim_responses_hit_the_ceiling(void **context)
{
	(void)context;
	int n = 0;

	begin(&get, &nobody);
	for (; !x.has_ended && n < 1000; n++)
		feed("HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(x.failure, FAILURE_TOO_LARGE);
	assert_int_equal(n, CEILING / 25 + 1);
}

static void
test_body_that_nobody_wants_is_not_handed_on(void **context)
{
	(void)context;
	begin(&get, &nobody);
	feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	assert_false(x.has_ended);
	feed("0\r\n\r\n");
	assert_true(is_complete());
}

static void
test_status_is_known_before_the_body_is_complete(void **context)
{
	(void)context;
	begin(&get, &nobody);
	assert_int_equal(x.bytes_received, 0);
	feed("H");
	assert_false(x.has_ended);
	assert_true(x.bytes_received > 0);
	assert_int_equal(x.status, 0);
	feed("TTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n");
	assert_false(x.has_ended);
	assert_int_equal(x.status, 503);
	assert_false(x.has_ended);
}

static void
test_interim_status_is_never_shown(void **context)
{
	(void)context;
	begin(&get, &nobody);
	feed("HTTP/1.1 103 Early Hints\r\n\r\n");
	assert_false(x.has_ended);
	assert_true(x.bytes_received > 0);
	assert_int_equal(x.status, 0);
	assert_false(x.has_ended);
}

static void
test_responses_follow_each_other_on_one_connection(void **context)
{
	(void)context;
	static const struct plan_request head = {.name = "h", .method = "HEAD"};

	for (int i = 0; i < 3; i++) {
		begin(&get, &nobody);
		assert_false(x.has_ended);
		feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		assert_true(is_complete());
		assert_int_equal(state->room, 1);
		begin(&head, &nobody);
		feed("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n");
		assert_true(is_complete());
		assert_int_equal(x.status, 404);
	}
}

static void
test_bytes_after_a_complete_response_poison_the_connection(void **context)
{
	(void)context;
	begin(&get, &nobody);
	feed("HTTP/1.1 204 No Content\r\n\r\n");
	assert_true(is_complete());
	http1_protocol.on_bytes(state, "HTTP/1.1 408 Request Timeout\r\n", 28);
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	assert_true(is_complete());
	assert_int_equal(x.status, 204);
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
		const struct protocol_ear ear = {.on_header = keep_field, .context = &fields, .field = &field};

		buf_init(&fields, 1024);
		buf_init(&field, PROTOCOL_FIELD_MAX);
		http1_protocol.init(state, &roomy, false);
		begin(&get, &ear);
		feed_pieces(response, step);
		assert_true(is_complete());
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
	const struct protocol_ear ear = {.on_header = keep_field, .context = &fields, .field = &field};

	buf_init(&fields, 1024);
	buf_init(&field, PROTOCOL_FIELD_MAX);
	buf_init(&response, 65536);
	buf_add_text(&response, "HTTP/1.1 200 OK\r\nX-Long: ");
	for (size_t i = 0; i < PROTOCOL_FIELD_MAX; i++)
		buf_add_char(&response, 'x');
	buf_add_text(&response, "\r\nX-Next: short\r\nContent-Length: 0\r\n\r\n");
	http1_protocol.init(state, &roomy, false);
	begin(&get, &ear);
	feed(response.bytes);
	assert_true(is_complete());
	assert_string_equal(fields.bytes, "X-Next=short;Content-Length=0;");
	buf_fini(&fields);
	buf_fini(&field);
	buf_fini(&response);
}

struct kept {
	struct buf fields, scratch;
};

static void
keep_trailer(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	keep_field(&((struct kept *)context)->fields, name, name_length, value, value_length);
}

/* As a reader does that judges the whole body at its end. */
static void
keep_body(void *context, const char *bytes, size_t length)
{
	buf_add(&((struct kept *)context)->scratch, bytes, length);
}

static void
test_trailers_are_put_together_behind_what_a_reader_keeps(void **context)
{
	(void)context;
	static const char response[] = "HTTP/1.1 200 OK\r\nX-Header: early\r\nTransfer-Encoding: chunked\r\n\r\n"
				       "2\r\nok\r\n0\r\nX-Sum: 6 \r\nX-Empty:\r\nX-Last: z\r\n\r\n";
	const struct plan roomy = {.target.response_ceiling_bytes = 65536};

	for (size_t step = 1; step < sizeof(response); step++) {
		struct kept kept;
		const struct protocol_ear ear = {
			.on_trailer = keep_trailer, .on_body = keep_body, .context = &kept, .field = &kept.scratch};

		buf_init(&kept.fields, 1024);
		buf_init(&kept.scratch, 1024);
		http1_protocol.init(state, &roomy, false);
		begin(&get, &ear);
		feed_pieces(response, step);
		assert_true(is_complete());
		assert_string_equal(kept.fields.bytes, "X-Sum=6;X-Empty=;X-Last=z;");
		assert_string_equal(kept.scratch.bytes, "ok");
		buf_fini(&kept.fields);
		buf_fini(&kept.scratch);
	}
}

/* The body fills what is lent: a trailer that has no room there is left out, and the body is not harmed. */
static void
test_trailer_without_room_is_left_out(void **context)
{
	(void)context;
	struct kept kept;
	const struct protocol_ear ear = {
		.on_trailer = keep_trailer, .on_body = keep_body, .context = &kept, .field = &kept.scratch};

	buf_init(&kept.fields, 1024);
	buf_init(&kept.scratch, 8);
	begin(&get, &ear);
	feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\nX-Sum: 6\r\nY:\r\n\r\n");
	assert_true(is_complete());
	assert_string_equal(kept.fields.bytes, "Y=;");
	assert_string_equal(kept.scratch.bytes, "abcdef");
	assert_false(kept.scratch.overflowed);
	buf_fini(&kept.fields);
	buf_fini(&kept.scratch);
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
		STATE_TEST(test_trailers_are_put_together_behind_what_a_reader_keeps),
		STATE_TEST(test_trailer_without_room_is_left_out),
		STATE_TEST(test_bytes_after_a_complete_response_poison_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
