#include "measure/histogram.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/base64.h"

/* The V2 format, as AbstractHistogram.java of HdrHistogram 2.1 describes it in encodeIntoByteBuffer and
 * encodeIntoCompressedByteBuffer; all numbers big-endian:
 *   cookie, length of what follows, deflated: { cookie, length of the counts, normalizing offset, digits, lowest,
 * highest, conversion ratio, counts as ZigZag LEB128 of at most 9 bytes each, a run of n > 1 zeros as −n }. */
#define COOKIE_PLAIN UINT32_C(0x1c849313)
#define COOKIE_DEFLATED UINT32_C(0x1c849314)
#define HEADER_BYTES 40
#define DEFLATED_HEADER_BYTES 8
#define NUMBER_BYTES_MAX 9
#define PLAIN_BYTES_MAX ((size_t)HEADER_BYTES + (size_t)HISTOGRAM_COUNTS_LEN * NUMBER_BYTES_MAX)
#define PLAIN_BYTES_FEW ((size_t)16 * 1024)
#define CONVERSION_RATIO_BITS UINT64_C(0x3ff0000000000000) /* 1.0 */

static void
put_u32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static void
put_u64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t
get_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static uint64_t
get_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return be64toh(value);
}

/* Seven bits a byte, lowest first, but all eight of the ninth. */
static uint8_t *
put_number(uint8_t *at, int64_t value)
{
	uint64_t rest = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

	for (int i = 0; i < NUMBER_BYTES_MAX - 1 && rest > 0x7f; i++) {
		*at++ = (uint8_t)(rest | 0x80);
		rest >>= 7;
	}
	*at++ = (uint8_t)rest;
	return at;
}

/* NULL: the bytes end inside the number. */
static const uint8_t *
get_long_number(const uint8_t *at, const uint8_t *end, int64_t *value)
{
	uint64_t bits = 0;

	for (int i = 0; i < NUMBER_BYTES_MAX; i++) {
		if (at == end)
			return NULL;
		uint8_t byte = *at++;
		bool is_last = i == NUMBER_BYTES_MAX - 1;

		bits |= (uint64_t)(is_last ? byte : byte & 0x7f) << 7 * i;
		if (is_last || (byte & 0x80) == 0)
			break;
	}
	*value = (int64_t)(bits >> 1 ^ (~(bits & 1) + 1));
	return at;
}

/* Nearly all are of one byte: few samples share a count, and few zeros lie between two of them. */
static inline const uint8_t *
get_number(const uint8_t *at, const uint8_t *end, int64_t *value)
{
	if (at == end || (*at & 0x80) != 0)
		return get_long_number(at, end, value);
	*value = (*at >> 1) ^ -(*at & 1);
	return at + 1;
}

static uint8_t *
put_counts(uint8_t *at, const struct histogram *h)
{
	size_t n = h->total > 0 ? histogram_index(h->max_ns) + 1 : 1;

	for (size_t i = 0; i < n;) {
		size_t first = i;

		while (i < n && h->counts[i] == 0)
			i++;
		if (i - first > 1)
			at = put_number(at, -(int64_t)(i - first));
		else if (i - first == 1)
			at = put_number(at, 0);
		if (i < n)
			at = put_number(at, (int64_t)h->counts[i++]);
	}
	return at;
}

static size_t
encode_plain(uint8_t *into, const struct histogram *h)
{
	size_t length = (size_t)(put_counts(into + HEADER_BYTES, h) - into);

	put_u32(into, COOKIE_PLAIN);
	put_u32(into + 4, (uint32_t)(length - HEADER_BYTES));
	put_u32(into + 8, 0);
	put_u32(into + 12, HISTOGRAM_DIGITS);
	put_u64(into + 16, 1);
	put_u64(into + 24, HISTOGRAM_HIGHEST_NS);
	put_u64(into + 32, CONVERSION_RATIO_BITS);
	return length;
}

char *
histogram_encode(const struct histogram *h)
{
	uint8_t *plain = must_alloc(PLAIN_BYTES_MAX);
	size_t plain_length = encode_plain(plain, h);
	uLongf deflated_length = compressBound(plain_length);
	uint8_t *deflated = must_alloc(DEFLATED_HEADER_BYTES + deflated_length);

	CHECK_OP(compress(deflated + DEFLATED_HEADER_BYTES, &deflated_length, plain, plain_length), ==, Z_OK);
	put_u32(deflated, COOKIE_DEFLATED);
	put_u32(deflated + 4, (uint32_t)deflated_length);
	char *text = base64_encode(deflated, DEFLATED_HEADER_BYTES + deflated_length);

	free(deflated);
	free(plain);
	return text;
}

/* A run of `n` counts at `index`, or of `n` zeros. */
struct count_run {
	size_t index, n;
	uint64_t count;
};

/* The next run; NULL: these bytes are no counts of ours. */
static inline const uint8_t *
next_run(const uint8_t *at, const uint8_t *end, struct count_run *run)
{
	size_t index = run->index + run->n;
	int64_t value;

	at = get_number(at, end, &value);
	if (at == NULL || value < -HISTOGRAM_COUNTS_LEN)
		return NULL;
	*run = (struct count_run){
		.index = index, .n = value < 0 ? (size_t)-value : 1, .count = value > 0 ? (uint64_t)value : 0};
	return index + run->n <= HISTOGRAM_COUNTS_LEN ? at : NULL;
}

static bool
counts_are_valid(const uint8_t *at, const uint8_t *end, uint64_t room)
{
	struct count_run run = {0};

	while (at < end) {
		at = next_run(at, end, &run);
		if (at == NULL || run.count > room ||
			(run.count > 0 && run.index > histogram_index(HISTOGRAM_HIGHEST_NS)))
			return false;
		room -= run.count;
	}
	return true;
}

static void
add_counts(struct histogram *into, const uint8_t *at, const uint8_t *end)
{
	struct count_run run = {0};

	while (at < end) {
		at = next_run(at, end, &run);
		histogram_add_at(into, run.index, run.count);
	}
}

static bool
decode_plain(struct histogram *into, const uint8_t *bytes, size_t length)
{
	const uint8_t *counts = bytes + HEADER_BYTES, *end = bytes + length;

	if (length < HEADER_BYTES || get_u32(bytes) != COOKIE_PLAIN || get_u32(bytes + 4) != length - HEADER_BYTES ||
		get_u32(bytes + 8) != 0 || get_u32(bytes + 12) != HISTOGRAM_DIGITS || get_u64(bytes + 16) != 1 ||
		get_u64(bytes + 24) != HISTOGRAM_HIGHEST_NS || get_u64(bytes + 32) != CONVERSION_RATIO_BITS ||
		into->total > HISTOGRAM_TOTAL_MAX || !counts_are_valid(counts, end, HISTOGRAM_TOTAL_MAX - into->total))
		return false;
	add_counts(into, counts, end);
	return true;
}

/* True: it is whole, and of no more bytes than there is room for. */
static bool
inflate_into(uint8_t *plain, uLongf *room, const uint8_t *deflated, size_t length, int *error)
{
	uLong used = length;

	*error = uncompress2(plain, room, deflated, &used);
	return *error == Z_OK && used == length;
}

/* Nearly all of them are a few KB: whoever merges a thousand shards reads some ten thousand a second. */
static bool
decode_deflated(struct histogram *into, const uint8_t *deflated, size_t length)
{
	uint8_t few[PLAIN_BYTES_FEW];
	uLongf plain_length = sizeof(few);
	int error;

	if (inflate_into(few, &plain_length, deflated, length, &error))
		return decode_plain(into, few, plain_length);
	if (error != Z_BUF_ERROR)
		return false;
	uint8_t *plain = must_alloc(PLAIN_BYTES_MAX);

	plain_length = PLAIN_BYTES_MAX;
	bool is_ours =
		inflate_into(plain, &plain_length, deflated, length, &error) && decode_plain(into, plain, plain_length);

	free(plain);
	return is_ours;
}

bool
histogram_decode_add(struct histogram *into, const char *base64)
{
	size_t length = 0;
	uint8_t *deflated = base64_decode(base64, strlen(base64), &length);
	bool is_ours = deflated != NULL && length > DEFLATED_HEADER_BYTES && get_u32(deflated) == COOKIE_DEFLATED &&
		       get_u32(deflated + 4) == length - DEFLATED_HEADER_BYTES &&
		       decode_deflated(into, deflated + DEFLATED_HEADER_BYTES, length - DEFLATED_HEADER_BYTES);

	free(deflated);
	return is_ours;
}
