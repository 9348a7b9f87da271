#pragma once

#include "measure/summary.h"

/* The part of summary.h that knows one level. */
void level_summary_init(struct level_summary *level, uint32_t index);
void level_summary_fini(struct level_summary *level, size_t requests_n);
void level_summary_add(struct level_summary *level, const struct interval_level *more, size_t requests_n);
/* Time has come to now_ns: returns by how many seconds the window grew. */
double level_summary_pass_time(struct level_summary *level, int64_t now_ns);
void level_summary_settle(struct level_summary *level, size_t requests_n);
