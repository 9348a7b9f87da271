#include "report/result.h"

#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "brunt_version.h"
#include "measure/outlier.h"
#include "report/figure.h"

static void
add_system(cJSON *result, const struct system_info *system)
{
	cJSON *o = value_add_object(result, "system");

	value_set_text(o, "hostname", system->hostname);
	value_set_text(o, "kernel", system->kernel);
	value_set_text(o, "architecture", system->architecture);
	value_set_text(o, "cpu_model", system->cpu_model);
	value_set(o, "cores", value_of_ns(system->cores));
	value_set(o, "memory_bytes", value_of_ns(system->memory_bytes ? (int64_t)system->memory_bytes : -1));
	value_set_text(o, "governor", system->governor);
	value_set_text(o, "compiler", system->compiler);
	cJSON *libraries = value_add_object(o, "libraries");

	value_set_text(libraries, "libuv", system->libuv);
	value_set_text(libraries, "cjson", system->cjson);
	value_set_text(libraries, "zlib", system->zlib);
}

static void
add_identity(cJSON *result, const struct report *report)
{
	char started[32];

	value_set_text(result, "schema", RESULT_SCHEMA);
	value_set_text(result, "name", report->plan->name);
	value_set_text(result, "id", report->identity.id);
	value_set_text(result, "started_at", wall_text(report->identity.started_wall_ns, started, sizeof(started)));
	value_set_seconds(result, "duration_s", report->duration_ns);
	value_set_text(value_add_object(result, "brunt"), "version", BRUNT_VERSION);
}

static void
add_target(cJSON *result, const struct report *report)
{
	cJSON *o = value_add_object(result, "target");

	value_set_text(o, "url", report->plan->target.url.text);
	value_set_text(o, "address", report->target_address);
	if (report->plan->target.version != NULL)
		value_set_text(o, "version", report->plan->target.version);
}

void
result_add_verdict(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *o = value_add_object(result, "verdict");

	value_set_text(o, "status", verdict_status_names[verdict->status]);
	value_set_number(o, "exit_code", verdict->exit_code);
	cJSON *reasons = value_add_array(o, "reasons");

	for (size_t i = 0; i < verdict->reasons_n; i++)
		cJSON_AddItemToArray(reasons, value_of_text(verdict->reasons[i]));
	value_set_text(o, "grade", verdict->score.grade != GRADE_NONE ? grade_names[verdict->score.grade] : NULL);
	value_set_count(o, "goals_met", verdict->score.met);
	value_set_count(o, "goals_judged", verdict->score.judged);
}

static void
add_requests_log(cJSON *result, const struct report *report)
{
	static const char *const modes[] = {"off", "errors", "sample", "all"};
	const struct requests_record *record = report->chronicle != NULL ? &report->chronicle->requests : NULL;

	if (record == NULL || !record->is_kept)
		return;
	cJSON *o = value_add_object(result, "requests_log");

	value_set_text(o, "file", "requests.ndjson");
	value_set_text(o, "mode", modes[report->plan->output.requests_log]);
	value_set_count(o, "written", record->written);
	value_set_count(o, "dropped", record->dropped);
	value_set_count(o, "beyond", record->beyond);
	value_set_seconds(o, "full_at_s", record->full_ns);
}

static void
add_push(cJSON *result, const struct report *report)
{
	const struct push_record *record = report->chronicle != NULL ? &report->chronicle->push : NULL;

	if (record == NULL || record->shown == NULL)
		return;
	cJSON *o = value_add_object(result, "push");

	value_set_text(o, "url", record->shown);
	value_set_count(o, "told", record->told);
	value_set_count(o, "lost", record->lost);
	value_set_count(o, "failed_requests", record->failed);
	value_set_text(o, "last_failure", record->failed > 0 ? record->text : NULL);
}

static void
add_recommendations(cJSON *result, const struct verdict *verdict)
{
	cJSON *list = value_add_array(result, "recommendations");

	for (size_t i = 0; i < verdict->advice_n; i++) {
		cJSON *o = value_object();

		value_set_text(o, "rule", verdict->advice[i].name);
		value_set_text(o, "text", verdict->advice[i].text);
		value_set_text(o, "evidence", verdict->advice[i].evidence);
		cJSON_AddItemToArray(list, o);
	}
}

/* Those that never fired, too: that they were looked at is worth to know. */
static void
add_alerts(cJSON *result, const struct report *report)
{
	const struct alert_record *records = report->verdict->alerts;
	cJSON *list = value_add_array(result, "alerts");

	for (size_t i = 0; records != NULL && i < report->plan->alerts_n; i++) {
		cJSON *o = value_object();

		value_set_text(o, "name", records[i].alert->name);
		value_set_text(o, "when", records[i].alert->when.text);
		value_set_seconds(o, "for_s", records[i].alert->for_ns);
		value_set_count(o, "fired", records[i].fired);
		value_set_seconds(o, "first_s", records[i].first_ns);
		value_set_seconds(o, "last_s", records[i].last_ns);
		value_set_seconds(o, "held_s", records[i].held_ns);
		value_set_number(o, "worst", records[i].worst);
		cJSON_AddItemToArray(list, o);
	}
}

cJSON *
result_slo(const struct slo_verdict *slo)
{
	cJSON *o = value_object();

	value_set_text(o, "expr", slo->expr->text);
	value_set_number(o, "value", slo->value);
	value_set_bool(o, "above_timeout", slo->expr->of == EXPR_OF_RUN && isinf(slo->value));
	value_set_text(o, "status", slo_status_names[slo->status]);
	value_set_number(o, "factor", figure_factor(slo->expr, slo->value));
	return o;
}

static void
add_slos(cJSON *result, const struct report *report)
{
	cJSON *slos = value_add_array(result, "slo");

	for (size_t i = 0; report->verdict->slos != NULL && i < report->plan->slos_n; i++)
		cJSON_AddItemToArray(slos, result_slo(&report->verdict->slos[i]));
	result_add_gates(slos, report->experiment);
}

/* The profile is plan/'s own JSON, taken as it stands: a seed above 2^53 would not survive being parsed into doubles.
 */
static void
add_profile(cJSON *result, const struct plan *plan)
{
	cJSON *profile = cJSON_CreateRaw(plan->effective_json);

	CHECK(profile != NULL);
	value_set(result, "profile", profile);
	value_set_text(result, "profile_hash", plan->hash);
}

cJSON *
result_object(const struct report *report, const struct system_info *system)
{
	cJSON *result = value_object();

	add_identity(result, report);
	result_add_verdict(result, report);
	result_add_breaking_point(result, report);
	result_add_spike(result, report);
	result_add_curve(result, report);
	result_add_sustained(result, report);
	result_add_failure_mode(result, report);
	add_slos(result, report);
	add_recommendations(result, report->verdict);
	add_alerts(result, report);
	result_add_shards(result, report);
	add_target(result, report);
	value_set_bool(result, "omits_waiting", figure_omits_waiting(report->plan));
	result_add_totals(result, report);
	result_add_latency(result, report->summary->measured.histograms);
	value_set_number(
		result, "spike_rate", outlier_share(&report->summary->measured.histograms[METRIC_RESPONSE], NULL));
	result_add_tokens(
		result, &report->summary->everything.counts, &report->summary->measured, report->summary->measured_s);
	result_add_warmup(result, report);
	result_add_levels(result, report);
	result_add_requests(result, report);
	result_add_scenarios(result, report);
	result_add_backends(result, report);
	result_add_checks(result, report);
	result_add_experiment(result, report);
	result_add_against(result, report);
	result_add_comparison(result, report);
	result_add_course(result, report);
	add_requests_log(result, report);
	add_push(result, report);
	result_add_resources(result, report);
	result_add_scraped(result, report);
	add_system(result, system);
	return result;
}

bool
result_add_json(const struct report *report, const struct system_info *system, struct buf *into)
{
	cJSON *result = result_object(report, system);

	add_profile(result, report->plan);
	result_add_series(result, report);
	char *text = cJSON_Print(result);

	cJSON_Delete(result);
	CHECK(text != NULL);
	bool fits = buf_add_text(into, text) && buf_add_char(into, '\n');

	cJSON_free(text);
	return fits;
}

static bool
json_write(const struct report *report, struct buf *into)
{
	struct system_info system;

	system_info_read(&system);
	return result_add_json(report, &system, into);
}

static const struct report_document json_documents[] = {{RESULT_FILE, json_write}, {0}};

const struct reporter_ops json_reporter = {
	.choice = {.name = "json",
		.help = "result.json: everything, for programs (results/schema.json); always written"},
	.is_usual = true,
	.documents = json_documents,
};
