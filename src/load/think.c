#include "load/think.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"

/* Two draws for each step of the session. */
static double
draw(uint64_t seed, uint64_t n, uint64_t position, uint64_t i)
{
	return rng_unit_at(seed, RNG_THINK + ((2 * position + i) << 8), n);
}

/* Box and Muller: "A Note on the Generation of Random Normal Deviates", 1958. */
static double
draw_normal(uint64_t seed, uint64_t n, uint64_t position)
{
	double radius = sqrt(-2 * log(draw(seed, n, position, 0)));

	return radius * cos(2 * acos(-1.0) * draw(seed, n, position, 1));
}

static double
draw_ns(const struct plan_think *think, uint64_t seed, uint64_t n, uint64_t position)
{
	double from_ns = (double)think->from_ns;

	switch (think->kind) {
	case THINK_CONSTANT: return from_ns;
	case THINK_UNIFORM: return from_ns + ((double)think->to_ns - from_ns) * draw(seed, n, position, 0);
	case THINK_EXPONENTIAL: return -from_ns * log(draw(seed, n, position, 0));
	case THINK_LOGNORMAL: return from_ns * exp(think->sigma * draw_normal(seed, n, position));
	}
	CHECK(false);
	return 0;
}

int64_t
think_ns(const struct plan_think *think, uint64_t seed, uint64_t n, uint64_t position)
{
	double ns = draw_ns(think, seed, n, position);

	return ns < (double)FLOW_THINK_CEILING_NS ? (int64_t)llround(ns) : FLOW_THINK_CEILING_NS;
}
