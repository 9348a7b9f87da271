#include "request/feed_order.h"

#include "base/check.h"
#include "base/rng.h"

#define ROUNDS 6

/* A balanced Feistel network (Luby and Rackoff, "How to construct pseudorandom permutations from pseudorandom
 * functions", 1988) over 2 × half_bits bits: whatever its round function is, it maps each value to one of its own. */
static uint64_t
permute(uint64_t x, unsigned half_bits, uint64_t key)
{
	uint64_t mask = (UINT64_C(1) << half_bits) - 1, left = x >> half_bits, right = x & mask;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t next = left ^ (rng_mix(key + (right << 8 | round) * UINT64_C(0x9e3779b97f4a7c15)) & mask);

		left = right;
		right = next;
	}
	return left << half_bits | right;
}

/* A permutation of 0 … n − 1: whatever falls outside is permuted again until it falls inside (cycle walking: Black and
 * Rogaway, "Ciphers with arbitrary finite domains", 2002). The domain is less than 4 n, so 4 steps are the mean at
 * most. */
static size_t
shuffled(size_t n, uint64_t key, uint64_t at)
{
	unsigned half_bits = 1;
	uint64_t x = at;

	while ((UINT64_C(1) << 2 * half_bits) < n)
		half_bits++;
	do
		x = permute(x, half_bits, key);
	while (x >= n);
	return (size_t)x;
}

size_t
feed_order_row(enum plan_feed_order order, size_t n, uint64_t seed, uint64_t stream, uint64_t k)
{
	CHECK_OP(n, >, 0);
	switch (order) {
	case FEED_SEQUENTIAL:
	case FEED_UNIQUE:
	case FEED_ZIPF: break;
	case FEED_RANDOM: return (size_t)((unsigned __int128)rng_at(seed, stream, k) * n >> 64);
	case FEED_SHUFFLE: return shuffled(n, rng_at(seed, stream, k / n), k % n);
	}
	return (size_t)(k % n);
}
