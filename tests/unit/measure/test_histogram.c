#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "base/base64.h"
#include "measure/histogram.h"

static int64_t
latency_at(uint64_t k)
{
	return (int64_t)exp(log(100e3) + 6 * rng_unit_at(7, RNG_DATA, k) * rng_unit_at(8, RNG_DATA, k) * 2);
}

static void
assert_same(const struct histogram *a, const struct histogram *b)
{
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->min_ns, b->min_ns);
	assert_int_equal(a->max_ns, b->max_ns);
	assert_int_equal(a->clamped, b->clamped);
	assert_true(a->sum_ns == b->sum_ns);
	assert_true(a->sum_squares_ns == b->sum_squares_ns);
	assert_memory_equal(a->counts, b->counts, HISTOGRAM_COUNTS_LEN * sizeof(uint64_t));
}

/* From AbstractHistogram.java: bucketCount(3.6e12) is 32, countsArrayLength (32 + 1) × 1024; 2^11 and 2^12 begin
 * buckets. */
static void
test_layout_is_that_of_java(void **state)
{
	(void)state;
	assert_int_equal(HISTOGRAM_COUNTS_LEN, 33792);
	assert_int_equal(histogram_index(0), 0);
	assert_int_equal(histogram_index(2047), 2047);
	assert_int_equal(histogram_index(2048), 2048);
	assert_int_equal(histogram_index(2049), 2048);
	assert_int_equal(histogram_index(4095), 3071);
	assert_int_equal(histogram_index(4096), 3072);
	assert_int_equal(histogram_index(HISTOGRAM_HIGHEST_NS), 31 * 1024 + (HISTOGRAM_HIGHEST_NS >> 31));
	assert_int_equal(histogram_lowest_equivalent_ns(1000001), 999936);
	assert_int_equal(histogram_highest_equivalent_ns(1000001), 1000447);
}

static void
test_three_digits_are_kept_over_the_whole_range(void **state)
{
	(void)state;
	for (int64_t v = 1; v < HISTOGRAM_HIGHEST_NS; v += v / 700 + 1) {
		int64_t low = histogram_lowest_equivalent_ns(v), high = histogram_highest_equivalent_ns(v);

		assert_true(low <= v && v <= high);
		assert_true(high - low <= v / 1000);
		assert_int_equal(histogram_index(low), histogram_index(high));
		assert_int_equal(histogram_index(high) + 1, histogram_index(high + 1));
	}
}

static void
test_quantile_is_the_rank_rounded_up(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (int64_t i = 1; i <= 1000; i++)
		histogram_record(&h, i);
	assert_int_equal(histogram_quantile_ns(&h, 0), 1);
	assert_int_equal(histogram_quantile_ns(&h, 0.5), 500);
	assert_int_equal(histogram_quantile_ns(&h, 0.95), 950);
	assert_int_equal(histogram_quantile_ns(&h, 0.9505), 951);
	assert_int_equal(histogram_quantile_ns(&h, 0.99), 990);
	assert_int_equal(histogram_quantile_ns(&h, 0.999), 999);
	assert_int_equal(histogram_quantile_ns(&h, 0.9999), 1000);
	assert_int_equal(histogram_quantile_ns(&h, 1), 1000);
	histogram_fini(&h);
}

static void
test_empty_has_no_figures(void **state)
{
	struct latency_figures figures;
	struct histogram h;

	(void)state;
	histogram_init(&h);
	assert_int_equal(histogram_quantile_ns(&h, 0.5), -1);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.5, 0), -1);
	histogram_figures(&h, &figures);
	assert_int_equal(figures.count, 0);
	assert_int_equal(figures.min_ns, -1);
	assert_int_equal(figures.p50_ns, -1);
	assert_int_equal(figures.max_ns, -1);
	assert_true(isnan(figures.mean_ns));
	assert_true(isnan(figures.stddev_ns));
	histogram_fini(&h);
}

/* DEFINITIONS, Counts: SLO percentiles rank all due requests; whatever failed ranks above every success. */
static void
test_failures_rank_above_every_success(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (int64_t i = 1; i <= 94; i++)
		histogram_record(&h, i);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.94, 6), 94);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.95, 6), INT64_MAX);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.5, 6), 50);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.5, 94), 94);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.5, 96), INT64_MAX);
	histogram_reset(&h);
	assert_int_equal(histogram_quantile_with_above_ns(&h, 0.5, 1), INT64_MAX);
	histogram_fini(&h);
}

/* DEFINITIONS, Counts: shown when n (1 − q) ≥ 1, P95 from 20, P99 from 100. */
static void
test_percentiles_are_shown_once_enough_samples_back_them(void **state)
{
	static const struct {
		double q;
		uint64_t from;
	} rows[] = {{0.5, 2}, {0.9, 10}, {0.95, 20}, {0.99, 100}, {0.999, 1000}};
	struct latency_figures figures;
	struct histogram h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_false(histogram_shows(rows[i].from - 1, rows[i].q));
		assert_true(histogram_shows(rows[i].from, rows[i].q));
	}
	histogram_init(&h);
	histogram_record_n(&h, 5, 99);
	histogram_figures(&h, &figures);
	assert_int_equal(figures.p95_ns, 5);
	assert_int_equal(figures.p99_ns, -1);
	histogram_record(&h, 5);
	histogram_figures(&h, &figures);
	assert_int_equal(figures.p99_ns, 5);
	assert_int_equal(figures.p999_ns, -1);
	histogram_fini(&h);
}

static void
test_values_outside_the_range_are_clamped_and_counted(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	histogram_record(&h, -5);
	histogram_record(&h, INT64_MAX);
	histogram_record(&h, HISTOGRAM_HIGHEST_NS);
	histogram_record(&h, 0);
	assert_int_equal(h.clamped, 2);
	assert_int_equal(h.min_ns, 0);
	assert_int_equal(h.max_ns, HISTOGRAM_HIGHEST_NS);
	assert_int_equal(h.counts[0], 2);
	assert_int_equal(h.counts[histogram_index(HISTOGRAM_HIGHEST_NS)], 2);
	histogram_fini(&h);
}

static void
test_mean_and_deviation_are_exact(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	histogram_record_n(&h, 1000000001, 3);
	histogram_record_n(&h, 1000000005, 1);
	assert_true(histogram_mean_ns(&h) == 1000000002.0);
	assert_true(fabs(histogram_stddev_ns(&h) - sqrt(3)) < 1e-6);
	histogram_fini(&h);
}

static void
test_count_until_includes_the_value(void **state)
{
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (int64_t i = 1; i <= 3000; i++)
		histogram_record(&h, i);
	assert_int_equal(histogram_count_until(&h, -1), 0);
	assert_int_equal(histogram_count_until(&h, 0), 0);
	assert_int_equal(histogram_count_until(&h, 1500), 1500);
	assert_int_equal(histogram_count_until(&h, 2101), 2101);
	assert_int_equal(histogram_count_until(&h, INT64_MAX), 3000);
	histogram_fini(&h);
}

/* Recorded at once, or in shards merged in another order: the same, sums included. */
static void
test_merging_shards_loses_nothing(void **state)
{
	struct histogram whole, merged, shards[3];

	(void)state;
	histogram_init(&whole);
	histogram_init(&merged);
	for (size_t i = 0; i < ARRAY_LEN(shards); i++)
		histogram_init(&shards[i]);
	for (uint64_t k = 0; k < 20000; k++) {
		int64_t value = k % 1000 == 0 ? HISTOGRAM_HIGHEST_NS + 1 : latency_at(k);

		histogram_record(&whole, value);
		histogram_record(&shards[k % 3], value);
	}
	for (size_t i = ARRAY_LEN(shards); i-- > 0;) {
		histogram_merge(&merged, &shards[i]);
		histogram_fini(&shards[i]);
	}
	assert_same(&whole, &merged);
	histogram_fini(&merged);
	histogram_fini(&whole);
}

static void
test_reset_leaves_nothing(void **state)
{
	struct histogram h, fresh;

	(void)state;
	histogram_init(&h);
	histogram_init(&fresh);
	histogram_record(&h, 3);
	histogram_record(&h, HISTOGRAM_HIGHEST_NS);
	histogram_reset(&h);
	assert_same(&h, &fresh);
	histogram_fini(&fresh);
	histogram_fini(&h);
}

static void
test_encoded_comes_back(void **state)
{
	struct histogram h, back;
	struct histogram_exact exact;

	(void)state;
	histogram_init(&h);
	histogram_init(&back);
	for (uint64_t k = 0; k < 5000; k++)
		histogram_record(&h, latency_at(k));
	histogram_record_n(&h, 0, UINT64_C(1) << 40);
	char *text = histogram_encode(&h);

	assert_true(histogram_decode_add(&back, text));
	assert_int_equal(back.total, h.total);
	assert_memory_equal(back.counts, h.counts, HISTOGRAM_COUNTS_LEN * sizeof(uint64_t));
	assert_int_equal(back.max_ns, histogram_highest_equivalent_ns(h.max_ns));
	histogram_exact(&h, &exact);
	assert_true(histogram_set_exact(&back, &exact));
	assert_same(&h, &back);
	free(text);
	histogram_fini(&back);
	histogram_fini(&h);
}

/* The header and counts as AbstractHistogram.encodeIntoByteBuffer lays them out; tests/outsiders/hdr lets Java itself
 * judge. */
static void
test_payload_is_that_of_java(void **state)
{
	static const uint8_t header[] = {0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0,
		0, 1, 0, 0, 0x03, 0x46, 0x30, 0xb8, 0xa0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0};
	uint8_t plain[256];
	uLongf plain_length = sizeof(plain);
	struct histogram h;
	size_t length;

	(void)state;
	histogram_init(&h);
	histogram_record(&h, 1);
	histogram_record_n(&h, 2, 2);
	histogram_record(&h, 1000000);
	char *text = histogram_encode(&h);
	uint8_t *bytes = base64_decode(text, strlen(text), &length);

	assert_non_null(bytes);
	assert_int_equal(uncompress(plain, &plain_length, bytes + 8, length - 8), Z_OK);
	assert_memory_equal(plain, header, sizeof(header));
	assert_int_equal(plain[40], 0); /* one zero stands for itself */
	assert_int_equal(plain[41], 1 << 1);
	assert_int_equal(plain[42], 2 << 1);
	/* index of 10^6 is 11169: 11166 zeros before it, −11166 as ZigZag 22331 = 0x573b */
	assert_int_equal(plain[43], 0xbb);
	assert_int_equal(plain[44], 0xae);
	assert_int_equal(plain[45], 0x01);
	assert_int_equal(plain[46], 1 << 1);
	assert_int_equal(plain_length, 47);
	free(bytes);
	free(text);
	histogram_fini(&h);
}

/* A text whose deflated part is `plain`. */
static char *
text_of_plain(const uint8_t *plain, size_t length, int32_t length_lie, size_t more)
{
	uint8_t bytes[1024] = {0x1c, 0x84, 0x93, 0x14};
	uLongf deflated = sizeof(bytes) - 8 - more;

	assert_int_equal(compress(bytes + 8, &deflated, plain, length), Z_OK);
	bytes[6] = (uint8_t)((deflated + (size_t)length_lie) >> 8);
	bytes[7] = (uint8_t)(deflated + (size_t)length_lie);
	return base64_encode(bytes, 8 + deflated + more);
}

static void
assert_refused(const uint8_t *plain, size_t length, int32_t length_lie, size_t more)
{
	char *text = text_of_plain(plain, length, length_lie, more);
	struct histogram h;

	histogram_init(&h);
	assert_false(histogram_decode_add(&h, text));
	assert_int_equal(h.total, 0);
	assert_int_equal(h.halves_used, 0);
	histogram_fini(&h);
	free(text);
}

static void
test_hostile_encodings_are_refused(void **state)
{
	/* one sample of value 0, then what is under test at bytes 41… */
	static const uint8_t good[60] = {0x1c, 0x84, 0x93, 0x13, [7] = 1, [15] = 3, [23] = 1, [26] = 0x03, [27] = 0x46,
		[28] = 0x30, [29] = 0xb8, [30] = 0xa0, [32] = 0x3f, [33] = 0xf0, [40] = 2};
	static const size_t headers[] = {0, 3, 6, 7, 11, 15, 23, 27, 32};
	struct histogram h;
	uint8_t bad[60];

	(void)state;
	char *text = text_of_plain(good, 41, 0, 0);

	histogram_init(&h);
	assert_true(histogram_decode_add(&h, text));
	assert_int_equal(h.counts[0], 1);
	free(text);
	histogram_fini(&h);
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		memcpy(bad, good, sizeof(bad));
		bad[headers[i]] ^= 0x40;
		assert_refused(bad, 41, 0, 0);
	}
	assert_refused(good, 40, 0, 0); /* shorter than it says */
	assert_refused(good, 42, 0, 0); /* longer */
	assert_refused(good, 20, 0, 0); /* not even a header */
	assert_refused(good, 41, 1, 0); /* the outer length */
	assert_refused(good, 41, 0, 3); /* bytes after the end */
	assert_refused(good, 41, 3, 3); /* … that the length includes */
	memcpy(bad, good, sizeof(bad));
	bad[40] = 0x80; /* a number without an end */
	assert_refused(bad, 41, 0, 0);
	memcpy(bad + 40, "\x81\x90\x04\x02", 4); /* 33793 zeros, more than there are counts */
	bad[7] = 4;
	assert_refused(bad, 44, 0, 0);
	memcpy(bad + 40, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9); /* −2^63 */
	bad[7] = 9;
	assert_refused(bad, 49, 0, 0);
	memcpy(bad + 40, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 9); /* 2^63 − 1 samples */
	assert_refused(bad, 49, 0, 0);
}

static void
test_hostile_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "=", "====", "AAA", "AAAA", "A===", "AA=A", "HISTFAAAAA==", "\xff\xff\xff\xff", "AAAB AAA"};
	struct histogram h;

	(void)state;
	histogram_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(histogram_decode_add(&h, texts[i]));
	histogram_fini(&h);
}

static void
test_exact_figures_that_contradict_the_counts_are_refused(void **state)
{
	struct histogram_exact exact, bad;
	struct histogram h;

	(void)state;
	histogram_init(&h);
	histogram_record(&h, 5000);
	histogram_record(&h, 90000);
	histogram_exact(&h, &exact);
	assert_true(histogram_set_exact(&h, &exact));
	bad = exact;
	bad.min_ns = 5004;
	assert_false(histogram_set_exact(&h, &bad));
	bad = exact;
	bad.max_ns = 80000;
	assert_false(histogram_set_exact(&h, &bad));
	bad = exact;
	bad.sum_ns = 9999;
	assert_false(histogram_set_exact(&h, &bad));
	bad = exact;
	bad.sum_squares_ns = (histogram_sum)1 << 100;
	assert_false(histogram_set_exact(&h, &bad));
	bad = exact;
	bad.clamped = 3;
	assert_false(histogram_set_exact(&h, &bad));
	histogram_fini(&h);
}

static size_t
resident_bytes(void)
{
	unsigned long size, resident;
	FILE *statm = fopen("/proc/self/statm", "r");

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu %lu", &size, &resident), 2);
	fclose(statm);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void
test_untouched_histograms_cost_no_memory(void **state)
{
	static struct histogram many[4000];
	size_t before = resident_bytes();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		histogram_init(&many[i]);
	assert_true(resident_bytes() - before < 4 << 20); /* of a GiB */
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		histogram_fini(&many[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_is_that_of_java),
		cmocka_unit_test(test_three_digits_are_kept_over_the_whole_range),
		cmocka_unit_test(test_quantile_is_the_rank_rounded_up),
		cmocka_unit_test(test_empty_has_no_figures),
		cmocka_unit_test(test_failures_rank_above_every_success),
		cmocka_unit_test(test_percentiles_are_shown_once_enough_samples_back_them),
		cmocka_unit_test(test_values_outside_the_range_are_clamped_and_counted),
		cmocka_unit_test(test_mean_and_deviation_are_exact),
		cmocka_unit_test(test_count_until_includes_the_value),
		cmocka_unit_test(test_merging_shards_loses_nothing),
		cmocka_unit_test(test_reset_leaves_nothing),
		cmocka_unit_test(test_encoded_comes_back),
		cmocka_unit_test(test_payload_is_that_of_java),
		cmocka_unit_test(test_hostile_encodings_are_refused),
		cmocka_unit_test(test_hostile_texts_are_refused),
		cmocka_unit_test(test_exact_figures_that_contradict_the_counts_are_refused),
		cmocka_unit_test(test_untouched_histograms_cost_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
