#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "proto/protocol.h"
#include "unit/proto/responses.h"
#include "unit/proto/said.h"

/* What every row of protocols.def promises. A response means the same however the network cuts it into reads. */

struct answer {
	enum sample_result result;
	struct buf body;
};

static const struct plan plan = {.target = {.response_ceiling_bytes = 32 * 1024, .streams = 1}};
static const char sent[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

static void
keep_body(void *context, const char *bytes, size_t length)
{
	struct answer *o = context;

	assert_true(buf_add(&o->body, bytes, length));
}

/* A connection, and the one exchange on it. */
struct talk {
	const struct protocol_ops *ops;
	struct protocol_state *state;
	struct protocol_exchange *x;
};

static struct talk
talk_begin(const struct protocol_ops *ops, const struct plan_request *request, const struct protocol_ear *ear)
{
	struct talk talk = {ops, must_alloc(ops->state_size), must_alloc(ops->exchange_size)};
	const char *bytes;

	ops->init(talk.state, &plan, false);
	assert_true(talk.state->room > 0);
	ops->begin(talk.state, talk.x, request, sent, sizeof(sent) - 1, ear);
	while (ops->output(talk.state, &bytes) > 0)
		while (protocol_take_sent(talk.state, SIZE_MAX) != NULL)
			;
	return talk;
}

static void
talk_end(struct talk *talk)
{
	talk->ops->fini(talk->state);
	free(talk->state);
	free(talk->x);
}

/* An exchange that ended is told once, and has news no longer. */
static enum sample_result
look(const struct talk *talk)
{
	struct protocol_exchange *x;
	bool is_told = false;

	while ((x = protocol_take_news(talk->state)) != NULL) {
		assert_ptr_equal(x, talk->x);
		assert_false(is_told);
		is_told = true;
	}
	if (!talk->x->has_ended)
		return SAMPLE_MORE;
	if (talk->x->failure != FAILURE_COUNT)
		return SAMPLE_FAILED;
	return talk->state->fate == PROTOCOL_BROKEN ? SAMPLE_EXTRA : SAMPLE_COMPLETE;
}

/* Feeds the sample in pieces that end at `cut` and then every `step` bytes. */
static void
feed(const struct talk *talk, const struct response_sample *sample, size_t cut, size_t step, struct answer *o)
{
	for (size_t at = 0; at < sample->length && talk->state->fate != PROTOCOL_BROKEN;) {
		size_t end = at < cut ? cut : at + step;

		if (end > sample->length)
			end = sample->length;
		/* A copy of the piece's very size: the sanitizer sees every byte read beyond it. */
		char *piece = malloc(end - at);

		memcpy(piece, sample->bytes + at, end - at);
		talk->ops->on_bytes(talk->state, piece, end - at);
		free(piece);
		o->result = look(talk);
		at = end;
	}
	if (sample->then_eof && talk->state->fate != PROTOCOL_BROKEN) {
		talk->ops->on_eof(talk->state);
		o->result = look(talk);
	}
}

static void
check_answer(
	const struct response_sample *sample, const struct talk *talk, const struct answer *o, size_t cut, size_t step)
{
	const struct protocol_exchange *x = talk->x;
	bool is_complete = sample->result == SAMPLE_COMPLETE || sample->result == SAMPLE_EXTRA;
	bool is_right = o->result == sample->result && x->status == sample->status &&
			(x->bytes_received > 0) == (sample->length > 0) && x->bytes_sent == sizeof(sent) - 1;

	if (sample->result == SAMPLE_FAILED)
		is_right &= x->failure == sample->failure && talk->state->room == 0;
	if (is_complete)
		is_right &= (talk->state->room > 0) == sample->keeps_alive || sample->result == SAMPLE_EXTRA ||
			    sample->then_eof;
	if (sample->body != NULL)
		is_right &= o->body.length == strlen(sample->body) &&
			    (o->body.length == 0 || memcmp(o->body.bytes, sample->body, o->body.length) == 0);
	if (!is_right)
		fail_msg(
			"%s, cut at %zu and every %zu: result %d, failure %d, status %u, room %u, fate %d, body '%.*s'",
			sample->what, cut, step, o->result, x->failure, x->status, talk->state->room, talk->state->fate,
			(int)o->body.length, o->body.length ? o->body.bytes : "");
}

static void
run_sample(const struct protocol_ops *ops, const struct response_sample *sample, size_t cut, size_t step)
{
	const struct plan_request request = {.name = "r", .method = sample->method != NULL ? sample->method : "GET"};
	struct answer o = {.result = SAMPLE_MORE};

	buf_init(&o.body, 1 << 20);
	struct talk talk = talk_begin(ops, &request, &(struct protocol_ear){.on_body = keep_body, .context = &o});

	feed(&talk, sample, cut, step, &o);
	check_answer(sample, &talk, &o, cut, step);
	talk_end(&talk);
	buf_fini(&o.body);
}

static void
test_response_means_the_same_however_it_is_cut(void **context)
{
	(void)context;
	for (size_t p = 0; protocols[p] != NULL; p++) {
		const struct protocol_ops *ops = protocols[p];
		size_t samples = 0;

		for (size_t i = 0; i < ARRAY_LEN(response_samples); i++) {
			const struct response_sample *sample = &response_samples[i];

			if (strcmp(sample->protocol, ops->choice.name) != 0)
				continue;
			samples++;
			run_sample(ops, sample, 0, sample->length + 1);
			run_sample(ops, sample, 0, 1);
			for (size_t cut = 1; cut < sample->length; cut++)
				run_sample(ops, sample, cut, sample->length);
		}
		if (ops == &http1_protocol)
			assert_true(samples >= 10);
	}
}

/* Headers up to its ceiling fit one frame of HTTP/2: nghttp2 counts each piece of a CONTINUATION's head as one more. */
static const struct plan said_plan = {.target = {.response_ceiling_bytes = 12 * 1024, .streams = 1}};

/* What was heard of an answer. */
struct heard {
	struct buf fields, body, field;
	bool is_in_order; /* no header after the body began, no body after a trailer */
	bool is_over;
};

static void
hear_header(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct heard *h = context;

	h->is_in_order &= h->body.length == 0;
	if (strncmp(name, "content-length", name_length) == 0 || strncmp(name, "transfer-encoding", name_length) == 0)
		return;
	buf_printf(&h->fields, "%.*s=%.*s;", (int)name_length, name, (int)value_length, value);
}

static void
hear_trailer(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct heard *h = context;

	h->is_over = true;
	buf_printf(&h->fields, "+%.*s=%.*s;", (int)name_length, name, (int)value_length, value);
}

static void
hear_body(void *context, const char *bytes, size_t length)
{
	struct heard *h = context;

	h->is_in_order &= !h->is_over;
	assert_true(buf_add(&h->body, bytes, length));
}

/* One exchange, up to where its answer comes: `greeting` is what the server says first. */
static struct talk
said_begin(const struct protocol_ops *ops, const struct said *said, const struct buf *greeting,
	const struct protocol_ear *ear, struct buf *asked)
{
	struct talk talk = {ops, must_alloc(ops->state_size), must_alloc(ops->exchange_size)};
	const struct plan_request request = {.name = "r", .method = said->method != NULL ? said->method : "GET"};
	static char head[64];
	int length = snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nhost: x\r\n\r\n", request.method);
	const char *bytes;
	size_t n;

	ops->init(talk.state, &said_plan, false);
	if (greeting->length > 0)
		ops->on_bytes(talk.state, greeting->bytes, greeting->length);
	assert_true(talk.state->is_ready);
	assert_int_equal(talk.state->room, 1);
	ops->begin(talk.state, talk.x, &request, head, (size_t)length, ear);
	assert_int_equal(talk.state->room, 0);
	while (talk.state->has_output && (n = ops->output(talk.state, &bytes)) > 0) {
		while (protocol_take_sent(talk.state, n) != NULL)
			;
		if (asked != NULL)
			buf_add(asked, bytes, n);
	}
	assert_true(talk.x->is_sent_whole);
	assert_true(list_is_empty(&talk.x->unsent));
	return talk;
}

/* What the server says at first, and then as its answer. */
static void
say(const struct protocol_ops *ops, const struct said *said, struct buf *greeting, struct buf *answer)
{
	buf_init(greeting, 65536);
	buf_init(answer, 1 << 20);
	if (ops == &http2_protocol) {
		struct http2_server server;
		struct buf asked;

		server_init(&server, NULL, 0);
		server_speak(&server, greeting);
		buf_init(&asked, 65536);
		struct talk talk = said_begin(ops, said, greeting, &(struct protocol_ear){0}, &asked);

		server_hear(&server, asked.bytes, asked.length);
		say_by_http2(said, &server, answer);
		talk_end(&talk);
		buf_fini(&asked);
		server_fini(&server);
	} else
		say_by_http1(said, answer);
}

static void
check_heard(const struct said *said, const struct talk *talk, const struct heard *h, const char *how, size_t step)
{
	const struct protocol_exchange *x = talk->x;
	size_t length;
	char *body = said_body(said, &length);
	bool is_right = x->has_ended && x->failure == said->failure && h->is_in_order;

	if (said->failure == FAILURE_COUNT) {
		is_right &= x->status == said->status && talk->state->room == 1;
		is_right &= h->body.length == length && (length == 0 || memcmp(h->body.bytes, body, length) == 0);
	}
	if (said->heard != NULL)
		is_right &= strcmp(h->fields.length > 0 ? h->fields.bytes : "", said->heard) == 0;
	if (!is_right)
		fail_msg(
			"%s by http %s, %s %zu: ended %d, failure %d, fate %d, status %u, room %u, %zu bytes of body, fields '%s'",
			said->what, talk->ops->choice.name, how, step, x->has_ended, x->failure, talk->state->fate,
			x->status, talk->state->room, h->body.length, h->fields.length > 0 ? h->fields.bytes : "");
	free(body);
}

/* In pieces that end at `cut` and then every `step` bytes, each a copy of its very size. */
static void
hear_said(const struct protocol_ops *ops, const struct said *said, const struct buf *greeting, const struct buf *answer,
	size_t cut, size_t step)
{
	struct heard h = {.is_in_order = true};
	size_t length = answer->length - said->cut;

	buf_init(&h.fields, 65536);
	buf_init(&h.body, 1 << 20);
	buf_init(&h.field, PROTOCOL_FIELD_MAX);
	struct talk talk = said_begin(ops, said, greeting,
		&(struct protocol_ear){.on_header = hear_header,
			.on_trailer = hear_trailer,
			.on_body = hear_body,
			.context = &h,
			.field = &h.field},
		NULL);

	for (size_t at = 0; at < length && talk.state->fate != PROTOCOL_BROKEN;) {
		size_t end = at < cut ? cut : at + step;

		if (end > length)
			end = length;
		char *piece = malloc(end - at);
		const char *bytes;

		memcpy(piece, answer->bytes + at, end - at);
		ops->on_bytes(talk.state, piece, end - at);
		free(piece);
		while (talk.state->has_output && ops->output(talk.state, &bytes) > 0)
			;
		at = end;
	}
	if (said->cut > 0) {
		ops->on_eof(talk.state);
		if (!talk.x->has_ended) { /* it broke with its connection */
			assert_int_equal(talk.state->fate, PROTOCOL_BROKEN);
			talk.x->has_ended = true;
			talk.x->failure = talk.state->failure;
		}
	}
	check_heard(said, &talk, &h, cut > 0 ? "cut at" : "cut every", cut > 0 ? cut : step);
	talk_end(&talk);
	buf_fini(&h.fields);
	buf_fini(&h.body);
	buf_fini(&h.field);
}

/* Whoever is led elsewhere is heard there; WebSocket's answers are no HTTP: test_websocket.c. */
static bool
is_version(const struct protocol_ops *ops)
{
	return ops->needs_stream && ops->choice.scheme == NULL && ops->agree(false, NULL) == ops;
}

static void
test_versions_say_the_same_however_it_is_cut(void **context)
{
	(void)context;
	for (size_t p = 0; protocols[p] != NULL; p++) {
		if (!is_version(protocols[p]))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(said_rows); i++) {
			const struct said *said = &said_rows[i];
			struct buf greeting, answer;

			say(protocols[p], said, &greeting, &answer);
			hear_said(protocols[p], said, &greeting, &answer, 0, answer.length);
			hear_said(protocols[p], said, &greeting, &answer, 0, 1);
			for (size_t cut = 1; cut < answer.length && cut < 200; cut++)
				hear_said(protocols[p], said, &greeting, &answer, cut, answer.length);
			buf_fini(&greeting);
			buf_fini(&answer);
		}
	}
}

static void
test_protocol_without_stream_completes_at_once(void **context)
{
	(void)context;
	for (size_t p = 0; protocols[p] != NULL; p++) {
		const struct protocol_ops *ops = protocols[p];
		const struct plan_request request = {.name = "r", .method = "GET", .path = "/"};

		if (ops->needs_stream)
			continue;
		struct talk talk = talk_begin(ops, &request, &(struct protocol_ear){0});

		assert_int_equal(look(&talk), SAMPLE_COMPLETE);
		assert_int_equal(talk.x->status, 200);
		assert_true(talk.state->room > 0);
		talk_end(&talk);
	}
}

static void
test_what_is_spoken_is_agreed_on(void **context)
{
	(void)context;
	for (size_t p = 0; protocols[p] != NULL; p++) { /* whoever is led elsewhere has arrived there */
		const struct protocol_ops *agreed = protocols[p]->agree(false, NULL);

		assert_ptr_equal(agreed->agree(false, NULL), agreed);
		assert_true(agreed->state_size > 0 && agreed->state_size <= protocol_state_size(protocols[p]));
		assert_true(agreed->exchange_size <= protocol_exchange_size(protocols[p]));
	}
	assert_ptr_equal(http1_protocol.agree(true, NULL), &http1_protocol);
	assert_ptr_equal(http2_protocol.agree(true, "h2"), &http2_protocol);
	assert_null(http2_protocol.agree(true, "http/1.1"));
	assert_null(http2_protocol.agree(true, NULL));
	assert_ptr_equal(auto_protocol.agree(true, "h2"), &http2_protocol);
	assert_ptr_equal(auto_protocol.agree(true, "http/1.1"), &http1_protocol);
	assert_ptr_equal(auto_protocol.agree(true, NULL), &http1_protocol);
	assert_ptr_equal(auto_protocol.agree(false, NULL), &http1_protocol);
}

static void
test_rows_are_found_by_their_choice(void **context)
{
	(void)context;
	size_t n = 0;

	for (; protocols[n] != NULL; n++) {
		assert_ptr_equal(protocol_choices[n], &protocols[n]->choice);
		assert_ptr_equal(protocol_of(protocol_choices[n]), protocols[n]);
		assert_non_null(protocols[n]->choice.help);
		for (size_t other = 0; other < n; other++)
			assert_string_not_equal(protocols[n]->choice.name, protocols[other]->choice.name);
	}
	assert_null(protocol_choices[n]);
	assert_string_equal(protocols[0]->choice.name, "1");
}

static void
test_only_idempotent_methods_may_be_retried(void **context)
{
	(void)context;
	assert_true(protocol_method_is_idempotent("GET"));
	assert_true(protocol_method_is_idempotent("HEAD"));
	assert_true(protocol_method_is_idempotent("PUT"));
	assert_true(protocol_method_is_idempotent("DELETE"));
	assert_true(protocol_method_is_idempotent("OPTIONS"));
	assert_false(protocol_method_is_idempotent("POST"));
	assert_false(protocol_method_is_idempotent("PATCH"));
	assert_false(protocol_method_is_idempotent("get"));
	assert_false(protocol_method_is_idempotent(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response_means_the_same_however_it_is_cut),
		cmocka_unit_test(test_versions_say_the_same_however_it_is_cut),
		cmocka_unit_test(test_protocol_without_stream_completes_at_once),
		cmocka_unit_test(test_what_is_spoken_is_agreed_on),
		cmocka_unit_test(test_rows_are_found_by_their_choice),
		cmocka_unit_test(test_only_idempotent_methods_may_be_retried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
