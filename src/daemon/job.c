#include "daemon/job.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "daemon/piped_child.h"
#include "daemon/said.h"

#define ARGUMENTS_MAX 192

static const char drain_message[] = "{\"control\":\"drain\"}\n";

struct job {
	struct job_config config;
	struct piped_child piped; /* control in, events and what it says out */
	bool has_ended, was_never_there, has_drain;
	struct buf line; /* what there is of the one that comes */
	bool skips_line;
	uint64_t lines_lost;
	struct said said;
	uv_write_t drain;
};

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
on_bytes(void *context, enum piped_stream stream, const char *bytes, size_t length)
{
	struct job *job = context;

	if (stream == PIPED_OUTPUT)
		take_events(job, bytes, length);
	else
		said_add(&job->said, bytes, length);
}

static void
on_exit_of_child(void *context)
{
	const struct job *job = context;

	if (job->piped.child.term_signal != 0)
		(void)kill(-job->piped.child.process.pid,
			SIGKILL); /* what it could not end itself; most often nobody is left */
}

static void
on_end_of_child(void *context)
{
	struct job *job = context;

	job->has_ended = true;
	if (!job->was_never_there)
		job->config.on_end(job->config.context, job);
}

/* Texts that are made for its flags. */
struct job_texts {
	char out[4096], pid[32], number[SHARING_NUMBER_MAX];
};

static size_t
compose(const struct job_config *config, struct job_texts *texts, const char *arguments[ARGUMENTS_MAX])
{
	size_t n = 0;

	snprintf(texts->out, sizeof(texts->out), "%.4000s/results", config->dir);
	snprintf(texts->pid, sizeof(texts->pid), "%lld", (long long)getpid());
	arguments[n++] = "brunt";
	arguments[n++] = "run";
	arguments[n++] = config->profile;
	arguments[n++] = "--out";
	arguments[n++] = texts->out;
	arguments[n++] = "--quiet";
	arguments[n++] = "--suite";
	arguments[n++] = texts->pid;
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
	n += sharing_arguments(&config->sharing, config->nats, texts->number, arguments + n);
	CHECK_OP(n + 2 * config->settings_n, <, ARGUMENTS_MAX);
	for (size_t i = 0; i < config->settings_n; i++) {
		arguments[n++] = "--set";
		arguments[n++] = config->settings[i];
	}
	arguments[n] = NULL;
	return n;
}

/* What was opened for a child that there is not. */
static void
give_up(struct job *job, uv_loop_t *loop)
{
	job->was_never_there = true;
	while (!job->has_ended)
		uv_run(loop, UV_RUN_ONCE);
	job_free(job);
}

struct job *
job_start(uv_loop_t *loop, const struct job_config *config, struct error *err)
{
	struct job *job = must_alloc(sizeof(*job));
	const char *arguments[ARGUMENTS_MAX];
	struct job_texts texts;

	job->config = *config;
	buf_init(&job->line, JOB_LINE_MAX);
	said_init(&job->said, JOB_SAID_MAX);
	compose(config, &texts, arguments);
	if (piped_child_start(&job->piped, loop,
		    &(struct piped_child_config){.program = config->program,
			    .arguments = arguments,
			    .shown = "brunt run",
			    .has_input = true,
			    .within_ns = config->within_ns,
			    .stop_ns = JOB_STOP_NS,
			    .on_bytes = on_bytes,
			    .on_exit = on_exit_of_child,
			    .on_end = on_end_of_child,
			    .context = job},
		    err))
		return job;
	give_up(job, loop);
	return NULL;
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
		child_end(&job->piped.child);
		return;
	}
	if (job->has_drain || job->piped.is_gone)
		return;
	job->has_drain = true;
	if (uv_write(&job->drain, (uv_stream_t *)&job->piped.pipes[PIPED_INPUT], &bytes, 1, on_drained) != 0)
		child_end(&job->piped.child);
}

void
job_stop(struct job *job, enum job_stop how)
{
	switch (how) {
	case JOB_DRAIN: drain(job); break;
	case JOB_STOP: child_end(&job->piped.child); break;
	case JOB_KILL:
		if (job->piped.child.is_running)
			(void)kill(-job->piped.child.process.pid, SIGKILL); /* gone already: its exit will tell */
		break;
	}
}

void
job_free(struct job *job)
{
	CHECK(job->has_ended);
	buf_fini(&job->line);
	said_fini(&job->said);
	free(job);
}

int64_t
job_pid(const struct job *job)
{
	return job->piped.child.process.pid;
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
	return job->piped.child.term_signal != 0 ? 128 + job->piped.child.term_signal
						 : (int)job->piped.child.exit_status;
}

bool
job_was_overdue(const struct job *job)
{
	return job->piped.child.is_overdue;
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
