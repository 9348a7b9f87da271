#include "reader/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>

#include "base/check.h"

#define DECODED_AT_ONCE ((size_t)16 * 1024)
#define GZIP_OR_ZLIB_BITS (15 + 32) /* zlib finds out which */
#define RAW_BITS (-15)

void
decoder_init(struct decoder *decoder)
{
	*decoder = (struct decoder){.failure = FAILURE_COUNT};
}

static void
forget_brotli(struct decoder *d)
{
	if (d->brotli != NULL)
		BrotliDecoderDestroyInstance(d->brotli);
	d->brotli = NULL;
}

void
decoder_fini(struct decoder *d)
{
	forget_brotli(d);
	if (d->zlib != NULL)
		inflateEnd(d->zlib);
	free(d->zlib);
	for (size_t i = 0; i < DECODER_BLOCKS_MAX; i++)
		free(d->blocks[i].memory);
}

void
decoder_begin(struct decoder *d, unsigned accepted, uint64_t most)
{
	d->accepted = accepted;
	d->coding = CODING_NONE;
	d->failure = FAILURE_COUNT;
	d->has_begun = d->is_ended = false;
	d->decoded = 0;
	d->most = most;
}

static bool
is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static enum plan_coding
coding_of(const char *value, size_t length)
{
	static const struct {
		const char *word;
		enum plan_coding coding;
	} words[] = {{"identity", CODING_NONE}, {"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP},
		{"deflate", CODING_DEFLATE}, {"br", CODING_BR}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is_word(value, length, words[i].word))
			return words[i].coding;
	return length == 0 ? CODING_NONE : CODING_OTHER;
}

bool
decoder_take_header(struct decoder *d, const char *name, size_t name_length, const char *value, size_t value_length)
{
	if (d->accepted == 0 || !is_word(name, name_length, "content-encoding"))
		return false;
	enum plan_coding coding = coding_of(value, value_length);

	/* One on top of another, or one that nobody asked for. */
	if (coding != CODING_NONE && (d->coding != CODING_NONE || (d->accepted & BIT(coding)) == 0))
		d->failure = FAILURE_CONTENT_ENCODING;
	if (coding != CODING_NONE)
		d->coding = coding;
	return true;
}

/* brotli has no way to begin again: its memory is kept here instead, block by block. */
static void *
take_block(void *context, size_t size)
{
	struct decoder *d = context;
	struct decoder_block *empty = NULL;

	for (size_t i = 0; i < DECODER_BLOCKS_MAX; i++) {
		struct decoder_block *block = &d->blocks[i];

		if (!block->is_used && block->size >= size) {
			block->is_used = true;
			return block->memory;
		}
		if (!block->is_used && (empty == NULL || block->size < empty->size))
			empty = block;
	}
	if (empty == NULL)
		return NULL;
	free(empty->memory);
	*empty = (struct decoder_block){.memory = must_alloc(size), .size = size, .is_used = true};
	return empty->memory;
}

static void
give_block(void *context, void *memory)
{
	struct decoder *d = context;

	for (size_t i = 0; i < DECODER_BLOCKS_MAX; i++)
		if (d->blocks[i].memory == memory)
			d->blocks[i].is_used = false;
}

/* "deflate" means zlib's format (RFC 9110 §8.4.1.2), but some servers send it bare: the first byte of the former says
 * method 8. */
static bool
begin_zlib(struct decoder *d, const char *bytes)
{
	bool is_raw = d->coding == CODING_DEFLATE && (bytes[0] & 15) != 8;

	if (d->zlib != NULL && d->zlib_is_raw == is_raw)
		return inflateReset(d->zlib) == Z_OK;
	if (d->zlib != NULL)
		inflateEnd(d->zlib);
	else
		d->zlib = must_alloc(sizeof(*d->zlib));
	*d->zlib = (z_stream){0};
	d->zlib_is_raw = is_raw;
	return inflateInit2(d->zlib, is_raw ? RAW_BITS : GZIP_OR_ZLIB_BITS) == Z_OK;
}

static bool
begin(struct decoder *d, const char *bytes)
{
	d->has_begun = true;
	if (d->coding != CODING_BR)
		return begin_zlib(d, bytes);
	forget_brotli(d);
	d->brotli = BrotliDecoderCreateInstance(take_block, give_block, d);
	return d->brotli != NULL;
}

/* False: it has become too much. A few bytes can stand for a thousand times as many. */
static bool
hand_on(struct decoder *d, const char *bytes, size_t length, decoder_sink *sink, void *context)
{
	d->decoded += length;
	if (d->decoded > d->most) {
		d->failure = FAILURE_DECODED_TOO_LARGE;
		return false;
	}
	if (length > 0)
		sink(context, bytes, length);
	return true;
}

/* gzip may be several members one after the other (RFC 1952 §2.2). */
static bool
may_go_on(struct decoder *d)
{
	return d->coding == CODING_GZIP && d->zlib->avail_in > 0 && inflateReset(d->zlib) == Z_OK;
}

static bool
add_zlib(struct decoder *d, const char *bytes, size_t length, decoder_sink *sink, void *context)
{
	char decoded[DECODED_AT_ONCE];
	int result;

	d->zlib->next_in = (Bytef *)(uintptr_t)bytes;
	d->zlib->avail_in = (uInt)length;
	do {
		d->zlib->next_out = (Bytef *)decoded;
		d->zlib->avail_out = sizeof(decoded);
		result = inflate(d->zlib, Z_SYNC_FLUSH);
		if (!hand_on(d, decoded, sizeof(decoded) - d->zlib->avail_out, sink, context))
			return true;
		if (result == Z_STREAM_END && !may_go_on(d)) {
			d->is_ended = true;
			return d->zlib->avail_in == 0;
		}
	} while ((result == Z_OK || result == Z_STREAM_END) && (d->zlib->avail_in > 0 || d->zlib->avail_out == 0));
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static bool
add_brotli(struct decoder *d, const char *bytes, size_t length, decoder_sink *sink, void *context)
{
	const uint8_t *in = (const uint8_t *)bytes;
	BrotliDecoderResult result;
	char decoded[DECODED_AT_ONCE];

	do {
		uint8_t *out = (uint8_t *)decoded;
		size_t room = sizeof(decoded);

		result = BrotliDecoderDecompressStream(d->brotli, &length, &in, &room, &out, NULL);
		if (!hand_on(d, decoded, sizeof(decoded) - room, sink, context))
			return true;
	} while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	d->is_ended = result == BROTLI_DECODER_RESULT_SUCCESS;
	return result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT || (d->is_ended && length == 0);
}

void
decoder_add(struct decoder *d, const char *bytes, size_t length, decoder_sink *sink, void *context)
{
	if (d->failure != FAILURE_COUNT || length == 0)
		return;
	if (d->is_ended && d->coding == CODING_GZIP)
		d->is_ended = inflateReset(d->zlib) != Z_OK; /* another member begins */
	if (d->is_ended || (!d->has_begun && !begin(d, bytes)) ||
		!(d->coding == CODING_BR ? add_brotli : add_zlib)(d, bytes, length, sink, context))
		d->failure = FAILURE_MALFORMED;
}

enum failure
decoder_end(struct decoder *d)
{
	if (d->failure == FAILURE_COUNT && d->has_begun && !d->is_ended)
		d->failure = FAILURE_MALFORMED;
	return d->failure;
}
