#include "measure/histogram.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

#define COUNTS_BYTES (HISTOGRAM_COUNTS_LEN * sizeof(uint64_t))

void
histogram_init(struct histogram *h)
{
	*h = (struct histogram){.min_ns = INT64_MAX, .max_ns = -1};
	h->counts =
		mmap(NULL, COUNTS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(h->counts != MAP_FAILED);
}

void
histogram_fini(struct histogram *h)
{
	if (h->counts != NULL)
		CHECK(munmap(h->counts, COUNTS_BYTES) == 0);
	*h = (struct histogram){0};
}

bool
histogram_is_ready(const struct histogram *h)
{
	return h->counts != NULL;
}

void
histogram_reset(struct histogram *h)
{
	for (uint64_t left = h->halves_used; left != 0; left &= left - 1) {
		size_t half = (size_t)__builtin_ctzll(left);

		memset(h->counts + half * HISTOGRAM_HALF_LEN, 0, HISTOGRAM_HALF_LEN * sizeof(uint64_t));
	}
	*h = (struct histogram){.counts = h->counts, .min_ns = INT64_MAX, .max_ns = -1};
}

/* The bucket is the power of two above 2^11, the sub-bucket the leading 11 bits. A bucket's sub-buckets below 1024 are
 * the bucket before it, so that bucket b begins where sub-bucket 1024 stands: at (b + 1) × 1024 − 1024 + sub-bucket. */
static inline size_t
index_of(int64_t value_ns)
{
	unsigned bucket = 63u - HISTOGRAM_HALF_BITS -
			  (unsigned)__builtin_clzll((uint64_t)value_ns | (2 * HISTOGRAM_HALF_LEN - 1));

	return ((size_t)bucket << HISTOGRAM_HALF_BITS) + ((size_t)value_ns >> bucket);
}

static inline unsigned
bucket_of_index(size_t index)
{
	return index < 2 * HISTOGRAM_HALF_LEN ? 0 : (unsigned)(index >> HISTOGRAM_HALF_BITS) - 1;
}

static int64_t
lowest_at_index(size_t index)
{
	unsigned bucket = bucket_of_index(index);

	return (int64_t)(index - ((size_t)bucket << HISTOGRAM_HALF_BITS)) << bucket;
}

int64_t
histogram_highest_at_ns(size_t index)
{
	return lowest_at_index(index) + (INT64_C(1) << bucket_of_index(index)) - 1;
}

static inline int64_t
clamp(int64_t value_ns)
{
	return value_ns < 0 ? 0 : value_ns > HISTOGRAM_HIGHEST_NS ? HISTOGRAM_HIGHEST_NS : value_ns;
}

size_t
histogram_index(int64_t value_ns)
{
	return index_of(clamp(value_ns));
}

int64_t
histogram_lowest_equivalent_ns(int64_t value_ns)
{
	return lowest_at_index(histogram_index(value_ns));
}

int64_t
histogram_highest_equivalent_ns(int64_t value_ns)
{
	return histogram_highest_at_ns(histogram_index(value_ns));
}

/* What record and add_at have in common: n samples at `index`, all of them in [low, high]. Nearly every sample finds
 * its half in use and lies between min and max: branches that are foreseen cost less than stores that the next sample
 * waits for. */
static inline void
add_counts(struct histogram *h, size_t index, uint64_t n, int64_t low_ns, int64_t high_ns)
{
	uint64_t half = UINT64_C(1) << (index >> HISTOGRAM_HALF_BITS);

	h->counts[index] += n;
	h->total += n;
	if ((h->halves_used & half) == 0)
		h->halves_used |= half;
	if (low_ns < h->min_ns)
		h->min_ns = low_ns;
	if (high_ns > h->max_ns)
		h->max_ns = high_ns;
}

static inline void
add_sums(struct histogram *h, uint64_t value_ns, uint64_t n)
{
	h->sum_ns += (histogram_sum)value_ns * n;
	h->sum_squares_ns += (histogram_sum)value_ns * value_ns * n;
}

static inline void
record(struct histogram *h, int64_t value_ns, uint64_t n)
{
	int64_t value = clamp(value_ns);

	if (value != value_ns)
		h->clamped += n;
	add_counts(h, index_of(value), n, value, value);
	add_sums(h, (uint64_t)value, n);
}

void
histogram_record(struct histogram *h, int64_t value_ns)
{
	record(h, value_ns, 1);
}

void
histogram_record_n(struct histogram *h, int64_t value_ns, uint64_t n)
{
	if (n > 0)
		record(h, value_ns, n);
}

void
histogram_add_at(struct histogram *h, size_t index, uint64_t n)
{
	if (n == 0)
		return;
	int64_t low = lowest_at_index(index), high = clamp(histogram_highest_at_ns(index));

	CHECK_OP(index, <, HISTOGRAM_COUNTS_LEN);
	add_counts(h, index, n, low, high);
	add_sums(h, (uint64_t)(low + (high - low) / 2), n);
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (from->total == 0)
		return;
	for (uint64_t left = from->halves_used; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) * HISTOGRAM_HALF_LEN;
		uint64_t *restrict sums = into->counts + first;
		const uint64_t *restrict more = from->counts + first;

		for (size_t i = 0; i < HISTOGRAM_HALF_LEN; i++)
			sums[i] += more[i];
	}
	into->halves_used |= from->halves_used;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	into->total += from->total;
	into->clamped += from->clamped;
	into->sum_ns += from->sum_ns;
	into->sum_squares_ns += from->sum_squares_ns;
}

/* As Java's 2.1.11 has it: one ulp is taken off the percentile, so that
 * rounding cannot push an exact rank up, then the rank is rounded up. */
uint64_t
histogram_rank(double q, uint64_t n)
{
	double percentile = fmin(fmax(nextafter(100 * q, -INFINITY), 0), 100);
	double rank = ceil(percentile * (double)n / 100);

	return rank < 1 ? 1 : rank >= (double)n ? n : (uint64_t)rank;
}

/* Index of the sample of that rank. */
static size_t
index_of_rank(const struct histogram *h, uint64_t rank)
{
	uint64_t seen = 0;

	for (uint64_t left = h->halves_used; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) * HISTOGRAM_HALF_LEN;

		for (size_t i = first; i < first + HISTOGRAM_HALF_LEN; i++) {
			seen += h->counts[i];
			if (seen >= rank)
				return i;
		}
	}
	CHECK(!"the counts add up to the total");
	return 0;
}

int64_t
histogram_quantile_ns(const struct histogram *h, double q)
{
	return histogram_quantile_with_above_ns(h, q, 0);
}

int64_t
histogram_quantile_with_above_ns(const struct histogram *h, double q, uint64_t above)
{
	if (h->total + above == 0)
		return -1;
	uint64_t rank = histogram_rank(q, h->total + above);

	if (rank > h->total)
		return INT64_MAX;
	size_t index = index_of_rank(h, rank);

	return q <= 0 ? lowest_at_index(index) : histogram_highest_at_ns(index);
}

double
histogram_mean_ns(const struct histogram *h)
{
	return h->total > 0 ? (double)((long double)h->sum_ns / (long double)h->total) : NAN;
}

/* Of all samples, not an estimate for a larger population: divided by n. */
double
histogram_stddev_ns(const struct histogram *h)
{
	if (h->total == 0)
		return NAN;
	long double mean = (long double)h->sum_ns / (long double)h->total;
	long double variance = (long double)h->sum_squares_ns / (long double)h->total - mean * mean;

	return variance > 0 ? (double)sqrtl(variance) : 0;
}

uint64_t
histogram_count_until(const struct histogram *h, int64_t value_ns)
{
	if (value_ns < 0)
		return 0;
	size_t last = histogram_index(value_ns);
	uint64_t n = 0;

	for (uint64_t left = h->halves_used; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) * HISTOGRAM_HALF_LEN;

		for (size_t i = first; i < first + HISTOGRAM_HALF_LEN && i <= last; i++)
			n += h->counts[i];
	}
	return n;
}

/* 20 × (1 − 0.95) is 1 to a person, not to a double. */
bool
histogram_shows(uint64_t n, double q)
{
	return (double)n * (1 - q) >= 1 - 1e-9;
}

static int64_t
shown_quantile_ns(const struct histogram *h, double q)
{
	return histogram_shows(h->total, q) ? histogram_quantile_ns(h, q) : -1;
}

void
histogram_figures(const struct histogram *h, struct latency_figures *figures)
{
	*figures = (struct latency_figures){
		.count = h->total,
		.min_ns = h->total > 0 ? h->min_ns : -1,
		.p50_ns = shown_quantile_ns(h, 0.5),
		.p90_ns = shown_quantile_ns(h, 0.9),
		.p95_ns = shown_quantile_ns(h, 0.95),
		.p99_ns = shown_quantile_ns(h, 0.99),
		.p999_ns = shown_quantile_ns(h, 0.999),
		.max_ns = h->total > 0 ? h->max_ns : -1,
		.mean_ns = histogram_mean_ns(h),
		.stddev_ns = histogram_stddev_ns(h),
	};
}

void
histogram_exact(const struct histogram *h, struct histogram_exact *exact)
{
	*exact = (struct histogram_exact){
		.min_ns = h->min_ns,
		.max_ns = h->max_ns,
		.clamped = h->clamped,
		.sum_ns = h->sum_ns,
		.sum_squares_ns = h->sum_squares_ns,
	};
}

/* The ends must lie in the first and last counts in use, as those that it has do; the sums between what all samples at
 * one end would give. */
bool
histogram_set_exact(struct histogram *h, const struct histogram_exact *exact)
{
	if (h->total == 0 || exact->min_ns < 0 || exact->max_ns > HISTOGRAM_HIGHEST_NS ||
		exact->min_ns > exact->max_ns || exact->clamped > h->total ||
		histogram_index(exact->min_ns) != histogram_index(h->min_ns) ||
		histogram_index(exact->max_ns) != histogram_index(h->max_ns))
		return false;
	histogram_sum least = (histogram_sum)(uint64_t)exact->min_ns * h->total;
	histogram_sum most = (histogram_sum)(uint64_t)exact->max_ns * h->total;

	if (exact->sum_ns < least || exact->sum_ns > most || exact->sum_squares_ns < least * (uint64_t)exact->min_ns ||
		exact->sum_squares_ns > most * (uint64_t)exact->max_ns)
		return false;
	h->min_ns = exact->min_ns;
	h->max_ns = exact->max_ns;
	h->clamped = exact->clamped;
	h->sum_ns = exact->sum_ns;
	h->sum_squares_ns = exact->sum_squares_ns;
	return true;
}
