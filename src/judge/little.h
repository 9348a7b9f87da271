#pragma once

#include "measure/curve.h"
#include "measure/summary.h"

/* A closed level, its histograms still live. */
void little_find(struct little *little, const struct level_summary *level, const struct plan *plan);
