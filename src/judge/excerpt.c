#include "judge/excerpt.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"

/* The rows that show how it came, the last of them the one in which it began, and how it went on. */
#define ROWS_TO_ONSET 4

static double
failed_share(const struct series_row *row)
{
	uint64_t failures = row->failed + row->dropped + row->unsent;
	uint64_t ended = row->ok + failures;

	return ended > 0 ? (double)failures / (double)ended : NAN;
}

static double
p95_ns(const struct series_row *row)
{
	return row->p95_ns >= 0 ? (double)row->p95_ns : NAN;
}

static double
in_flight(const struct series_row *row)
{
	return row->in_flight;
}

static double
answered(const struct series_row *row)
{
	return (double)row->ok;
}

static double
unsent(const struct series_row *row)
{
	return (double)row->unsent;
}

static double
cpu(const struct series_row *row)
{
	return row->target[GAUGE_CPU];
}

static double
memory(const struct series_row *row)
{
	return row->target[GAUGE_MEMORY];
}

static double
throttled(const struct series_row *row)
{
	return row->target[GAUGE_THROTTLED];
}

static double
memory_pressure(const struct series_row *row)
{
	return row->target[GAUGE_MEMORY_PRESSURE];
}

static double
io_pressure(const struct series_row *row)
{
	return row->target[GAUGE_IO_PRESSURE];
}

static double
stolen(const struct series_row *row)
{
	return row->target[GAUGE_STOLEN];
}

static const struct {
	const char *rule, *of;
	enum plan_unit unit;
	double (*value)(const struct series_row *row);
} figures[] = {
	{"crash", "answered", UNIT_COUNT, answered},
	{"memory", "memory", UNIT_BYTES, memory},
	{"connection_limit", "unsent", UNIT_COUNT, unsent},
	{"timeout_rate", "failed", UNIT_RATIO, failed_share},
	{"error_rate", "failed", UNIT_RATIO, failed_share},
	{"saturation", "in flight", UNIT_COUNT, in_flight},
	{"latency", "P95", UNIT_TIME, p95_ns},
	{"cpu", "CPU", UNIT_RATIO, cpu},
	{"throttled", "throttled", UNIT_RATIO, throttled},
	{"memory_pressure", "memory pressure", UNIT_RATIO, memory_pressure},
	{"io_pressure", "disk pressure", UNIT_RATIO, io_pressure},
	{"stolen", "stolen", UNIT_RATIO, stolen},
};

/* The row that the moment lies in; where the series has a hole there, the next one. Rows end a little late, now more
 * and now less, so that one row's start may lie before the end of the row before it. */
static size_t
row_at(const struct series *series, int64_t at_ns)
{
	size_t i = 0;

	while (i < series->n && series->rows[i].at_ns <= at_ns + series->step_ns / 10)
		i++;
	return i;
}

static void
take(struct finding *finding, const struct series *series, double (*value)(const struct series_row *))
{
	struct excerpt *excerpt = &finding->excerpt;
	int64_t onset_ns = finding->onset_ns;
	size_t at = row_at(series, onset_ns), from = at + 1 > ROWS_TO_ONSET ? at + 1 - ROWS_TO_ONSET : 0;

	if (at == series->n)
		return;
	excerpt->from_ns = series->rows[from].at_ns - series->step_ns;
	excerpt->step_ns = series->step_ns;
	excerpt->onset = at - from;
	for (size_t i = from; i < series->n && excerpt->n < EXCERPT_ROWS_MAX; i++)
		excerpt->values[excerpt->n++] =
			value != NULL ? value(&series->rows[i]) : metric_value_row(finding->expr, &series->rows[i]);
}

void
excerpt_take(struct finding *finding, const struct series *series)
{
	if (finding->expr != NULL && finding->onset_ns >= 0) {
		finding->excerpt.of = finding->expr->metric->name;
		finding->excerpt.unit = finding->expr->metric->unit;
		take(finding, series, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(figures) && finding->onset_ns >= 0; i++) {
		if (strcmp(finding->rule, figures[i].rule) != 0)
			continue;
		finding->excerpt.of = figures[i].of;
		finding->excerpt.unit = figures[i].unit;
		take(finding, series, figures[i].value);
	}
}
