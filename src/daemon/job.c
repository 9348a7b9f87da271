#include "daemon/job.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "campaign/child.h"
#include "daemon/said.h"

#define ARGUMENTS_MAX 192
#define READ_BYTES ((size_t)64 * 1024)
#define EAR_OPEN_MS                                                                                                    \
	1000 /* for what is still in the pipes when it is gone; somebody it left behind may hold them open */

static const char drain_message[] = "{\"control\":\"drain\"}\n";

enum pipe_kind { PIPE_CONTROL, PIPE_EVENTS, PIPE_SAID, PIPES_N };

struct job {
	struct job_config config;
	struct child child;
	uv_pipe_t pipes[PIPES_N];
	uv_timer_t late; /* closes pipes that do not end */
	unsigned open_n; /* handles */
	bool is_gone, has_drain;
	struct buf line; /* what there is of the one that comes */
	bool skips_line;
	uint64_t lines_lost;
	struct said said;
	uv_write_t drain;
	char input[READ_BYTES];
};

static void on_closed(uv_handle_t *handle);

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The timer is the last: by then the child's own handles, closed when it went, are closed too. */
static void
on_closed(uv_handle_t *handle)
{
	struct job *job = handle->data;

	job->open_n--;
	if (job->open_n == 1 && job->is_gone)
		close_handle((uv_handle_t *)&job->late);
	if (job->open_n > 0)
		return;
	CHECK(job->child.is_closed);
	job->config.on_end(job->config.context, job);
}

/* "{"event":"phase",…}": every line of the stream begins so. */
static bool
take_kind(const char *line, size_t length, char kind[JOB_KIND_MAX])
{
	static const char start[] = "{\"event\":\"";
	size_t n = sizeof(start) - 1, end = n;

	if (length < n + 3 || memcmp(line, start, n) != 0 || line[length - 1] != '}')
		return false;
	while (end < length && line[end] >= 'a' && line[end] <= 'z')
		end++;
	if (line[end] != '"' || end == n || end - n >= JOB_KIND_MAX)
		return false;
	memcpy(kind, line + n, end - n);
	kind[end - n] = '\0';
	return true;
}

static void
end_line(struct job *job)
{
	char kind[JOB_KIND_MAX];

	if (job->skips_line || !take_kind(job->line.bytes != NULL ? job->line.bytes : "", job->line.length, kind))
		job->lines_lost++;
	else
		job->config.on_event(job->config.context, kind, job->line.bytes, job->line.length);
	buf_clear(&job->line);
	job->line.overflowed = job->skips_line = false;
}

static void
take_events(struct job *job, const char *bytes, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(bytes, '\n', length);
		size_t n = newline != NULL ? (size_t)(newline - bytes) : length;

		if (!job->skips_line && !buf_add(&job->line, bytes, n))
			job->skips_line = true;
		if (newline == NULL)
			return;
		end_line(job);
		bytes += n + 1;
		length -= n + 1;
	}
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *into)
{
	struct job *job = handle->data;

	(void)suggested;
	*into = uv_buf_init(job->input, sizeof(job->input));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *input)
{
	struct job *job = stream->data;

	if (n < 0)
		close_handle((uv_handle_t *)stream);
	else if (stream == (uv_stream_t *)&job->pipes[PIPE_EVENTS])
		take_events(job, input->base, (size_t)n);
	else
		said_add(&job->said, input->base, (size_t)n);
}

static void
on_late(uv_timer_t *timer)
{
	struct job *job = timer->data;

	for (size_t i = 0; i < PIPES_N; i++)
		close_handle((uv_handle_t *)&job->pipes[i]);
	close_handle((uv_handle_t *)timer);
}

/* What it wrote last may still be in the pipes. */
static void
on_exit_of_child(void *context, struct child *child)
{
	struct job *job = context;

	job->is_gone = true;
	if (child->term_signal != 0)
		(void)kill(-child->process.pid, SIGKILL); /* what it could not end itself; most often nobody is left */
	close_handle((uv_handle_t *)&job->pipes[PIPE_CONTROL]);
	CHECK_OP(uv_timer_start(&job->late, on_late, EAR_OPEN_MS, 0), ==, 0);
}

static size_t
compose(const struct job_config *config, char out[4096], char pid[32], const char *arguments[ARGUMENTS_MAX])
{
	size_t n = 0;

	snprintf(out, 4096, "%.4000s/results", config->dir);
	snprintf(pid, 32, "%lld", (long long)getpid());
	arguments[n++] = "brunt";
	arguments[n++] = "run";
	arguments[n++] = config->profile;
	arguments[n++] = "--out";
	arguments[n++] = out;
	arguments[n++] = "--quiet";
	arguments[n++] = "--suite";
	arguments[n++] = pid;
	if (config->allow != NULL) {
		arguments[n++] = "--allow";
		arguments[n++] = config->allow;
	}
	if (config->has_stream) {
		arguments[n++] = "--events";
		arguments[n++] = "-";
		arguments[n++] = "--figures";
	}
	if (config->has_control) {
		arguments[n++] = "--control";
		arguments[n++] = "-";
	}
	if (config->baselines != NULL) {
		arguments[n++] = "--baselines";
		arguments[n++] = config->baselines;
	}
	if (config->baseline != NULL) {
		arguments[n++] = "--baseline";
		arguments[n++] = config->baseline;
	}
	CHECK_OP(n + 2 * config->settings_n, <, ARGUMENTS_MAX);
	for (size_t i = 0; i < config->settings_n; i++) {
		arguments[n++] = "--set";
		arguments[n++] = config->settings[i];
	}
	arguments[n] = NULL;
	return n;
}

static void
open_ears(struct job *job, uv_loop_t *loop, uv_stdio_container_t stdio[3])
{
	static const uv_stdio_flags directions[] = {UV_READABLE_PIPE, UV_WRITABLE_PIPE, UV_WRITABLE_PIPE};

	for (size_t i = 0; i < PIPES_N; i++) {
		CHECK_OP(uv_pipe_init(loop, &job->pipes[i], 0), ==, 0);
		job->pipes[i].data = job;
		stdio[i] = (uv_stdio_container_t){
			.flags = UV_CREATE_PIPE | directions[i], .data.stream = (uv_stream_t *)&job->pipes[i]};
	}
	CHECK_OP(uv_timer_init(loop, &job->late), ==, 0);
	job->late.data = job;
	job->open_n = PIPES_N + 1;
}

static void
nobody_hears(void *context, struct job *job)
{
	(void)context;
	(void)job;
}

/* What was opened for a child that there is not. */
static void
give_up(struct job *job, uv_loop_t *loop)
{
	job->config.on_end = nobody_hears;
	on_late(&job->late);
	while (job->open_n > 0)
		uv_run(loop, UV_RUN_ONCE);
	job_free(job);
}

struct job *
job_start(uv_loop_t *loop, const struct job_config *config, struct error *err)
{
	struct job *job = must_alloc(sizeof(*job));
	const char *arguments[ARGUMENTS_MAX];
	uv_stdio_container_t stdio[3];
	char out[4096], pid[32];

	job->config = *config;
	buf_init(&job->line, JOB_LINE_MAX);
	said_init(&job->said, JOB_SAID_MAX);
	compose(config, out, pid, arguments);
	open_ears(job, loop, stdio);
	if (!child_start(&job->child, loop,
		    &(struct child_config){.program = config->program,
			    .arguments = arguments,
			    .stdio = stdio,
			    .shown = "brunt run",
			    .within_ns = config->within_ns,
			    .stop_ns = JOB_STOP_NS,
			    .on_exit = on_exit_of_child,
			    .context = job},
		    err)) {
		give_up(job, loop);
		return NULL;
	}
	CHECK_OP(uv_read_start((uv_stream_t *)&job->pipes[PIPE_EVENTS], on_alloc, on_read), ==, 0);
	CHECK_OP(uv_read_start((uv_stream_t *)&job->pipes[PIPE_SAID], on_alloc, on_read), ==, 0);
	return job;
}

static void
on_drained(uv_write_t *write, int status)
{
	(void)write;
	(void)status; /* it is gone: that will be told */
}

static void
drain(struct job *job)
{
	uv_buf_t bytes = uv_buf_init((char *)(uintptr_t)drain_message, sizeof(drain_message) - 1);

	if (!job->config.has_control) {
		child_end(&job->child);
		return;
	}
	if (job->has_drain || job->is_gone)
		return;
	job->has_drain = true;
	if (uv_write(&job->drain, (uv_stream_t *)&job->pipes[PIPE_CONTROL], &bytes, 1, on_drained) != 0)
		child_end(&job->child);
}

void
job_stop(struct job *job, enum job_stop how)
{
	switch (how) {
	case JOB_DRAIN: drain(job); break;
	case JOB_STOP: child_end(&job->child); break;
	case JOB_KILL:
		if (job->child.is_running)
			(void)kill(-job->child.process.pid, SIGKILL); /* gone already: its exit will tell */
		break;
	}
}

void
job_free(struct job *job)
{
	CHECK(!job->child.is_running && job->open_n == 0);
	buf_fini(&job->line);
	said_fini(&job->said);
	free(job);
}

int64_t
job_pid(const struct job *job)
{
	return job->child.process.pid;
}

/* Field 22 of /proc/PID/stat, counted after the name, which may hold anything but ends with the last bracket. */
int64_t
job_pid_start(int64_t pid)
{
	char path[64], text[1024];
	long long start = -1;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	if (file_read_small(path, text, sizeof(text)) <= 0)
		return -1;
	const char *at = strrchr(text, ')');

	for (int field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at != NULL && sscanf(at + 1, "%lld", &start) == 1 ? start : -1;
}

int
job_exit_code(const struct job *job)
{
	return job->child.term_signal != 0 ? 128 + job->child.term_signal : (int)job->child.exit_status;
}

bool
job_was_overdue(const struct job *job)
{
	return job->child.is_overdue;
}

uint64_t
job_lines_lost(const struct job *job)
{
	return job->lines_lost;
}

void
job_add_said(const struct job *job, struct buf *into)
{
	said_show(&job->said, into);
}
