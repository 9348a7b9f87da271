#include "request/zipf.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"

/* Rejection-inversion: Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", ACM TOMACS 6(3), 1996. A histogram under h(x) = x^−e is inverted, and what lies above the bar of a
 * rank is drawn again: 1.3 draws at most on average, whatever n and e are. */

#define SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15)
#define SERIES_BELOW 1e-8 /* where the quotient would lose its digits */

static double
expm1_over(double x)
{
	return fabs(x) > SERIES_BELOW ? expm1(x) / x : 1 + x / 2;
}

static double
log1p_over(double x)
{
	return fabs(x) > SERIES_BELOW ? log1p(x) / x : 1 - x / 2;
}

static double
h(const struct zipf *zipf, double x)
{
	return exp(-zipf->exponent * log(x));
}

/* The integral of h: (x^(1−e) − 1) / (1 − e), and log x where e is 1. */
static double
h_integral(const struct zipf *zipf, double x)
{
	double log_x = log(x);

	return expm1_over((1 - zipf->exponent) * log_x) * log_x;
}

static double
h_inverse(const struct zipf *zipf, double area)
{
	double t = fmax(area * (1 - zipf->exponent), -1); /* −1 may be missed by a rounding */

	return exp(log1p_over(t) * area);
}

void
zipf_init(struct zipf *zipf, uint64_t n, double exponent)
{
	CHECK(n >= 1 && n <= ZIPF_RANKS_MOST);
	CHECK(exponent >= 0 && exponent <= ZIPF_EXPONENT_MOST);
	*zipf = (struct zipf){.n = n, .exponent = exponent};
	zipf->first = h_integral(zipf, 1.5) - 1;
	zipf->last = h_integral(zipf, (double)n + 0.5);
	zipf->shortcut = 2 - h_inverse(zipf, h_integral(zipf, 2.5) - h(zipf, 2));
}

uint64_t
zipf_draw(const struct zipf *zipf, uint64_t drawn)
{
	for (;; drawn = rng_mix(drawn + SPLITMIX_STEP)) {
		double u = ((double)(drawn >> 12) + 0.5) * 0x1p-52;
		double area = zipf->last + u * (zipf->first - zipf->last);
		double x = h_inverse(zipf, area);
		double rank = fmin(fmax(floor(x + 0.5), 1), (double)zipf->n);

		if (rank - x <= zipf->shortcut || area >= h_integral(zipf, rank + 0.5) - h(zipf, rank))
			return (uint64_t)rank;
	}
}
