#include "report/json.h"

#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "brunt_version.h"

static void
add_system(cJSON *result, const struct system_info *system)
{
	cJSON *o = json_add_object(result, "system");

	json_set_text(o, "hostname", system->hostname);
	json_set_text(o, "kernel", system->kernel);
	json_set_text(o, "architecture", system->architecture);
	json_set_text(o, "cpu_model", system->cpu_model);
	json_set(o, "cores", json_of_ns(system->cores));
	json_set(o, "memory_bytes", json_of_ns(system->memory_bytes ? (int64_t)system->memory_bytes : -1));
	json_set_text(o, "governor", system->governor);
	json_set_text(o, "compiler", system->compiler);
	cJSON *libraries = json_add_object(o, "libraries");

	json_set_text(libraries, "libuv", system->libuv);
	json_set_text(libraries, "cjson", system->cjson);
	json_set_text(libraries, "zlib", system->zlib);
}

static void
add_identity(cJSON *result, const struct report *report)
{
	char started[32];

	json_set_text(result, "schema", RESULT_SCHEMA);
	json_set_text(result, "name", report->plan->name);
	json_set_text(result, "id", report->identity.id);
	json_set_text(result, "started_at", wall_text(report->identity.started_wall_ns, started, sizeof(started)));
	json_set_seconds(result, "duration_s", report->duration_ns);
	json_set_text(json_add_object(result, "brunt"), "version", BRUNT_VERSION);
}

static void
add_target(cJSON *result, const struct report *report)
{
	cJSON *o = json_add_object(result, "target");

	json_set_text(o, "url", report->plan->target.url.text);
	json_set_text(o, "address", report->target_address);
}

static void
add_verdict(cJSON *result, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *o = json_add_object(result, "verdict");

	json_set_text(o, "status", verdict_status_names[verdict->status]);
	json_set_number(o, "exit_code", verdict->exit_code);
	cJSON *reasons = json_add_array(o, "reasons");

	for (size_t i = 0; i < verdict->reasons_n; i++)
		cJSON_AddItemToArray(reasons, json_of_text(verdict->reasons[i]));
}

static void
add_slos(cJSON *result, const struct report *report)
{
	static const char *const statuses[] = {"pass", "stretch", "fail", "na"};
	cJSON *slos = json_add_array(result, "slo");

	for (size_t i = 0; report->verdict->slos != NULL && i < report->plan->slos_n; i++) {
		const struct slo_verdict *slo = &report->verdict->slos[i];
		cJSON *o = json_object();

		json_set_text(o, "expr", slo->expr->text);
		json_set_number(o, "value", slo->value);
		json_set_bool(o, "above_timeout", isinf(slo->value) != 0);
		json_set_text(o, "status", statuses[slo->status]);
		cJSON_AddItemToArray(slos, o);
	}
}

/* The profile is plan/'s own JSON, taken as it stands: a seed above 2^53 would not survive being parsed into doubles.
 */
static void
add_profile(cJSON *result, const struct plan *plan)
{
	cJSON *profile = cJSON_CreateRaw(plan->effective_json);

	CHECK(profile != NULL);
	json_set(result, "profile", profile);
	json_set_text(result, "profile_hash", plan->hash);
}

bool
json_add_result(const struct report *report, const struct system_info *system, struct buf *into)
{
	cJSON *result = json_object();

	add_identity(result, report);
	add_verdict(result, report);
	json_add_breaking_point(result, report);
	json_add_failure_mode(result, report);
	add_slos(result, report);
	add_target(result, report);
	json_add_totals(result, report);
	json_add_latency(result, "latency_ns", report->summary->measured.histograms);
	json_add_levels(result, report);
	json_add_requests(result, report);
	json_add_resources(result, report);
	add_system(result, system);
	add_profile(result, report->plan);
	json_add_series(result, report);
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
	return json_add_result(report, &system, into);
}

const struct reporter_ops json_reporter = {
	.name = "json",
	.help = "result.json: everything, for programs (results/schema.json)",
	.file = "result.json",
	.write = json_write,
};
