#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "report/live_figures.h"

#define CEILING ((size_t)4 * 1024 * 1024)

static struct plan_scraped scraped[] = {{.name = "queue depth"}};
static const struct plan plan = {.name = "shop", .scrape = {.list = scraped, .n = 1}};
static const struct live_run run = {.plan = &plan, .id = "r1"};

static struct live_moment
moment_at(int64_t at_wall_ns, double ok)
{
	struct live_moment moment = {.at_wall_ns = at_wall_ns};

	for (size_t i = 0; i < LIVE_COUNT + SCRAPED_MAX; i++)
		moment.values[i] = NAN;
	moment.values[LIVE_ok_total] = ok;
	return moment;
}

static uint64_t
take_varint(const unsigned char **at)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		unsigned char c = *(*at)++;

		value |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return value;
	}
}

/* Snappy's block format, as far as literals go. */
static unsigned char *
uncompress(const struct buf *body, size_t *length)
{
	const unsigned char *at = (const unsigned char *)body->bytes, *end = at + body->length;
	unsigned char *bytes, *to;

	*length = take_varint(&at);
	bytes = to = malloc(*length + 1);
	assert_non_null(bytes);
	while (at < end) {
		assert_int_equal(*at & 3, 0);
		size_t piece = (size_t)(*at >> 2) + 1;

		if (piece > 60) {
			assert_int_equal(piece, 62);
			piece = (size_t)(at[1] | at[2] << 8) + 1;
			at += 2;
		}
		at++;
		assert_true(piece <= (size_t)(end - at));
		memcpy(to, at, piece);
		to += piece;
		at += piece;
	}
	assert_int_equal(to - bytes, *length);
	return bytes;
}

/* By hand from prompb/types.proto: WriteRequest {TimeSeries {Label…, Sample}}. */
static void
test_a_sample_is_what_the_specification_has(void **state)
{
	static const unsigned char wanted[] = "\x0a\x4b"
					      "\x0a\x1f\x0a\x08__name__\x12\x13"
					      "brunt_live_ok_total"
					      "\x0a\x0f\x0a\x07profile\x12\x04shop"
					      "\x0a\x09\x0a\x03run\x12\x02r1"
					      "\x12\x0c\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x10\x96\x01";
	const struct live_moment moment = moment_at(INT64_C(150000000), 1.5);
	struct buf body, scratch;
	size_t length;

	(void)state;
	buf_init(&body, CEILING);
	buf_init(&scratch, CEILING);
	assert_true(live_encode_remote_write(&body, &scratch, &run, &moment, 1));
	unsigned char *bytes = uncompress(&body, &length);

	assert_int_equal(length, sizeof(wanted) - 1);
	assert_memory_equal(bytes, wanted, length);
	free(bytes);
	buf_fini(&body);
	buf_fini(&scratch);
}

static void
test_what_is_large_comes_in_several_pieces_and_whole(void **state)
{
	static struct live_moment moments[6000];
	struct buf body, scratch;
	size_t length;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		moments[i] = moment_at((int64_t)i * 1000000000, (double)i);
		moments[i].values[LIVE_COUNT] = (double)i; /* what is scraped */
	}
	buf_init(&body, CEILING);
	buf_init(&scratch, CEILING);
	assert_true(live_encode_remote_write(&body, &scratch, &run, moments, ARRAY_LEN(moments)));
	unsigned char *bytes = uncompress(&body, &length);

	assert_true(length > 2 * 65536);
	assert_memory_equal(bytes, scratch.bytes, length);
	free(bytes);
	scratch.ceiling = body.ceiling = 1000; /* what has no room is refused, not cut */
	buf_fini(&scratch);
	buf_init(&scratch, 1000);
	assert_false(live_encode_remote_write(&body, &scratch, &run, moments, ARRAY_LEN(moments)));
	buf_fini(&body);
	buf_fini(&scratch);
}

static void
test_a_line_has_what_is_known_and_nothing_else(void **state)
{
	struct live_moment moment = moment_at(INT64_C(1795383927254000000), 12);
	struct buf body;

	(void)state;
	moment.values[LIVE_COUNT] = 0.25;
	buf_init(&body, CEILING);
	assert_true(live_encode_lines(&body, &run, &moment, 1));
	assert_string_equal(body.bytes,
		"brunt_live,profile=shop,run=r1 ok_total=12,scraped_queue\\ depth=0.25 1795383927254000000\n");
	buf_fini(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sample_is_what_the_specification_has),
		cmocka_unit_test(test_what_is_large_comes_in_several_pieces_and_whole),
		cmocka_unit_test(test_a_line_has_what_is_known_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
