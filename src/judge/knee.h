#pragma once

#include "measure/curve.h"

/* The knee of a convex, rising curve by Kneedle (Satopää, Albrecht, Irwin, Raghavan 2011), S = 1, without smoothing: of
 * the curve in the unit square, the point farthest below the diagonal, if by more than the mean distance between
 * loads. A curve that does not even double has none. load rises, each once. */
#define KNEE_LEVELS_MIN 5
#define KNEE_RISE_MIN 2.0

void knee_find(struct knee *knee, const uint32_t *levels, const double *load, const double *p95_ns, size_t n);
