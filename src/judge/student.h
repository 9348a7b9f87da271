#pragma once

/* Student's t distribution, with df > 0 degrees of freedom that need not be whole. */

/* Probability of a value at least as far from 0 as t, on either side. */
double student_two_sided(double t, double df);

/* The t > 0 that a value is beyond, on either side, with probability p in 0..1: 1.96 for 0.05 and many df. */
double student_bound(double p, double df);
