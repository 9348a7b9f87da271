#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Moments as others write them, as time since 1970-01-01T00:00:00Z. */

int64_t moment_s(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);

/* RFC 3339: "2026-11-22T20:32:00.123+01:00". */
bool moment_read(const char *text, int64_t *ns);
