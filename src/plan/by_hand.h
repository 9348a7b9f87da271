#pragma once

#include "plan/plan.h"

/* A baseline that somebody wrote down: values without samples, of all requests together.
 *
 *   baseline: before-the-rewrite
 *   values: {ttft.p95: 650ms, achieved_rate: 120/s, error_rate: 0.5%, memory.avg: 3500MB} */
#define BY_HAND_VALUES_CEILING ((size_t)200)

struct by_hand_value {
	struct expr measure; /* metric, stat and quantile */
	double value;        /* in the metric's unit */
};

struct by_hand {
	const char *name;
	struct by_hand_value *values;
	size_t n;
	struct arena arena;
};

/* NULL with err set. */
struct by_hand *by_hand_load(const char *path, const struct plan_metric *const *metrics, struct error *err);
void by_hand_free(struct by_hand *by_hand);
