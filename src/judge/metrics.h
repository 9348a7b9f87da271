#pragma once

#include "judge/judge.h"
#include "measure/arm.h"

/* Of one that is_of_the_run: max_sustainable_rate, max_goodput_rate, ready_time. judge_value knows none of them. */
double metric_of_the_run(const struct plan_metric *metric, const struct arm_run *run);
/* How sure one run is of it: the 95% interval that it gives itself. False: it gives none. */
bool metric_interval_of_the_run(const struct plan_metric *metric, const struct arm_run *run, double interval[2]);

/* What a metric's value is made of, for those who make it themselves. */
enum metric_kind {
	METRIC_OF_DISTRIBUTION, /* metric_index: enum metric */
	METRIC_OF_GAUGE,        /* metric_index: enum gauge, the target's */
	METRIC_OF_COUNTS,       /* metric_of_counts */
	METRIC_OF_IN_FLIGHT,
	METRIC_OF_SCRAPED,
	METRIC_OF_ALL_SAMPLES, /* of a whole distribution, beside another: no sum of parts */
	METRIC_OF_THE_RUN,
};
enum metric_kind metric_kind(const struct plan_metric *metric);
size_t metric_index(const struct plan_metric *metric);
double metric_of_counts(const struct expr *expr, const struct counts *counts, double window_s);
/* Requests that rank above every sample of a distribution: they failed or were never sent. */
uint64_t metric_samples_above(enum metric metric, const struct counts *counts);

/* The value of an expression over all runs of an arm; NAN of what only a run has. */
double metric_value_arm(const struct expr *expr, const struct arm *arm);

/* The value of an expression in one row of the series, where the row has it: what is scraped, the target's gauges, the
 * response time, rates of errors, and what is in flight. NAN: it has not. */
double metric_value_row(const struct expr *expr, const struct series_row *row);

/* The value of an abort_when expression over the last interval. */
double metric_value_last(const struct expr *expr, const struct summary *summary);
/* Over several intervals: what happened in them, up to the last. */
double metric_value_window(
	const struct expr *expr, const struct summary *summary, const struct cell *window, int64_t window_ns);

/* "12.3ms", or "> timeout (10s)" for one that fell among the failures, or "n/a"; returns into. */
const char *metric_value_text(const struct expr *expr, double value, int64_t timeout_ns, char *into, size_t size);
