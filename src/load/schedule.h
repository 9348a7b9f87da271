#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/gap.h"
#include "load/shape.h"
#include "plan/plan.h"

/* When each arrival of one scenario is due: warm-up (at the load's first level, before it), then the shape; uniform
 * spacing puts the k-th arrival where the integral of the rate is k, Poisson and gamma spacing where it is the sum of
 * k+1 seeded gaps (gap.h). Times are ns since the run's T0. A schedule never looks at a clock and keeps no list: the
 * position is a cursor, and a second cursor that runs behind the first is the backlog. Open loops only; a closed loop
 * has no arrivals here and asks schedule_level_at for the number of users. */

/* Levels set by the control stream that a cursor may lie behind: a backlog older than that was cancelled long ago. */
#define SCHEDULE_STEERS_MAX 64

struct schedule {
	const struct shape_ops *shape;
	const void *params;
	struct gap gap;    /* its seed is the scenario's */
	bool in_users;     /* a closed loop: levels are users */
	int64_t warmup_ns; /* length of the warm-up; the shape begins here; INT64_MAX: schedule_end_warmup says when */
	double warmup_level;   /* per second, or users */
	uint64_t warmup_limit; /* requests of the warm-up at most; 0: no limit */
	int64_t duration_ns;   /* of the shape; INT64_MAX: a closed loop that ends by its count alone */
	uint64_t count_limit;  /* measured arrivals (closed loop: iterations) at most; 0: no limit */
	/* i-th of n shards takes arrivals k ≡ i mod n of the same schedule; the engine sets both. */
	uint32_t shard, shards;
	/* Set by control: from at_ns on the load is steady at this level, `base` arrivals of the shape lie
	 * before. */
	struct schedule_steer {
		int64_t at_ns;
		double level, base;
	} steers[SCHEDULE_STEERS_MAX];
	size_t steers_n;
	uint32_t version; /* counts the steers: an arrival that a cursor found before is looked for again */
};

struct arrival {
	uint64_t k;        /* over the whole run: the number that every random draw of this arrival uses */
	uint64_t of_shape; /* after the warm-up: its number in the shape */
	int64_t due_ns;    /* since T0 */
	bool is_warmup;
};

/* Zeroed: at the start. */
struct schedule_cursor {
	uint64_t k;      /* arrivals passed in this piece (warm-up, then shape), all shards' together */
	uint64_t before; /* arrivals of the warm-up, once past it */
	double mass;     /* Poisson: the sum of the gaps of those k, in arrivals */
	bool in_shape;   /* past the warm-up */
	/* What peek answers, found by advance so that looking costs nothing. */
	bool is_found, has_next;
	double gap;       /* Poisson: before the next arrival */
	uint32_t version; /* of the schedule, when it was found */
	struct arrival next;
};

void schedule_init(struct schedule *schedule, const struct plan_load *load, uint64_t seed);

/* What plan/ cannot see: false where a scenario's load as a whole sends nothing, or its count takes over a year. For
 * whoever loads a plan. */
bool schedule_check(const struct plan *plan, struct error *err);

/* What falls to the i-th of n shards of something that is shared out (users, iterations, slots, connections): the first
 * ones take what is left over, so that the shares add up to the whole. */
static inline uint64_t
share_of(uint64_t whole, uint32_t shard, uint32_t shards)
{
	return whole / shards + (shard < whole % shards);
}

static inline uint64_t
schedule_share(const struct schedule *schedule, uint64_t whole)
{
	return share_of(whole, schedule->shard, schedule->shards);
}

/* The next arrival without taking it; false: there is none (unless the load is steered). */
bool schedule_peek(const struct schedule *schedule, const struct schedule_cursor *cursor, struct arrival *arrival);
/* Takes it; nothing happens where there is none. */
void schedule_advance(const struct schedule *schedule, struct schedule_cursor *cursor);

/* Moves the cursor, forwards or back, to the first arrival that is not due before t_ns. */
void schedule_seek(const struct schedule *schedule, struct schedule_cursor *cursor, int64_t t_ns);

int64_t schedule_end_ns(const struct schedule *schedule);           /* since T0; INT64_MAX: by its count alone */
int64_t schedule_measured_from_ns(const struct schedule *schedule); /* = the warm-up's length */
/* 0 at and after the end. */
double schedule_level_at(const struct schedule *schedule, int64_t t_ns);
/* Most users that a closed loop asks for at any time, all shards' together; at least 1. */
uint64_t schedule_users_most(const struct schedule *schedule);
/* Arrivals to expect in all shards, warm-up included, as steered so far: exact for uniform spacing, the mean for
 * Poisson. A closed loop: its iterations, 0 where only time ends it. */
double schedule_expected(const struct schedule *schedule);
/* The same for a stretch that lies in the warm-up or in the shape. Open loops only. */
double schedule_expected_between(const struct schedule *schedule, int64_t from_ns, int64_t to_ns);

/* Levels of the shape, times since T0 (the warm-up is not among them). */
size_t schedule_levels_count(const struct schedule *schedule);
struct level_span schedule_level_span(const struct schedule *schedule, size_t i);

/* Whether its levels are said while it runs: it rests between them, and is not over before its end. */
bool schedule_is_steered(const struct schedule *schedule);

/* Control: from at_ns (at once where that is in the warm-up: from its end) the load is steady at `level`, until the
 * schedule's own end; a level of 0 pauses it. What was said of later moments is forgotten. Cursors stay valid as long
 * as they have not passed at_ns. */
void schedule_steer(struct schedule *schedule, double level, int64_t at_ns);

/* A closed loop whose warm-up counts requests: they are done, the shape begins at at_ns. */
void schedule_end_warmup(struct schedule *schedule, int64_t at_ns);
