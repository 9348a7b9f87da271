#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/reader/reading.h"
#include "unit/reader/streams.h"

/* Every row of streams.h, in whatever pieces it comes. */

#define WRITES_MAX 16

struct body {
	char bytes[4096];
	size_t length;
	size_t writes[WRITES_MAX]; /* ended by 0 */
};

static void
body_of(const struct stream *stream, struct body *body)
{
	size_t n = 0;

	*body = (struct body){.length = 0};
	for (const char *c = stream->body; *c != '\0'; c++) {
		assert_true(body->length < sizeof(body->bytes) && n < WRITES_MAX - 1);
		if (*c == '\1')
			body->writes[n++] = body->length;
		else
			body->bytes[body->length++] = *c;
	}
}

static const struct reader_ops *
reader_named(const char *name)
{
	for (size_t i = 0; readers[i] != NULL; i++)
		if (strcmp(readers[i]->choice.name, name) == 0)
			return readers[i];
	fail_msg("no reader is called %s", name);
	return NULL;
}

static void
run(struct reading *r, const struct stream *stream, const struct body *body, size_t length, struct cutting cutting)
{
	const struct plan_request request = {.name = "r"};

	reading_run(r, reader_named(stream->reader), &request, stream->status, stream->content_type, body->bytes,
		length, body->writes, cutting);
}

static int64_t
time_of(int write)
{
	return write == 0 ? -1 : (int64_t)write * 1000000;
}

static void
check_is_what(const struct stream *stream, const struct reading *r)
{
	const struct generation *g = &r->generation;

	assert_int_equal(r->verdict, stream->verdict);
	assert_int_equal(g->events, stream->events);
	assert_int_equal(g->chunks, stream->chunks);
	assert_int_equal(g->coalesced, stream->coalesced);
	assert_int_equal(g->completion_tokens, stream->completion);
	assert_int_equal(g->prompt_tokens, stream->prompt);
	assert_int_equal(g->has_prompt_tokens, stream->prompt > 0);
	assert_int_equal(g->cached_tokens, stream->cached);
	assert_int_equal(g->basis, stream->basis);
	assert_int_equal(g->finish, stream->finish);
	assert_int_equal(g->first_event_ns, time_of(stream->first_event));
	assert_int_equal(g->first_token_ns, time_of(stream->first_token));
	assert_int_equal(g->first_content_ns, time_of(stream->first_content));
	assert_int_equal(g->last_token_ns, time_of(stream->last_token));
	if (stream->text != NULL)
		assert_string_equal(r->text.length > 0 ? r->text.bytes : "", stream->text);
}

static void
check_same(const struct reading *a, const struct reading *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_true(reading_is_same_generation(&a->generation, &b->generation));
	assert_int_equal(a->gaps_n, b->gaps_n);
	assert_memory_equal(a->gaps_ns, b->gaps_ns, sizeof(a->gaps_ns));
	assert_int_equal(a->text.length, b->text.length);
	assert_memory_equal(
		a->text.bytes != NULL ? a->text.bytes : "", b->text.bytes != NULL ? b->text.bytes : "", a->text.length);
}

static void
test_streams_are_what_they_should_be(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct reading r;
		struct body body;

		print_message("%zu: %s %.40s\n", i, streams[i].reader, streams[i].body);
		body_of(&streams[i], &body);
		run(&r, &streams[i], &body, body.length, (struct cutting){0, body.length + 1});
		check_is_what(&streams[i], &r);
		reading_fini(&r);
	}
}

/* Each place to cut a stream in two, the two halves whole or byte by byte; and all of it byte by byte. */
static void
test_nothing_depends_on_the_cuts(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct reading whole, r;
		struct body body;

		body_of(&streams[i], &body);
		run(&whole, &streams[i], &body, body.length, (struct cutting){0, body.length + 1});
		for (size_t cut = 0; cut <= body.length; cut++)
			for (size_t by_byte = 0; by_byte < 2; by_byte++) {
				run(&r, &streams[i], &body, body.length,
					(struct cutting){cut, by_byte ? 1 : body.length + 1});
				check_same(&whole, &r);
				reading_fini(&r);
			}
		reading_fini(&whole);
	}
}

static bool
is_whole(const struct stream *stream)
{
	return strstr(stream->content_type, "event-stream") == NULL && strcmp(stream->content_type, NDJSON) != 0;
}

/* Where a stream ends before its last byte nothing of it is a good answer; only where it says nothing of its end any
 * event may be the last. */
static void
test_whatever_is_cut_short_is_no_good_answer(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		const struct stream *stream = &streams[i];
		struct body body;

		if (stream->verdict != GOOD || stream->status != 200)
			continue;
		body_of(stream, &body);
		/* White space behind a value is no part of it, and a CR ends a line by itself. */
		while (body.length > 1 && body.bytes[body.length - 1] == '\n' &&
			(body.bytes[body.length - 2] == '\r' || is_whole(stream)))
			body.length--;
		for (size_t length = 0; length < body.length; length++) {
			bool is_mute = strcmp(stream->reader, "triton-generate") == 0 ||
				       strcmp(stream->reader, "sse") == 0 || strcmp(stream->reader, "ndjson") == 0;
			struct reading r;

			run(&r, stream, &body, length, (struct cutting){0, body.length});
			if (!is_mute)
				assert_int_not_equal(r.verdict, GOOD);
			if (!is_whole(stream) && r.verdict != GOOD && r.verdict != FAILURE_NO_TOKEN)
				assert_int_equal(r.verdict, FAILURE_TRUNCATED);
			reading_fini(&r);
		}
	}
}

static void
test_every_reader_of_streams_has_rows(void **context)
{
	(void)context;
	for (size_t i = 0; readers[i] != NULL; i++) {
		size_t n = 0;

		for (size_t k = 0; k < ARRAY_LEN(streams); k++)
			n += strcmp(streams[k].reader, readers[i]->choice.name) == 0;
		/* What ends in trailers has a suite of its own: test_grpc.c. */
		assert_true(n >= 2 || readers[i]->on_header == NULL || readers[i]->on_trailer != NULL);
	}
}

/* The time between two reads that bring tokens is a gap; what comes in one read has none. */
static void
test_gaps_are_between_reads(void **context)
{
	(void)context;
	struct reading r;
	struct body body;

	body_of(&streams[0], &body);
	run(&r, &streams[0], &body, body.length, (struct cutting){0, 1});
	assert_int_equal(r.gaps_n, 1);
	assert_int_equal(r.gaps_ns[0], 1000000);
	reading_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_are_what_they_should_be),
		cmocka_unit_test(test_nothing_depends_on_the_cuts),
		cmocka_unit_test(test_whatever_is_cut_short_is_no_good_answer),
		cmocka_unit_test(test_every_reader_of_streams_has_rows),
		cmocka_unit_test(test_gaps_are_between_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
