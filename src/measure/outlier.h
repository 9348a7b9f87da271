#pragma once

#include "measure/histogram.h"

/* Share of the samples further than 3 σ from the centre of a reference, on either side: the spike rate. The reference
 * is another histogram's mean and standard deviation, such as a baseline's. NULL: its own median and 1.4826 times the
 * median distance from it, which is σ where the samples are normal and which spikes do not widen: against its own mean
 * and standard deviation no more than 1/9 of any samples could lie outside (Chebyshev). NAN: no samples, or no
 * reference. */
double outlier_share(const struct histogram *h, const struct histogram *reference);
