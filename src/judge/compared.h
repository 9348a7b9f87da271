#pragma once

#include "measure/comparison.h"

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

/* "response.p95", "buy.ttft.p50", "error_rate"; returns into. */
const char *compared_name(const struct expr *measure, const struct plan *plan, char *into, size_t size);
