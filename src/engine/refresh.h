#pragma once

#include "engine/backends.h"
#include "net/resolver.h"

/* The names of the target's backends, looked up every so often beside the load: new connections go to what was found
 * last. What fails changes nothing, and is told. */
struct refresh {
	const struct plan *plan;
	struct backends *backends;
	struct recorder *recorder;
	const struct sources *sources;
	struct resolver *resolver; /* NULL: no name of them changes */
	bool is_closed;
	int64_t next_ns;
	uint32_t backend_of[PLAN_BACKENDS_MAX]; /* of each name that is looked up */
	bool is_failing[PLAN_BACKENDS_MAX];     /* by name, since when it was last told */
	size_t n;
};

/* first: what the names stood for before, by backend. */
void refresh_init(struct refresh *refresh, const struct plan *plan, uv_loop_t *loop, struct backends *backends,
	struct recorder *recorder, const struct sources *sources, const struct addresses *first);
/* Once per loop turn: asks, when it is time. */
void refresh_turn(struct refresh *refresh, int64_t now_ns);
/* Waits for nobody; is_closed once a later loop turn has let go of it. */
void refresh_close(struct refresh *refresh);
