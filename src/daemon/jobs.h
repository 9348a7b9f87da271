#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/desk.h"
#include "daemon/errand.h"
#include "daemon/job.h"
#include "daemon/job_result.h"
#include "daemon/relay.h"
#include "daemon/submission.h"

/* All runs that have not ended: submitted, waiting for their turn, running, ending. Each has a directory of its own,
 * DATA/runs/ID/: job.json (what was asked for), profile.yaml (what came along), log.txt (what it said on stderr),
 * results/ (the run's own). The ledger is written before anybody is told: who was told that a run is in the queue finds
 * it there after a kill -9, and who was told that it ended finds how. */
struct jobs;

struct jobs_config {
	uv_loop_t *loop;
	struct desk *desk;
	const struct config *config;
	const char *program; /* our own binary */
	const char *allow;   /* whom jobs may connect to, as --allow takes it */
	struct submission_terms terms;

	/* The event `figures` of one that runs, and the result of one that ended. May be NULL. */
	void (*on_figures)(void *context, const struct ledger_run *run, const cJSON *figures);
	void (*on_ended)(void *context, const struct ledger_run *run, const struct job_result *result);
	void *context;
};

struct jobs *jobs_new(const struct jobs_config *config);
/* None may be left. */
void jobs_free(struct jobs *jobs);

/* At the start, before the desk is used: what an earlier life of the daemon left. What waited waits again; what ran is
 * over, or about to be (its process was told to end when the daemon did), and is judged by its results. */
bool jobs_restore(struct jobs *jobs, struct ledger *ledger, struct error *err);

enum jobs_answer {
	JOBS_TAKEN,
	JOBS_WRONG,   /* the body or the profile: err says where */
	JOBS_UNKNOWN, /* there is no such profile */
	JOBS_DENIED,  /* by the operator's ceilings */
	JOBS_BUSY,    /* on_busy is refuse */
	JOBS_FULL,
	JOBS_HALTED,
	JOBS_FAILED, /* the disk, say */
};

struct jobs_wish {
	struct submission submission; /* taken over */
	const char *body;             /* JSON, still to be read into it; NULL: it is filled in. Copied */
	size_t body_length;
	const char *by; /* "unix", a token's name, "schedule:NAME"; copied */
	bool is_check;  /* only looked at: told the submission as it was compiled, and no run */

	/* Once, from a later turn of the loop. run: as it is now. */
	void (*told)(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
		const struct submission *submission, const struct error *err);
	void *context;
};
/* The configuration has changed: whoever begins from now on is held to it, and may connect to `allow`, lent. Whoever
 * runs hears nothing of it. */
void jobs_reload(struct jobs *jobs, const char *allow);
/* On the desk: the operator's directory is another, lent. */
void jobs_use_profiles(struct jobs *jobs, const char *profiles);
/* Whose turn it is begins: after jobs_restore, once all else is ready. */
void jobs_kick(struct jobs *jobs);

/* Asynchronous, always. The wish is copied. */
void jobs_submit(struct jobs *jobs, const struct jobs_wish *wish);

/* NULL: none of that id waits or runs. Valid until the loop turns. */
const struct ledger_run *jobs_find(const struct jobs *jobs, const char *id, size_t *position);
struct relay *jobs_relay(const struct jobs *jobs, const char *id);
typedef void jobs_each_fn(void *context, const struct ledger_run *run, size_t position);
void jobs_each(
	const struct jobs *jobs, bool is_running, jobs_each_fn *each, void *context); /* in the order of their turn */
size_t jobs_count(const struct jobs *jobs, bool is_running);

/* False: there is none. One that waits leaves the queue. */
bool jobs_stop(struct jobs *jobs, const char *id, enum job_stop how);
/* Ends all of them, and lets none begin; then lets them begin again. */
void jobs_halt(struct jobs *jobs);
void jobs_resume(struct jobs *jobs);
bool jobs_are_halted(const struct jobs *jobs);
/* None begins any more, those that wait stay in the ledger; what runs is stopped. */
void jobs_close(struct jobs *jobs);
bool jobs_are_idle(const struct jobs *jobs); /* nothing runs, and all is written */

/* run and queue events of all of them, for GET /events. */
struct relay *jobs_changes(const struct jobs *jobs);

/* What is done for them, and for whoever asks about them, in processes of their own. */
struct errands *jobs_errands(const struct jobs *jobs);

/* "run": the directory of one; returns into. */
const char *jobs_dir(const struct config *config, const char *id, char *into, size_t size);

struct jobs_counts {
	uint64_t submitted, refused, started, ended, lines_lost;
};
struct jobs_counts jobs_counts(const struct jobs *jobs);
const struct submission_terms *jobs_terms(const struct jobs *jobs);
