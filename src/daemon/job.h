#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"
#include "daemon/sharing.h"

/* One `brunt run` as a child process, from its start to its end: its event stream is read with bounds, what it says on
 * stderr is kept (the beginning and the end of it), its end is told once. It does not outlive this process (SIGTERM, as
 * the run of a suite), so that there is no load that nobody watches. Whatever it does, the daemon lives on: what came
 * of it is what its results directory says (job_result.h), not what was heard. */

#define JOB_LINE_MAX ((size_t)256 * 1024) /* longer lines of events are passed over, and counted */
#define JOB_SAID_MAX ((size_t)32 * 1024)  /* of stderr, at the beginning and at the end */
#define JOB_KIND_MAX 24

struct job;

struct job_config {
	const char *program;         /* our own binary */
	const char *dir;             /* of the job, there already; its results will be DIR/results */
	const char *profile;         /* the path of its profile */
	const char *const *settings; /* settings_n of them, "KEY=VALUE" */
	size_t settings_n;
	const char *baseline, *baselines; /* NULL: none; where they are kept */
	struct sharing sharing;
	const struct sharing_nats *nats; /* where agents are reached; NULL: nowhere */
	const char *allow;               /* whom it may connect to, as --allow takes it; NULL: anybody */
	bool has_stream;                 /* it can tell how it does */
	bool has_control;
	int64_t within_ns; /* it is stopped after so long; 0: never */

	/* One line of its event stream, without its end, NUL-ended; kind: "phase", "figures" … */
	void (*on_event)(void *context, const char *kind, const char *line, size_t length);
	/* It is gone, and nothing more is heard. From a later loop turn; job_free may be called. */
	void (*on_end)(void *context, struct job *job);
	void *context;
};

enum job_stop {
	JOB_DRAIN, /* no more load; what is under way is waited for */
	JOB_STOP,  /* as by Ctrl-C; SIGKILL when that has not helped for JOB_STOP_NS */
	JOB_KILL,
};
#define JOB_STOP_NS (INT64_C(30) * 1000000000)

/* NULL with err set. Holds the loop for as long as a fork takes. */
struct job *job_start(uv_loop_t *loop, const struct job_config *config, struct error *err);
void job_stop(struct job *job, enum job_stop how); /* a later call may be harder, never softer */
void job_free(struct job *job);

int64_t job_pid(const struct job *job);
int64_t job_pid_start(int64_t pid); /* of any process, in ticks since the machine was started; −1: there is none */
int job_exit_code(const struct job *job); /* 128 + n for a signal */
bool job_was_overdue(const struct job *job);
uint64_t job_lines_lost(const struct job *job);
void job_add_said(const struct job *job, struct buf *into); /* what it said on stderr */
