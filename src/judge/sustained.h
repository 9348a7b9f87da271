#pragma once

#include "measure/sustained.h"
#include "measure/summary.h"

/* Drift and leaks of a load that was steady from its beginning to its end, by the blocks of its measured phase. The
 * first quarter is left out: caches fill, pools grow, code is compiled. What is left goes by windows of as many blocks
 * as a percentile needs to be shown, at least 20 of them. */
#define SUSTAINED_LEFT_OUT 0.25
#define SUSTAINED_WINDOWS_MIN 20

void sustained_find(struct sustained *sustained, const struct plan *plan, const struct summary *summary);

/* Of one figure over equal windows, x in hours, in order: what sustained_find makes of each. False: too few. */
bool drift_find(struct drift *drift, const double *x, const double *y, size_t n);
/* The same for memory, whose growth is a leak only if it does not end: n as in drift_find. */
enum memory_course memory_course_find(struct drift *drift, const double *x, const double *y, size_t n);
