#pragma once

#include "judge/judge.h"

/* Of one that is_of_the_run: max_sustainable_rate, max_goodput_rate. judge_value knows none of them. */
double metric_of_the_run(const struct plan_metric *metric, const struct breaking_point *point);

/* The value of an abort_when expression over the last interval. */
double metric_value_last(const struct expr *expr, const struct summary *summary);

/* "12.3ms", or "> timeout (10s)" for one that fell among the failures, or "n/a"; returns into. */
const char *metric_value_text(const struct expr *expr, double value, int64_t timeout_ns, char *into, size_t size);
