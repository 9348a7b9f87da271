#pragma once

#include <cjson/cJSON.h>
#include <stdint.h>

#include "plan/expr.h"

/* One interval of a running job, as the event `figures` tells it: what alerts look at while a run lasts. */

enum moment_figure {
#define MOMENT(NAME, name, unit, higher_is_better, where, text) MOMENT_##NAME,
#include "daemon/moment.def"
#undef MOMENT
	MOMENT_FIGURES_N
};

/* For expressions, ended by NULL. */
extern const struct plan_metric *const moment_metrics[MOMENT_FIGURES_N + 1];

struct moment {
	double figures[MOMENT_FIGURES_N]; /* NAN: not known */
	const cJSON *scraped;             /* {NAME: value}; NULL: none. The event's own */
};

/* From the event's object, which must live as long as the moment is looked at. A share of errors, of memory or a sum of
 * watts that it does not tell itself is made of what it tells. */
void moment_take(struct moment *into, const cJSON *figures);

/* Of a metric of moment_metrics, or one whose name begins with "scraped.". */
double moment_value(const struct moment *moment, const struct plan_metric *metric);
