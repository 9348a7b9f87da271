#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/child.h"
#include "measure/chronicle.h"

/* What a profile wants done around the load: before → (the target) → ready → beside the load → after. Each of these
 * turns the loop until it is through. */
struct lifecycle {
	const struct plan_course *course;
	uv_loop_t *loop;
	const bool *is_interrupted; /* set by a callback of the loop: whatever waits gives up … */
	const bool *is_aborted;     /* … and `after` too */
	struct chronicle *chronicle;
	struct child before, beside, after;
	bool is_refused; /* what `ready` asks for is not in the operator's allowlist */
	bool was_begun, was_ended;
	int64_t begun_ns;        /* CLOCK_MONOTONIC: `before` ended, or was none */
	int64_t beside_began_ns; /* likewise */
};

void lifecycle_init(struct lifecycle *lifecycle, const struct plan_course *course, uv_loop_t *loop,
	const bool *is_interrupted, const bool *is_aborted, struct chronicle *chronicle);

/* Runs `before`. False with err set: it failed; without: it was interrupted. */
bool lifecycle_begin(struct lifecycle *lifecycle, struct error *err);

/* Polls `ready` until it answers as expected. target: the process it belongs to, which must not end meanwhile; NULL:
 * not ours. since_ns: CLOCK_MONOTONIC, what its time counts from. False with err set: it did not in time; without:
 * interrupted. */
bool lifecycle_wait_ready(struct lifecycle *lifecycle, int64_t since_ns, const struct child *target, struct error *err);

/* The load begins, and ends. False with err set: the command could not be started. */
bool lifecycle_start_beside(struct lifecycle *lifecycle, struct error *err);
void lifecycle_stop_beside(struct lifecycle *lifecycle);

/* Runs `after`, also where the run was interrupted or `before` failed, and ends what the commands left running. Once;
 * not where nothing was begun. */
void lifecycle_end(struct lifecycle *lifecycle);
