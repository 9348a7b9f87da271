#pragma once

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "measure/recorder.h"
#include "measure/summary.h"

/* A plan of two requests, as far as measure/ looks at one. */
static struct plan_request sample_requests[] = {{.name = "browse"}, {.name = "buy \"now\" \xc3\xa9"}};

static inline struct plan
sample_plan(void)
{
	return (struct plan){
		.name = "sample",
		.requests = sample_requests,
		.requests_n = 2,
		.output.interval_ns = NS_PER_S,
		.hash = "0123456789abcdef",
	};
}

static const struct recorder_config sample_config = {.requests_n = 2, .open_levels_max = 4};

/* The k-th exchange of a made-up run: 100 a second, the first second warm-up, then levels of two seconds; every tenth
 * fails, every fiftieth never gets a connection. */
static inline struct exchange
sample_exchange(uint64_t k)
{
	int64_t due_ns = (int64_t)k * 10 * NS_PER_MS;
	int64_t service_ns = (int64_t)(1e6 * (1 + 20 * pow(rng_unit_at(1, RNG_DATA, k), 8)));
	struct exchange x = {
		.k = k,
		.request = k % 3 == 0,
		.level = due_ns < NS_PER_S ? LEVEL_WARMUP : (uint32_t)((due_ns - NS_PER_S) / (2 * NS_PER_S)),
		.due_ns = due_ns,
		.taken_ns = due_ns + (int64_t)(k % 977),
		.sent_ns = due_ns + 1000 + (int64_t)(k % 31) * 997,
		.connect_ns = k % 7 == 0 ? 50000 : -1,
		.status = 200,
		.bytes_sent = 100,
		.bytes_received = 1000 + k,
		.outcome = OUTCOME_OK,
	};

	x.first_byte_ns = x.sent_ns + service_ns / 2;
	x.last_byte_ns = x.sent_ns + service_ns;
	if (k % 50 == 0) {
		x.outcome = OUTCOME_FAILURE;
		x.failure = FAILURE_CONNECT_REFUSED;
		x.phase = EXCHANGE_CONNECT;
		x.sent_ns = x.first_byte_ns = -1;
		x.status = 0;
	} else if (k % 10 == 0) {
		x.outcome = OUTCOME_FAILURE;
		x.failure = FAILURE_STATUS;
		x.phase = EXCHANGE_ANSWER;
		x.status = 503;
	}
	return x;
}

static inline void
sample_add(struct recorder *recorder, uint64_t k)
{
	struct exchange x = sample_exchange(k);

	recorder_add_scheduled(recorder, x.level, x.request, 1);
	if (x.sent_ns >= 0)
		recorder_add_sent(recorder, x.level, x.request);
	recorder_add_exchange(recorder, &x, x.level);
}

static inline struct reading
sample_reading(int64_t at_ns, double cpu)
{
	struct reading reading = {.at_ns = at_ns};

	for (size_t i = 0; i < GAUGE_COUNT; i++)
		reading.values[i] = NAN;
	reading.values[GAUGE_CPU] = cpu;
	reading.values[GAUGE_MEMORY] = 1e9 / 3;
	return reading;
}

static inline bool
same_bits(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static inline bool
histograms_are_same(const struct histogram *a, const struct histogram *b)
{
	if (histogram_is_ready(a) != histogram_is_ready(b))
		return false;
	return !histogram_is_ready(a) ||
	       (a->total == b->total && a->min_ns == b->min_ns && a->max_ns == b->max_ns && a->clamped == b->clamped &&
		       a->sum_ns == b->sum_ns && a->sum_squares_ns == b->sum_squares_ns &&
		       same_bits(a->counts, b->counts, HISTOGRAM_COUNTS_LEN * sizeof(uint64_t)));
}

static inline bool
cells_are_same(const struct cell *a, const struct cell *b)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (!histograms_are_same(&a->histograms[i], &b->histograms[i]))
			return false;
	return same_bits(&a->counts, &b->counts, sizeof(a->counts));
}
