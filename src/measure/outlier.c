#include "measure/outlier.h"

#include <math.h>

#define SIGMAS 3
#define SIGMA_PER_MAD 1.4826 /* 1 / Φ⁻¹(3/4) */

/* Samples that are no further than distance_ns from the centre. */
static uint64_t
count_within(const struct histogram *h, double centre_ns, double distance_ns)
{
	uint64_t below =
		centre_ns - distance_ns >= 1 ? histogram_count_until(h, (int64_t)ceil(centre_ns - distance_ns) - 1) : 0;

	return histogram_count_until(h, (int64_t)floor(centre_ns + distance_ns)) - below;
}

/* The median distance from the median: the least within which half of the samples lie, by halving. */
static double
median_distance_ns(const struct histogram *h, double median_ns)
{
	int64_t low_ns = 0, high_ns = h->max_ns;

	while (low_ns < high_ns) {
		int64_t middle_ns = low_ns + (high_ns - low_ns) / 2;

		if (2 * count_within(h, median_ns, (double)middle_ns) >= h->total)
			high_ns = middle_ns;
		else
			low_ns = middle_ns + 1;
	}
	return (double)low_ns;
}

double
outlier_share(const struct histogram *h, const struct histogram *reference)
{
	double centre_ns, sigma_ns;

	if (h->total == 0 || (reference != NULL && reference->total == 0))
		return NAN;
	if (reference != NULL) {
		centre_ns = histogram_mean_ns(reference);
		sigma_ns = histogram_stddev_ns(reference);
	} else {
		centre_ns = (double)histogram_quantile_ns(h, 0.5);
		sigma_ns = SIGMA_PER_MAD * median_distance_ns(h, centre_ns);
	}
	return (double)(h->total - count_within(h, centre_ns, SIGMAS * sigma_ns)) / (double)h->total;
}
