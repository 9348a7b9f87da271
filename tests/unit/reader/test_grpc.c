#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/reader.h"

struct call {
	const char *what;
	const char *type;   /* NULL: none */
	const char *status; /* in the trailers; NULL: none */
	bool is_in_headers; /* the status is there, and no trailers come */
	const char *bytes;
	size_t length;
	enum failure failure;
	unsigned messages;
};

#define BYTES(text) .bytes = (text), .length = sizeof(text) - 1
#define GRPC "application/grpc"

static const struct call calls[] = {
	{"unary", GRPC, "0", BYTES("\0\0\0\0\5hello"), .failure = FAILURE_COUNT, .messages = 1},
	{"unary by its full type", GRPC "+proto", "0", BYTES("\0\0\0\0\1x"), .failure = FAILURE_COUNT, .messages = 1},
	{"streaming, with empty messages", GRPC, "0", BYTES("\0\0\0\0\2ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1c"),
		.failure = FAILURE_COUNT, .messages = 4},
	{"no message", GRPC, "0", BYTES(""), .failure = FAILURE_COUNT},
	{"a status alone", GRPC, "14", .is_in_headers = true, BYTES(""), .failure = FAILURE_GRPC_UNAVAILABLE},
	{"RESOURCE_EXHAUSTED", GRPC, "8", BYTES(""), .failure = FAILURE_GRPC_EXHAUSTED},
	{"DEADLINE_EXCEEDED", GRPC, "4", BYTES(""), .failure = FAILURE_GRPC_DEADLINE},
	{"INTERNAL after a message", GRPC, "13", BYTES("\0\0\0\0\1x"), .failure = FAILURE_GRPC_INTERNAL, .messages = 1},
	{"another status", GRPC, "12", BYTES(""), .failure = FAILURE_GRPC_STATUS},
	{"a status that is none", GRPC, "OK", BYTES(""), .failure = FAILURE_MALFORMED},
	{"no status", GRPC, NULL, BYTES("\0\0\0\0\1x"), .failure = FAILURE_MALFORMED, .messages = 1},
	{"a message that is cut off", GRPC, "0", BYTES("\0\0\0\0\5hell"), .failure = FAILURE_TRUNCATED},
	{"a length that is cut off", GRPC, "0", BYTES("\0\0\0"), .failure = FAILURE_TRUNCATED},
	{"compressed", GRPC, "0", BYTES("\1\0\0\0\1x"), .failure = FAILURE_CONTENT_ENCODING, .messages = 1},
	{"neither compressed nor not", GRPC, "0", BYTES("\2\0\0\0\1x"), .failure = FAILURE_MALFORMED, .messages = 1},
	{"a web page", "text/html", "0", BYTES("<p>\0\0"), .failure = FAILURE_CONTENT_TYPE},
	{"almost the type", GRPC "-web", "0", BYTES(""), .failure = FAILURE_CONTENT_TYPE},
	{"no type", NULL, "0", BYTES(""), .failure = FAILURE_CONTENT_TYPE},
};

static enum failure
hear(void *state, const struct call *call, size_t step, const struct plan_request *request)
{
	static const char status[] = "grpc-status";

	grpc_reader.begin(state, request, &(struct reader_host){0});
	if (call->type != NULL)
		grpc_reader.on_header(state, "content-type", 12, call->type, strlen(call->type));
	if (call->is_in_headers)
		grpc_reader.on_header(state, status, sizeof(status) - 1, call->status, strlen(call->status));
	for (size_t at = 0; at < call->length; at += step) {
		size_t n = call->length - at < step ? call->length - at : step;
		char *piece = malloc(n);

		memcpy(piece, call->bytes + at, n);
		grpc_reader.on_bytes(state, piece, n, (int64_t)(1000 + at));
		free(piece);
	}
	if (call->status != NULL && !call->is_in_headers)
		grpc_reader.on_trailer(state, status, sizeof(status) - 1, call->status, strlen(call->status));
	return grpc_reader.end(state, 200);
}

static void
test_calls_mean_the_same_however_they_are_cut(void **context)
{
	(void)context;
	const struct plan_request request = {.name = "r"};
	void *state = must_alloc(grpc_reader.state_size);

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		for (size_t step = 1; step <= calls[i].length + 1; step++) {
			enum failure failure = hear(state, &calls[i], step, &request);

			if (failure != calls[i].failure || grpc_reader.generation(state)->events != calls[i].messages)
				fail_msg("%s by %zu: failure %d, %u messages", calls[i].what, step, failure,
					grpc_reader.generation(state)->events);
		}
	free(state);
}

static void
test_expected_status_is_a_success(void **context)
{
	(void)context;
	const struct plan_request request = {.name = "r", .expect.grpc_status = 14};
	const struct call busy = {"busy", GRPC, "14", .is_in_headers = true, BYTES("")};
	const struct call good = {"good", GRPC, "0", BYTES("\0\0\0\0\1x")};
	void *state = must_alloc(grpc_reader.state_size);

	assert_int_equal(hear(state, &busy, 1, &request), FAILURE_COUNT);
	assert_int_equal(hear(state, &good, 1, &request), FAILURE_GRPC_STATUS);
	free(state);
}

static void
test_message_comes_with_its_last_byte(void **context)
{
	(void)context;
	const struct plan_request request = {.name = "r"};
	const struct call two = {"two", GRPC, "0", BYTES("\0\0\0\0\2ab\0\0\0\0\3cde")};
	void *state = must_alloc(grpc_reader.state_size);

	assert_int_equal(hear(state, &two, 1, &request), FAILURE_COUNT);
	assert_int_equal(grpc_reader.generation(state)->first_event_ns, 1000 + 6);
	assert_int_equal(grpc_reader.generation(state)->last_token_ns, 1000 + 14);
	assert_int_equal(grpc_reader.take_gap_ns(state), 8);
	free(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_mean_the_same_however_they_are_cut),
		cmocka_unit_test(test_expected_status_is_a_success),
		cmocka_unit_test(test_message_comes_with_its_last_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
