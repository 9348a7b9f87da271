#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/reader.h"

/* What every row of readers.def promises: its verdict does not depend on how the body was cut, and it starts afresh
 * with every response. */

struct sample {
	const char *reader;
	const char *wanted;
	const char *body;
	enum failure verdict;
};

static const struct sample samples[] = {
	{"discard", NULL, "", FAILURE_COUNT},
	{"discard", NULL, "anything at all", FAILURE_COUNT},
	{"messages", NULL, "anything at all", FAILURE_COUNT},
	{"messages", "thing", "anything at all", FAILURE_COUNT},
	{"messages", "things", "anything at all", FAILURE_BODY},
	{"text", NULL, "", FAILURE_COUNT},
	{"text", "", "", FAILURE_COUNT},
	{"text", "accepted", "accepted", FAILURE_COUNT},
	{"text", "accepted", "{\"state\": \"accepted\"}", FAILURE_COUNT},
	{"text", "accepted", "accepte", FAILURE_BODY},
	{"text", "accepted", "Accepted", FAILURE_BODY},
	{"text", "accepted", "", FAILURE_BODY},
	{"text", "accepted", "accepaccepted", FAILURE_COUNT},
	{"text", "x", "abcx", FAILURE_COUNT},
	{"text", "x", "abc", FAILURE_BODY},
	{"text", "aab", "aaaaab", FAILURE_COUNT},
	{"text", "abab", "abacabab", FAILURE_COUNT},
	{"text", "ababac", "abababac", FAILURE_COUNT},
	{"text", "ababaca", "ababababaca", FAILURE_COUNT},
	{"text", "abcabd", "abcabcabd", FAILURE_COUNT},
	{"text", "aaaa", "aaabaaabaaa", FAILURE_BODY},
	{"text", "aabaaab", "aabaabaaab", FAILURE_COUNT},
	{"text", "\xc3\xa9t\xc3\xa9", "l'\xc3\xa9t\xc3\xa9", FAILURE_COUNT},
};

static enum failure
read_body(const struct reader_ops *ops, void *state, const struct sample *sample, size_t cut, size_t step)
{
	const struct plan_request request = {.name = "r"};
	size_t length = strlen(sample->body);
	struct buf scratch;
	const struct reader_host host = {.scratch = &scratch, .expected = sample->wanted};
	enum failure verdict;

	buf_init(&scratch, READER_SCRATCH_MAX);
	ops->begin(state, &request, &host);
	for (size_t at = 0; at < length;) {
		size_t end = at < cut ? cut : at + step;

		if (end > length)
			end = length;
		char *piece = malloc(end - at); /* of its very size, for the sanitizer */

		memcpy(piece, sample->body + at, end - at);
		ops->on_bytes(state, piece, end - at, 0);
		free(piece);
		at = end;
	}
	verdict = ops->end(state, 200);
	buf_fini(&scratch);
	return verdict;
}

static void
test_verdict_does_not_depend_on_the_cuts(void **context)
{
	(void)context;
	for (size_t r = 0; readers[r] != NULL; r++) {
		const struct reader_ops *ops = readers[r];
		void *state = must_alloc(ops->state_size); /* one for all: a body leaves nothing behind */
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			const struct sample *sample = &samples[i];
			size_t length = strlen(sample->body);

			if (strcmp(sample->reader, ops->choice.name) != 0)
				continue;
			n++;
			for (size_t cut = 0; cut <= length; cut++)
				assert_int_equal(read_body(ops, state, sample, cut, length + 1), sample->verdict);
			assert_int_equal(read_body(ops, state, sample, 0, 1), sample->verdict);
		}
		assert_true(n >= 2 || ops->on_header != NULL); /* those are held to it by test_streams.c */
		free(state);
	}
}

/* Every text over {a, b} up to 6 long, searched for in every body up to 9 long, against strstr. */
static void
test_text_finds_what_strstr_finds(void **context)
{
	(void)context;
	void *state = must_alloc(text_reader.state_size);

	for (unsigned w = 2; w < 128; w++)
		for (unsigned b = 2; b < 1024; b++) {
			char wanted[8], body[12];
			size_t n = 0, m = 0;

			for (int bit = 30 - __builtin_clz(w); bit >= 0; bit--)
				wanted[n++] = w >> bit & 1 ? 'a' : 'b';
			for (int bit = 30 - __builtin_clz(b); bit >= 0; bit--)
				body[m++] = b >> bit & 1 ? 'a' : 'b';
			wanted[n] = body[m] = '\0';
			const struct sample sample = {"text", wanted, body, FAILURE_COUNT};

			assert_int_equal(read_body(&text_reader, state, &sample, 0, 3),
				strstr(body, wanted) != NULL ? FAILURE_COUNT : FAILURE_BODY);
		}
	free(state);
}

static void
test_rows_are_found_by_their_choice(void **context)
{
	(void)context;
	size_t n = 0;

	for (; readers[n] != NULL; n++) {
		assert_ptr_equal(reader_choices[n], &readers[n]->choice);
		assert_ptr_equal(reader_of(reader_choices[n]), readers[n]);
		assert_non_null(readers[n]->choice.help);
	}
	assert_null(reader_choices[n]);
	assert_string_equal(readers[0]->choice.name, "discard");
	assert_true(discard_reader.ignores_bytes);
	assert_false(text_reader.ignores_bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict_does_not_depend_on_the_cuts),
		cmocka_unit_test(test_text_finds_what_strstr_finds),
		cmocka_unit_test(test_rows_are_found_by_their_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
