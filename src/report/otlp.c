#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "brunt_version.h"
#include "report/families.h"
#include "report/value.h"

/* An ExportMetricsServiceRequest of OTLP in protobuf's JSON: what is posted to /v1/metrics as application/json.
 * Integers of 64 bits are texts, enums are numbers, and names are in camel case (OTLP 1.x, "JSON Protobuf Encoding").
 */

#define TEMPORALITY_CUMULATIVE 2 /* AGGREGATION_TEMPORALITY_CUMULATIVE */

struct exporting {
	const struct report *report;
	cJSON *metrics;
	cJSON *points;                /* of the family whose samples come */
	char family[FAMILY_NAME_MAX]; /* its name */
};

static void
set_digits(cJSON *object, const char *key, uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, n);
	value_set_text(object, key, digits);
}

static void
add_attribute(cJSON *attributes, const char *key, const char *text)
{
	cJSON *attribute = value_object();

	value_set_text(attribute, "key", key);
	/* Null would be no value at all. */
	value_set(value_add_object(attribute, "value"), "stringValue",
		text[0] != '\0' ? value_of_text(text) : cJSON_CreateString(""));
	cJSON_AddItemToArray(attributes, attribute);
}

static uint64_t
wall_of(const struct report *report, int64_t at_ns)
{
	int64_t wall_ns = report->identity.started_wall_ns + at_ns;

	return wall_ns > 0 ? (uint64_t)wall_ns : 0;
}

/* Appends a metric; returns its array of points. */
static cJSON *
add_metric(cJSON *metrics, const char *name, const char *unit, const char *help, const char *kind)
{
	cJSON *metric = value_object();

	value_set_text(metric, "name", name);
	if (unit[0] != '\0')
		value_set_text(metric, "unit", unit);
	value_set_text(metric, "description", help);
	cJSON *data = value_add_object(metric, kind);

	if (strcmp(kind, "histogram") == 0)
		value_set_number(data, "aggregationTemporality", TEMPORALITY_CUMULATIVE);
	cJSON *points = value_add_array(data, "dataPoints");

	cJSON_AddItemToArray(metrics, metric);
	return points;
}

static cJSON *
add_point(cJSON *points, const struct report *report, int64_t at_ns)
{
	cJSON *point = value_object();

	set_digits(point, "startTimeUnixNano", wall_of(report, 0));
	set_digits(point, "timeUnixNano", wall_of(report, at_ns));
	cJSON_AddItemToArray(points, point);
	return point;
}

/* Distributions go out whole, not as the quantiles of a summary. */
static void
add_sample(void *context, const struct family_sample *sample)
{
	struct exporting *e = context;

	if (sample->is_summary)
		return;
	if (strcmp(e->family, sample->name) != 0) {
		snprintf(e->family, sizeof(e->family), "%s", sample->name);
		e->points = add_metric(e->metrics, sample->name, sample->unit, sample->help, "gauge");
	}
	cJSON *point = add_point(e->points, e->report, e->report->duration_ns);
	cJSON *attributes = value_add_array(point, "attributes");

	for (size_t i = 0; i < sample->labels_n; i++)
		add_attribute(attributes, sample->labels[i].name, sample->labels[i].value);
	value_set_number(point, "asDouble", sample->value);
}

/* 1, 2 and 5 of each power of ten, in the metric's unit. */
static void
add_buckets(cJSON *point, const struct histogram *h, double unit, int from, int to)
{
	static const double steps[] = {1, 2, 5};
	cJSON *bounds = value_add_array(point, "explicitBounds"), *counts = value_add_array(point, "bucketCounts");
	uint64_t before = 0;
	char digits[24];

	for (int decade = from; decade < to; decade++)
		for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
			uint64_t until = histogram_count_until(h, (int64_t)llround(steps[i] * pow(10, decade) * unit));

			cJSON_AddItemToArray(bounds, value_of_number(steps[i] * pow(10, decade)));
			snprintf(digits, sizeof(digits), "%" PRIu64, until - before);
			cJSON_AddItemToArray(counts, value_of_text(digits));
			before = until;
		}
	snprintf(digits, sizeof(digits), "%" PRIu64, h->total - before);
	cJSON_AddItemToArray(counts, value_of_text(digits));
}

static void
add_histogram(struct exporting *e, enum metric metric)
{
	const struct metric_row *row = &metric_rows[metric];
	const struct histogram *h = &e->report->summary->measured.histograms[metric];
	bool is_time = row->unit == UNIT_TIME;
	double unit = is_time ? 1e9 : 1;
	char name[FAMILY_NAME_MAX];

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	snprintf(name, sizeof(name), FAMILY_PREFIX "%s%s", row->name, is_time ? "_seconds" : "");
	cJSON *points = add_metric(e->metrics, name, is_time ? "s" : "{token}", row->help, "histogram");
	cJSON *point = add_point(points, e->report, e->report->duration_ns);

	add_attribute(value_add_array(point, "attributes"), "profile", e->report->plan->name);
	set_digits(point, "count", h->total);
	value_set_number(point, "sum", (double)h->sum_ns / unit);
	value_set_number(point, "min", (double)h->min_ns / unit);
	value_set_number(point, "max", (double)h->max_ns / unit);
	add_buckets(point, h, unit, is_time ? -5 : 0, is_time ? 3 : 6);
}

enum column {
	COLUMN_OFFERED,
	COLUMN_OK,
	COLUMN_FAILED,
	COLUMN_IN_FLIGHT,
	COLUMN_P50,
	COLUMN_P95,
	COLUMN_P99,
	COLUMNS_N
};

static double
value_of(const struct series_row *row, enum column column)
{
	switch (column) {
	case COLUMN_OFFERED: return row->offered;
	case COLUMN_OK: return (double)row->ok;
	case COLUMN_FAILED: return (double)row->failed;
	case COLUMN_IN_FLIGHT: return row->in_flight;
	case COLUMN_P50: return row->p50_ns >= 0 ? (double)row->p50_ns / 1e9 : NAN;
	case COLUMN_P95: return row->p95_ns >= 0 ? (double)row->p95_ns / 1e9 : NAN;
	default: return row->p99_ns >= 0 ? (double)row->p99_ns / 1e9 : NAN;
	}
}

/* A point per interval. */
static void
add_series(struct exporting *e)
{
	static const struct {
		const char *name, *unit, *help;
	} rows[COLUMNS_N] = {
		[COLUMN_OFFERED] = {"interval_offered_load", "", "Load that was offered: per second, or users"},
		[COLUMN_OK] = {"interval_ok", "{request}", "Requests of an interval that ended well"},
		[COLUMN_FAILED] = {"interval_failed", "{request}", "Requests of an interval that failed"},
		[COLUMN_IN_FLIGHT] = {"interval_in_flight", "{request}", "Requests under way at an interval's end"},
		[COLUMN_P50] = {"interval_response_p50_seconds", "s", "Median response time of an interval"},
		[COLUMN_P95] = {"interval_response_p95_seconds", "s", "P95 of an interval's response times"},
		[COLUMN_P99] = {"interval_response_p99_seconds", "s", "P99 of an interval's response times"},
	};
	const struct series *series = &e->report->summary->series;
	char name[FAMILY_NAME_MAX];

	for (int c = 0; c < COLUMNS_N; c++) {
		snprintf(name, sizeof(name), FAMILY_PREFIX "%s", rows[c].name);
		cJSON *points = add_metric(e->metrics, name, rows[c].unit, rows[c].help, "gauge");

		for (size_t i = 0; i < series->n; i++) {
			double value = value_of(&series->rows[i], (enum column)c);

			if (!isfinite(value))
				continue;
			cJSON *point = add_point(points, e->report, series->rows[i].at_ns);

			add_attribute(value_add_array(point, "attributes"), "profile", e->report->plan->name);
			value_set_number(point, "asDouble", value);
		}
	}
}

static bool
otlp_write(const struct report *report, struct buf *into)
{
	cJSON *request = value_object(), *of_resource = value_object(), *of_scope = value_object();
	struct exporting e = {.report = report};
	const struct family_sink sink = {add_sample, &e};

	cJSON_AddItemToArray(value_add_array(request, "resourceMetrics"), of_resource);
	cJSON *attributes = value_add_array(value_add_object(of_resource, "resource"), "attributes");

	add_attribute(attributes, "service.name", "brunt");
	add_attribute(attributes, "service.version", BRUNT_VERSION);
	add_attribute(attributes, "service.instance.id", report->identity.id);
	cJSON_AddItemToArray(value_add_array(of_resource, "scopeMetrics"), of_scope);
	cJSON *scope = value_add_object(of_scope, "scope");

	value_set_text(scope, "name", "brunt");
	value_set_text(scope, "version", BRUNT_VERSION);
	e.metrics = value_add_array(of_scope, "metrics");
	families_tell(report, &sink);
	for (int m = 0; m < METRIC_COUNT; m++)
		add_histogram(&e, (enum metric)m);
	add_series(&e);
	char *text = cJSON_PrintUnformatted(request);
	bool fits = text != NULL && buf_add_text(into, text) && buf_add_char(into, '\n');

	cJSON_Delete(request);
	cJSON_free(text);
	return fits;
}

static const struct report_document otlp_documents[] = {{"otlp.json", otlp_write}, {0}};

const struct reporter_ops otlp_reporter = {
	.choice = {.name = "otlp",
		.help = "otlp.json: OpenTelemetry metrics, to be posted to /v1/metrics of a collector"},
	.documents = otlp_documents,
};
