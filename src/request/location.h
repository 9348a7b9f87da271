#pragma once

#include <stddef.h>

#include "plan/plan.h"

/* Where a redirect leads: a Location field (RFC 9110 §10.2.2), resolved against the path that was asked for (RFC 3986
 * §5.2). */

#define LOCATION_MAX ((size_t)2048)

enum location { LOCATION_HERE, LOCATION_ELSEWHERE, LOCATION_NOWHERE };

/* LOCATION_HERE: *length bytes of `into`, which has LOCATION_MAX, are the path and query to ask the same origin for;
 * LOCATION_NOWHERE: it is none, or too long. base: path and query of the request. */
enum location location_resolve(const struct plan_url *origin, const char *base, size_t base_length, const char *text,
	size_t text_length, char *into, size_t *length);
