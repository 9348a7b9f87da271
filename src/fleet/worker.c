#include "fleet/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"

#define ARGUMENTS_MAX 160

struct message {
	uv_write_t write;
	struct buf text;
};

static void
worker_on_closed(uv_handle_t *handle)
{
	struct worker *worker = handle->data;

	worker->handles_open--;
}

static void
worker_on_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct worker *worker = process->data;

	worker->has_exited = true;
	worker->exit_status = (int)exit_status;
	worker->term_signal = term_signal;
}

static void
init_pipe(struct worker *worker, uv_loop_t *loop, uv_pipe_t *pipe)
{
	CHECK_OP(uv_pipe_init(loop, pipe, 0), ==, 0);
	pipe->data = worker;
	worker->handles_open++;
}

/* brunt run PROFILE --set … --shard I/N: the very program that runs now, wherever it was started from. */
static void
fill_arguments(char **arguments, const struct fleet_options *options, char *shard, bool shares_target_cpu)
{
	size_t n = 0;

	CHECK_OP(2 * options->settings_n + 10, <, ARGUMENTS_MAX);
	arguments[n++] = "brunt";
	arguments[n++] = "run";
	for (size_t i = 0; i < options->settings_n; i++) {
		arguments[n++] = "--set";
		arguments[n++] = (char *)(uintptr_t)options->settings[i]; /* uv_spawn only reads them */
	}
	arguments[n++] = "--shard";
	arguments[n++] = shard;
	if (options->arm != NULL) {
		arguments[n++] = "--arm";
		arguments[n++] = (char *)(uintptr_t)options->arm;
	}
	if (shares_target_cpu)
		arguments[n++] = "--shares-cpu";
	arguments[n++] = "--";
	arguments[n++] = (char *)(uintptr_t)options->profile;
	arguments[n] = NULL;
}

bool
worker_spawn(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err)
{
	char *arguments[ARGUMENTS_MAX], shard[32];

	buf_init(&worker->lines, EVENT_LINE_MAX);
	worker->cut_ns = worker->complete_ns = -1;
	snprintf(shard, sizeof(shard), "%u/%u", worker->index, options->workers);
	fill_arguments(arguments, options, shard, shares_target_cpu);
	init_pipe(worker, loop, &worker->in);
	init_pipe(worker, loop, &worker->out);
	uv_stdio_container_t stdio[] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&worker->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&worker->out},
		{.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t process = {
		.file = "/proc/self/exe",
		.args = arguments,
		.exit_cb = worker_on_exit,
		.stdio = stdio,
		.stdio_count = 3,
	};

	worker->process.data = worker;
	worker->handles_open++;
	int error = uv_spawn(loop, &worker->process, &process);

	if (error != 0)
		return error_set(err, "worker %u of %u cannot be started: %s", worker->index + 1, options->workers,
			uv_strerror(error));
	worker->is_spawned = true;
	worker_listen(worker, true);
	return true;
}

static void
message_on_written(uv_write_t *write, int status)
{
	struct message *message = container_of(write, struct message, write);

	(void)status; /* one that cannot be told is gone, which its exit says */
	buf_fini(&message->text);
	free(message);
}

void
worker_say(struct worker *worker, const struct control *control)
{
	struct message *message = must_alloc(sizeof(*message));

	buf_init(&message->text, CONTROL_LINE_MAX);
	CHECK(control_encode(&message->text, control));
	uv_buf_t bytes = uv_buf_init(message->text.bytes, (unsigned)message->text.length);

	if (uv_write(&message->write, (uv_stream_t *)&worker->in, &bytes, 1, message_on_written) != 0)
		message_on_written(&message->write, 0);
}

void
worker_kill(struct worker *worker)
{
	if (worker->is_spawned && !worker->has_exited)
		uv_process_kill(&worker->process, SIGKILL); /* it may be gone already */
}

static void
worker_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes)
{
	struct worker *worker = handle->data;
	struct buf *lines = &worker->lines;

	/* What was dealt with makes room. */
	if (worker->taken > 0) {
		memmove(lines->bytes, lines->bytes + worker->taken, lines->length - worker->taken);
		lines->length -= worker->taken;
		worker->taken = 0;
	}
	bool has_room = buf_reserve(lines, suggested);

	*bytes = uv_buf_init(has_room ? lines->bytes + lines->length : NULL, has_room ? (unsigned)suggested : 0);
}

static void
worker_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct worker *worker = stream->data;

	(void)bytes;
	worker->silent_ticks = 0;
	if (n > 0)
		worker->lines.length += (size_t)n;
	if (n >= 0)
		return;
	worker->has_eof = true; /* UV_ENOBUFS, a line beyond all bounds, ends it too */
	worker->is_reading = false;
	uv_read_stop(stream);
}

void
worker_listen(struct worker *worker, bool is_listening)
{
	if (worker->has_eof || is_listening == worker->is_reading)
		return;
	worker->is_reading = is_listening;
	if (is_listening)
		CHECK_OP(uv_read_start((uv_stream_t *)&worker->out, worker_alloc, worker_on_read), ==, 0);
	else
		uv_read_stop((uv_stream_t *)&worker->out);
}

const char *
worker_next_line(struct worker *worker, size_t *length)
{
	size_t left = worker->lines.length - worker->taken;

	if (left == 0)
		return NULL;
	const char *line = worker->lines.bytes + worker->taken;
	const char *end = memchr(line, '\n', left);

	if (end == NULL)
		return NULL;
	*length = (size_t)(end - line);
	worker->taken += *length + 1;
	return line;
}

void
worker_close(struct worker *worker)
{
	if (worker->handles_open != 3 || uv_is_closing((uv_handle_t *)&worker->in))
		return;
	uv_close((uv_handle_t *)&worker->in, worker_on_closed);
	uv_close((uv_handle_t *)&worker->out, worker_on_closed);
	uv_close((uv_handle_t *)&worker->process, worker_on_closed);
}

void
worker_fini(struct worker *worker)
{
	CHECK_OP(worker->handles_open, ==, 0);
	buf_fini(&worker->lines);
}

const char *
worker_fate_text(const struct worker *worker, char *into, size_t size)
{
	if (worker->term_signal != 0)
		snprintf(into, size, "was killed by signal %d (%s)", worker->term_signal,
			strsignal(worker->term_signal));
	else
		snprintf(into, size, "ended by itself, with exit code %d", worker->exit_status);
	return into;
}
