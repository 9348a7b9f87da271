#pragma once

#include "judge/records.h"
#include "measure/curve.h"

/* A closed level, its histograms still live. */
void curve_point_find(struct curve_point *point, const struct level_summary *level, const struct plan *plan);

/* What the valid levels say together. */
void curve_find(struct load_curve *curve, const struct judge_view *view);
