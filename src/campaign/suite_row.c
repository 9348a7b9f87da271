#include "campaign/suite_row.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "measure/json_read.h"

#define RESULT_CEILING ((size_t)64 * 1024 * 1024)
#define PARTIAL ".partial"

static void
say(struct suite_row *row, const char *text)
{
	snprintf(row->reason, sizeof(row->reason), "%s", text);
}

/* The first reason of its verdict, and how many more there are. */
static void
take_reasons(struct suite_row *row, const cJSON *verdict)
{
	const cJSON *reasons = cJSON_GetObjectItemCaseSensitive(verdict, "reasons");
	const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(reasons, 0));
	int n = cJSON_GetArraySize(reasons);

	if (first == NULL)
		return;
	if (n > 1)
		snprintf(row->reason, sizeof(row->reason), "%.200s (and %d more)", first, n - 1);
	else
		say(row, first);
}

static size_t
count_of(const cJSON *in, const char *key)
{
	double n = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(in, key));

	return n > 0 && n < 1e6 ? (size_t)n : 0;
}

static void
take_score(struct suite_row *row, const cJSON *verdict)
{
	const char *grade = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(verdict, "grade"));

	row->score.met = count_of(verdict, "goals_met");
	row->score.judged = count_of(verdict, "goals_judged");
	for (size_t i = GRADE_NONE + 1; grade != NULL && i < GRADE_COUNT; i++)
		if (strcmp(grade, grade_names[i]) == 0)
			row->score.grade = (enum grade)i;
}

static void
take_result(struct suite_row *row, const cJSON *result)
{
	const cJSON *totals = cJSON_GetObjectItemCaseSensitive(result, "totals");
	const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(result, "verdict");
	double requests = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(totals, "scheduled"));

	if (requests > 0 && requests < 1e18)
		row->requests = (uint64_t)requests;
	take_score(row, verdict);
	if (row->status != SUITE_PASS)
		take_reasons(row, verdict);
}

/* False: there is none that can be read. */
static bool
read_result(struct suite_row *row, const char *dir)
{
	char path[PATH_MAX + 16];
	struct error err = {0};
	struct json_reader reader = {.err = &err};
	size_t length;

	snprintf(path, sizeof(path), "%s/result.json", dir);
	char *text = file_read(path, RESULT_CEILING, &length, &err);
	cJSON *result = text != NULL ? json_parse(&reader, text, length, RESULT_CEILING) : NULL;

	free(text);
	if (result == NULL)
		return false;
	take_result(row, result);
	cJSON_Delete(result);
	return true;
}

/* What a program gets for its own mistakes, not from anybody else. */
static bool
is_crash(int signal)
{
	return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGILL || signal == SIGFPE;
}

static void
conclude_signal(struct suite_row *row, const struct child *child)
{
	char fate[80];

	row->status = SUITE_INCONCLUSIVE;
	row->exit_code = is_crash(child->term_signal) ? EXIT_INTERNAL : EXIT_INCONCLUSIVE;
	snprintf(row->reason, sizeof(row->reason), "its process %s; what it had started may go on",
		child_fate_text(child, fate, sizeof(fate)));
}

static void
conclude_exit(struct suite_row *row, int exit_code)
{
	row->status = exit_code == EXIT_PASSED        ? SUITE_PASS
		      : exit_code == EXIT_FAILED_GATE ? SUITE_FAIL
						      : SUITE_INCONCLUSIVE;
	/* Refused only now (what a check beforehand cannot see), or stopped by somebody: nothing could be judged, and
	 * no more is wrong with the suite. */
	row->exit_code = exit_code == EXIT_USAGE || exit_code > EXIT_INTERNAL ? EXIT_INCONCLUSIVE : exit_code;
	if (exit_code == EXIT_USAGE)
		say(row, "it was refused, as was said on stderr");
}

/* Its directory, or what a run that was killed left of it. */
static void
find_dir(struct suite_row *row, const char *path)
{
	char partial[PATH_MAX + 16];

	if (access(path, F_OK) == 0)
		return;
	snprintf(partial, sizeof(partial), "%s" PARTIAL, path);
	if (access(partial, F_OK) == 0)
		snprintf(row->dir + strlen(row->dir), sizeof(row->dir) - strlen(row->dir), PARTIAL);
	else
		row->dir[0] = '\0';
}

void
suite_row_conclude(struct suite_row *row, const char *path, const struct child *child)
{
	find_dir(row, path);
	if (child->term_signal != 0) {
		conclude_signal(row, child);
		return;
	}
	conclude_exit(row, (int)child->exit_status);
	if (read_result(row, path) || row->reason[0] != '\0')
		return;
	if (row->status == SUITE_PASS || row->status == SUITE_FAIL) { /* an exit code alone proves nothing */
		row->status = SUITE_INCONCLUSIVE;
		row->exit_code = EXIT_INTERNAL;
	}
	snprintf(row->reason, sizeof(row->reason), "it left no result.json (exit %d)", (int)child->exit_status);
}
