#include <math.h>

#include "report/figure.h"
#include "report/json.h"

static cJSON *
finding_object(const struct finding *finding)
{
	cJSON *o = json_object();

	json_set_text(o, "rule", finding->rule);
	json_set_text(o, "mode", failure_mode_rows[finding->mode].name);
	json_set_text(o, "weight", level_status_names[finding->weight]);
	json_set_text(o, "text", finding->text);
	json_set_number(o, "measured", finding->measured);
	json_set_number(o, "threshold", finding->threshold);
	json_set_seconds(o, "onset_s", finding->onset_ns);
	return o;
}

static void
add_level_failures(cJSON *into, const struct counts *counts)
{
	cJSON *failures = json_add_object(into, "failures");

	for (int f = 0; f < FAILURE_COUNT; f++)
		if (counts->by_failure[f] > 0)
			json_set_count(failures, failure_rows[f].counter, counts->by_failure[f]);
}

static cJSON *
level_object(const struct level_summary *level, const struct level_verdict *verdict, bool in_users)
{
	struct latency_figures response;
	cJSON *o = json_object();

	figure_latency(level, METRIC_RESPONSE, &response);
	json_set_count(o, "index", level->index);
	json_set_seconds(o, "start_s", level->start_ns);
	json_set_number(o, "window_s", level->window_s);
	json_set_number(o, "offered_per_s", in_users ? NAN : level->offered);
	json_set_number(o, "offered_users", in_users ? level->offered : NAN);
	json_set_number(o, "achieved_per_s", level->window_s > 0 ? level_achieved_per_s(level) : NAN);
	json_set_count(o, "requests", level->counts.scheduled);
	json_set_count(o, "sent", level->counts.sent);
	json_set_count(o, "ok", level->counts.ok);
	json_set_count(o, "failed", level->counts.failed);
	json_set_count(o, "dropped", level->counts.dropped);
	json_set_count(o, "unsent", level->counts.unsent);
	json_set_count(o, "unfinished", level->counts.unfinished);
	json_set_number(o, "error_rate", counts_error_rate(&level->counts));
	json_set_ns(o, "p50_ns", response.count ? response.p50_ns : -1);
	json_set_ns(o, "p95_ns", response.count ? response.p95_ns : -1);
	json_set_ns(o, "p99_ns", response.count ? response.p99_ns : -1);
	json_set_ns(o, "max_ns", response.count ? response.max_ns : -1);
	json_set_number(o, "in_flight_avg", level->in_flight_avg);
	json_set_count(o, "in_flight_peak", level->in_flight_peak);
	json_set_ns(o, "loop_gap_max_ns", level->loop_gap_max_ns);
	json_set_number(o, "cpu", gauge_avg(&level->target, GAUGE_CPU));
	json_set_number(o, "cpu_peak", gauge_peak(&level->target, GAUGE_CPU));
	json_set_number(o, "memory_bytes", gauge_peak(&level->target, GAUGE_MEMORY));
	add_level_failures(o, &level->counts);
	json_set_text(o, "status", verdict ? level_status_names[verdict->status] : NULL);
	cJSON *findings = json_add_array(o, "findings");

	for (size_t i = 0; verdict != NULL && i < verdict->findings_n; i++)
		cJSON_AddItemToArray(findings, finding_object(&verdict->findings[i]));
	return o;
}

void
json_add_levels(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	bool in_users = figure_levels_in_users(report->plan);
	cJSON *levels = json_add_array(result, "levels");

	for (size_t i = 0; i < report->summary->levels_n; i++)
		cJSON_AddItemToArray(levels, level_object(&report->summary->levels[i],
						     i < verdict->levels_n ? &verdict->levels[i] : NULL, in_users));
}

/* Levels that no break rule spoiled and that held their SLOs, as offered. */
static cJSON *
stable_levels(const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *levels = json_array();

	for (size_t i = 0; i < verdict->levels_n && i < report->summary->levels_n; i++)
		if (verdict->levels[i].status <= LEVEL_DEGR && verdict->levels[i].slo_holds)
			cJSON_AddItemToArray(levels, json_of_number(report->summary->levels[i].offered));
	return levels;
}

void
json_add_breaking_point(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	const struct breaking_point *p = &verdict->breaking_point;
	cJSON *o, *causes;

	if (!p->is_stepped) {
		json_set(result, "breaking_point", cJSON_CreateNull());
		return;
	}
	o = json_add_object(result, "breaking_point");
	json_set_bool(o, "found", p->is_found);
	json_set_text(o, "unit", figure_levels_in_users(report->plan) ? "users" : "per_s");
	json_set_number(o, "max_sustainable_per_s", p->max_sustainable);
	json_set_number(o, "max_goodput_per_s", p->max_goodput_per_s);
	json_set_number(o, "safe_per_s", p->safe);
	json_set_number(o, "first_broken_per_s", p->first_broken);
	cJSON *interval = json_add_array(o, "interval_per_s");

	cJSON_AddItemToArray(interval, json_of_number(p->interval[0]));
	cJSON_AddItemToArray(interval, json_of_number(p->interval[1]));
	json_set(o, "level", json_of_ns(p->first_broken_level));
	json_set(o, "max_sustainable_level", json_of_ns(p->max_sustainable_level));
	json_set_number(o, "error_rate", p->error_rate_at_break);
	json_set_count(o, "levels_tested", p->levels_tested);
	json_set(o, "stable_levels", stable_levels(report));
	json_set_text(o, "failure_mode", failure_mode_rows[verdict->failure_mode].name);
	causes = json_add_array(o, "causes");
	for (size_t i = 0; i < verdict->causes_n; i++)
		cJSON_AddItemToArray(causes, json_of_text(failure_mode_rows[verdict->causes[i]].name));
	json_set_bool(o, "at_least", p->is_at_least);
	json_set_bool(o, "sudden", p->is_sudden);
	json_set_seconds(o, "recovered_after_s", p->recovered_after_ns);
	json_set(o, "recovered",
		p->recovered_after_ns == -2 ? cJSON_CreateNull() : cJSON_CreateBool(p->recovered_after_ns >= 0));
	json_set_text(o, "advice", failure_mode_rows[verdict->failure_mode].advice);
}

void
json_add_failure_mode(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *o = json_add_object(result, "failure_mode");

	json_set_text(o, "mode", failure_mode_rows[verdict->failure_mode].name);
	cJSON *evidence = json_add_array(o, "evidence");

	for (size_t i = 0; i < verdict->evidence_n; i++)
		cJSON_AddItemToArray(evidence, finding_object(verdict->evidence[i]));
	json_set_seconds(o, "onset_s", verdict->onset_ns);
}
