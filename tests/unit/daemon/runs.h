/* Runs that ended, as their results tell them, and intervals of running ones. Include after cmocka.h. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/history.h"
#include "daemon/moment.h"

static inline struct history_run
run_of(const char *name, const char *id, enum verdict_status status)
{
	struct history_run run;

	history_take_lost(&run, id, name, 1);
	run.is_lost = false;
	run.status = status;
	run.reason[0] = '\0';
	return run;
}

/* Of JSON as the event `figures` has it; the caller deletes what it stands in. */
static inline cJSON *
moment_of(struct moment *moment, const char *json)
{
	cJSON *figures = cJSON_Parse(json);

	assert_non_null(figures);
	moment_take(moment, figures);
	return figures;
}
