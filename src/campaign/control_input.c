#include "campaign/control_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

bool
control_input_open(struct control_input *input, const char *path, struct error *err)
{
	input->fd = -1;
	if (path == NULL)
		return true;
	/* A fifo is opened for writing too, so that it has no end when one writer closes it. */
	input->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (input->fd < 0)
		return error_set(err, "--control: cannot read '%s': %s", path, strerror(errno));
	return true;
}

static void
input_take_line(struct control_input *input)
{
	struct control control;
	struct error err = {0};

	if (input->is_too_long)
		log_warn("control: a line of over %zu bytes was skipped", CONTROL_LINE_MAX);
	else if (input->length > 0 && control_decode(input->line, input->length, &control, &err))
		input->on_control(input->context, &control);
	else if (input->length > 0)
		log_warn("control: %s", err.message);
	input->length = 0;
	input->is_too_long = false;
}

static void
input_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char bytes[CONTROL_LINE_MAX]; /* libuv reads one pipe at a time, and there is one control input */

	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(bytes, sizeof(bytes));
}

static void
input_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct control_input *input = container_of((uv_pipe_t *)stream, struct control_input, pipe);

	if (n < 0) {
		uv_read_stop(stream);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf->base[i] == '\n')
			input_take_line(input);
		else if (input->length < sizeof(input->line))
			input->line[input->length++] = buf->base[i];
		else
			input->is_too_long = true;
	}
}

void
control_input_start(struct control_input *input, uv_loop_t *loop,
	void (*on_control)(void *context, const struct control *control), void *context)
{
	input->on_control = on_control;
	input->context = context;
	CHECK_OP(uv_pipe_init(loop, &input->pipe, 0), ==, 0);
	input->is_started = true;
	int error = uv_pipe_open(&input->pipe, input->fd);

	if (error == 0)
		error = uv_read_start((uv_stream_t *)&input->pipe, input_alloc, input_on_read);
	if (error != 0)
		log_warn("--control: the input cannot be read: %s", uv_strerror(error));
}

void
control_input_stop(struct control_input *input)
{
	if (input->is_started)
		uv_close((uv_handle_t *)&input->pipe, NULL);
}
