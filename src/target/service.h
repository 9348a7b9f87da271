#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum service_kind {
	SERVICE_CONSTANT,
	SERVICE_EXPONENTIAL, /* scale: the mean */
	SERVICE_LOGNORMAL,   /* scale: the median; sigma of the logarithm */
};

/* How long a worker is busy with one request. */
struct service {
	enum service_kind kind;
	int64_t scale_ns;
	double sigma;
};

/* "5ms", "constant:5ms", "exponential:5ms" (mean), "lognormal:5ms:0.5" (median, sigma). */
bool service_parse(const char *text, struct service *service, struct error *err);

/* The k-th request's, a pure function of seed and k; never over an hour. */
int64_t service_ns(const struct service *service, uint64_t seed, uint64_t k);

double service_mean_ns(const struct service *service);

/* Who draws in target/: streams beside those of base/rng.h. */
enum target_stream {
	TARGET_STREAM_SERVICE = 100,
	TARGET_STREAM_SERVICE_ANGLE,
	TARGET_STREAM_ERROR,
	TARGET_STREAM_STALL,
	TARGET_STREAM_RESET,
	TARGET_STREAM_STREAM_ERROR,
	TARGET_STREAM_TRUNCATE,
	TARGET_STREAM_MIX,
	TARGET_STREAM_NOISE,
	TARGET_STREAM_NOISE_ANGLE,
};

/* A standard normal number: the k-th of the two streams. */
double service_normal_at(uint64_t seed, enum target_stream radius, enum target_stream angle, uint64_t k);
