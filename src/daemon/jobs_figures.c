#include <stdio.h>

#include "base/log.h"
#include "daemon/jobs_parts.h"
#include "daemon/pointer.h"

/* What a run does while it lasts: told on, and held to the operator's ceilings, since users who are answered at once
 * send more than any plan can say. Suites and splits tell nothing while they last, and are held to their plans alone.
 */

static void
hold(struct live *live, const cJSON *figures)
{
	double sent = pointer_number(figures, "/sent") + pointer_number(figures, "/retried");
	double interval_ns = pointer_number(figures, "/at_ns") - pointer_number(figures, "/start_ns");
	struct error err = {0};

	if (!(sent >= 0) || !(interval_ns > 0)) /* not known, too */
		return;
	if (!ceiling_watch(&live->watch, (uint64_t)sent, (int64_t)interval_ns, &err))
		return;
	snprintf(live->excess, sizeof(live->excess), "it was stopped: %.300s", err.message);
	log_warn("run %s %s", live->row.id, live->excess);
	live_stop(live, JOB_STOP);
}

void
live_take_figures(struct live *live, const char *line, size_t length)
{
	const struct jobs_config *config = &live->jobs->config;
	cJSON *figures = cJSON_ParseWithLength(line, length);

	if (figures == NULL) {
		live->jobs->counts.lines_lost++;
		return;
	}
	hold(live, figures);
	if (config->on_figures != NULL)
		config->on_figures(config->context, &live->row, figures);
	cJSON_Delete(figures);
}
