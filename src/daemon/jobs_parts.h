#pragma once

#include "base/arena.h"
#include "base/list.h"
#include "campaign/ceiling.h"
#include "daemon/jobs.h"
#include "daemon/queue.h"

/* What the files of jobs share. */

#define LIVE_MAGIC 0x4c495645u

/* A run that has not ended. */
struct live {
	unsigned magic;
	struct list node; /* of jobs, in the order of their submission */
	struct jobs *jobs;
	struct arena arena; /* of its row and all texts */
	struct ledger_run row;
	struct submission submission;
	struct queue_item item;
	struct relay *relay;
	struct job *job;                     /* NULL: it has no process of ours */
	const struct ledger_figure *figures; /* of one that has ended; figures_n of them */
	size_t figures_n;
	bool is_kept;             /* its row is in the ledger, and its directory there */
	bool may_begin;           /* its turn came before that */
	bool is_ending;           /* what came of it is being read and written */
	bool is_cancelled;        /* it never began */
	struct ceilings ceilings; /* as they were when it began */
	struct ceiling_watch watch;
	char excess[JOB_RESULT_REASON_MAX]; /* why it was stopped by them; "": it was not */
	int64_t orphan_pid;                 /* of an earlier life's process that still runs; 0: none */
	int64_t orphan_since_ns;            /* CLOCK_MONOTONIC */
};

struct jobs {
	struct jobs_config config;
	struct queue queue;
	struct list live;
	struct relay *changes;
	struct errands *errands;
	uv_timer_t orphans; /* looks whether those of an earlier life have gone */
	bool is_closing, is_timer_closed;
	uint64_t ids; /* given so far */
	struct jobs_counts counts;
};

struct live *live_new(struct jobs *jobs);
void live_free(struct live *live);
struct live *live_find(const struct jobs *jobs, const char *id);
/* Says how it stands, to who watches it and who watches all. */
void live_tell(struct live *live);
/* Copies the row as it is now for an order of the desk, that may write it later. */
void live_copy_row(const struct live *live, struct arena *arena, struct ledger_run *into);

void live_begin(struct live *live);
void live_stop(struct live *live, enum job_stop how);
/* A line of figures: held to the operator's ceilings, and told on. */
void live_take_figures(struct live *live, const char *line, size_t length);

/* Its process has gone, or it never had one: reads what came of it, writes it down, forgets it. */
void live_end(struct live *live, int exit_code, bool was_overdue);
/* An earlier life's process may still be there: looks until it is not. */
void live_await_orphan(struct live *live);
void jobs_on_orphans(uv_timer_t *timer);

/* job.json: what was asked for, so that it can be asked for again. */
bool wish_write(const char *dir, const struct submission *submission, struct error *err);
bool wish_read(const char *dir, struct submission *submission, struct error *err);
