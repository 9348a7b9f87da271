#include "daemon/moment.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "daemon/pointer.h"
#include "plan/scrape.h"

static const struct moment_row {
	struct plan_metric metric;
	const char *where;
} rows[MOMENT_FIGURES_N] = {
#define MOMENT(NAME, of_name, of_unit, higher_is_better, path, text)                                                   \
	[MOMENT_##NAME] = {.metric = {.name = (of_name),                                                               \
				   .unit = UNIT_##of_unit,                                                             \
				   .is_higher_better = (higher_is_better),                                             \
				   .help = (text)},                                                                    \
		.where = (path)},
#include "daemon/moment.def"
#undef MOMENT
};

const struct plan_metric *const moment_metrics[MOMENT_FIGURES_N + 1] = {
#define MOMENT(NAME, name, unit, higher_is_better, where, text) [MOMENT_##NAME] = &rows[MOMENT_##NAME].metric,
#include "daemon/moment.def"
#undef MOMENT
};

static double
known(const cJSON *in, const char *path)
{
	double value = pointer_number(in, path);

	return isnan(value) ? 0 : value;
}

/* Of what was due in the interval or, if that is more, came to an end; of nothing there is no share. */
static double
error_rate(const cJSON *figures)
{
	double failed = known(figures, "/failed") + known(figures, "/dropped") + known(figures, "/unsent");
	double all = fmax(failed + known(figures, "/ok"), known(figures, "/scheduled"));

	return all > 0 ? failed / all : NAN;
}

/* Whoever says it most directly. */
static double
power(const cJSON *figures)
{
	double told = pointer_number(figures, "/target/power_told");
	double cpus = pointer_number(figures, "/target/power"), gpus = pointer_number(figures, "/target/gpu_power");

	if (!isnan(told))
		return told;
	return isnan(gpus) ? cpus : isnan(cpus) ? gpus : cpus + gpus;
}

void
moment_take(struct moment *into, const cJSON *figures)
{
	double limit = pointer_number(figures, "/target/memory_limit");

	for (size_t i = 0; i < MOMENT_FIGURES_N; i++)
		into->figures[i] = pointer_number(figures, rows[i].where);
	if (isnan(into->figures[MOMENT_ERROR_RATE]))
		into->figures[MOMENT_ERROR_RATE] = error_rate(figures);
	if (isnan(into->figures[MOMENT_MEMORY_SHARE]) && limit > 0)
		into->figures[MOMENT_MEMORY_SHARE] = into->figures[MOMENT_MEMORY] / limit;
	into->figures[MOMENT_POWER] = power(figures);
	into->scraped = pointer_find(figures, "/scraped");
}

double
moment_value(const struct moment *moment, const struct plan_metric *metric)
{
	size_t prefix = strlen(SCRAPED_PREFIX);

	for (size_t i = 0; i < MOMENT_FIGURES_N; i++)
		if (metric == moment_metrics[i])
			return moment->figures[i];
	CHECK(strncmp(metric->name, SCRAPED_PREFIX, prefix) == 0);
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(moment->scraped, metric->name + prefix);

	return cJSON_IsNumber(found) ? found->valuedouble : NAN;
}
