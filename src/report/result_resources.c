#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "plan/scrape.h"
#include "report/energy.h"
#include "report/figure.h"
#include "report/result.h"

static const char *
gauge_key(int gauge, char *into, size_t size)
{
	enum plan_unit unit = gauge_rows[gauge].unit;

	snprintf(into, size, "%s%s", gauge_rows[gauge].name,
		unit == UNIT_BYTES  ? "_bytes"
		: unit == UNIT_TIME ? "_ns"
				    : "");
	return into;
}

static void
add_gauges(cJSON *into, const char *key, const struct gauge_set *set)
{
	cJSON *resource = value_add_object(into, key);
	char name[64];

	for (int g = 0; g < GAUGE_COUNT; g++) {
		if (set->gauges[g].n == 0)
			continue;
		cJSON *o = value_add_object(resource, gauge_key(g, name, sizeof(name)));

		value_set_number(o, "avg", gauge_avg(set, g));
		value_set_number(o, "peak", gauge_peak(set, g));
		value_set_number(o, "last", gauge_last(set, g));
	}
}

static void
add_reasons(cJSON *generator, const struct verdict *verdict)
{
	cJSON *reasons = value_add_array(generator, "reasons");

	for (size_t i = 0; i < verdict->levels_n; i++)
		for (size_t f = 0; f < verdict->levels[i].findings_n; f++)
			if (verdict->levels[i].findings[f].weight == LEVEL_INVALID) {
				char text[FINDING_TEXT_MAX + 32];

				snprintf(text, sizeof(text), "level %u: %s", verdict->levels[i].level,
					verdict->levels[i].findings[f].text);
				cJSON_AddItemToArray(reasons, value_of_text(text));
			}
}

/* How long bytes lay in the kernel before the loop read them. */
static cJSON *
loop_lag_object(const struct summary *summary)
{
	const struct histogram *h = &summary->measured.histograms[METRIC_LOOP_LAG];
	struct latency_figures figures = {.count = 0};

	if (histogram_is_ready(h))
		histogram_figures(h, &figures);
	return result_figures(&figures);
}

/* Null where the machine does not say what it draws. */
static cJSON *
energy_object(const struct summary *summary)
{
	struct energy energy;
	cJSON *o;

	if (!energy_of(summary, &energy))
		return cJSON_CreateNull();
	o = value_object();
	value_set_number(o, "cpu_w", energy.cpu_w);
	value_set_number(o, "cpu_idle_w", energy.cpu_idle_w);
	value_set_number(o, "gpu_w", energy.gpu_w);
	value_set_number(o, "gpu_idle_w", energy.gpu_idle_w);
	value_set_number(o, "told_w", energy.told_w);
	value_set_number(o, "told_idle_w", energy.told_idle_w);
	value_set_bool(o, "idle_subtracted", energy.is_idle_subtracted);
	value_set_number(o, "joules", energy.joules);
	value_set_number(o, "joules_per_request", energy.per_request_j);
	value_set_number(o, "joules_per_token", energy.per_token_j);
	return o;
}

void
result_add_resources(cJSON *result, const struct report *report)
{
	const struct summary *summary = report->summary;
	cJSON *generator = value_add_object(result, "generator");
	value_set_number(generator, "cpu", gauge_avg(&summary->self, GAUGE_CPU));
	value_set_number(generator, "cpu_peak", gauge_peak(&summary->self, GAUGE_CPU));
	value_set(generator, "workers", value_of_ns(report->workers > 0 ? (int64_t)report->workers : -1));
	value_set_text(generator, "pacing", report->pacing);
	value_set(generator, "loop_lag_ns", loop_lag_object(summary));
	value_set_ns(generator, "loop_gap_max_ns", figure_longest_gap_ns(summary));
	value_set_number(generator, "fds_peak", gauge_peak(&summary->self, GAUGE_FDS));
	value_set_number(generator, "fds_limit", gauge_last(&summary->self, GAUGE_FDS_LIMIT));
	value_set_number(generator, "ports_peak", gauge_peak(&summary->self, GAUGE_PORTS));
	value_set_number(generator, "ports_limit", gauge_last(&summary->self, GAUGE_PORTS_LIMIT));
	value_set_bool(generator, "limited", report->verdict->is_generator_limited);
	add_reasons(generator, report->verdict);
	cJSON *resources = value_add_object(result, "resources");

	add_gauges(resources, "target", &summary->target);
	add_gauges(resources, "target_idle", &summary->target_idle);
	add_gauges(resources, "generator", &summary->self);
	value_set(resources, "energy", energy_object(summary));
	if (report->chronicle != NULL && report->chronicle->energy_why_not[0] != '\0')
		value_set_text(resources, "energy_why_not", report->chronicle->energy_why_not);
}

static const char *const series_columns[] = {
	"at_s",
	"level",
	"offered",
	"scheduled",
	"sent",
	"ok",
	"failed",
	"dropped",
	"unsent",
	"in_flight",
	"p50_ns",
	"p95_ns",
	"p99_ns",
	"max_ns",
	"lateness_p99_ns",
	"target_cpu",
	"target_memory_bytes",
	"target_threads",
	"target_fds",
	"generator_cpu",
	"generator_stolen",
	NULL,
};

static cJSON *
series_row_array(const struct series_row *row, const struct plan_scrape *scrape)
{
	const uint64_t counts[] = {row->scheduled, row->sent, row->ok, row->failed, row->dropped, row->unsent};
	const int64_t times[] = {row->p50_ns, row->p95_ns, row->p99_ns, row->max_ns, row->lateness_p99_ns};
	const double gauges[] = {row->target[GAUGE_CPU], row->target[GAUGE_MEMORY], row->target[GAUGE_THREADS],
		row->target[GAUGE_FDS], row->self[GAUGE_CPU], row->self[GAUGE_STOLEN]};
	bool has_level = row->level != LEVEL_WARMUP && row->level != LEVEL_NONE;
	cJSON *o = value_array();

	cJSON_AddItemToArray(o, value_of_number((double)row->at_ns / 1e9));
	cJSON_AddItemToArray(o, value_of_ns(has_level ? (int64_t)row->level : -1));
	cJSON_AddItemToArray(o, value_of_number(row->offered));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		cJSON_AddItemToArray(o, value_of_count(counts[i]));
	cJSON_AddItemToArray(o, value_of_number(row->in_flight));
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		cJSON_AddItemToArray(o, value_of_ns(times[i]));
	for (size_t i = 0; i < ARRAY_LEN(gauges); i++)
		cJSON_AddItemToArray(o, value_of_number(gauges[i]));
	for (size_t i = 0; i < scrape->n; i++)
		cJSON_AddItemToArray(o, value_of_number(row->scraped[i]));
	return o;
}

void
result_add_series(cJSON *result, const struct report *report)
{
	const struct series *series = &report->summary->series;
	const struct plan_scrape *scrape = &report->plan->scrape;
	cJSON *o = value_add_object(result, "series");

	value_set_seconds(o, "interval_s", series->step_ns);
	cJSON *columns = value_add_array(o, "columns"), *rows = value_add_array(o, "rows");

	for (size_t i = 0; series_columns[i] != NULL; i++)
		cJSON_AddItemToArray(columns, value_of_text(series_columns[i]));
	for (size_t i = 0; i < scrape->n; i++)
		cJSON_AddItemToArray(columns, value_of_text(scrape->list[i].figure.name));
	for (size_t i = 0; i < series->n; i++)
		cJSON_AddItemToArray(rows, series_row_array(&series->rows[i], scrape));
	cJSON *histograms = value_add_object(result, "histograms");

	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct histogram *h = &report->summary->measured.histograms[m];

		if (!histogram_is_ready(h) || h->total == 0)
			continue;
		char *encoded = histogram_encode(h);

		value_set_text(histograms, metric_rows[m].name, encoded);
		free(encoded);
	}
}
