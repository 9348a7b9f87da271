#include <math.h>
#include <string.h>

#include "judge/metrics.h"
#include "plan/scrape.h"

/* A row keeps few figures of what an expression may name: enough to say since when it held. */

static double
response_value(const struct expr *expr, const struct series_row *row)
{
	int64_t value_ns = expr->stat == EXPR_MAX               ? row->max_ns
			   : expr->stat != EXPR_PERCENTILE      ? -1
			   : fabs(expr->quantile - 0.5) < 1e-9  ? row->p50_ns
			   : fabs(expr->quantile - 0.95) < 1e-9 ? row->p95_ns
			   : fabs(expr->quantile - 0.99) < 1e-9 ? row->p99_ns
								: -1;

	return value_ns >= 0 ? (double)value_ns : NAN;
}

/* What failed in a row may have been due in the one before. */
static double
error_rate(const struct series_row *row)
{
	uint64_t failures = row->failed + row->dropped + row->unsent;
	uint64_t requests = counts_due_or_ended(row->scheduled, row->ok + failures);

	return requests > 0 ? (double)failures / (double)requests : NAN;
}

double
metric_value_row(const struct expr *expr, const struct series_row *row)
{
	const struct plan_metric *metric = expr->metric;

	if (metric->scraped != NULL)
		return scraped_in_unit(metric->scraped, row->scraped[metric->scraped->index]);
	if (expr->request >= 0)
		return NAN;
	switch (metric_kind(metric)) {
	case METRIC_OF_GAUGE: return row->target[metric_index(metric)];
	case METRIC_OF_IN_FLIGHT: return row->in_flight;
	case METRIC_OF_DISTRIBUTION: return metric_index(metric) == METRIC_RESPONSE ? response_value(expr, row) : NAN;
	case METRIC_OF_COUNTS: return strcmp(metric->name, "error_rate") == 0 ? error_rate(row) : NAN;
	default: return NAN;
	}
}
