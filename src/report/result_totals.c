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

/* How far those of each class had come, whatever they count as. */
static void
add_phases(cJSON *into, const struct counts *counts)
{
	cJSON *classes = value_add_object(into, "failed_in");

	for (int f = 0; f < FAILURE_COUNT; f++) {
		if (counts->by_failure[f] == 0)
			continue;
		cJSON *phases = value_add_object(classes, failure_rows[f].counter);

		for (int p = 0; p < EXCHANGE_PHASE_COUNT; p++)
			if (counts->by_phase[f][p] > 0)
				value_set_count(phases, exchange_phase_rows[p].name, counts->by_phase[f][p]);
	}
}

void
result_set_counts(cJSON *into, const struct counts *counts)
{
	value_set_count(into, "scheduled", counts->scheduled);
	value_set_count(into, "sent", counts->sent);
	value_set_count(into, "dropped", counts->dropped);
	value_set_count(into, "unsent", counts->unsent);
	value_set_count(into, "ok", counts->ok);
	value_set_count(into, "failed", counts->failed);
	value_set_count(into, "unfinished", counts->unfinished);
	value_set_count(into, "retried", counts->retried);
	value_set_count(into, "redirected", counts->redirected);
	value_set_number(into, "error_rate", counts_error_rate(counts));
	add_reasons(into, "failures", counts, COUNTS_FAILED);
	add_reasons(into, "unsent_reasons", counts, COUNTS_UNSENT);
	add_reasons(into, "dropped_reasons", counts, COUNTS_DROPPED);
	add_phases(into, counts);
	cJSON *statuses = value_add_object(into, "status");

	for (unsigned s = 0; s < 500; s++)
		if (counts->by_status[s] > 0) {
			char code[16];

			snprintf(code, sizeof(code), "%u", s + 100);
			value_set_count(statuses, code, counts->by_status[s]);
		}
	value_set_count(into, "bytes_sent", counts->bytes_sent);
	value_set_count(into, "bytes_received", counts->bytes_received);
	value_set_count(into, "bytes_decoded", counts->bytes_decoded);
}

/* Of every phase: started = completed + broken + full + cut. Only flows have sessions. */
static void
add_sessions(cJSON *into, const struct counts *counts)
{
	cJSON *sessions = value_add_object(into, "sessions");

	value_set_count(sessions, "started", counts->sessions_started);
	value_set_count(sessions, "completed", counts->sessions_completed);
	value_set_count(sessions, "broken", counts->sessions_broken);
	value_set_count(sessions, "full", counts->sessions_full);
	value_set_count(sessions, "cut", counts->sessions_cut);
}

/* Of every phase, where the target speaks https. */
static void
add_tls(cJSON *result, const struct report *report)
{
	const struct tls_told *told = &report->summary->tls;

	if (!plan_url_is_tls(&report->plan->target.url))
		return;
	cJSON *tls = value_add_object(result, "tls");

	value_set_bool(tls, "verified", report->plan->target.tls.verify);
	value_set_count(tls, "full", told->full);
	value_set_count(tls, "resumed", told->resumed);
	value_set_text(tls, "spoken", told->spoken[0] != '\0' ? told->spoken : NULL);
}

/* What the first failure of a class said, where one said more than the class does. */
static void
add_words(cJSON *result, const struct tls_told *told)
{
	cJSON *words = NULL;

	for (int f = 0; f < FAILURE_COUNT; f++) {
		if (told->words[f][0] == '\0')
			continue;
		if (words == NULL)
			words = value_add_object(result, "failure_words");
		value_set_text(words, failure_rows[f].counter, told->words[f]);
	}
}

/* Every phase's counts; the rates are the measured window's. */
void
result_add_totals(cJSON *result, const struct report *report)
{
	const struct summary *summary = report->summary;
	double window_s = summary->measured_s;
	cJSON *totals = value_add_object(result, "totals");

	result_set_counts(totals, &summary->everything.counts);
	value_set_count(totals, "connects", summary->connects);
	value_set_count(totals, "connects_failed", summary->connects_failed);
	if (summary->prefetch > 0) {
		value_set_count(totals, "prefetch", summary->prefetch);
		value_set_count(totals, "prefetch_failed", summary->prefetch_failed);
	}
	if (plan_has_flow(report->plan))
		add_sessions(result, &summary->everything.counts);
	add_tls(result, report);
	add_words(result, &summary->tls);
	cJSON *in_flight = value_add_object(result, "in_flight");

	value_set_number(in_flight, "avg", summary->in_flight_avg);
	value_set_count(in_flight, "peak", summary->in_flight_peak);
	cJSON *rate = value_add_object(result, "rate");

	value_set_number(
		rate, "offered_per_s", window_s > 0 ? (double)summary->measured.counts.scheduled / window_s : NAN);
	value_set_number(rate, "achieved_per_s", summary_achieved_per_s(summary));
	value_set_number(
		rate, "goodput_per_s", window_s > 0 ? (double)summary->measured.counts.good_in_window / window_s : NAN);
}

cJSON *
result_figures(const struct latency_figures *f)
{
	cJSON *o = value_object();

	value_set_count(o, "count", f->count);
	value_set_ns(o, "min", f->count ? f->min_ns : -1);
	value_set_number(o, "mean", f->count ? f->mean_ns : NAN);
	value_set_number(o, "stddev", f->count ? f->stddev_ns : NAN);
	value_set_ns(o, "p50", f->count ? f->p50_ns : -1);
	value_set_ns(o, "p90", f->count ? f->p90_ns : -1);
	value_set_ns(o, "p95", f->count ? f->p95_ns : -1);
	value_set_ns(o, "p99", f->count ? f->p99_ns : -1);
	value_set_ns(o, "p999", f->count ? f->p999_ns : -1);
	value_set_ns(o, "max", f->count ? f->max_ns : -1);
	return o;
}

/* Response and service are always there, so that a script that asks for them reads null where nothing succeeded. */
static void
add_metric(cJSON *latency, enum metric metric, const struct latency_figures *figures)
{
	if (figures->count > 0 || metric == METRIC_RESPONSE || metric == METRIC_SERVICE)
		value_set(latency, metric_rows[metric].name, result_figures(figures));
}

void
result_add_latency(cJSON *into, const struct histogram *histograms)
{
	cJSON *latency = value_add_object(into, "latency_ns");

	for (int m = 0; m < METRIC_COUNT; m++) {
		struct latency_figures figures = {.count = 0};

		if (metric_rows[m].unit != UNIT_TIME)
			continue;
		if (histogram_is_ready(&histograms[m]))
			histogram_figures(&histograms[m], &figures);
		add_metric(latency, (enum metric)m, &figures);
	}
}

void
result_add_warmup(cJSON *result, const struct report *report)
{
	const struct level_summary *warmup = &report->summary->warmup;

	if (!warmup->is_known) {
		value_set(result, "warmup", cJSON_CreateNull());
		return;
	}
	cJSON *o = value_add_object(result, "warmup");

	value_set_number(o, "window_s", warmup->window_s);
	result_set_counts(value_add_object(o, "totals"), &warmup->counts);
	cJSON *latency = value_add_object(o, "latency_ns");

	for (int m = 0; m < METRIC_COUNT; m++) {
		struct latency_figures figures;

		if (metric_rows[m].unit != UNIT_TIME)
			continue;
		figure_latency(warmup, (enum metric)m, &figures);
		add_metric(latency, (enum metric)m, &figures);
	}
}

/* As everywhere, totals are every phase's and latencies the measured phases'. */
void
result_add_requests(cJSON *result, const struct report *report)
{
	cJSON *requests = value_add_object(result, "requests");

	for (size_t i = 0; i < report->plan->requests_n; i++) {
		cJSON *request = value_add_object(requests, report->plan->requests[i].name);

		result_set_counts(value_add_object(request, "totals"), &report->summary->request_totals[i]);
		result_add_latency(request, report->summary->requests[i].histograms);
		result_add_tokens(request, &report->summary->request_totals[i], &report->summary->requests[i],
			report->summary->measured_s);
	}
}

/* One scenario's totals are the run's. */
void
result_add_scenarios(cJSON *result, const struct report *report)
{
	const struct plan *plan = report->plan;

	if (plan->scenarios_n < 2)
		return;
	cJSON *scenarios = value_add_object(result, "scenarios");

	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_scenario *scenario = &plan->scenarios[i];
		struct counts counts = {0};

		for (size_t r = 0; r < scenario->requests_n; r++)
			counts_merge(&counts, &report->summary->request_totals[scenario->first_request + r]);
		cJSON *o = value_add_object(scenarios, scenario->name);

		result_set_counts(value_add_object(o, "totals"), &counts);
		if (scenario->flow != NULL)
			add_sessions(o, &counts);
	}
}
