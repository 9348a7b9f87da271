#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "plan/llm.h"
#include "reader/reader.h"

/* A body as a reader sees it, for the tests of readers: it comes in writes, each at a time of its own, and each write
 * in pieces, all with the write's time. */

#define READING_GAPS_MAX 64

struct reading {
	enum failure verdict;
	bool expects_error;
	bool has_generation;
	struct generation generation;
	int64_t gaps_ns[READING_GAPS_MAX];
	size_t gaps_n;
	struct buf text; /* of the answer, as it was handed on */
};

/* The first `cut` bytes of a body in one piece, what follows in pieces of `step`; a write ends a piece too. */
struct cutting {
	size_t cut, step;
};

static inline void
reading_on_text(void *context, const char *json, size_t length)
{
	CHECK(buf_add(context, json, length));
}

/* Field by field: between them lies padding. */
static inline bool
reading_is_same_generation(const struct generation *a, const struct generation *b)
{
	return a->first_event_ns == b->first_event_ns && a->first_token_ns == b->first_token_ns &&
	       a->first_content_ns == b->first_content_ns && a->last_token_ns == b->last_token_ns &&
	       a->events == b->events && a->chunks == b->chunks && a->coalesced == b->coalesced &&
	       a->prompt_tokens == b->prompt_tokens && a->completion_tokens == b->completion_tokens &&
	       a->cached_tokens == b->cached_tokens && a->has_prompt_tokens == b->has_prompt_tokens &&
	       a->basis == b->basis && a->finish == b->finish;
}

static inline void
reading_fini(struct reading *reading)
{
	buf_fini(&reading->text);
}

/* Each piece lies in memory of its very size, for the sanitizer. */
static inline void
reading_feed(
	struct reading *r, const struct reader_ops *ops, void *state, const char *bytes, size_t length, int64_t now_ns)
{
	char *piece = malloc(length);

	CHECK(piece != NULL);
	memcpy(piece, bytes, length);
	ops->on_bytes(state, piece, length, now_ns);
	free(piece);
	int64_t gap_ns = ops->take_gap_ns != NULL ? ops->take_gap_ns(state) : -1;

	if (gap_ns >= 0 && r->gaps_n < READING_GAPS_MAX)
		r->gaps_ns[r->gaps_n++] = gap_ns;
}

static inline void
reading_header(const struct reader_ops *ops, void *state, const char *name, const char *value)
{
	if (ops->on_header != NULL && value != NULL)
		ops->on_header(state, name, strlen(name), value, strlen(value));
}

/* `writes` ends with 0: where each write ends but the last. Write i arrives at (i + 1) ms. */
static inline void
reading_run(struct reading *r, const struct reader_ops *ops, const struct plan_request *request, unsigned status,
	const char *content_type, const char *body, size_t length, const size_t *writes, struct cutting cutting)
{
	void *state = must_alloc(ops->state_size);
	struct buf scratch;

	*r = (struct reading){0};
	buf_init(&scratch, READER_SCRATCH_MAX);
	buf_init(&r->text, 1024 * 1024);
	ops->begin(state, request,
		&(struct reader_host){.scratch = &scratch, .on_text = reading_on_text, .context = &r->text});
	reading_header(ops, state, "content-type", content_type);
	for (size_t at = 0, write = 0; at < length;) {
		size_t end = at < cutting.cut ? cutting.cut : at + cutting.step;

		if (writes[write] != 0 && end > writes[write])
			end = writes[write];
		if (end > length)
			end = length;
		reading_feed(r, ops, state, body + at, end - at, (int64_t)(write + 1) * 1000000);
		at = end;
		write += writes[write] != 0 && at == writes[write];
	}
	r->verdict = ops->end(state, status);
	r->expects_error = ops->expects_error != NULL && ops->expects_error(state);
	r->has_generation = ops->generation != NULL;
	if (r->has_generation)
		r->generation = *ops->generation(state);
	CHECK(scratch.length <= READER_SCRATCH_MAX);
	buf_fini(&scratch);
	free(state);
}
