#pragma once

#include "measure/comparison.h"

#define COMPARED_NOISE_BAND 0.02 /* DEFINITIONS: within ±2% is noise, whatever the interval says */

/* What is compared between two arms: what the profile names or its gates ask for, the usual figures (which are gated
 * unless the profile says itself what is), and whatever else either arm has, for information. */
struct compared_item {
	struct expr measure; /* metric, stat, quantile and request alone */
	bool is_gated;
	double tolerance;
};

struct compared {
	struct compared_item *items; /* gated ones first */
	size_t n;
};

void compared_init(
	struct compared *compared, const struct arm *baseline, const struct arm *current, const struct plan *plan);
void compared_fini(struct compared *compared);

/* A percentile is gated where n (1 − q) is at least 10, as SLOs show it from 1 on; all else always. */
bool compared_carries_gate(const struct expr *measure, uint64_t samples);

/* worse: by how much, as a share of the baseline; NAN: n/a. As if chance had no part in it. */
enum comparison_status compared_status(double worse, double tolerance);

/* "response.p95", "buy.ttft.p50", "error_rate"; returns into. */
const char *compared_name(const struct expr *measure, const struct plan *plan, char *into, size_t size);
