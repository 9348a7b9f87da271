#pragma once

#include <stddef.h>

/* Numbers in their order. None of them is NAN, which has no place in one. */

/* For qsort of doubles. */
int order_by_value(const void *a, const void *b);

/* The middle one of sorted values, or what lies between the middle two; NAN for none. */
double order_median(const double *sorted, size_t n);
