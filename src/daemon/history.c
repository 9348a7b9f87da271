#include "daemon/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "daemon/pointer.h"

const struct history_row history_rows[HISTORY_FIGURES_N] = {
#define HISTORY(NAME, of_name, of_unit, higher_is_better, main, path, text)                                            \
	[HISTORY_##NAME] = {.metric = {.name = (of_name),                                                              \
				    .unit = UNIT_##of_unit,                                                            \
				    .is_higher_better = (higher_is_better),                                            \
				    .help = (text)},                                                                   \
		.is_main = (main),                                                                                     \
		.where = (path)},
#include "daemon/history.def"
#undef HISTORY
};

const struct plan_metric *const history_metrics[HISTORY_FIGURES_N + 1] = {
#define HISTORY(NAME, name, unit, higher_is_better, is_main, where, text)                                              \
	[HISTORY_##NAME] = &history_rows[HISTORY_##NAME].metric,
#include "daemon/history.def"
#undef HISTORY
};

int
history_find(const char *name)
{
	for (int i = 0; i < HISTORY_FIGURES_N; i++)
		if (strcmp(history_rows[i].metric.name, name) == 0)
			return i;
	return -1;
}

int
history_of_metric(const struct plan_metric *metric)
{
	for (int i = 0; i < HISTORY_FIGURES_N; i++)
		if (history_metrics[i] == metric)
			return i;
	CHECK(!"a figure of history.def");
	return -1;
}

static void
copy_text(const cJSON *in, const char *path, char *into, size_t size)
{
	const cJSON *found = pointer_find(in, path);

	if (cJSON_IsString(found))
		snprintf(into, size, "%s", found->valuestring);
}

static bool
take_status(struct history_run *run, const cJSON *result)
{
	const cJSON *status = pointer_find(result, "/verdict/status"),
		    *code = pointer_find(result, "/verdict/exit_code");
	const cJSON *reasons = pointer_find(result, "/verdict/reasons");
	const cJSON *first = cJSON_IsArray(reasons) ? cJSON_GetArrayItem(reasons, 0) : NULL;

	if (!cJSON_IsString(status) || !cJSON_IsNumber(code))
		return false;
	run->exit_code = code->valueint;
	if (first != NULL && cJSON_IsString(first))
		snprintf(run->reason, sizeof(run->reason), "%s", first->valuestring);
	for (int i = VERDICT_PASS; i <= VERDICT_INTERRUPTED; i++)
		if (strcmp(status->valuestring, verdict_status_names[i]) == 0) {
			run->status = (enum verdict_status)i;
			return true;
		}
	return false;
}

static unsigned
mode_bit(const cJSON *name)
{
	for (int i = FAILURE_MODE_NONE + 1; cJSON_IsString(name) && i < FAILURE_MODE_COUNT; i++)
		if (strcmp(name->valuestring, failure_mode_rows[i].name) == 0)
			return BIT(i);
	return 0;
}

static unsigned
modes_of(const cJSON *result)
{
	const cJSON *causes = pointer_find(result, "/breaking_point/causes"), *cause;
	unsigned modes = mode_bit(pointer_find(result, "/failure_mode/mode"));

	cJSON_ArrayForEach(cause, causes) modes |= mode_bit(cause);
	return modes;
}

static bool
has_regressed(const cJSON *result)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, pointer_find(result, "/comparison"))
	{
		const cJSON *status = pointer_find(row, "/status");

		if (cJSON_IsTrue(pointer_find(row, "/gated")) && cJSON_IsString(status) &&
			strcmp(status->valuestring, "regression") == 0)
			return true;
	}
	return false;
}

static bool
has_alerted(const cJSON *result)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, pointer_find(result, "/alerts")) if (pointer_number(row, "/fired") > 0) return true;
	return false;
}

static void
history_init(struct history_run *run)
{
	*run = (struct history_run){.exit_code = -1};
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		run->figures[i] = NAN;
}

bool
history_take(struct history_run *into, const cJSON *result)
{
	const cJSON *started = pointer_find(result, "/started_at");

	history_init(into);
	if (!take_status(into, result))
		return false;
	copy_text(result, "/id", into->id, sizeof(into->id));
	copy_text(result, "/name", into->name, sizeof(into->name));
	into->started_ns = cJSON_IsString(started) ? wall_of_text(started->valuestring) : 0;
	into->modes = modes_of(result);
	into->has_regressed = has_regressed(result);
	into->has_alerted = has_alerted(result);
	into->was_limited = cJSON_IsTrue(pointer_find(result, "/generator/limited"));
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		into->figures[i] = pointer_number(result, history_rows[i].where);
	return true;
}

void
history_take_lost(struct history_run *into, const char *id, const char *name, int64_t started_ns)
{
	history_init(into);
	into->is_lost = true;
	into->status = VERDICT_INCONCLUSIVE;
	into->started_ns = started_ns;
	snprintf(into->id, sizeof(into->id), "%s", id);
	snprintf(into->name, sizeof(into->name), "%s", name);
	snprintf(into->reason, sizeof(into->reason), "it ended without a result");
}
