#include "campaign/control_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

/* What epoll can wait for; libuv aborts where it is given anything else as a pipe. */
static bool
is_awaitable(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd));
}

/* A fifo is opened for writing too, so that it has no end when one writer closes it. */
static int
open_path(const char *path)
{
	struct stat status;
	bool is_fifo = stat(path, &status) == 0 && S_ISFIFO(status.st_mode);

	return open(path, (is_fifo ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool
control_input_open(struct control_input *input, const char *path, struct error *err)
{
	struct stat status;

	input->fd = -1;
	if (path == NULL)
		return true;
	input->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open_path(path);
	if (input->fd < 0)
		return error_set(err, "--control: cannot read '%s': %s", path, strerror(errno));
	if (fstat(input->fd, &status) == 0 && S_ISDIR(status.st_mode))
		return error_set(err, "--control: '%s' is a directory; give a fifo, a file or - for stdin", path);
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
input_take(struct control_input *input, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			input_take_line(input);
		else if (input->length < sizeof(input->line))
			input->line[input->length++] = bytes[i];
		else
			input->is_too_long = true;
	}
}

static void
input_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct control_input *input = container_of((uv_pipe_t *)stream, struct control_input, pipe);

	if (n < 0) {
		uv_read_stop(stream);
		if (input->on_end != NULL)
			input->on_end(input->context);
	} else
		input_take(input, buf->base, (size_t)n);
}

static void
input_take_file(struct control_input *input)
{
	char bytes[CONTROL_LINE_MAX];
	size_t taken = 0;
	ssize_t n;

	while ((n = read(input->fd, bytes, sizeof(bytes))) > 0 && taken < CONTROL_FILE_CEILING) {
		input_take(input, bytes, (size_t)n);
		taken += (size_t)n;
	}
	if (n != 0)
		log_warn("--control: the input was read for %zu bytes, no further: %s", taken,
			n < 0 ? strerror(errno) : "a file may have no more");
}

void
control_input_start(struct control_input *input, uv_loop_t *loop,
	void (*on_control)(void *context, const struct control *control), void *context)
{
	input->on_control = on_control;
	input->context = context;
	if (!is_awaitable(input->fd)) {
		input_take_file(input);
		return;
	}
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
	else if (input->fd >= 0)
		close(input->fd);
	input->is_started = false;
	input->fd = -1;
}
