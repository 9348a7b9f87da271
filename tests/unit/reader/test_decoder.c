#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "reader/decoder.h"

#define ALL (BIT(CODING_GZIP) | BIT(CODING_DEFLATE) | BIT(CODING_BR))
#define MOST ((uint64_t)1024 * 1024)
#define GZIP_BITS (15 + 16)
#define ZLIB_BITS 15
#define RAW_BITS (-15)

/* "brunt " 40 times, by Node's zlib.brotliCompressSync and Python's brotli.compress alike. */
static const char brotli[] = "\x1b\xef\x00\xf8\x8d\x54\xb5\xbf\x14\x73\x93\x4b\x10\xba\xba\x98\x2d\x0e\x40\xf2\x05";
#define BROTLI_LENGTH (sizeof(brotli) - 1)

static char plain[240];
static struct buf got;

static void
take(void *context, const char *bytes, size_t length)
{
	(void)context;
	assert_true(length > 0);
	buf_add(&got, bytes, length);
}

static size_t
compress_by(int bits, int flush, const char *text, size_t length, char *into, size_t size)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)length;
	z.next_out = (Bytef *)into;
	z.avail_out = (uInt)size;
	assert_in_range(deflate(&z, flush), Z_OK, Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

static void
say(struct decoder *d, const char *coding)
{
	assert_true(decoder_take_header(d, "Content-Encoding", 16, coding, strlen(coding)));
}

/* In pieces of `step` bytes. */
static enum failure
decode(struct decoder *d, unsigned accepted, const char *coding, const char *bytes, size_t length, size_t step)
{
	buf_clear(&got);
	decoder_begin(d, accepted, MOST);
	say(d, coding);
	for (size_t at = 0; at < length; at += step)
		decoder_add(d, bytes + at, length - at < step ? length - at : step, take, NULL);
	return decoder_end(d);
}

static void
check_plain(void)
{
	assert_int_equal(got.length, sizeof(plain));
	assert_memory_equal(got.bytes, plain, sizeof(plain));
}

static void
test_whatever_the_coding_and_the_cut_the_bytes_are_the_same(void **state)
{
	static const struct {
		const char *coding;
		int bits;
	} rows[] = {
		{"gzip", GZIP_BITS}, {"X-GZIP", GZIP_BITS}, {"deflate", ZLIB_BITS}, {"deflate", RAW_BITS}, {"br", 0}};
	struct decoder d;
	char bytes[400];

	(void)state;
	decoder_init(&d);
	for (size_t i = 0; i < 3 * ARRAY_LEN(rows); i++) { /* one after the other, by the same memory */
		size_t row = i * 2 % ARRAY_LEN(rows);
		size_t length = BROTLI_LENGTH;

		memcpy(bytes, brotli, BROTLI_LENGTH);
		if (rows[row].bits != 0)
			length = compress_by(rows[row].bits, Z_FINISH, plain, sizeof(plain), bytes, sizeof(bytes));
		for (size_t step = 1; step <= length; step += step < 4 ? 1 : 5) {
			assert_int_equal(decode(&d, ALL, rows[row].coding, bytes, length, step), FAILURE_COUNT);
			check_plain();
			assert_int_equal(d.decoded, sizeof(plain));
		}
	}
	decoder_fini(&d);
}

static void
test_what_breaks_off_or_goes_on_is_malformed(void **state)
{
	struct decoder d;
	char bytes[400];

	(void)state;
	decoder_init(&d);
	for (int bits = RAW_BITS; bits <= GZIP_BITS; bits += 1)
		if (bits == RAW_BITS || bits == ZLIB_BITS || bits == GZIP_BITS) {
			const char *coding = bits == GZIP_BITS ? "gzip" : "deflate";
			size_t n = compress_by(bits, Z_FINISH, plain, sizeof(plain), bytes, sizeof(bytes) - 1);

			bytes[n] = 'x';
			for (size_t length = 1; length < n; length++)
				assert_int_equal(decode(&d, ALL, coding, bytes, length, 7), FAILURE_MALFORMED);
			assert_int_equal(decode(&d, ALL, coding, bytes, n + 1, n + 1), FAILURE_MALFORMED);
			assert_int_equal(decode(&d, ALL, coding, bytes, n + 1, n), FAILURE_MALFORMED);
			assert_int_equal(decode(&d, ALL, coding, bytes, n, 1), FAILURE_COUNT);
		}
	memcpy(bytes, brotli, BROTLI_LENGTH);
	bytes[BROTLI_LENGTH] = 'x';
	for (size_t length = 1; length < BROTLI_LENGTH; length++)
		assert_int_equal(decode(&d, ALL, "br", bytes, length, 7), FAILURE_MALFORMED);
	assert_int_equal(decode(&d, ALL, "br", bytes, BROTLI_LENGTH + 1, 100), FAILURE_MALFORMED);
	assert_int_equal(decode(&d, ALL, "br", bytes, BROTLI_LENGTH + 1, BROTLI_LENGTH), FAILURE_MALFORMED);
	assert_int_equal(decode(&d, ALL, "gzip", "no gzip at all", 14, 14), FAILURE_MALFORMED);
	decoder_fini(&d);
}

/* RFC 1952 §2.2 */
static void
test_gzip_may_have_several_members(void **state)
{
	struct decoder d;
	char bytes[400];

	(void)state;
	decoder_init(&d);
	size_t n = compress_by(GZIP_BITS, Z_FINISH, plain, 100, bytes, sizeof(bytes));

	n += compress_by(GZIP_BITS, Z_FINISH, plain + 100, sizeof(plain) - 100, bytes + n, sizeof(bytes) - n);
	for (size_t step = 1; step <= n; step++) {
		assert_int_equal(decode(&d, ALL, "gzip", bytes, n, step), FAILURE_COUNT);
		check_plain();
	}
	decoder_fini(&d);
}

/* A stream of events is useful only if each comes when it is sent. */
static void
test_what_was_flushed_is_handed_on_at_once(void **state)
{
	struct decoder d;
	char bytes[400];

	(void)state;
	decoder_init(&d);
	size_t n = compress_by(GZIP_BITS, Z_SYNC_FLUSH, plain, sizeof(plain), bytes, sizeof(bytes));

	buf_clear(&got);
	decoder_begin(&d, ALL, MOST);
	say(&d, "gzip");
	decoder_add(&d, bytes, n, take, NULL);
	check_plain();
	assert_int_equal(decoder_end(&d), FAILURE_MALFORMED); /* it never ended */
	decoder_fini(&d);
}

/* 8 MiB of zeros are 8 KiB as gzip. */
static void
test_a_bomb_goes_off_at_its_ceiling(void **state)
{
	static char zeros[8 * 1024 * 1024], bytes[64 * 1024];
	size_t n = compress_by(GZIP_BITS, Z_FINISH, zeros, sizeof(zeros), bytes, sizeof(bytes));
	struct decoder d;

	(void)state;
	decoder_init(&d);
	assert_int_equal(decode(&d, ALL, "gzip", bytes, n, 1000), FAILURE_DECODED_TOO_LARGE);
	assert_in_range(got.length, MOST - 64 * 1024, MOST);
	decoder_fini(&d);
}

static void
test_what_nobody_asked_for_is_said_to_be_that(void **state)
{
	static const struct {
		unsigned accepted;
		const char *coding;
		enum failure failure;
	} rows[] = {
		{BIT(CODING_GZIP), "br", FAILURE_CONTENT_ENCODING},
		{ALL, "zstd", FAILURE_CONTENT_ENCODING},
		{ALL, "gzip, br", FAILURE_CONTENT_ENCODING},
		{ALL, "identity", FAILURE_COUNT},
		{ALL, "", FAILURE_COUNT},
	};
	struct decoder d;

	(void)state;
	decoder_init(&d);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(decode(&d, rows[i].accepted, rows[i].coding, "", 0, 1), rows[i].failure);
	decoder_begin(&d, ALL, MOST);
	say(&d, "gzip");
	say(&d, "br");
	assert_int_equal(decoder_end(&d), FAILURE_CONTENT_ENCODING);
	decoder_begin(&d, 0, MOST); /* nothing was asked for: it is somebody else's to look at */
	assert_false(decoder_take_header(&d, "Content-Encoding", 16, "gzip", 4));
	assert_false(decoder_is_needed(&d));
	decoder_begin(&d, ALL, MOST);
	assert_false(decoder_take_header(&d, "Content-Type", 12, "gzip", 4));
	decoder_fini(&d);
}

/* HEAD, 304, or a server that compresses nothing into nothing. */
static void
test_a_body_without_a_byte_is_complete(void **state)
{
	struct decoder d;

	(void)state;
	decoder_init(&d);
	assert_int_equal(decode(&d, ALL, "gzip", "", 0, 1), FAILURE_COUNT);
	decoder_fini(&d);
}

static int
set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = "brunt "[i % 6];
	buf_init(&got, 64 * 1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buf_fini(&got);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever_the_coding_and_the_cut_the_bytes_are_the_same),
		cmocka_unit_test(test_what_breaks_off_or_goes_on_is_malformed),
		cmocka_unit_test(test_gzip_may_have_several_members),
		cmocka_unit_test(test_what_was_flushed_is_handed_on_at_once),
		cmocka_unit_test(test_a_bomb_goes_off_at_its_ceiling),
		cmocka_unit_test(test_what_nobody_asked_for_is_said_to_be_that),
		cmocka_unit_test(test_a_body_without_a_byte_is_complete),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
