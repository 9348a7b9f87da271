#include "daemon/job_result.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "daemon/folder.h"
#include "measure/json.h"
#include "measure/verdict.h"

#define REASONS_MAX ((size_t)64 * 1024)

static void
copy_text(char *into, size_t size, const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	snprintf(into, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static void
take_reasons(struct job_result *result, const cJSON *verdict)
{
	const cJSON *reason;

	json_open(&result->reasons, NULL, '[');
	cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(verdict, "reasons"))
	{
		if (!cJSON_IsString(reason))
			continue;
		if (result->reason[0] == '\0')
			snprintf(result->reason, sizeof(result->reason), "%s", reason->valuestring);
		json_add_text(&result->reasons, NULL, reason->valuestring);
	}
	json_close(&result->reasons, ']');
}

static void
say_reason(struct job_result *result, const char *text)
{
	snprintf(result->reason, sizeof(result->reason), "%s", text);
	buf_clear(&result->reasons);
	json_open(&result->reasons, NULL, '[');
	json_add_text(&result->reasons, NULL, result->reason);
	json_close(&result->reasons, ']');
}

/* Of a suite there are none, and its verdict alone. */
static void
take_figures(struct job_result *result, const cJSON *document)
{
	result->run.is_lost = !history_take(&result->run, document);
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		if (isfinite(result->run.figures[i]))
			result->figures[result->figures_n++] =
				(struct ledger_figure){history_rows[i].metric.name, result->run.figures[i]};
}

/* A suite writes its record as it goes: one that says it has not ended was cut off. */
static bool
has_ended(const cJSON *document)
{
	return !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(document, "has_ended"));
}

static bool
take_document(struct job_result *result, const cJSON *document)
{
	const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(document, "verdict");
	const cJSON *exit_code = cJSON_GetObjectItemCaseSensitive(verdict, "exit_code");
	const cJSON *mode = cJSON_GetObjectItemCaseSensitive(document, "failure_mode");

	if (!cJSON_IsObject(verdict) || !cJSON_IsNumber(exit_code) || !has_ended(document))
		return false;
	copy_text(result->status, sizeof(result->status), verdict, "status");
	if (result->status[0] == '\0')
		return false;
	result->exit_code = exit_code->valueint;
	copy_text(result->failure_mode, sizeof(result->failure_mode), mode, "mode");
	if (strcmp(result->failure_mode, "none") == 0)
		result->failure_mode[0] = '\0';
	take_reasons(result, verdict);
	take_figures(result, document);
	return true;
}

/* DIR/results/NAME */
static bool
read_result(struct job_result *result, const char *dir, const char *name)
{
	struct error err = {0};
	char path[4200];
	size_t length;

	snprintf(path, sizeof(path), "%.4000s/results/%s", dir, name);
	char *text = file_read(path, JOB_RESULT_RESULT_MAX, &length, &err);
	cJSON *document = text != NULL ? cJSON_ParseWithLength(text, length) : NULL;
	bool is_whole = document != NULL && take_document(result, document);

	cJSON_Delete(document);
	free(text);
	return is_whole;
}

/* The first line that is to say something: "brunt: profile.yaml:3:1: …". */
static void
say_first_line(struct job_result *result, const char *said, const char *otherwise)
{
	char line[JOB_RESULT_REASON_MAX];

	said += strspn(said, "\n");
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(said, "\n"), said);
	say_reason(result, line[0] != '\0' ? line : otherwise);
}

/* Without a result of its own: by the way its process ended. */
static void
guess(struct job_result *result, const struct job_result_end *end)
{
	char text[160];

	result->exit_code = end->exit_code;
	snprintf(result->status, sizeof(result->status), "%s",
		end->exit_code < 0 || end->exit_code == 128 + 2 || end->exit_code == 128 + 15 ? "interrupted"
		: end->exit_code == EXIT_USAGE                                                ? "refused"
											      : "crashed");
	snprintf(text, sizeof(text), "its process ended with exit status %d and without a result%s", end->exit_code,
		end->was_finished ? " of its own: this one is made of what it had written" : "");
	if (end->exit_code < 0)
		say_reason(result,
			end->was_finished
				? "the daemon was gone before the run had ended: its result is made of what it had written"
				: "the daemon was gone before the run had ended");
	else if (end->was_finished)
		say_reason(result, text);
	else
		say_first_line(result, end->said, text);
}

void
job_result_take(struct job_result *result, const char *dir, const struct job_result_end *end)
{
	*result = (struct job_result){.exit_code = -1, .run.is_lost = true};
	buf_init(&result->reasons, REASONS_MAX);
	result->has_result = read_result(result, dir, "result.json") || read_result(result, dir, "suite.json");
	if (!result->has_result || end->was_finished)
		guess(result, end);
	result->run.is_lost |= strcmp(result->status, "crashed") == 0;
	if (end->excess != NULL)
		say_reason(result, end->excess);
	result->bytes = folder_bytes(dir);
}

void
job_result_fini(struct job_result *result)
{
	buf_fini(&result->reasons);
}
