#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

/* Gaps between arrivals that come at random, with mean 1 in the integral of the rate: exponential (Poisson arrivals),
 * or gamma distributed, whose shape is the burstiness: 1 is Poisson, less comes in bursts, more is more even; the
 * variance is 1 / burstiness. Nothing is evened out afterwards: a second holds as many arrivals as fall into it. */
struct gap {
	enum plan_spacing spacing;
	double burstiness; /* SPACING_GAMMA */
	uint64_t seed;
};

static inline bool
gap_is_random(const struct gap *gap)
{
	return gap->spacing != SPACING_UNIFORM;
}

/* The gap before the k-th arrival of this stream of random numbers: a pure function of its arguments. */
double gap_at(const struct gap *gap, uint64_t stream, uint64_t k);

/* Of one gap. */
double gap_variance(const struct gap *gap);
