#include "target/llm_scores.h"

#include <stdlib.h>

#include "base/rng.h"

static int
by_falling_value(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	return (x->value < y->value) - (x->value > y->value);
}

size_t
scores_best(uint64_t hash, uint64_t items, uint64_t wanted, struct score best[SCORES_MAX])
{
	size_t count = items < SCORES_MAX ? (size_t)items : SCORES_MAX;

	for (size_t i = 0; i < count; i++)
		best[i] = (struct score){items <= SCORES_MAX ? i : rng_at(hash, 1, i) % items, rng_unit_at(hash, 0, i)};
	qsort(best, count, sizeof(*best), by_falling_value);
	return wanted > 0 && wanted < count ? (size_t)wanted : count;
}
