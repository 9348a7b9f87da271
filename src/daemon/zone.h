#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A time zone by its name, as the system's tz database has it (TZif files, RFC 9636; beyond their last change by the
 * rule in their footer, POSIX.1 "TZ"). Read once; everything else is pure. Times are whole seconds since 1970, UTC. */
struct zone;

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_NAME_MAX 64

/* "Europe/Berlin"; "UTC" needs no file. `directory` NULL: the system's, or what TZDIR says. NULL with err set. */
struct zone *zone_open(const char *name, const char *directory, struct error *err);
void zone_close(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* What its clocks are ahead of UTC. */
int32_t zone_offset_s(const struct zone *zone, int64_t at_s);

/* A stretch with one offset: from_s <= t < to_s. */
struct zone_span {
	int64_t from_s, to_s;
	int32_t offset_s;
};

/* The stretches that make up [from_s, to_s), in order, the outer ones cut to it; at most `max` of them. */
size_t zone_spans(const struct zone *zone, int64_t from_s, int64_t to_s, struct zone_span *into, size_t max);
