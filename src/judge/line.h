#pragma once

#include <stddef.h>

/* y = intercept + slope × x by ordinary least squares; n ≥ 3, not all x the same. */
struct line_fit {
	double slope, intercept;
	double slope_ci[2];         /* 95%, Student's t of n − 2 */
	double r_squared, residual; /* standard error of what is left over */
};

void line_fit_find(struct line_fit *fit, const double *x, const double *y, size_t n);
