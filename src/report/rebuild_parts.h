#pragma once

#include "report/rebuild.h"

/* What rebuild.c (a whole journal) and rebuild_follow.c (one that grows) share; nobody else includes it. */

/* Levels with exchanges under way at once: what a recorder keeps at most. */
#define REBUILD_LEVELS_MAX 64

struct rebuilding {
	const struct plan *plan;
	const struct rebuild_events *events;
	struct rebuilt *into;
	struct interval *interval;
};

bool rebuild_line(
	struct rebuilding *r, const char *path, const char *line, size_t length, size_t number, struct error *err);
