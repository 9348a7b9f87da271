#include "base/order.h"

#include <math.h>

int
order_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
order_median(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}
