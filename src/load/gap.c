#include "load/gap.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"

/* Box and Muller, "A note on the generation of random normal deviates", 1958; draws 2 i and 2 i + 1 of the arrival's
 * own stream. */
static double
normal_at(uint64_t key, uint64_t i)
{
	return sqrt(-2 * log(rng_unit_at(key, 0, 2 * i))) * cos(2 * M_PI * rng_unit_at(key, 0, 2 * i + 1));
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000): by rejection, accepting
 * over 95% of the draws. shape >= 1. How many draws there are is nobody else's business: each arrival has a stream of
 * its own, which `key` begins. */
static double
gamma_of_1_or_more(double shape, uint64_t key)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (uint64_t i = 0;; i++) {
		double x = normal_at(key, i), v = 1 + c * x, u = rng_unit_at(key, 1, i);

		v = v * v * v;
		if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

/* Below 1: of shape + 1, times U^(1/shape) (the same paper, §6). */
static double
gamma_at(double shape, uint64_t key)
{
	if (shape >= 1)
		return gamma_of_1_or_more(shape, key);
	return gamma_of_1_or_more(shape + 1, key) * pow(rng_unit_at(key, 2, 0), 1 / shape);
}

double
gap_at(const struct gap *gap, uint64_t stream, uint64_t k)
{
	switch (gap->spacing) {
	case SPACING_POISSON: return -log(rng_unit_at(gap->seed, stream, k)); /* by inversion */
	case SPACING_GAMMA: return gamma_at(gap->burstiness, rng_at(gap->seed, stream, k)) / gap->burstiness;
	case SPACING_UNIFORM: break;
	}
	CHECK(!"a spacing at random");
	return 0;
}

double
gap_variance(const struct gap *gap)
{
	return gap->spacing == SPACING_GAMMA ? 1 / gap->burstiness : 1;
}
