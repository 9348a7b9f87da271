#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/protocol.h"
#include "unit/proto/websocket_samples.h"
#include "unit/proto/websocket_server.h"

static const struct plan_pair opening_headers[] = {
	{"Host", "shop:81"}, {"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
static const struct plan_request opening = {
	.name = "opening", .method = "GET", .path = "/chat?x=1", .headers = {(void *)opening_headers, 4}};
static const struct plan_backend backend = {.opening = &opening};
static const char *subprotocols[] = {"chat.v2", "chat"};
static struct plan plan = {.target = {.response_ceiling_bytes = 1024,
				   .websocket = {.protocols = {subprotocols, 2}, .message_bytes = MESSAGE_BYTES}}};
static const struct plan_request message = {.name = "m", .method = "MESSAGE"};
static const struct protocol_ops *const ops = &websocket_protocol;

static struct protocol_state *state;
static struct protocol_exchange x;
static struct buf said; /* by us, and not looked at yet */

static void
take_output(void)
{
	const char *bytes;
	size_t n;

	while (state->has_output && (n = ops->output(state, &bytes)) > 0) {
		assert_true(buf_add(&said, bytes, n));
		while (protocol_take_sent(state, n) != NULL)
			;
	}
}

/* A copy of the piece's very size: the sanitizer sees every byte read beyond it. */
static void
hear(const char *bytes, size_t length)
{
	char *piece = malloc(length);

	memcpy(piece, bytes, length);
	ops->on_bytes(state, piece, length);
	free(piece);
}

static void
connect_to_server(void)
{
	ops->init(state, &plan, false);
	assert_int_equal(state->room, 0);
	ops->greet(state, &backend);
	buf_clear(&said);
	take_output();
}

static void
answer_opening(const char *more)
{
	char accept[64], answer[400];

	server_accept(said.bytes, said.length, accept);
	int n = snprintf(answer, sizeof(answer),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n%s\r\n",
		accept, more);

	buf_clear(&said);
	hear(answer, (size_t)n);
}

static int
start(void **context)
{
	(void)context;
	state = must_alloc(ops->state_size);
	buf_init(&said, 1 << 20);
	connect_to_server();
	answer_opening("");
	assert_true(state->is_ready);
	assert_int_equal(state->room, 1);
	return 0;
}

static int
end(void **context)
{
	(void)context;
	ops->fini(state);
	free(state);
	buf_fini(&said);
	plan.target.websocket.unasked = UNASKED_CLOSE;
	return 0;
}

static void
begin(const char *bytes, size_t length, const struct protocol_ear *ear)
{
	assert_int_equal(state->room, 1);
	ops->begin(state, &x, &message, bytes, length, ear);
	assert_int_equal(state->room, 0);
	take_output();
	assert_true(x.is_sent_whole);
	assert_true(list_is_empty(&x.unsent));
	assert_int_equal(x.bytes_sent, said.length);
}

static const struct protocol_ear nobody = {0};

/* What was said last, and nothing else. */
static struct server_frame
only_frame(void)
{
	struct server_frame frame;

	assert_true(server_take_frame(said.bytes, said.length, &frame));
	assert_int_equal(frame.whole, said.length);
	return frame;
}

static void
say_farewell(void)
{
	const char *bytes = NULL;
	size_t n = ops->farewell(state, &bytes);

	buf_clear(&said);
	buf_add(&said, bytes, n);
}

/* The close frame that we send when the connection is closed now; 0: we send none. */
static unsigned
code_of_farewell(void)
{
	say_farewell();
	if (said.length == 0)
		return 0;
	struct server_frame frame = only_frame();

	assert_int_equal(frame.opcode, 8);
	assert_int_equal(frame.length, 2);
	return (unsigned)(unsigned char)frame.payload[0] << 8 | (unsigned char)frame.payload[1];
}

static void
test_connection_that_is_not_opened_is_broken(void **context)
{
	(void)context;
	ops->fini(state);
	connect_to_server();
	hear("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 40);
	assert_false(state->is_ready);
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	assert_int_equal(state->failure, FAILURE_UPGRADE_REFUSED);
	assert_string_equal(state->words, "it answered 503");
	assert_int_equal(state->room, 0);
	assert_int_equal(code_of_farewell(), 0);
}

struct heard {
	struct buf body;
	unsigned messages, wanted;
};

static void
hear_body(void *context, const char *bytes, size_t length)
{
	struct heard *h = context;

	assert_true(buf_add(&h->body, bytes, length));
}

static bool
hear_message(void *context)
{
	struct heard *h = context;

	return ++h->messages == h->wanted;
}

static struct protocol_ear
ear_of(struct heard *h)
{
	return (struct protocol_ear){
		.on_body = hear_body, .on_message = h->wanted > 1 ? hear_message : NULL, .context = h};
}

static enum frames_result
result_of_exchange(void)
{
	struct protocol_exchange *told;

	while ((told = protocol_take_news(state)) != NULL)
		assert_ptr_equal(told, &x);
	return !x.has_ended ? FRAMES_MORE : x.failure == FAILURE_COUNT ? FRAMES_COMPLETE : FRAMES_FAILED;
}

static bool
has_pong(const char *wanted)
{
	struct server_frame frame = {0};

	for (size_t at = 0; at < said.length; at += frame.whole) {
		assert_true(server_take_frame(said.bytes + at, said.length - at, &frame));
		if (wanted != NULL && frame.opcode == 10 && frame.length == strlen(wanted) &&
			memcmp(frame.payload, wanted, frame.length) == 0)
			return true;
	}
	return wanted == NULL && said.length == 0;
}

static void
run_frames(const struct frames_sample *sample, size_t cut, size_t step)
{
	struct heard h = {.wanted = sample->messages};
	const struct protocol_ear ear = ear_of(&h);

	buf_init(&h.body, 4096);
	begin("ask", 3, &ear);
	buf_clear(&said);
	for (size_t at = 0, end_at; at < sample->length; at = end_at) {
		end_at = at < cut ? cut : at + step;
		if (end_at > sample->length)
			end_at = sample->length;
		hear(sample->bytes + at, end_at - at);
		take_output();
	}
	if (sample->then_eof)
		ops->on_eof(state);
	bool is_right = result_of_exchange() == sample->result && has_pong(sample->pong) &&
			(state->room > 0) == sample->keeps_open;

	if (sample->result == FRAMES_FAILED)
		is_right &= x.failure == sample->failure && state->fate == PROTOCOL_DRAINING &&
			    strcmp(x.words != NULL ? x.words : "", sample->words != NULL ? sample->words : "") == 0;
	if (sample->body != NULL)
		is_right &= h.body.length == strlen(sample->body) &&
			    (h.body.length == 0 || memcmp(h.body.bytes, sample->body, h.body.length) == 0);
	is_right &= (x.status == 101) == (x.bytes_received > 0);
	if (sample->result != FRAMES_MORE)
		is_right &= code_of_farewell() == sample->code;
	if (!is_right)
		fail_msg(
			"%s, cut at %zu and every %zu: ended %d, failure %d, '%s', fate %d, room %u, %zu bytes of body",
			sample->what, cut, step, x.has_ended, x.failure, x.words != NULL ? x.words : "", state->fate,
			state->room, h.body.length);
	buf_fini(&h.body);
}

static void
test_frames_mean_the_same_however_they_are_cut(void **context)
{
	for (size_t i = 0; i < ARRAY_LEN(frames_samples); i++) {
		const struct frames_sample *sample = &frames_samples[i];

		for (size_t cut = 0; cut <= sample->length; cut++) {
			run_frames(sample, cut, cut > 0 ? sample->length : 1); /* byte by byte; at each cut; whole */
			end(context);
			start(context);
		}
	}
}

static void
test_message_is_one_masked_frame_whatever_its_length(void **context)
{
	static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536, 200000};
	char *bytes = must_alloc(200000);

	(void)context;
	for (size_t i = 0; i < 200000; i++)
		bytes[i] = (char)(i * 31);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		begin(bytes, lengths[i], &nobody);
		struct server_frame frame = only_frame();

		assert_int_equal(frame.opcode, 1);
		assert_int_equal(frame.length, lengths[i]);
		assert_memory_equal(frame.payload, bytes, lengths[i]);
		buf_clear(&said);
		hear("\201\000", 2);
		assert_int_equal(result_of_exchange(), FRAMES_COMPLETE);
	}
	free(bytes);
}

static void
test_keys_differ_from_frame_to_frame(void **context)
{
	char before[4] = {0};

	(void)context;
	for (int i = 0; i < 4; i++) {
		begin("a", 1, &nobody);
		assert_memory_not_equal(said.bytes + 2, before, 4);
		memcpy(before, said.bytes + 2, 4);
		buf_clear(&said);
		hear("\201\000", 2);
		(void)result_of_exchange();
	}
}

static void
test_ping_is_not_answered_within_a_message(void **context)
{
	char *bytes = must_calloc(1, 150000);
	const char *out;
	struct server_frame frame;

	(void)context;
	ops->begin(state, &x, &message, bytes, 150000, &nobody);
	size_t n = ops->output(state, &out);

	assert_true(n < 150000 && state->has_output);
	buf_add(&said, out, n);
	assert_ptr_equal(protocol_take_sent(state, n), &x);
	hear("\211\001a\211\001b", 6);
	take_output();
	assert_true(server_take_frame(said.bytes, said.length, &frame));
	assert_int_equal(frame.length, 150000);
	assert_int_equal(x.bytes_sent, frame.whole);
	assert_true(server_take_frame(said.bytes + frame.whole, said.length - frame.whole, &frame));
	assert_int_equal(frame.opcode, 10);
	assert_memory_equal(frame.payload, "b", 1);
	free(bytes);
}

static void
test_answer_before_the_whole_message_ends_the_connection(void **context)
{
	char *bytes = must_calloc(1, 150000);
	const char *out;

	(void)context;
	ops->begin(state, &x, &message, bytes, 150000, &nobody);
	(void)ops->output(state, &out);
	assert_ptr_equal(protocol_take_sent(state, 1), &x);
	hear("\201\002ok", 4);
	assert_int_equal(result_of_exchange(), FRAMES_COMPLETE);
	assert_int_equal(state->fate, PROTOCOL_DRAINING);
	assert_int_equal(code_of_farewell(), 0);
	free(bytes);
}

static void
test_message_that_nobody_waits_for_ends_the_connection(void **context)
{
	(void)context;
	hear("\201\002hi", 4);
	assert_int_equal(state->fate, PROTOCOL_DRAINING);
	assert_int_equal(state->room, 0);
	assert_null(protocol_take_news(state));
	assert_int_equal(code_of_farewell(), 1000);
}

static void
test_message_that_nobody_waits_for_is_passed_over_where_it_may_come(void **context)
{
	(void)context;
	plan.target.websocket.unasked = UNASKED_IGNORE;
	hear("\001\002hi", 4);
	begin("a", 1, &nobody);
	hear("\200\001!\201\002ok", 7); /* its end, and the answer */
	assert_int_equal(result_of_exchange(), FRAMES_COMPLETE);
	assert_int_equal(x.bytes_received, 4);
	assert_int_equal(state->room, 1);
}

static void
test_message_before_the_request_was_sent_is_no_answer(void **context)
{
	(void)context;
	ops->begin(state, &x, &message, "a", 1, &nobody);
	hear("\201\002hi", 4);
	assert_false(x.has_ended);
	assert_int_equal(state->fate, PROTOCOL_BROKEN); /* the request goes elsewhere */
}

static void
test_exchange_that_is_given_up_takes_the_connection_with_it(void **context)
{
	(void)context;
	begin("a", 1, &nobody);
	assert_false(ops->cancel(state, &x));
	assert_int_equal(state->fate, PROTOCOL_BROKEN);
	hear("\201\002ok", 4);
	assert_null(protocol_take_news(state));
}

static void
test_first_frame_may_come_with_the_opening(void **context)
{
	char accept[64], answer[300];

	(void)context;
	ops->fini(state);
	connect_to_server();
	server_accept(said.bytes, said.length, accept);
	int n = snprintf(answer, sizeof(answer),
		"HTTP/1.1 101 So\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n\x89\x01p",
		accept);

	buf_clear(&said);
	hear(answer, (size_t)n);
	assert_int_equal(state->room, 1);
	take_output();
	assert_true(has_pong("p"));
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_connection_that_is_not_opened_is_broken),
		STATE_TEST(test_frames_mean_the_same_however_they_are_cut),
		STATE_TEST(test_message_is_one_masked_frame_whatever_its_length),
		STATE_TEST(test_keys_differ_from_frame_to_frame),
		STATE_TEST(test_ping_is_not_answered_within_a_message),
		STATE_TEST(test_answer_before_the_whole_message_ends_the_connection),
		STATE_TEST(test_message_that_nobody_waits_for_ends_the_connection),
		STATE_TEST(test_message_that_nobody_waits_for_is_passed_over_where_it_may_come),
		STATE_TEST(test_message_before_the_request_was_sent_is_no_answer),
		STATE_TEST(test_exchange_that_is_given_up_takes_the_connection_with_it),
		STATE_TEST(test_first_frame_may_come_with_the_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
