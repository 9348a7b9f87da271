#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* High dynamic range histogram: ns, 3 significant digits, 1 ns to 1 h, laid out as the Java HdrHistogram does (unit
 * magnitude 0, 2048 sub-buckets), so that its V2 encoding is read by the Java and JS libraries. Recording is O(1) and
 * allocates nothing; the counts are a lazily backed mapping, so that an untouched histogram costs no memory. Values below
 * 0 count as 0, values above an hour as an hour, and `clamped` counts them. */
#define HISTOGRAM_HIGHEST_NS INT64_C(3600000000000)
#define HISTOGRAM_DIGITS 3

struct histogram {
	uint64_t *counts;      /* HISTOGRAM_COUNTS_LEN of them */
	uint64_t total;
	int64_t min_ns, max_ns; /* exact; meaningless while total is 0 */
	uint64_t clamped;
	double sum_ns, sum_squares_ns; /* exact mean and deviation, not the buckets' */
};

void histogram_init(struct histogram *h);
void histogram_fini(struct histogram *h);
void histogram_reset(struct histogram *h); /* touches only what was used */
bool histogram_is_ready(const struct histogram *h); /* init was called */

void histogram_record(struct histogram *h, int64_t value_ns);
void histogram_record_n(struct histogram *h, int64_t value_ns, uint64_t n);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value at quantile q in 0..1, as the Java library's getValueAtPercentile(100 q): highest equivalent value. −1 when empty. */
int64_t histogram_quantile_ns(const struct histogram *h, double q);
/* As above, over total + above samples of which `above` rank above every recorded one; INT64_MAX: it falls among those. */
int64_t histogram_quantile_with_above_ns(const struct histogram *h, double q, uint64_t above);
double histogram_mean_ns(const struct histogram *h);   /* NAN when empty */
double histogram_stddev_ns(const struct histogram *h); /* NAN when empty */
/* Samples recorded in [0, value_ns], to the histogram's resolution. */
uint64_t histogram_count_until(const struct histogram *h, int64_t value_ns);

/* Figures that a summary keeps once the histogram is gone. A percentile that too few samples back (n (1 − q) < 1) is −1. */
struct latency_figures {
	uint64_t count;
	int64_t min_ns, p50_ns, p90_ns, p95_ns, p99_ns, p999_ns, max_ns; /* −1: n/a */
	double mean_ns, stddev_ns;                                       /* NAN: n/a */
};
void histogram_figures(const struct histogram *h, struct latency_figures *figures);

/* V2 encoding (cookie 0x1c849303 + 0x10, ZigZag LEB128 counts), deflated (cookie 0x1c849304 + 0x10), base64: what
 * Histogram.decodeFromCompressedByteBuffer and hdr-histogram-js read. malloc'ed; the caller frees. */
char *histogram_encode(const struct histogram *h);
/* Adds what was encoded. sums are taken from the buckets' middles, as every reader of the format must. */
bool histogram_decode_add(struct histogram *into, const char *base64);
