#pragma once

#include "target/llm_dialect.h"

#define SCORES_MAX 1000

/* `count` scores in falling order, and whose they are. */
struct score {
	uint64_t index;
	double value; /* in (0, 1) */
};

/* The best `wanted` of `items`, a pure function of the hash; at most SCORES_MAX. Returns how many. */
size_t scores_best(uint64_t hash, uint64_t items, uint64_t wanted, struct score best[SCORES_MAX]);
