#pragma once

#include <stdint.h>

/* Counter-based random numbers: the value for (seed, stream, k) is a pure function of the three, so that the k-th
 * arrival draws the same number whenever, wherever and in whatever order it is asked for. SplitMix64's finaliser
 * (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014) over a Weyl sequence per stream.
 */
static inline uint64_t
rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t
rng_at(uint64_t seed, uint64_t stream, uint64_t k)
{
	uint64_t key = rng_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (stream + 1));

	return rng_mix(key + UINT64_C(0x9e3779b97f4a7c15) * (k + 1));
}

/* Uniform in (0, 1): never 0, so that its logarithm is finite, and never 1. */
static inline double
rng_unit_at(uint64_t seed, uint64_t stream, uint64_t k)
{
	return ((double)(rng_at(seed, stream, k) >> 12) + 0.5) * 0x1p-52;
}

/* Who draws: one stream each, so that no two draws share a number. */
enum rng_stream {
	RNG_SPACING = 1,  /* gaps between arrivals */
	RNG_REQUEST = 2,  /* which of the weighted requests */
	RNG_DATA = 3,     /* ${random}, ${uuid} */
	RNG_THINK = 4,    /* how long a session thinks; like RNG_SESSION, << 8 apart from one draw to the next */
	RNG_SESSION = 5,  /* what a session is called */
	RNG_ROW = 6,      /* which row of a data file */
	RNG_PROMPT = 7,   /* synthetic prompts: how long, and which words */
	RNG_RESAMPLE = 8, /* which blocks a resample draws */
};
