#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/scheduler.h"
#include "measure/interval_merge.h"
#include "measure/shard_record.h"
#include "plan/plan.h"

/* The intervals of all shards → those of the run: one per tick, once every living shard has come past it, and one at
 * once when a level was closed by all, since it waits to be judged. What a shard says beyond the tick is held, and its
 * stream not read meanwhile, so that memory does not depend on how far apart they are: a slow shard delays the others'
 * figures, never their load. What adds up is added to the run's interval as it comes in, so that a thousand shards take
 * little more memory than one; of each is kept apart what does not. Pure: no clock, no I/O. */
#define MERGER_SHARDS_MAX SHARDS_MAX
#define MERGER_LEVELS_MAX 64 /* with exchanges under way at once: what a recorder keeps at most */

/* What a shard has begun and not ended, of one level: it is owed to the identities should the shard go missing. */
struct debt {
	bool is_used;
	uint32_t level;
	struct owed {
		int64_t unsent, unfinished;
	} * requests; /* plan->requests_n */
};

struct merger_shard {
	struct interval *outline; /* of what it said since the last tick; NULL: it never said anything */
	struct interval *held;    /* begins beyond the tick, or has no room before it; NULL: none */
	bool has_outline, is_gone;
	int64_t covered_ns; /* end of what was taken */
	struct shard_now {  /* as of then; all 0 once it is gone */
		uint32_t in_flight, connections, users, current_level;
		uint64_t backlog;
		double offered;
		struct reading self;
	} now;
	uint32_t closed_below; /* levels below this one are closed */
	bool warmup_is_closed;
	struct debt debts[MERGER_LEVELS_MAX];
	struct shard_account { /* side by side with the others: see shard_record.h */
		uint64_t scheduled, sent, ok, failed, dropped, unsent, unfinished, ok_in_window;
		int64_t window_ns;
		struct histogram lateness; /* of the measured levels; not ready: nothing was measured */
		struct gauge_stats cpu;
	} account;
};

struct merger {
	const struct plan *plan;
	struct merger_shard *shards;
	uint32_t shards_n;
	struct interval *intervals[2], *next, *spare; /* next: filled until it is handed out; spare NULL: one is out */
	struct interval **scratch; /* to decode into, scratch_n of them: all shards use the last one */
	uint32_t scratch_n;
	int64_t step_ns, start_ns, tick_ns;
	uint64_t seq;
	uint64_t sent;       /* by all */
	uint32_t levels_n;   /* known so far */
	uint32_t first_open; /* the oldest that is not closed by all */
	bool has_warmup, warmup_is_closed;
	/* Readings of the target, and what is scraped, which the leader takes: they belong to the next interval. */
	struct reading target;
	struct target_readings {
		bool is_used;
		uint32_t level; /* LEVEL_NONE: outside of any */
		struct gauge_set set;
		struct scraped_set scraped;
	} readings[4];
	double scraped[SCRAPED_MAX];
	struct scrape_counts scrapes[SCRAPE_ENDPOINTS_MAX];
};

void merger_init(struct merger *merger, const struct plan *plan, uint32_t shards_n);
void merger_fini(struct merger *merger);

/* Where a shard's next interval is decoded into, to be added before any other shard's; NULL: what it said last is held,
 * and nothing more is taken now. */
struct interval *merger_incoming(struct merger *merger, uint32_t shard);
/* It has not come past the tick: what it says next is waited for. */
bool merger_waits_for(const struct merger *merger, uint32_t shard);
/* It is there. False: more levels at once than any recorder keeps. */
bool merger_add(struct merger *merger, uint32_t shard);

/* A shard has begun a level. */
void merger_begin_level(struct merger *merger, uint32_t level);
/* All that the shard has begun is closed: it is idle, or has ended. */
void merger_close_all(struct merger *merger, uint32_t shard);
/* The shard is gone and will say nothing more: what it had under way is unfinished, what waited in it is cancelled. */
void merger_lose(struct merger *merger, uint32_t shard);
/* It has ended, and owes nothing. */
void merger_end(struct merger *merger, uint32_t shard);

void merger_add_target_reading(struct merger *merger, uint32_t level, const struct reading *reading);
void merger_add_scraped(struct merger *merger, uint32_t level, const struct scraped *scraped);

/* The next interval, full; NULL: not yet, or one is still out. is_final: whatever there is. */
struct interval *merger_take(struct merger *merger, bool is_final);
void merger_give(struct merger *merger, struct interval *interval);
/* What it has done so far, beside the others; the caller knows the rest of the record. */
void merger_account(const struct merger *merger, uint32_t shard, struct shard_record *record);
/* Every level that was begun has been handed out as closed. */
bool merger_is_settled(const struct merger *merger);
