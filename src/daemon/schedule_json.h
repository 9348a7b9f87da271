#pragma once

#include "base/arena.h"
#include "daemon/schedule.h"

#define SCHEDULE_JSON_MAX ((size_t)64 * 1024)

/* A schedule as the API is told it, and as it is kept: components/schemas/schedule_wish of openapi.yaml, by the keys of
 * brunt.yaml's schedules (watch_keys.def), its times and its zone checked as theirs are. Reads the zone's file. False
 * with err set, placed at "body:LINE:COLUMN". Everything lives in the arena. */
bool schedule_json_read(struct arena *arena, const char *name, const char *text, size_t length,
	struct schedule_wish *into, struct error *err);
