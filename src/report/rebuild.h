#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "measure/events.h"
#include "measure/summary.h"

/* A run's journal (events.ndjson) → its summary, as far as the run came: how a killed run is reported, and a finished
 * one again. What stands behind the last whole line is ignored: a kill may tear the one that was being written. */
struct rebuild_events {
	/* An interval was added: before the levels that closed with it. NULL: not wanted. */
	void (*on_interval)(void *context, const struct summary *summary);
	/* A level was judged in the run, or ended without having been: its histograms are still live. NULL: not wanted.
	 */
	void (*on_level_closed)(void *context, const struct summary *summary, uint32_t level);
	void *context;
};

struct rebuilt {
	struct summary *summary; /* the caller frees it */
	int64_t last_ns;         /* time of the last event, since T0 */
	char id[64];             /* of the run; empty: its first line is not there */
	char started_at[32];     /* "2026-11-22T02:00:00Z" */
	uint32_t shard, shards;  /* which share of a load it was; 0, 1: all of it */
	uint32_t workers_lost;   /* of those that shared the load: 1 where any was, when, and what became of it */
	int64_t lost_ns;
	char lost_text[160];
	bool has_end;    /* the run came to its end: */
	char status[64]; /* "pass" … */
	int exit_code;
};

/* The same of a run that goes on: what it has written since the last look is added. */
struct rebuild_follow;
struct rebuild_follow *rebuild_follow_new(const char *path, const struct plan *plan);
/* False with err set: a line that cannot be read. A journal that is not there is one that has not been begun. */
bool rebuild_follow_look(struct rebuild_follow *follow, struct error *err);
const struct summary *rebuild_follow_summary(const struct rebuild_follow *follow); /* NULL: nothing is there yet */
void rebuild_follow_free(struct rebuild_follow *follow);

/* False with err set: no journal, or a line in its middle that cannot be read. */
bool rebuild_read(const char *path, const struct plan *plan, const struct rebuild_events *events, struct rebuilt *into,
	struct error *err);
