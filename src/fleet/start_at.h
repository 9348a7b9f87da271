#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* When a load is to begin, in wall time, so that processes that nobody leads begin together: "2026-11-22T02:00:00Z",
 * with a fraction or an offset (RFC 3339), or seconds since 1970. now_wall_ns: now. False with err set: it is neither,
 * past, or so far ahead that another unit was meant. */
#define START_AT_AHEAD_MAX_S (7 * 24 * 3600)

bool start_at_parse(const char *text, int64_t now_wall_ns, int64_t *wall_ns, struct error *err);
