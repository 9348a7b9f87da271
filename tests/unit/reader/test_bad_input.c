#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/reader/reading.h"

/* What is wrong around the events, for every reader of streams or documents. */

#define STREAM_TYPES_N 3
static const char *const types[STREAM_TYPES_N] = {"text/event-stream", "application/x-ndjson", "application/json"};
static const char good_chat[] = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"
				"data: [DONE]\n\n";
static const char good_whole[] = "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}";

struct session {
	const struct reader_ops *ops;
	void *state;
	struct buf scratch;
};

static void
begin(struct session *s, const char *name, const struct plan_request *request)
{
	*s = (struct session){0};
	for (size_t i = 0; readers[i] != NULL; i++)
		if (strcmp(readers[i]->choice.name, name) == 0)
			s->ops = readers[i];
	assert_non_null(s->ops);
	s->state = must_alloc(s->ops->state_size);
	buf_init(&s->scratch, READER_SCRATCH_MAX);
	s->ops->begin(s->state, request, &(struct reader_host){.scratch = &s->scratch});
}

static void
give(struct session *s, const char *bytes, size_t length)
{
	s->ops->on_bytes(s->state, bytes, length, 1000);
	assert_true(s->scratch.length <= READER_SCRATCH_MAX);
}

static enum failure
end(struct session *s, unsigned status)
{
	enum failure failure = s->ops->end(s->state, status);

	buf_fini(&s->scratch);
	free(s->state);
	return failure;
}

/* 10 MB without an end, in reads of 64 KiB: bounded memory, and its own class. */
static void
test_what_is_too_large_is_told_as_such(void **context)
{
	(void)context;
	static const char *const beginnings[STREAM_TYPES_N] = {"data: {\"a\":\"", "{\"a\":\"", "{\"a\":\""};
	static char xs[65536];
	size_t n = 0;

	memset(xs, 'x', sizeof(xs));
	for (size_t i = 0; readers[i] != NULL; i++)
		for (size_t t = 0; t < STREAM_TYPES_N && readers[i]->on_header != NULL; t++) {
			const struct plan_request request = {.name = "r"};
			struct session s;

			begin(&s, readers[i]->choice.name, &request);
			reading_header(s.ops, s.state, "Content-Type", types[t]);
			give(&s, beginnings[t], strlen(beginnings[t]));
			for (size_t k = 0; k < 160; k++)
				give(&s, xs, sizeof(xs));
			enum failure failure = end(&s, 200);

			n += failure == FAILURE_EVENT_TOO_LARGE;
			assert_true(failure == FAILURE_EVENT_TOO_LARGE || failure == FAILURE_CONTENT_TYPE);
		}
	assert_true(n >= 2 * 9); /* each dialect reads streams and documents, but json */
}

static enum failure
verdict_of(
	const struct plan_request *request, const char *type, const char *encoding, const char *body, unsigned status)
{
	struct session s;

	begin(&s, "openai-chat", request);
	reading_header(s.ops, s.state, "content-type", type);
	reading_header(s.ops, s.state, "Content-Encoding", encoding);
	give(&s, body, strlen(body));
	return end(&s, status);
}

static void
test_encodings_that_nobody_asked_for_are_told_as_such(void **context)
{
	(void)context;
	const struct plan_request request = {.name = "r"};

	assert_int_equal(verdict_of(&request, types[0], "gzip", "\x1f\x8b\x08", 200), FAILURE_CONTENT_ENCODING);
	assert_int_equal(verdict_of(&request, types[0], "br", good_chat, 200), FAILURE_CONTENT_ENCODING);
	assert_int_equal(verdict_of(&request, types[0], "Identity", good_chat, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&request, types[0], "gzip", "\x1f\x8b\x08", 500), FAILURE_COUNT);
}

/* What llm: asked for is what has to come; where the request was written by hand, the server says. */
static void
test_an_answer_comes_as_it_was_asked_for(void **context)
{
	(void)context;
	const struct plan_llm streams = {.streams = true}, whole = {.streams = false};
	const struct plan_request by_hand = {.name = "r"}, for_stream = {.name = "r", .llm = &streams},
				  for_whole = {.name = "r", .llm = &whole};

	assert_int_equal(verdict_of(&by_hand, types[0], NULL, good_chat, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&by_hand, types[2], NULL, good_whole, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&for_stream, types[0], NULL, good_chat, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&for_stream, types[2], NULL, good_whole, 200), FAILURE_CONTENT_TYPE);
	assert_int_equal(verdict_of(&for_whole, types[2], NULL, good_whole, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&for_whole, types[0], NULL, good_chat, 200), FAILURE_CONTENT_TYPE);
}

static void
test_content_types_are_read_as_http_writes_them(void **context)
{
	(void)context;
	const struct plan_request request = {.name = "r"};

	assert_int_equal(verdict_of(&request, "TEXT/Event-Stream;charset=UTF-8", NULL, good_chat, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&request, "text/event-stream ; x=y", NULL, good_chat, 200), FAILURE_COUNT);
	assert_int_equal(verdict_of(&request, "text/event-streams", NULL, good_chat, 200), FAILURE_CONTENT_TYPE);
	assert_int_equal(verdict_of(&request, "application/x-ndjson", NULL, good_chat, 200), FAILURE_CONTENT_TYPE);
	assert_int_equal(verdict_of(&request, "", NULL, good_chat, 200), FAILURE_CONTENT_TYPE);
}

static void
test_expected_errors_are_known_by_code_or_type(void **context)
{
	(void)context;
	static const char *expected[] = {"overloaded", "429"};
	const struct plan_request request = {.name = "r", .expect.errors = {expected, ARRAY_LEN(expected)}};
	static const struct {
		const char *reader, *body;
		bool is_expected;
	} errors[] = {
		{"openai-chat", "{\"error\":{\"type\":\"overloaded\",\"code\":null}}", true},
		{"openai-chat", "{\"error\":{\"type\":\"x\",\"code\":\"overloaded\"}}", true},
		{"openai-chat", "{\"error\":{\"code\":429}}", true},
		{"openai-chat", "{\"object\":\"error\",\"type\":\"overloaded\"}", true},
		{"openai-chat", "{\"error\":{\"type\":\"overloaded_error\"}}", false},
		{"openai-chat", "{\"error\":{\"message\":\"overloaded\"}}", false},
		{"openai-chat", "{\"error\":\"overloaded\"", false},
		{"anthropic", "{\"type\":\"error\",\"error\":{\"type\":\"overloaded\"}}", true},
		{"tgi", "{\"error\":\"x\",\"error_type\":\"overloaded\"}", true},
		{"json", "{\"error\":{\"code\":4290}}", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct session s;

		begin(&s, errors[i].reader, &request);
		reading_header(s.ops, s.state, "content-type", "application/json");
		give(&s, errors[i].body, strlen(errors[i].body));
		s.ops->end(s.state, 503);
		assert_int_equal(s.ops->expects_error(s.state), errors[i].is_expected);
		buf_fini(&s.scratch);
		free(s.state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_too_large_is_told_as_such),
		cmocka_unit_test(test_encodings_that_nobody_asked_for_are_told_as_such),
		cmocka_unit_test(test_an_answer_comes_as_it_was_asked_for),
		cmocka_unit_test(test_content_types_are_read_as_http_writes_them),
		cmocka_unit_test(test_expected_errors_are_known_by_code_or_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
