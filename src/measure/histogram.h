#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* High dynamic range histogram: ns, 3 significant digits, 1 ns to 1 h, laid out as the Java HdrHistogram does (unit
 * magnitude 0, 2048 sub-buckets), so that its V2 encoding is read by the Java and JS libraries. Recording is O(1) and
 * allocates nothing; the counts are a lazily backed mapping, so that an untouched histogram costs no memory. Values
 * below 0 count as 0, values above an hour as an hour, and `clamped` counts them. */
#define HISTOGRAM_HIGHEST_NS INT64_C(3600000000000)
#define HISTOGRAM_DIGITS 3
#define HISTOGRAM_TOTAL_MAX UINT64_C(10000000000000) /* what is decoded may hold: keeps the sums below 2^128 */

/* 2048 sub-buckets tell three digits apart. The first bucket uses all of them, each further one its upper half, so that
 * the counts are one row of 33 halves: 2 for values below 2048 ns and one per power of two up to the first above an
 * hour. */
#define HISTOGRAM_HALF_BITS 10
#define HISTOGRAM_HALF_LEN (1 << HISTOGRAM_HALF_BITS)
#define HISTOGRAM_HALVES 33
#define HISTOGRAM_COUNTS_LEN (HISTOGRAM_HALVES * HISTOGRAM_HALF_LEN)

/* Wide enough for the squares of 10^13 samples of an hour, so that sums are exact and do not depend on the order of
 * merging. */
typedef unsigned __int128 histogram_sum;

struct histogram {
	uint64_t *counts;     /* HISTOGRAM_COUNTS_LEN of them */
	uint64_t halves_used; /* bit i: half i holds counts; the others were never touched, or not since the last reset
			       */
	uint64_t total;
	int64_t min_ns, max_ns; /* exact; INT64_MAX and −1 while total is 0 */
	uint64_t clamped;
	histogram_sum sum_ns, sum_squares_ns; /* for the exact mean and deviation, not the buckets' */
};

void histogram_init(struct histogram *h);
void histogram_fini(struct histogram *h);
void histogram_reset(struct histogram *h);          /* touches only what was used */
bool histogram_is_ready(const struct histogram *h); /* init was called */

void histogram_record(struct histogram *h, int64_t value_ns);
void histogram_record_n(struct histogram *h, int64_t value_ns, uint64_t n);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* n samples of which only the place is known: they count as its middle, its ends as min and max. */
void histogram_add_at(struct histogram *h, size_t index, uint64_t n);

/* Where a value is counted, and which values share that count. */
size_t histogram_index(int64_t value_ns);
int64_t histogram_lowest_equivalent_ns(int64_t value_ns);
int64_t histogram_highest_equivalent_ns(int64_t value_ns);

int64_t histogram_highest_at_ns(size_t index);
/* Rank of quantile q among n > 0 samples, from 1. */
uint64_t histogram_rank(double q, uint64_t n);

/* The value at quantile q in 0..1, as the Java library's getValueAtPercentile(100 q): highest equivalent value. −1 when
 * empty. */
int64_t histogram_quantile_ns(const struct histogram *h, double q);
/* As above, over total + above samples of which `above` rank above every recorded one; INT64_MAX: it falls among those.
 */
int64_t histogram_quantile_with_above_ns(const struct histogram *h, double q, uint64_t above);
double histogram_mean_ns(const struct histogram *h);   /* NAN when empty */
double histogram_stddev_ns(const struct histogram *h); /* NAN when empty */
/* Samples recorded in [0, value_ns], to the histogram's resolution. */
uint64_t histogram_count_until(const struct histogram *h, int64_t value_ns);

/* Figures that a summary keeps once the histogram is gone. A percentile that too few samples back (n (1 − q) < 1) is
 * −1. */
struct latency_figures {
	uint64_t count;
	int64_t min_ns, p50_ns, p90_ns, p95_ns, p99_ns, p999_ns, max_ns; /* −1: n/a */
	double mean_ns, stddev_ns;                                       /* NAN: n/a */
};
bool histogram_shows(uint64_t n, double q); /* n (1 − q) ≥ 1 */
void histogram_figures(const struct histogram *h, struct latency_figures *figures);

/* V2 encoding (cookie 0x1c849303 + 0x10, ZigZag LEB128 counts), deflated (cookie 0x1c849304 + 0x10), base64: what
 * Histogram.decodeFromCompressedByteBuffer and hdr-histogram-js read. malloc'ed; the caller frees. */
char *histogram_encode(const struct histogram *h);
/* Adds what was encoded. sums are taken from the buckets' middles, min and max from the buckets' ends, as every reader
 * of the format must. False: it is none of ours (another layout, a wrong length, more than HISTOGRAM_TOTAL_MAX
 * samples); into is as it was. */
bool histogram_decode_add(struct histogram *into, const char *base64);

/* What the encoding cannot carry, for those that send it along. set_exact: false, and nothing changes, where the
 * figures contradict the counts. */
struct histogram_exact {
	int64_t min_ns, max_ns;
	uint64_t clamped;
	histogram_sum sum_ns, sum_squares_ns;
};
void histogram_exact(const struct histogram *h, struct histogram_exact *exact);
bool histogram_set_exact(struct histogram *h, const struct histogram_exact *exact);
