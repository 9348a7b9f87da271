#include "judge/student.h"

#include <math.h>

#include "judge/beta.h"

/* DLMF 8.17.18 and Abramowitz & Stegun 26.7.1: P(|T| ≥ t) = Iₓ(df/2, 1/2) with x = df / (df + t²). */
double
student_two_sided(double t, double df)
{
	return isinf(t) ? 0 : beta_regularised(df / 2, 0.5, df / (df + t * t));
}

double
student_bound(double p, double df)
{
	double x = beta_inverse(df / 2, 0.5, p);

	return sqrt(df * (1 - x) / x);
}
