#include <math.h>

#include "report/excerpt.h"
#include "report/figure.h"
#include "report/result.h"

static cJSON *
finding_object(const struct finding *finding)
{
	cJSON *o = value_object();

	value_set_text(o, "rule", finding->rule);
	value_set_text(o, "mode", failure_mode_rows[finding->mode].name);
	value_set_text(o, "weight", level_status_names[finding->weight]);
	value_set_text(o, "text", finding->text);
	value_set_number(o, "measured", finding->measured);
	value_set_number(o, "threshold", finding->threshold);
	value_set_seconds(o, "onset_s", finding->onset_ns);
	value_set(o, "excerpt", excerpt_object(&finding->excerpt));
	return o;
}

static void
add_level_failures(cJSON *into, const struct counts *counts)
{
	cJSON *failures = value_add_object(into, "failures");

	for (int f = 0; f < FAILURE_COUNT; f++)
		if (counts->by_failure[f] > 0)
			value_set_count(failures, failure_rows[f].counter, counts->by_failure[f]);
}

static cJSON *
level_object(const struct level_summary *level, const struct level_verdict *verdict, const struct plan *plan)
{
	struct latency_figures response, ttft;
	bool in_users = figure_levels_in_users(plan);
	cJSON *o = value_object();

	figure_latency(level, METRIC_RESPONSE, &response);
	figure_latency(level, METRIC_TTFT, &ttft);
	value_set_count(o, "index", level->index);
	value_set_seconds(o, "start_s", level->start_ns);
	value_set_number(o, "window_s", level->window_s);
	value_set_number(o, "offered_per_s", in_users ? NAN : level->offered);
	value_set_number(o, "offered_users", in_users ? level->offered : NAN);
	value_set_number(o, "achieved_per_s", level->window_s > 0 ? level_achieved_per_s(level) : NAN);
	value_set_number(
		o, "goodput_per_s", level->window_s > 0 ? (double)level->counts.good_in_window / level->window_s : NAN);
	value_set_number(o, "tokens_per_s",
		level->counts.generations > 0 && level->window_s > 0
			? (double)level->counts.tokens_in_window / level->window_s
			: NAN);
	value_set_count(o, "requests", level->counts.scheduled);
	value_set_count(o, "sent", level->counts.sent);
	value_set_count(o, "ok", level->counts.ok);
	value_set_count(o, "failed", level->counts.failed);
	value_set_count(o, "dropped", level->counts.dropped);
	value_set_count(o, "unsent", level->counts.unsent);
	value_set_count(o, "unfinished", level->counts.unfinished);
	value_set_number(o, "error_rate", counts_error_rate(&level->counts));
	value_set_ns(o, "p50_ns", response.count ? response.p50_ns : -1);
	value_set_ns(o, "p95_ns", response.count ? response.p95_ns : -1);
	value_set_ns(o, "p99_ns", response.count ? response.p99_ns : -1);
	value_set_ns(o, "max_ns", response.count ? response.max_ns : -1);
	value_set_ns(o, "ttft_p50_ns", ttft.count ? ttft.p50_ns : -1);
	value_set_ns(o, "ttft_p95_ns", ttft.count ? ttft.p95_ns : -1);
	value_set_number(o, "in_flight_avg", level->in_flight_avg);
	value_set_count(o, "in_flight_peak", level->in_flight_peak);
	value_set_ns(o, "loop_gap_max_ns", level->loop_gap_max_ns);
	value_set_number(o, "cpu", gauge_avg(&level->target, GAUGE_CPU));
	value_set_number(o, "cpu_peak", gauge_peak(&level->target, GAUGE_CPU));
	value_set_number(o, "memory_bytes", gauge_peak(&level->target, GAUGE_MEMORY));
	if (plan->scrape.n > 0)
		value_set(o, "scraped", result_scraped_set(&level->scraped, &plan->scrape));
	add_level_failures(o, &level->counts);
	value_set_text(o, "status", verdict ? level_status_names[verdict->status] : NULL);
	if (verdict != NULL && verdict->is_trial)
		value_set_text(o, "trial", search_outcome_names[verdict->trial]);
	cJSON *findings = value_add_array(o, "findings");

	for (size_t i = 0; verdict != NULL && i < verdict->findings_n; i++)
		cJSON_AddItemToArray(findings, finding_object(&verdict->findings[i]));
	return o;
}

void
result_add_levels(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *levels = value_add_array(result, "levels");

	for (size_t i = 0; i < report->summary->levels_n; i++)
		if (report->summary->levels[i].is_known)
			cJSON_AddItemToArray(
				levels, level_object(&report->summary->levels[i],
						i < verdict->levels_n ? &verdict->levels[i] : NULL, report->plan));
}

/* Levels that no break rule spoiled and that held their SLOs, as offered. */
static cJSON *
stable_levels(const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *levels = value_array();

	for (size_t i = 0; i < verdict->levels_n && i < report->summary->levels_n; i++)
		if (verdict->levels[i].status <= LEVEL_DEGR && verdict->levels[i].slo_holds)
			cJSON_AddItemToArray(levels, value_of_number(report->summary->levels[i].offered));
	return levels;
}

/* Null where there is no such level. */
static cJSON *
interval_array(const double interval[2])
{
	cJSON *array;

	if (isnan(interval[0]))
		return cJSON_CreateNull();
	array = value_array();
	cJSON_AddItemToArray(array, value_of_number(interval[0]));
	cJSON_AddItemToArray(array, value_of_number(interval[1]));
	return array;
}

static void
add_confidence(cJSON *into, const struct break_confidence *confidence)
{
	cJSON *o;

	if (confidence->level <= 0) {
		value_set(into, "confidence", cJSON_CreateNull());
		return;
	}
	o = value_add_object(into, "confidence");
	value_set_number(o, "level", confidence->level);
	value_set_text(o, "method", "exact binomial");
	value_set_text(o, "rests_on", failure_mode_rows[confidence->rests_on].name);
	value_set_number(o, "threshold", confidence->threshold);
	value_set(o, "sustained_error_rate", interval_array(confidence->sustained_errors));
	value_set(o, "broken_error_rate", interval_array(confidence->broken_errors));
	value_set(o, "sustained_timeout_rate", interval_array(confidence->sustained_timeouts));
	value_set(o, "broken_timeout_rate", interval_array(confidence->broken_timeouts));
	value_set_bool(o, "is_separated", confidence->is_separated);
}

static void
add_search(cJSON *into, const struct breaking_point *p)
{
	cJSON *o;

	if (!p->is_searched)
		return;
	o = value_add_object(into, "search");
	value_set_text(o, "end", search_end_names[p->search_end]);
	value_set_number(o, "median_per_s", p->median);
	value_set_bool(o, "confirmed", p->is_confirmed);
	value_set_bool(o, "at_most", p->is_at_most);
}

void
result_add_breaking_point(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	const struct breaking_point *p = &verdict->breaking_point;
	cJSON *o, *causes;

	if (!p->is_stepped) {
		value_set(result, "breaking_point", cJSON_CreateNull());
		return;
	}
	o = value_add_object(result, "breaking_point");
	value_set_bool(o, "found", p->is_found);
	value_set_text(o, "unit", figure_levels_in_users(report->plan) ? "users" : "per_s");
	value_set_number(o, "max_sustainable_per_s", p->max_sustainable);
	value_set_number(o, "max_goodput_per_s", p->max_goodput_per_s);
	value_set_number(o, "safe_per_s", p->safe);
	value_set_number(o, "first_broken_per_s", p->first_broken);
	cJSON *interval = value_add_array(o, "interval_per_s");

	cJSON_AddItemToArray(interval, value_of_number(p->interval[0]));
	cJSON_AddItemToArray(interval, value_of_number(p->interval[1]));
	value_set(o, "level", value_of_ns(p->first_broken_level));
	value_set(o, "max_sustainable_level", value_of_ns(p->max_sustainable_level));
	value_set_number(o, "error_rate", p->error_rate_at_break);
	value_set_count(o, "levels_tested", p->levels_tested);
	value_set(o, "stable_levels", stable_levels(report));
	value_set_text(o, "failure_mode", failure_mode_rows[verdict->failure_mode].name);
	causes = value_add_array(o, "causes");
	for (size_t i = 0; i < verdict->causes_n; i++)
		cJSON_AddItemToArray(causes, value_of_text(failure_mode_rows[verdict->causes[i]].name));
	value_set_bool(o, "at_least", p->is_at_least);
	value_set_bool(o, "sudden", p->is_sudden);
	value_set_seconds(o, "recovered_after_s", p->recovered_after_ns);
	value_set(o, "recovered",
		p->recovered_after_ns == -2 ? cJSON_CreateNull() : cJSON_CreateBool(p->recovered_after_ns >= 0));
	value_set_number(o, "memory_before_bytes", p->memory_before);
	value_set_number(o, "memory_after_bytes", p->memory_after);
	value_set(o, "memory_returned",
		isnan(p->memory_before) || isnan(p->memory_after) ? cJSON_CreateNull()
								  : cJSON_CreateBool(p->has_memory_returned));
	add_confidence(o, &p->confidence);
	add_search(o, p);
	value_set_text(o, "advice", failure_mode_rows[verdict->failure_mode].advice);
}

void
result_add_spike(cJSON *result, const struct report *report)
{
	const struct spike_verdict *spike = &report->verdict->spike;
	cJSON *o;

	if (spike->spikes == 0)
		return;
	o = value_add_object(result, "spike");
	value_set_count(o, "spikes", spike->spikes);
	value_set_ns(o, "base_p95_ns", spike->base_p95_ns);
	value_set_ns(o, "worst_p95_ns", spike->worst_p95_ns);
	value_set_number(o, "overshoot", spike->overshoot);
	value_set_seconds(o, "recovered_after_s", spike->recovered_after_ns);
	value_set_seconds(o, "slowest_recovery_s", spike->slowest_recovery_ns);
	value_set(o, "recovered",
		spike->slowest_recovery_ns == -2 ? cJSON_CreateNull()
						 : cJSON_CreateBool(spike->slowest_recovery_ns >= 0));
}

void
result_add_failure_mode(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *o = value_add_object(result, "failure_mode");

	value_set_text(o, "mode", failure_mode_rows[verdict->failure_mode].name);
	cJSON *evidence = value_add_array(o, "evidence");

	for (size_t i = 0; i < verdict->evidence_n; i++)
		cJSON_AddItemToArray(evidence, finding_object(verdict->evidence[i]));
	value_set_seconds(o, "onset_s", verdict->onset_ns);
}
