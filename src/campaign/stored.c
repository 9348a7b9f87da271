#include "campaign/stored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "campaign/rejudge.h"
#include "measure/json_read.h"

bool
stored_is_result(const char *path)
{
	char start[256] = "";

	return file_read_small(path, start, sizeof(start)) > 0 && strstr(start, "\"brunt/result/1\"") != NULL;
}

bool
stored_find(const char *path, char dir[PATH_MAX], char result[PATH_MAX], struct error *err)
{
	struct stat status;

	if (strlen(path) + 64 > PATH_MAX)
		return error_set(err, "the path '%s' is too long", path);
	if (stat(path, &status) != 0)
		return error_set(err, "cannot read '%s': %s", path, strerror(errno));
	snprintf(dir, PATH_MAX, "%s", path);
	for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
		dir[n - 1] = '\0';
	if (S_ISDIR(status.st_mode)) {
		snprintf(result, PATH_MAX, "%.*s/result.json", PATH_MAX - 16, dir);
		return true;
	}
	if (!stored_is_result(path))
		return error_set(err, "'%s' is neither a results directory nor a result.json", path);
	snprintf(result, PATH_MAX, "%s", path);
	char *slash = strrchr(dir, '/');

	if (slash == NULL)
		snprintf(dir, PATH_MAX, ".");
	else
		slash[slash == dir ? 1 : 0] = '\0';
	return true;
}

static void
read_part(struct json_reader *r, const cJSON *in, const char *object, const char *name, char *into, size_t size)
{
	const cJSON *part = object != NULL ? json_object(r, in, object) : in;
	const cJSON *value = part != NULL ? cJSON_GetObjectItemCaseSensitive(part, name) : NULL;

	if (value != NULL && !cJSON_IsNull(value))
		json_read_text(r, part, name, into, size);
}

static void
read_verdict(struct json_reader *r, const cJSON *tree, struct stored_run *run)
{
	const cJSON *verdict = json_object(r, tree, "verdict");
	const cJSON *reasons = verdict != NULL ? json_array(r, verdict, "reasons") : NULL;
	const cJSON *first = reasons != NULL ? cJSON_GetArrayItem(reasons, 0) : NULL;
	uint64_t exit_code = 0;

	json_must_have(r, tree, "verdict");
	if (verdict == NULL)
		return;
	json_must_have(r, verdict, "status");
	json_must_have(r, verdict, "exit_code");
	json_read_text(r, verdict, "status", run->about.status, sizeof(run->about.status));
	json_read_u64(r, verdict, "exit_code", 255, &exit_code);
	run->about.exit_code = (int)exit_code;
	if (first != NULL && cJSON_IsString(first))
		snprintf(run->reason, sizeof(run->reason), "%.*s", FINDING_TEXT_MAX - 1, first->valuestring);
}

/* Seconds of an object that may not be there, nor tell them. */
static int64_t
time_of(const cJSON *in, const char *name)
{
	double s = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(in, name));

	return s >= 0 && s < 1e9 ? s_to_ns(s) : -1;
}

static bool
has_failed(const cJSON *lifecycle, const char *hook)
{
	const cJSON *record = cJSON_GetObjectItemCaseSensitive(lifecycle, hook);

	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, "failed"));
}

static void
read_course(struct json_reader *r, const cJSON *tree, struct stored_run *run)
{
	const cJSON *lifecycle = cJSON_GetObjectItemCaseSensitive(tree, "lifecycle");

	run->duration_ns = time_of(tree, "duration_s");
	run->before_ns = time_of(cJSON_GetObjectItemCaseSensitive(lifecycle, "before"), "took_s");
	run->ready_ns = time_of(cJSON_GetObjectItemCaseSensitive(lifecycle, "ready"), "after_s");
	run->has_hook_failed = has_failed(lifecycle, "after") || has_failed(lifecycle, "beside");
	read_part(r, tree, "target", "address", run->address, sizeof(run->address));
	read_part(r, tree, "generator", "pacing", run->pacing, sizeof(run->pacing));
}

static void
read_about(struct json_reader *r, cJSON *tree, struct stored_run *run)
{
	char schema[32] = "";

	json_must_have(r, tree, "schema");
	json_read_text(r, tree, "schema", schema, sizeof(schema));
	if (!r->has_failed && strcmp(schema, "brunt/result/1") != 0)
		json_fail(r, "schema", "brunt/result/1 is wanted");
	read_part(r, tree, NULL, "id", run->about.id, sizeof(run->about.id));
	read_part(r, tree, NULL, "started_at", run->about.started_at, sizeof(run->about.started_at));
	read_part(r, tree, "brunt", "version", run->about.brunt, sizeof(run->about.brunt));
	read_part(r, tree, "target", "version", run->about.version, sizeof(run->about.version));
	read_part(r, tree, NULL, "profile_hash", run->about.hash, sizeof(run->about.hash));
	read_verdict(r, tree, run);
	read_course(r, tree, run);
	json_must_have(r, tree, "profile");
	run->is_experiment = cJSON_HasObjectItem(tree, "experiment");
	if (json_object(r, tree, "profile") != NULL)
		run->profile = cJSON_DetachItemFromObjectCaseSensitive(tree, "profile");
}

static bool
read_result(struct stored_run *run, struct error *err)
{
	struct json_reader r = {.err = err};
	size_t length;
	char *text = file_read(run->result, STORED_RESULT_CEILING, &length, err);

	if (text == NULL)
		return false;
	cJSON *tree = json_parse(&r, text, length, STORED_RESULT_CEILING);

	free(text);
	if (tree != NULL)
		read_about(&r, tree, run);
	cJSON_Delete(tree);
	return !r.has_failed || error_place(err, run->result, 0, 0);
}

bool
stored_open(struct stored_run *run, const char *path, struct error *err)
{
	struct stat status;

	*run = (struct stored_run){.profile = NULL};
	if (!stored_find(path, run->about.dir, run->result, err))
		return false;
	if (stat(run->result, &status) != 0)
		return error_set(err,
			"'%s' holds no result.json: no results of brunt, or of a run that did not end (brunt report tells "
			"what is in those)",
			run->about.dir);
	snprintf(run->events, sizeof(run->events), "%.*s/events.ndjson", PATH_MAX - 16, run->about.dir);
	if (!read_result(run, err)) {
		stored_close(run);
		return false;
	}
	return true;
}

void
stored_close(struct stored_run *run)
{
	cJSON_Delete(run->profile);
	run->profile = NULL;
}

bool
stored_add_to(const struct stored_run *run, struct arm *arm, struct error *err)
{
	struct rejudged rejudged;

	if (!rejudge(&rejudged, run->events, arm->plan, err))
		return false;
	const struct summary *summary = rejudged.rebuilt.summary;
	bool has_any = summary->measured.counts.scheduled > 0;

	if (has_any)
		arm_add_run(arm, summary, summary_take_blocks(rejudged.rebuilt.summary), rejudged.verdict, -1);
	rejudged_fini(&rejudged);
	return has_any || error_set(err, "'%s' measured nothing", run->about.dir);
}
