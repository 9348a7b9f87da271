#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "campaign/child.h"
#include "net/address.h"
#include "plan/plan.h"

/* The target, where brunt starts it itself (`target.command`), so that its exit status is known and nothing of it is
 * left behind. */
struct target_process {
	struct child child;
	int64_t started_ns; /* CLOCK_MONOTONIC */
};

/* Starts it and waits, turning the loop, until it accepts connections at one of the addresses (a connect, not a
 * request). False with err set: it exited, or was not ready in time. False without: a callback of the loop set
 * *is_interrupted. It is stopped then. */
bool target_process_start(struct target_process *target, uv_loop_t *loop, const struct plan *plan,
	const struct addresses *addresses, const bool *is_interrupted, struct error *err);
/* SIGTERM to the whole group, SIGKILL after the plan's `stop` time; returns when it is gone and its handle closed. */
void target_process_stop(struct target_process *target, uv_loop_t *loop);
