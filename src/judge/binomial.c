#include "judge/binomial.h"

#include <math.h>

#include "base/check.h"
#include "judge/beta.h"

/* With α = 1 − confidence, the bounds are those p under which as many events or more, or as few or fewer, come with a
 * probability of α/2: P(X ≥ k | p) = Iₚ(k, n − k + 1) and P(X ≤ k | p) = 1 − Iₚ(k + 1, n − k). */
void
binomial_interval(uint64_t k, uint64_t n, double confidence, double into[2])
{
	double tail = (1 - confidence) / 2, events = (double)k, others = (double)(n - k);

	CHECK_OP(k, <=, n);
	into[0] = n == 0 ? NAN : k == 0 ? 0 : beta_inverse(events, others + 1, tail);
	into[1] = n == 0 ? NAN : k == n ? 1 : beta_inverse(events + 1, others, 1 - tail);
}
