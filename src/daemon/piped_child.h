#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/child.h"

/* One of our own commands as a child process with pipes between it and us: what it says is read to its end, or, where
 * somebody whom it left behind holds them open, for a second after it has gone. The caller owns the struct, whose
 * memory may be reused once on_end was called. */

enum piped_stream { PIPED_INPUT, PIPED_OUTPUT, PIPED_SAID, PIPED_N }; /* by its descriptors */

#define PIPED_READ_BYTES ((size_t)64 * 1024)

struct piped_child_config {
	const char *program; /* our own binary */
	const char *const *arguments;
	const char *shown; /* as messages show it */
	bool has_input;    /* its stdin is pipes[PIPED_INPUT], the caller's to write to; else it has none */
	bool yields;       /* to jobs, as the daemon does (yield.h) */
	int64_t within_ns; /* it is ended after so long; 0: never */
	int64_t stop_ns;
	/* Each from a later turn of the loop. on_end: it is gone, and nothing more is heard. */
	void (*on_bytes)(void *context, enum piped_stream stream, const char *bytes, size_t length);
	void (*on_exit)(void *context); /* its output may still come */
	void (*on_end)(void *context);
	void *context;
};

struct piped_child {
	struct piped_child_config config;
	struct child child;
	uv_pipe_t pipes[PIPED_N];
	uv_timer_t late; /* closes pipes that do not end, and is the last to be closed */
	unsigned open_n; /* handles */
	bool is_gone;
	char input[PIPED_READ_BYTES];
};

/* False with err set: it could not be started; on_end comes all the same. Holds the loop for as long as a fork takes.
 */
bool piped_child_start(
	struct piped_child *child, uv_loop_t *loop, const struct piped_child_config *config, struct error *err);
