#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "net/address.h"
#include "plan/plan.h"

/* The target, where brunt starts it itself (`target.command`): run by /bin/sh in a process group of its own, its output
 * on our stderr, so that its exit status is known and nothing of it is left behind. */
struct target_process {
	uv_process_t process;
	bool is_started, is_running, is_closed;
	int64_t exit_status;
	int term_signal;
	int64_t exited_at_ns; /* CLOCK_MONOTONIC; −1: it runs */
	int64_t stop_ns;
};

/* Starts it and waits, turning the loop, until it accepts connections at one of the addresses (a connect, not a
 * request). False with err set: it exited, or was not ready in time. False without: a callback of the loop set
 * *is_interrupted. It is stopped then. */
bool target_process_start(struct target_process *target, uv_loop_t *loop, const struct plan *plan,
	const struct addresses *addresses, const bool *is_interrupted, struct error *err);
/* SIGTERM to the whole group, SIGKILL after the plan's `stop` time; returns when it is gone and its handle closed. */
void target_process_stop(struct target_process *target, uv_loop_t *loop);
