#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"
#include "plan/plan.h"

/* What a response's body is compressed with (Content-Encoding: RFC 9110 §8.4), undone as it comes, for whoever reads
 * it: what the server has flushed is handed on at once. One per exchange under way; its memory is kept for the next. */

#define DECODER_BLOCKS_MAX 24

struct decoder {
	unsigned accepted; /* BIT of each */
	enum plan_coding coding;
	enum failure failure; /* FAILURE_COUNT: all is well so far */
	bool has_begun, is_ended;
	uint64_t decoded, most;
	struct z_stream_s *zlib; /* made with the first body that needs it, as is the next */
	struct BrotliDecoderStateStruct *brotli;
	bool zlib_is_raw;
	struct decoder_block {
		void *memory;
		size_t size;
		bool is_used;
	} blocks[DECODER_BLOCKS_MAX]; /* what brotli was given, and gave back */
};

/* Blank memory becomes one that has nothing yet. */
void decoder_init(struct decoder *decoder);
void decoder_fini(struct decoder *decoder);

/* A response comes. accepted: what was asked for, 0: nothing, and then whatever it is encoded with is left alone; most:
 * bytes that it may have once decoded. */
void decoder_begin(struct decoder *decoder, unsigned accepted, uint64_t most);
/* True: the field was Content-Encoding, and nobody else needs to know of it. */
bool decoder_take_header(
	struct decoder *decoder, const char *name, size_t name_length, const char *value, size_t value_length);

/* Where decoded bytes go. */
typedef void decoder_sink(void *context, const char *bytes, size_t length);
void decoder_add(struct decoder *decoder, const char *bytes, size_t length, decoder_sink *sink, void *context);
/* The body is complete. FAILURE_COUNT: so is what it was encoded with; a body without a byte always is. */
enum failure decoder_end(struct decoder *decoder);

static inline bool
decoder_is_needed(const struct decoder *decoder)
{
	return decoder->coding != CODING_NONE;
}
