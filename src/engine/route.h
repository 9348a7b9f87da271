#pragma once

#include "engine/sessions.h"
#include "measure/exchange.h"

/* Where a session goes after one of its steps: by `then`, `until` and `if` of the plan (plan/route.h), or on in the
 * list.
 */
enum route { ROUTE_STEP, ROUTE_COMPLETED, ROUTE_BROKEN };

/* The answer was good, but the session waits for another one and may not ask again: its `until` does not hold after the
 * last repetition, or it has gone back as often as it may. */
bool route_gives_up(const struct sessions *sessions, const struct visit *visit, const struct exchange *x);

/* The exchange of its step has ended, by an answer or a failure. ROUTE_STEP: the visit stands at the step that comes
 * next, and *think_ns says how long it waits before. */
enum route route_take(
	const struct sessions *sessions, struct visit *visit, const struct exchange *x, int64_t *think_ns);
