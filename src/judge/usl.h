#pragma once

#include "measure/curve.h"

/* Gunther, "Guerrilla Capacity Planning" (2007), ch. 4–5: least squares of throughput against load, all of λ > 0, σ ≥
 * 0, κ ≥ 0, by Levenberg and Marquardt's method. Where the best fit lies at a bound, the law without that term is
 * fitted. Said, and not shown: what fewer than USL_LEVELS_MIN loads would be fitted by, what fits worse than R² 0.9 or
 * 10% of the mean, what rises in proportion (nothing contends), and a peak whose κ cannot be told from 0 or that lies
 * at more than twice the highest load. */
#define USL_LEVELS_MIN 5
#define USL_R_SQUARED_MIN 0.9
#define USL_RESIDUAL_MAX 0.1

/* load: N > 0; achieved: X > 0. */
void usl_fit(struct usl *usl, const double *load, const double *achieved_per_s, size_t n);

double usl_throughput(const struct usl *usl, double load);
