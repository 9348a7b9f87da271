#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "brunt_version.h"
#include "daemon/api_parts.h"
#include "daemon/openapi.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "report/reporter.h"

#define PROFILES_MAX 500

void
api_healthz(struct api_call *call)
{
	api_answer(call, 200, "text/plain; charset=utf-8", NULL, "ok\n", 3);
}

void
api_readyz(struct api_call *call)
{
	static const char ending[] = "the daemon is ending\n";

	if (*api_config_of(call)->is_ending)
		api_answer(call, 503, "text/plain; charset=utf-8", NULL, ending, sizeof(ending) - 1);
	else
		api_healthz(call);
}

void
api_openapi_show(struct api_call *call)
{
	api_answer(call, 200, "application/yaml", NULL, openapi_text, openapi_length());
}

static void
add_ceilings(struct buf *into, const struct config *config)
{
	const struct config_ceilings *ceilings = &config->ceilings;
	const struct sharing_ceilings sharing = config_sharing(config);

	json_open(into, "ceilings", '{');
	if (ceilings->rate_per_s > 0)
		json_add_double(into, "rate_per_s", ceilings->rate_per_s);
	else
		json_add_null(into, "rate_per_s");
	if (ceilings->connections > 0)
		json_add_u64(into, "connections", ceilings->connections);
	else
		json_add_null(into, "connections");
	if (ceilings->duration_ns > 0)
		json_add_double(into, "duration_s", (double)ceilings->duration_ns / 1e9);
	else
		json_add_null(into, "duration_s");
	json_add_u64(into, "workers", sharing_workers_most(&sharing));
	json_add_u64(into, "shards", sharing_shards_most(&sharing));
	json_close(into, '}');
}

static void
add_formats(struct buf *into)
{
	json_open(into, "formats", '[');
	for (size_t i = 0; reporter_choices[i] != NULL; i++)
		json_add_text(into, NULL, reporter_choices[i]->name);
	json_close(into, ']');
}

void
api_info_show(struct api_call *call)
{
	const struct api_config *config = api_config_of(call);
	struct buf *text = &call->text;

	json_open(text, NULL, '{');
	json_add_text(text, "version", BRUNT_VERSION);
	row_add_time(text, "now", wall_now_ns());
	row_add_time(text, "started_at", config->started_ns);
	json_add_text(text, "role", role_name(call->who.role));
	json_add_bool(text, "is_stopped", jobs_are_halted(config->jobs));
	row_add_text(text, "stop_reason", api_stop_reason(call));
	json_add_bool(text, "is_monitor_only", config->is_monitor_only);
	json_add_bool(text, "has_profiles", config->config->profiles != NULL);
	json_open(text, "lacks", '[');
	json_close(text, ']');
	add_ceilings(text, config->config);
	add_formats(text);
	json_close(text, '}');
	api_answer_json(call, 200, text);
}

/* --- the operator's profiles --- */

static void
add_profile(struct buf *into, const struct submission_terms *terms, const char *name)
{
	struct submission submission;
	struct error err = {0};
	char targets[1024], problem[1400];

	submission_init(&submission);
	submission_take_profile(&submission, name);
	bool is_fine = submission_check(&submission, terms, &err);

	json_open(into, NULL, '{');
	json_add_text(into, "name", name);
	json_add_text(into, "kind", is_fine ? submission_kind_names[submission.kind] : "broken");
	row_add_text(into, "target", is_fine ? submission_targets_text(&submission, targets, sizeof(targets)) : NULL);
	row_add_text(into, "load", is_fine ? submission.load : NULL);
	if (is_fine && submission.planned_ns > 0)
		json_add_double(into, "planned_s", (double)submission.planned_ns / 1e9);
	else
		json_add_null(into, "planned_s");
	row_add_text(into, "problem", is_fine ? NULL : error_text(&err, problem, sizeof(problem)));
	json_close(into, '}');
	submission_fini(&submission);
}

static int
is_profile(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	char name[SUBMISSION_NAME_MAX + 1];

	if (n <= 5 || n - 5 > SUBMISSION_NAME_MAX || strcmp(entry->d_name + n - 5, ".yaml") != 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(n - 5), entry->d_name);
	return submission_is_name(name);
}

static void
profiles_work(struct api_call *call, struct ledger *ledger)
{
	const struct submission_terms *terms = jobs_terms(api_config_of(call)->jobs);
	struct dirent **entries = NULL;
	int n = terms->profiles != NULL ? scandir(terms->profiles, &entries, is_profile, alphasort) : 0;

	(void)ledger;
	json_open(&call->text, NULL, '{');
	json_open(&call->text, "profiles", '[');
	for (int i = 0; i < n; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		if (i < PROFILES_MAX)
			add_profile(&call->text, terms, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	json_close(&call->text, ']');
	json_close(&call->text, '}');
	if (n < 0)
		api_fail(call, 500, "the directory of profiles cannot be read");
}

void
api_profiles_list(struct api_call *call)
{
	api_give_to_desk(call, profiles_work);
}

/* --- its text --- */

static void
profile_done(struct desk_order *order)
{
	struct api_call *call = container_of(order, struct api_call, order);

	if (error_is_set(&call->err))
		api_answer_sentence(call, 404, "the operator has no such profile");
	else
		api_answer(call, 200, "application/yaml", NULL, call->text.bytes, call->text.length);
}

static void
profile_work(struct desk_order *order, struct ledger *ledger)
{
	struct api_call *call = container_of(order, struct api_call, order);
	const char *profiles = jobs_terms(api_config_of(call)->jobs)->profiles;
	char path[4200];
	size_t length;

	(void)ledger;
	if (profiles == NULL || !submission_is_name(call->id)) {
		error_set(&call->err, "no name");
		return;
	}
	snprintf(path, sizeof(path), "%s/%s.yaml", profiles, call->id);
	char *text = file_read(path, PLAN_FILE_CEILING, &length, &call->err);

	if (text != NULL)
		buf_add(&call->text, text, length);
	free(text);
}

void
api_profile_show(struct api_call *call)
{
	call->order = (struct desk_order){.work = profile_work, .done = profile_done};
	desk_give(api_config_of(call)->desk, &call->order);
}
