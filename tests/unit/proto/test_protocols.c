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

/* What every row of protocols.def promises. A response means the same however the network cuts it into reads. */

struct answer {
	enum sample_result result;
	struct buf body;
};

static const struct plan plan = {.target.response_ceiling_bytes = 32 * 1024};
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

	ops->init(talk.state, &plan);
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
		if (ops->needs_stream)
			assert_true(samples >= 10);
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
		cmocka_unit_test(test_protocol_without_stream_completes_at_once),
		cmocka_unit_test(test_rows_are_found_by_their_choice),
		cmocka_unit_test(test_only_idempotent_methods_may_be_retried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
