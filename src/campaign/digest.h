#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "campaign/background.h"
#include "judge/judge.h"
#include "judge/settle.h"
#include "measure/events.h"
#include "measure/hdrlog.h"
#include "measure/summary.h"
#include "report/reporter.h"

/* Digests intervals in the thread pool, one at a time and in order: encodes and writes them, adds them to the summary,
 * lets the judge look at levels that closed. While a job runs, summary and judge are the job's; between jobs the
 * loop's. What the loop has to say about levels meanwhile is noted and goes with the next job. */

enum note_kind {
	NOTE_LEVEL,
	NOTE_CUT,
	NOTE_COMPLETE,
	NOTE_PHASE,
	NOTE_LOST,
	NOTE_BEGAN,
	NOTE_ACTION,
	NOTE_PROBE,
	NOTE_SCRAPE
};

struct note {
	enum note_kind kind;
	uint32_t level;
	int64_t start_ns, end_ns; /* at_ns of the others in start_ns */
	double offered;
	const char *phase;
	const char *text; /* of NOTE_LOST: a worker's fate; of NOTE_BEGAN: when, by the wall */
	/* Of NOTE_ACTION; the record does not change any more once the state says that it ended. */
	const struct action_record *action;
	enum action_state state;
	const struct plan_probe *probe; /* of NOTE_PROBE */
	struct probe_change change;
	const struct plan_endpoint *endpoint; /* of NOTE_SCRAPE; what changed does not change any more */
	const struct scrape_change *scrape;
};

#define DIGEST_NOTES_MAX 1024
#define DIGEST_LINES_MAX ((size_t)64 * 1024 * 1024)
#define DIGEST_JUDGED_MAX 64
#define DIGEST_FIGURES_MAX ((size_t)256 * 1024)

/* What a job found, for the loop to act upon. */
struct digest_outcome {
	const struct level_verdict *judged[DIGEST_JUDGED_MAX]; /* levels that closed in it */
	size_t judged_n;
	enum judge_advice advice;
	bool is_broken; /* one of them is BROKEN */
	uint32_t repeat_level;
	const struct expr *abort_expr;  /* an abort_when that holds; NULL: none */
	struct search_step search_step; /* of a search, where a level was judged: what comes next */
	bool has_settled;               /* likewise, where none was: the target is steady at the level said last */
};

/* What the digest must know of a search. */
struct searching {
	bool is_on;
	int64_t limit_at_ns;      /* run time */
	int64_t settling_from_ns; /* the loop's: since when a level is settling; INT64_MAX: none is */
	int64_t job_settling_from_ns;
	struct settle settle; /* the job's */
};

struct digest {
	uv_loop_t *loop;
	const struct plan *plan;
	struct summary *summary;
	struct judge *judge;
	struct result_dir *result_dir; /* NULL: none */
	FILE *events_copy;             /* NULL: none */
	bool has_actions;              /* it matters when all holds again */
	struct searching searching;
	bool events_copy_failed;
	bool copies_figures;                 /* … in place of intervals */
	struct slo_verdict *slos;            /* how they stand, for those */
	struct buf figures;                  /* those of the interval in `events` … */
	struct buf shards;                   /* the loop's: how those stand that share the load, as an event … */
	struct buf job_shards;               /* … and the job's */
	size_t interval_at, interval_length; /* … which stands here; 0: there is none */
	struct buf events, hlog;
	struct note notes[DIGEST_NOTES_MAX];
	size_t notes_n;

	struct background_work work;
	struct interval *running, *next; /* next: waits until running is done */
	struct note job_notes[DIGEST_NOTES_MAX];
	size_t job_notes_n;
	struct run_facts job_facts;
	struct digest_outcome outcome;
	const struct run_facts *facts; /* the loop's; copied when a job begins */

	/* The interval is the loop's again. */
	void (*on_done)(void *context, struct interval *interval, const struct digest_outcome *outcome);
	void *context;
};

void digest_init(struct digest *digest);
void digest_fini(struct digest *digest);
void digest_note(struct digest *digest, const struct note *note);
/* Whether notes that may come in any number have room, beside those that must. */
static inline bool
digest_has_room(const struct digest *digest)
{
	return digest->notes_n < DIGEST_NOTES_MAX / 2;
}
void digest_add_interval(struct digest *digest, struct interval *interval);
/* Whether somebody is told figures, and how those stand that share the load, in place of intervals. */
static inline bool
digest_tells_figures(const struct digest *digest)
{
	return digest->copies_figures && digest->events_copy != NULL;
}
/* How those stand that share the load goes with the next job, in place of what was told before. */
void digest_note_shards(struct digest *digest, const struct shard_records *shards, int64_t at_ns);
static inline bool
digest_is_busy(const struct digest *digest)
{
	return digest->running != NULL;
}

/* Lines that are no interval's (run, end): written at once; no job may be running. */
void digest_write_events(struct digest *digest);
/* Notes that no interval took along; no job may be running. */
void digest_flush_notes(struct digest *digest);
