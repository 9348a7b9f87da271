#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/proto/http2_talk.h"

static void
test_exchanges_begin_when_the_server_has_said_what_it_takes(void **context)
{
	(void)context;
	assert_false(state->is_ready);
	assert_int_equal(state->room, 0);
	greet();
	assert_true(state->is_ready);
	assert_int_equal(state->room, 100);
}

static void
test_one_write_carries_many_requests(void **context)
{
	(void)context;
	greet();
	for (int i = 0; i < 50; i++)
		begin();
	assert_int_equal(say(), 1);
	assert_int_equal(server.ended_n, 50);
	assert_int_equal(state->room, 50);
}

static void
test_exchange_is_sent_with_the_first_byte_of_its_headers(void **context)
{
	(void)context;
	const char *bytes;

	greet();
	struct protocol_exchange *first = begin(), *second = begin();
	size_t length = http2_protocol.output(state, &bytes);

	assert_null(protocol_take_sent(state, 0));
	assert_ptr_equal(protocol_take_sent(state, 1), first);
	assert_int_equal(first->bytes_sent + second->bytes_sent, length);
	assert_null(protocol_take_sent(state, (size_t)first->bytes_sent));
	assert_ptr_equal(protocol_take_sent(state, (size_t)first->bytes_sent + 1), second);
	assert_null(protocol_take_sent(state, length));
}

static void
test_request_is_what_its_text_says(void **context)
{
	(void)context;
	static const char post[] = "POST /a%20b?c=d HTTP/1.1\r\nuser-agent: brunt\r\nhost: example.org:81\r\n"
				   "x-empty:\r\nx-blanks: \t a b \r\ncontent-length: 3\r\nCookie: k=v\r\n\r\nabc";

	greet();
	begin_text(post, sizeof(post) - 1);
	say();
	assert_string_equal(server.heads[0].bytes,
		":method=POST;:scheme=http;:authority=example.org:81;:path=/a%20b?c=d;user-agent=brunt;x-empty=;"
		"x-blanks=a b;content-length=3;cookie=k=v;");
	assert_int_equal(server.bodies[0], 3);
	assert_int_equal(server.ended_n, 1);
}

static void
test_answers_come_in_any_order(void **context)
{
	(void)context;
	greet();
	struct protocol_exchange *first = begin(), *second = begin();

	say();
	server_answer_ok(&server, server.ended[1], "second");
	hear();
	assert_true(is_complete(second));
	assert_false(first->has_ended);
	assert_ptr_equal(protocol_take_news(state), second);
	assert_null(protocol_take_news(state));
	server_answer_ok(&server, server.ended[0], "first");
	hear();
	assert_true(is_complete(first));
	assert_string_equal(bodies[0].bytes, "first");
	assert_string_equal(bodies[1].bytes, "second");
	assert_int_equal(state->room, 100);
}

static void
test_received_bytes_are_those_of_its_own_frames(void **context)
{
	(void)context;
	struct buf said;

	greet();
	struct protocol_exchange *x = begin();

	say();
	hear(); /* acknowledgements */
	buf_init(&said, 65536);
	server_answer_ok(&server, server.ended[0], "hello");
	server_speak(&server, &said);
	nghttp2_submit_ping(server.session, NGHTTP2_FLAG_NONE, NULL);
	http2_protocol.on_bytes(state, said.bytes, said.length);
	hear();
	assert_int_equal(x->bytes_received, said.length);
	buf_fini(&said);
}

static void
test_room_follows_the_servers_settings(void **context)
{
	(void)context;
	nghttp2_settings_entry most = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3};

	end(NULL);
	start_against(&most, 1);
	greet();
	assert_int_equal(state->room, 3);
	begin();
	assert_int_equal(state->room, 2);
	most.value = 1;
	assert_int_equal(nghttp2_submit_settings(server.session, NGHTTP2_FLAG_NONE, &most, 1), 0);
	hear();
	assert_int_equal(state->room, 0);
	most.value = 1000; /* ours is 100 */
	assert_int_equal(nghttp2_submit_settings(server.session, NGHTTP2_FLAG_NONE, &most, 1), 0);
	hear();
	assert_int_equal(state->room, 99);
}

static char *
large_post(size_t body_length, size_t *length)
{
	char *post = must_alloc(200 + body_length);
	int head = snprintf(post, 200, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %zu\r\n\r\n", body_length);

	memset(post + head, 'b', body_length);
	*length = (size_t)head + body_length;
	return post;
}

static void
test_body_larger_than_the_window_waits_for_it(void **context)
{
	(void)context;
	size_t length;
	char *post = large_post(200000, &length);

	greet();
	struct protocol_exchange *x = begin_text(post, length);

	say();
	assert_int_equal(server.bodies[0], 65535);
	assert_false(x->is_sent_whole);
	assert_false(state->has_output);
	for (int i = 0; i < 10 && server.ended_n == 0; i++) {
		hear();
		say();
	}
	assert_int_equal(server.bodies[0], 200000);
	assert_true(x->is_sent_whole);
	free(post);
}

static void
test_answer_before_the_end_of_its_request_is_complete(void **context)
{
	(void)context;
	const nghttp2_nv too_large = server_field(":status", "413");
	size_t length;
	char *post = large_post(200000, &length);

	greet();
	struct protocol_exchange *x = begin_text(post, length);

	say();
	server_answer(&server, 1, &too_large, 1, NULL, 0);
	hear();
	assert_true(is_complete(x));
	assert_int_equal(x->status, 413);
	memset(post, 0, length); /* nobody reads it any longer */
	say();
	assert_true(server.was_reset[0]);
	assert_int_equal(state->room, 100);
	free(post);
}

static void
test_reset_says_why(void **context)
{
	(void)context;
	static const struct {
		uint32_t error;
		enum failure failure;
		bool is_refused;
		const char *words;
	} rows[] = {
		{NGHTTP2_REFUSED_STREAM, FAILURE_STREAM_REFUSED, true, NULL},
		{NGHTTP2_ENHANCE_YOUR_CALM, FAILURE_STREAM_CALM, false, NULL},
		{NGHTTP2_INTERNAL_ERROR, FAILURE_STREAM_INTERNAL, false, NULL},
		{NGHTTP2_CANCEL, FAILURE_STREAM_CANCELLED, false, NULL},
		{NGHTTP2_FLOW_CONTROL_ERROR, FAILURE_STREAM_RESET, false, "FLOW_CONTROL_ERROR (0x3)"},
		{0xabcdef, FAILURE_STREAM_RESET, false, "unknown (0xabcdef)"},
	};

	greet();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct protocol_exchange *x = begin();

		say();
		nghttp2_submit_rst_stream(server.session, NGHTTP2_FLAG_NONE, server.ended[i], rows[i].error);
		hear();
		assert_true(x->has_ended);
		assert_int_equal(x->failure, rows[i].failure);
		assert_int_equal(x->is_refused, rows[i].is_refused);
		if (rows[i].words != NULL)
			assert_string_equal(x->words, rows[i].words);
		else
			assert_null(x->words);
		assert_int_equal(state->fate, PROTOCOL_OPEN);
		assert_int_equal(state->room, 100);
	}
}

static void
test_goaway_refuses_what_is_above_it_and_lets_the_rest_go_on(void **context)
{
	(void)context;
	greet();
	struct protocol_exchange *first = begin(), *second = begin(), *third = begin();

	say();
	nghttp2_submit_goaway(server.session, NGHTTP2_FLAG_NONE, server.ended[0], NGHTTP2_NO_ERROR, NULL, 0);
	hear();
	assert_int_equal(state->fate, PROTOCOL_DRAINING);
	assert_int_equal(state->room, 0);
	assert_false(first->has_ended);
	assert_true(second->has_ended && second->is_refused && third->has_ended && third->is_refused);
	server_answer_ok(&server, server.ended[0], "ok");
	hear();
	assert_true(is_complete(first));
	assert_int_equal(state->fate, PROTOCOL_DRAINING);
}

static void
test_request_that_waits_when_goaway_comes_is_refused_unsent(void **context)
{
	(void)context;
	greet();
	nghttp2_submit_goaway(server.session, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
	struct protocol_exchange *x = begin();

	hear();
	say();
	assert_true(x->has_ended && x->is_refused);
	assert_false(list_is_empty(&x->unsent));
	assert_int_equal(server.ended_n, 0);
}

static void
test_cancelled_exchange_is_reset_and_its_neighbours_live_on(void **context)
{
	(void)context;
	greet();
	struct protocol_exchange *first = begin(), *second = begin();

	say();
	assert_true(http2_protocol.cancel(state, first));
	memset(first, 0xee, http2_protocol.exchange_size); /* its memory is another's now */
	say();
	assert_true(server.was_reset[0]);
	assert_int_equal(server.resets[0], NGHTTP2_CANCEL);
	server_answer_ok(&server, server.ended[1], "ok");
	hear();
	assert_true(is_complete(second));
	assert_int_equal(state->room, 100);
}

static void
test_exchange_that_is_cancelled_before_it_is_sent_never_is(void **context)
{
	(void)context;
	char bytes[sizeof(text)];

	greet();
	memcpy(bytes, text, sizeof(text));
	struct protocol_exchange *first = begin_text(bytes, sizeof(text) - 1), *second;

	assert_true(http2_protocol.cancel(state, first));
	list_remove(&first->unsent);
	memset(first, 0xee, http2_protocol.exchange_size);
	memset(bytes, 0xee, sizeof(bytes));
	second = begin();
	say();
	assert_int_equal(server.ended_n, 1);
	server_answer_ok(&server, server.ended[0], "ok");
	hear();
	assert_true(is_complete(second));
	assert_int_equal(state->room, 100);
}

static void
test_trailers_are_told_as_such(void **context)
{
	(void)context;
	const nghttp2_nv ok = server_field(":status", "200");
	const nghttp2_nv fields[] = {server_field("grpc-status", "0"), server_field("grpc-message", "fine")};

	greet();
	struct protocol_exchange *x = begin();

	say();
	server.trailers = fields;
	server.trailers_n = 2;
	server_answer(&server, server.ended[0], &ok, 1, "abc", 3);
	hear();
	assert_true(is_complete(x));
	assert_string_equal(bodies[0].bytes, "abc");
	assert_string_equal(trailers.bytes, "grpc-status=0;grpc-message=fine;");
}

static void
test_floods_break_the_connection(void **context)
{
	(void)context;
	static const char ping[17] = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct buf flood;

	greet();
	begin();
	say();
	buf_init(&flood, 1 << 20);
	for (int i = 0; i < 1500; i++)
		buf_add(&flood, ping, sizeof(ping));
	http2_protocol.on_bytes(state, flood.bytes, flood.length);
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	assert_int_equal(state->failure, FAILURE_FLOODED);
	assert_int_equal(state->room, 0);
	buf_fini(&flood);
}

static void
test_endless_header_section_breaks_the_connection(void **context)
{
	(void)context;
	/* HEADERS with :status: 200, and CONTINUATIONs with an empty accept-charset each, without END_HEADERS. */
	static const char headers[] = {0, 0, 1, 1, 0, 0, 0, 0, 1, (char)0x88};
	static const char continuation[] = {0, 0, 1, 9, 0, 0, 0, 0, 1, (char)0x8f};
	struct buf flood;

	greet();
	begin();
	say();
	buf_init(&flood, 1 << 20);
	buf_add(&flood, headers, sizeof(headers));
	for (int i = 0; i < 100; i++)
		buf_add(&flood, continuation, sizeof(continuation));
	http2_protocol.on_bytes(state, flood.bytes, flood.length);
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	assert_int_equal(state->failure, FAILURE_FLOODED);
	buf_fini(&flood);
}

static void
test_another_version_is_told_at_once(void **context)
{
	(void)context;
	static const char other[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

	http2_protocol.on_bytes(state, other, sizeof(other) - 1);
	const char *bytes;

	while (state->has_output && http2_protocol.output(state, &bytes) > 0)
		;
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	assert_int_equal(state->failure, FAILURE_PROTOCOL);
	assert_false(state->is_ready);
}

static bool
composes(const char *name, const char *value, struct buf *into)
{
	struct plan_pair field = {name, value};
	const struct plan_request request = {
		.name = "r", .method = "GET", .path = "/", .headers = {.items = &field, .n = 1}};
	struct error err = {0};

	return http2_protocol.compose(&plan, &request, into, &err);
}

static void
test_headers_of_the_connection_are_refused(void **context)
{
	(void)context;
	struct buf head;

	buf_init(&head, PROTOCOL_HEAD_CEILING);
	assert_false(composes("Connection", "close", &head));
	assert_false(composes("transfer-encoding", "chunked", &head));
	assert_false(composes("TE", "gzip", &head));
	assert_true(composes("TE", "trailers", &head));
	assert_non_null(strstr(head.bytes, "\r\nte: trailers\r\n"));
	buf_clear(&head);
	assert_true(composes("X-Name", "${Seq}", &head));
	assert_non_null(strstr(head.bytes, "\r\nx-name: ${Seq}\r\n"));
	buf_fini(&head);
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_exchanges_begin_when_the_server_has_said_what_it_takes),
		STATE_TEST(test_one_write_carries_many_requests),
		STATE_TEST(test_exchange_is_sent_with_the_first_byte_of_its_headers),
		STATE_TEST(test_request_is_what_its_text_says),
		STATE_TEST(test_answers_come_in_any_order),
		STATE_TEST(test_received_bytes_are_those_of_its_own_frames),
		STATE_TEST(test_room_follows_the_servers_settings),
		STATE_TEST(test_body_larger_than_the_window_waits_for_it),
		STATE_TEST(test_answer_before_the_end_of_its_request_is_complete),
		STATE_TEST(test_reset_says_why),
		STATE_TEST(test_goaway_refuses_what_is_above_it_and_lets_the_rest_go_on),
		STATE_TEST(test_request_that_waits_when_goaway_comes_is_refused_unsent),
		STATE_TEST(test_cancelled_exchange_is_reset_and_its_neighbours_live_on),
		STATE_TEST(test_exchange_that_is_cancelled_before_it_is_sent_never_is),
		STATE_TEST(test_trailers_are_told_as_such),
		STATE_TEST(test_floods_break_the_connection),
		STATE_TEST(test_endless_header_section_breaks_the_connection),
		STATE_TEST(test_another_version_is_told_at_once),
		STATE_TEST(test_headers_of_the_connection_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
