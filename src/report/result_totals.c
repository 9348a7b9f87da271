#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "report/figure.h"
#include "report/result.h"

/* The classes of one kind, so that `failed` is the sum of `failures`, and so on. */
static void
add_reasons(cJSON *into, const char *key, const struct counts *counts, enum failure_counts kind)
{
	cJSON *reasons = value_add_object(into, key);

	for (int f = 0; f < FAILURE_COUNT; f++)
		if (failure_rows[f].counts == kind && counts->by_failure[f] > 0)
			value_set_count(reasons, failure_rows[f].counter, counts->by_failure[f]);
}

static void
set_counts(cJSON *into, const struct counts *counts)
{
	value_set_count(into, "scheduled", counts->scheduled);
	value_set_count(into, "sent", counts->sent);
	value_set_count(into, "dropped", counts->dropped);
	value_set_count(into, "unsent", counts->unsent);
	value_set_count(into, "ok", counts->ok);
	value_set_count(into, "failed", counts->failed);
	value_set_count(into, "unfinished", counts->unfinished);
	value_set_count(into, "retried", counts->retried);
	value_set_number(into, "error_rate", counts_error_rate(counts));
	add_reasons(into, "failures", counts, COUNTS_FAILED);
	add_reasons(into, "unsent_reasons", counts, COUNTS_UNSENT);
	add_reasons(into, "dropped_reasons", counts, COUNTS_DROPPED);
	cJSON *statuses = value_add_object(into, "status");

	for (unsigned s = 0; s < 500; s++)
		if (counts->by_status[s] > 0) {
			char code[16];

			snprintf(code, sizeof(code), "%u", s + 100);
			value_set_count(statuses, code, counts->by_status[s]);
		}
	value_set_count(into, "bytes_sent", counts->bytes_sent);
	value_set_count(into, "bytes_received", counts->bytes_received);
}

/* Every phase's counts; the rates are the measured window's. */
void
result_add_totals(cJSON *result, const struct report *report)
{
	const struct summary *summary = report->summary;
	double window_s = summary->measured_s;
	cJSON *totals = value_add_object(result, "totals");

	set_counts(totals, &summary->everything.counts);
	value_set_count(totals, "connects", summary->connects);
	value_set_count(totals, "connects_failed", summary->connects_failed);
	cJSON *in_flight = value_add_object(result, "in_flight");

	value_set_number(in_flight, "avg", summary->in_flight_avg);
	value_set_count(in_flight, "peak", summary->in_flight_peak);
	cJSON *rate = value_add_object(result, "rate");

	value_set_number(
		rate, "offered_per_s", window_s > 0 ? (double)summary->measured.counts.scheduled / window_s : NAN);
	value_set_number(rate, "achieved_per_s", summary_achieved_per_s(summary));
}

static cJSON *
figures_object(const struct histogram *h)
{
	struct latency_figures f;
	cJSON *o = value_object();

	histogram_figures(h, &f);
	value_set_count(o, "count", f.count);
	value_set_ns(o, "min", f.count ? f.min_ns : -1);
	value_set_number(o, "mean", f.mean_ns);
	value_set_number(o, "stddev", f.stddev_ns);
	value_set_ns(o, "p50", f.count ? f.p50_ns : -1);
	value_set_ns(o, "p90", f.count ? f.p90_ns : -1);
	value_set_ns(o, "p95", f.count ? f.p95_ns : -1);
	value_set_ns(o, "p99", f.count ? f.p99_ns : -1);
	value_set_ns(o, "p999", f.count ? f.p999_ns : -1);
	value_set_ns(o, "max", f.count ? f.max_ns : -1);
	return o;
}

void
result_add_latency(cJSON *result, const char *key, const struct histogram *histograms)
{
	cJSON *latency = value_add_object(result, key);

	for (int m = 0; m < METRIC_COUNT; m++)
		if (histogram_is_ready(&histograms[m]) && histograms[m].total > 0)
			value_set(latency, metric_rows[m].name, figures_object(&histograms[m]));
}

void
result_add_requests(cJSON *result, const struct report *report)
{
	cJSON *requests = value_add_object(result, "requests");

	for (size_t i = 0; i < report->plan->requests_n; i++) {
		const struct cell *cell = &report->summary->requests[i];
		cJSON *request = value_add_object(requests, report->plan->requests[i].name);

		set_counts(value_add_object(request, "totals"), &cell->counts);
		result_add_latency(request, "latency_ns", cell->histograms);
	}
}
