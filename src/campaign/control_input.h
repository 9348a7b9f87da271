#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "measure/events.h"

/* The control stream into a run: NDJSON from a fifo, stdin, or a file, which is read whole as the run starts. A bad
 * line is warned about and skipped; the end of the input ends nothing but the input. */
#define CONTROL_FILE_CEILING ((size_t)64 * 1024)

struct control_input {
	uv_pipe_t pipe;
	int fd; /* −1: none */
	char line[CONTROL_LINE_MAX];
	size_t length;
	bool is_started, is_too_long;
	void (*on_control)(void *context, const struct control *control);
	void (*on_end)(void *context); /* the writer is gone; NULL: that matters to nobody. Set before it is started */
	void *context;
};

/* path NULL: none. */
bool control_input_open(struct control_input *input, const char *path, struct error *err);
void control_input_start(struct control_input *input, uv_loop_t *loop,
	void (*on_control)(void *context, const struct control *control), void *context);
void control_input_stop(struct control_input *input);
