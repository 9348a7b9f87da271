#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "fleet/worker.h"
#include "measure/events.h"

/* Processes of this machine: control messages go down a worker's stdin, its events come up its stdout. */
#define ARGUMENTS_MAX 160
#define START_AHEAD_NS (100 * NS_PER_MS)

struct pipe_link {
	uv_process_t process;
	uv_pipe_t in, out; /* its stdin and stdout */
};

struct message {
	uv_write_t write;
	struct buf text;
};

static void
pipe_on_closed(uv_handle_t *handle)
{
	struct worker *worker = handle->data;

	worker->handles_open--;
}

static void
pipe_on_exit(uv_process_t *process, int64_t exit_status, int term_signal)
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
	arguments[n++] = "--worker";
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

static bool
pipe_start(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err)
{
	char *arguments[ARGUMENTS_MAX], shard[32];
	struct pipe_link *link = must_alloc(sizeof(*link));

	worker->link = link;
	snprintf(shard, sizeof(shard), "%u/%u", worker->index, options->workers);
	fill_arguments(arguments, options, shard, shares_target_cpu);
	init_pipe(worker, loop, &link->in);
	init_pipe(worker, loop, &link->out);
	uv_stdio_container_t stdio[] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&link->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&link->out},
		{.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t process = {
		.file = "/proc/self/exe",
		.args = arguments,
		.exit_cb = pipe_on_exit,
		.stdio = stdio,
		.stdio_count = 3,
	};

	link->process.data = worker;
	worker->handles_open++;
	int error = uv_spawn(loop, &link->process, &process);

	if (error != 0)
		return error_set(err, "%s cannot be started: %s", worker->name, uv_strerror(error));
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

static void
pipe_say(struct worker *worker, const struct control *control)
{
	struct pipe_link *link = worker->link;
	struct message *message = must_alloc(sizeof(*message));

	buf_init(&message->text, CONTROL_LINE_MAX);
	CHECK(control_encode(&message->text, control));
	uv_buf_t bytes = uv_buf_init(message->text.bytes, (unsigned)message->text.length);

	if (uv_write(&message->write, (uv_stream_t *)&link->in, &bytes, 1, message_on_written) != 0)
		message_on_written(&message->write, 0);
}

static void
pipe_kill(struct worker *worker)
{
	struct pipe_link *link = worker->link;

	uv_process_kill(&link->process, SIGKILL); /* it may be gone already */
}

static void
pipe_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes)
{
	char *room = worker_room(handle->data, suggested);

	*bytes = uv_buf_init(room, room != NULL ? (unsigned)suggested : 0);
}

static void
pipe_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
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

static void
pipe_listen(struct worker *worker, bool is_listening)
{
	struct pipe_link *link = worker->link;

	if (is_listening)
		CHECK_OP(uv_read_start((uv_stream_t *)&link->out, pipe_alloc, pipe_on_read), ==, 0);
	else
		uv_read_stop((uv_stream_t *)&link->out);
}

static void
pipe_close(struct worker *worker)
{
	struct pipe_link *link = worker->link;

	if (worker->handles_open != 3 || uv_is_closing((uv_handle_t *)&link->in))
		return;
	uv_close((uv_handle_t *)&link->in, pipe_on_closed);
	uv_close((uv_handle_t *)&link->out, pipe_on_closed);
	uv_close((uv_handle_t *)&link->process, pipe_on_closed);
}

const struct transport_ops pipe_transport = {
	.name = "pipe",
	.start_ahead_ns = START_AHEAD_NS,
	.start = pipe_start,
	.say = pipe_say,
	.kill = pipe_kill,
	.listen = pipe_listen,
	.close = pipe_close,
};
