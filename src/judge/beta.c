#include "judge/beta.h"

#include <math.h>

/* Enough for any n that a level can have: the continued fraction takes about √n terms. */
#define TERMS_MAX 100000
#define TERM_SMALLEST 1e-300
#define TERM_SETTLED 1e-14
/* Halvings of 0 … 1: beyond the digits of a double near any rate that is of interest. */
#define HALVINGS 80

static double
log_gamma(double x)
{
	int sign; /* lgamma would keep it in a global */

	return lgamma_r(x, &sign);
}

static double
away_from_zero(double x)
{
	return fabs(x) < TERM_SMALLEST ? TERM_SMALLEST : x;
}

/* DLMF 8.17.22: 1 / (1 + d₁/(1 + d₂/(1 + …))) with d₂ₘ = m (b − m) x / ((a + 2m − 1)(a + 2m)) and
 * d₂ₘ₊₁ = −(a + m)(a + b + m) x / ((a + 2m)(a + 2m + 1)), by Lentz's method. */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;

	for (int i = 1; i < TERMS_MAX; i++) {
		double m = i;
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		value *= d * c;
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		value *= d * c;
		if (fabs(d * c - 1) < TERM_SETTLED)
			break;
	}
	return value;
}

/* The fraction converges fast below the mean; above it the mirror does (DLMF 8.17.4). */
double
beta_regularised(double a, double b, double x)
{
	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	double front =
		exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x)); /* xᵃ(1−x)ᵇ / B */

	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
					 : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double
beta_inverse(double a, double b, double p)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (beta_regularised(a, b, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}
