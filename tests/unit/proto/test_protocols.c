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
	enum protocol_result result;
	enum failure failure;
	struct protocol_response response;
	struct buf body;
};

static const struct plan plan = {.target.response_ceiling_bytes = 32 * 1024};

static void
keep_body(void *context, const char *bytes, size_t length)
{
	struct answer *o = context;

	assert_true(buf_add(&o->body, bytes, length));
}

/* Feeds the sample in pieces that end at `cut` and then every `step` bytes. */
static void
feed(const struct protocol_ops *ops, void *state, const struct response_sample *sample, size_t cut, size_t step,
	struct answer *o)
{
	const struct plan_request request = {.name = "r", .method = sample->method != NULL ? sample->method : "GET"};

	*o = (struct answer){.result = PROTOCOL_MORE, .failure = FAILURE_COUNT};
	buf_init(&o->body, 1 << 20);
	ops->expect(state, &request, &(struct protocol_ear){.on_body = keep_body, .context = o});
	for (size_t at = 0; at < sample->length && o->result < PROTOCOL_EXTRA;) {
		size_t end = at < cut ? cut : at + step;

		if (end > sample->length)
			end = sample->length;
		/* A copy of the piece's very size: the sanitizer sees every byte read beyond it. */
		char *piece = malloc(end - at);

		memcpy(piece, sample->bytes + at, end - at);
		o->result = ops->on_bytes(state, piece, end - at, &o->failure);
		free(piece);
		at = end;
	}
	if (sample->then_eof && o->result < PROTOCOL_EXTRA)
		o->result = ops->on_eof(state, &o->failure);
	o->response = *ops->response(state);
}

static void
check_answer(const struct response_sample *sample, const struct answer *o, size_t cut, size_t step)
{
	bool is_complete = sample->result == PROTOCOL_COMPLETE || sample->result == PROTOCOL_EXTRA;
	bool is_right = o->result == sample->result && o->response.status == sample->status &&
			o->response.has_first_byte == (sample->length > 0) && o->response.is_complete == is_complete;

	if (sample->result == PROTOCOL_FAILED)
		is_right &= o->failure == sample->failure;
	if (is_complete)
		is_right &= o->response.keeps_alive == sample->keeps_alive;
	if (sample->body != NULL)
		is_right &= o->body.length == strlen(sample->body) &&
			    (o->body.length == 0 || memcmp(o->body.bytes, sample->body, o->body.length) == 0);
	if (!is_right)
		fail_msg("%s, cut at %zu and every %zu: result %d, failure %d, status %u, complete %d, keeps alive %d, "
			 "body '%.*s'",
			sample->what, cut, step, o->result, o->failure, o->response.status, o->response.is_complete,
			o->response.keeps_alive, (int)o->body.length, o->body.length ? o->body.bytes : "");
}

static void
run_sample(const struct protocol_ops *ops, void *state, const struct response_sample *sample, size_t cut, size_t step)
{
	struct answer o;

	feed(ops, state, sample, cut, step, &o);
	check_answer(sample, &o, cut, step);
	buf_fini(&o.body);
}

static void
test_response_means_the_same_however_it_is_cut(void **context)
{
	(void)context;
	for (size_t p = 0; protocols[p] != NULL; p++) {
		const struct protocol_ops *ops = protocols[p];
		void *state = must_alloc(ops->state_size); /* one for all: a response leaves nothing behind */
		size_t samples = 0;

		ops->init(state, &plan);
		for (size_t i = 0; i < ARRAY_LEN(response_samples); i++) {
			const struct response_sample *sample = &response_samples[i];

			if (strcmp(sample->protocol, ops->choice.name) != 0)
				continue;
			samples++;
			run_sample(ops, state, sample, 0, sample->length + 1);
			run_sample(ops, state, sample, 0, 1);
			for (size_t cut = 1; cut < sample->length; cut++)
				run_sample(ops, state, sample, cut, sample->length);
		}
		if (ops->needs_stream)
			assert_true(samples >= 10);
		free(state);
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
		void *state = must_alloc(ops->state_size);

		ops->init(state, &plan);
		assert_false(ops->response(state)->is_complete);
		ops->expect(state, &request, &(struct protocol_ear){0});
		assert_true(ops->response(state)->is_complete);
		assert_true(ops->response(state)->has_first_byte);
		assert_true(ops->response(state)->keeps_alive);
		assert_int_equal(ops->response(state)->status, 200);
		free(state);
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
