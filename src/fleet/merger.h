#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/interval_merge.h"
#include "plan/plan.h"

/* The intervals of all shards → those of the run: one per tick, once every living shard has come past it, and one at
 * once when a level was closed by all, since it waits to be judged. What a shard says beyond the tick is held, and its
 * stream not read meanwhile, so that memory does not depend on how far apart they are: a slow shard delays the others'
 * figures, never their load. Pure: no clock, no I/O. */
#define MERGER_SHARDS_MAX 64
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
	struct interval *current;  /* since the last tick */
	struct interval *incoming; /* decoded into; held while it begins beyond the tick */
	bool has_current, is_held, is_gone;
	int64_t covered_ns; /* end of what was taken into current */
	struct shard_now {  /* as of then; all 0 once it is gone */
		uint32_t in_flight, connections, users, current_level;
		uint64_t backlog;
		double offered;
		struct reading self;
	} now;
	uint32_t closed_below; /* levels below this one are closed */
	bool warmup_is_closed;
	struct debt debts[MERGER_LEVELS_MAX];
};

struct merger {
	const struct plan *plan;
	struct merger_shard *shards;
	uint32_t shards_n;
	struct interval *intervals[2], *next, *spare; /* next: filled when it is handed out; spare NULL: one is out */
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

/* Where a shard's next interval is decoded into; NULL: what it said last is held, and nothing more is taken now. */
struct interval *merger_incoming(struct merger *merger, uint32_t shard);
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
/* Every level that was begun has been handed out as closed. */
bool merger_is_settled(const struct merger *merger);
