#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

/* A command run by /bin/sh, or a program, in a process group of its own, its output on our stderr, on the caller's
 * loop: its exit status is known, and nothing of its group need be left behind. The caller owns the struct, whose
 * memory may be reused once is_closed. */
struct child {
	uv_process_t process;
	uv_timer_t timer; /* its deadline, then that of its end */
	bool is_started, is_running;
	bool is_closed;  /* it is gone, and so are its handles */
	bool is_overdue; /* it was ended because its time was over */
	bool is_ending;
	unsigned handles_n;
	int64_t exit_status;
	int term_signal;
	int64_t exited_at_ns;                                /* CLOCK_MONOTONIC; −1: it runs */
	int64_t stop_ns;                                     /* from SIGTERM to SIGKILL */
	void (*on_exit)(void *context, struct child *child); /* NULL: nobody wants to know */
	void *context;
};

struct child_config {
	const char *command; /* as it is run; NULL: … */
	const char *program; /* … a program, with these arguments, argv[0] the first of them, ended by NULL */
	const char *const *arguments;
	const char *const
		*environment;        /* "NAME=value" in place of ours or beside it, ended by NULL; NULL: ours alone */
	bool is_silent;              /* what it says on stdout is not wanted */
	uv_stdio_container_t *stdio; /* three of them, in place of nothing, our stderr, our stderr; NULL: those */
	const char *shown;           /* as messages show it */
	bool is_signalled; /* a plain command takes the shell's place, so that signals and exit status are its own */
	int64_t within_ns; /* it is ended after so long; 0: never */
	int64_t stop_ns;
	void (*on_exit)(void *context, struct child *child); /* from a later loop turn */
	void *context;
};

/* False with err set ("cannot start '…': …"): nothing is open. Holds the loop for as long as a fork takes. */
bool child_start(struct child *child, uv_loop_t *loop, const struct child_config *config, struct error *err);

/* A signal to it alone, which its group does not see. */
void child_signal(const struct child *child, int signal);

/* SIGTERM to its group, SIGKILL when that has not helped; on_exit will tell. */
void child_end(struct child *child);

/* Turns the loop until it is gone and closed; is_interrupted (may be NULL), set by a callback of the loop, ends it. */
void child_wait(struct child *child, uv_loop_t *loop, const bool *is_interrupted);

/* What it left running in its group: SIGTERM, then SIGKILL. Turns the loop, for stop_ns at most. Nothing where the
 * child was never started. */
void child_clear_group(struct child *child, uv_loop_t *loop);

/* Whether it ended by itself with status 0. */
static inline bool
child_has_succeeded(const struct child *child)
{
	return !child->is_overdue && child->exit_status == 0 && child->term_signal == 0;
}

/* "ended with exit status 3", "was ended by signal 9 (Killed)", "took too long"; returns into. */
const char *child_fate_text(const struct child *child, char *into, size_t size);
