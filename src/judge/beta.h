#pragma once

/* The regularised incomplete beta function Iₓ(a, b), a and b > 0: the tails of the binomial and of Student's t. */
double beta_regularised(double a, double b, double x);

/* The x at which Iₓ(a, b), which only rises, is p. */
double beta_inverse(double a, double b, double p);
