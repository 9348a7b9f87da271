#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/framing.h"
#include "reader/reader.h"

/* Any bytes as a body: what it is cut into must not depend on the reads it comes in, and each piece lies in memory of
 * its very size, for the sanitizer. */

#define EVENTS_CEILING ((size_t)4 << 20)

static inline void
note(struct buf *into, const char *bytes, size_t length)
{
	uint64_t size = length;

	CHECK(buf_add(into, &size, sizeof(size)) && buf_add(into, bytes, length));
}

static inline void
feed(const struct framing_ops *ops, const uint8_t *data, size_t size, size_t step, struct buf *events)
{
	struct framing framing;
	struct framing_event event;
	struct buf scratch;

	buf_init(&scratch, READER_SCRATCH_MAX);
	framing_init(&framing, ops, &scratch);
	for (size_t at = 0; at < size; at += step) {
		size_t length = size - at < step ? size - at : step;
		char *piece = malloc(length);

		CHECK(piece != NULL);
		memcpy(piece, data + at, length);
		framing_give(&framing, piece, length);
		while (ops->take(&framing, &event)) {
			note(events, event.type, event.type_length);
			note(events, event.id, event.id_length);
			note(events, event.data, event.length);
		}
		free(piece);
	}
	note(events, framing.is_too_large ? "too large" : ops->is_between(&framing) ? "end" : "cut", 3);
	buf_fini(&scratch);
}

/* The first byte says how the rest is cut. */
static inline void
check_framing(const struct framing_ops *ops, const uint8_t *data, size_t size)
{
	struct buf whole, cut;

	if (size < 2)
		return;
	buf_init(&whole, EVENTS_CEILING);
	buf_init(&cut, EVENTS_CEILING);
	feed(ops, data + 1, size - 1, size, &whole);
	feed(ops, data + 1, size - 1, data[0] % 16 + 1u, &cut);
	CHECK_OP(whole.length, ==, cut.length);
	CHECK(memcmp(whole.bytes, cut.bytes, whole.length) == 0);
	buf_fini(&whole);
	buf_fini(&cut);
}
