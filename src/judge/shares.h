#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A share, window by window, and how likely the share that one would see for ever is above a bound: the method of batch
 * means (Conway 1963, "Some tactical problems in digital simulation"), of a ratio of sums (Cochran 1977, "Sampling
 * Techniques", 6.4), with Student's t for few windows. What one window has of the mood of the window before, as a queue
 * has it, widens that by (1 + r) / (1 − r), r being their correlation: the variance of a mean of an autoregressive
 * series. Of what is over a bound in time (requests slower than an objective allows), of what failed, of what is
 * missing; but also a mean, its weights being the wholes. */
struct shares {
	uint32_t n;
	double parts, wholes;
	double parts_squared, crossed, wholes_squared;      /* sums of products within a window */
	double last_part, last_whole;                       /* of the window before */
	double parts_beside, crossed_beside, wholes_beside; /* of neighbours */
};

void shares_add(struct shares *shares, double part, double whole);

/* 0..1; NAN: fewer than `least` windows, or they hold nothing. */
double shares_chance_above(const struct shares *shares, double bound, uint32_t least);
