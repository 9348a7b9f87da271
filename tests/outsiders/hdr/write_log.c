#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "measure/hdrlog.h"
#include "measure/recorder.h"

/* write_log LOG: writes an interval log of a known sample (warm-up, two levels, ten seconds, an outlier beyond the
 * range, values from 0 ns to an hour) and prints what the judges must print of it: tag count min p50 p90 p95 p99 p999
 * max. */

#define LOG_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct tag {
	char name[32];
	struct histogram histogram;
};

static void
add_exchange(struct recorder *recorder, uint64_t k)
{
	int64_t second = (int64_t)(k / 1000);
	int64_t due_ns = (int64_t)k * NS_PER_MS;
	double u = rng_unit_at(3, RNG_DATA, k);
	struct exchange x = {
		.level = second == 0  ? LEVEL_WARMUP
			 : second < 6 ? 0
				      : 1,
		.due_ns = due_ns,
		.taken_ns = due_ns + (int64_t)(k % 1500),
		.sent_ns = due_ns + 1500 + (int64_t)(k % 40) * 1000,
		.first_byte_ns = due_ns + 60000,
		.connect_ns = k % 100 == 0 ? (int64_t)(1e5 / u) : -1,
		.outcome = k % 20 == 0 ? OUTCOME_FAILURE : OUTCOME_OK,
		.failure = FAILURE_STATUS,
	};

	x.last_byte_ns = due_ns + 100000 + (int64_t)(1e6 * pow(u, -1.5));
	if (k == 7777)
		x.last_byte_ns = due_ns + 2 * HISTOGRAM_HIGHEST_NS;
	recorder_add_exchange(recorder, &x, x.level);
}

static void
add_expected(struct tag *tags, const struct interval *interval)
{
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		for (size_t m = 0; level->is_used && m < METRIC_COUNT; m++)
			histogram_merge(&tags[m + (level->level == LEVEL_WARMUP ? METRIC_COUNT : 0)].histogram,
				&level->all.histograms[m]);
	}
}

static void
print_expected(const struct tag *tag)
{
	static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	const struct histogram *h = &tag->histogram;

	if (h->total == 0)
		return;
	printf("%s %llu %lld", tag->name, (unsigned long long)h->total,
		(long long)histogram_lowest_equivalent_ns(h->min_ns));
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		printf(" %lld", (long long)histogram_quantile_ns(h, quantiles[i]));
	printf(" %lld\n", (long long)histogram_highest_equivalent_ns(h->max_ns));
}

int
main(int argc, char **argv)
{
	const struct recorder_config config = {.requests_n = 1, .open_levels_max = 3};
	struct recorder *recorder = recorder_new(&config);
	struct tag tags[2 * METRIC_COUNT];
	struct buf log;

	CHECK_OP(argc, ==, 2);
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		snprintf(tags[i].name, sizeof(tags[i].name), "%s%s", i < METRIC_COUNT ? "" : "warmup.",
			metric_rows[i % METRIC_COUNT].name);
		histogram_init(&tags[i].histogram);
	}
	buf_init(&log, LOG_BYTES_MAX);
	hdrlog_header(&log, "a known sample\nof two lines", INT64_C(1795312800) * NS_PER_S);
	for (uint64_t k = 0; k < 10000; k++) {
		add_exchange(recorder, k);
		if (k % 1000 != 999)
			continue;
		struct interval *interval = recorder_take_interval(recorder, (int64_t)(k + 1) * NS_PER_MS);

		interval_add_up(interval);
		add_expected(tags, interval);
		hdrlog_interval(&log, interval);
		recorder_give_interval(recorder, interval);
	}
	FILE *file = fopen(argv[1], "w");

	CHECK(file != NULL && !log.overflowed && fwrite(log.bytes, 1, log.length, file) == log.length &&
		fclose(file) == 0);
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		print_expected(&tags[i]);
		histogram_fini(&tags[i].histogram);
	}
	buf_fini(&log);
	recorder_free(recorder);
	return 0;
}
