#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/shape.h"
#include "plan/plan.h"

/* When each arrival of one scenario is due: warm-up (at the load's first level, before it), then the shape; uniform
 * spacing puts the k-th arrival where the integral of the rate is k, Poisson spacing where it is the sum of k+1 seeded
 * exponential gaps. Times are ns since the run's T0. A schedule never looks at a clock and keeps no list: the position is
 * a cursor, and a second cursor that runs behind the first is the backlog. Open loops only; a closed loop asks
 * schedule_level_at for the number of users. */
struct schedule {
	const struct shape_ops *shape;
	const void *params;
	enum plan_spacing spacing;
	uint64_t seed;            /* of this scenario */
	int64_t warmup_ns;        /* length of the warm-up; the shape begins here */
	double warmup_per_s;
	int64_t duration_ns;      /* of the shape */
	uint64_t count_limit;     /* measured arrivals at most; 0: no limit */
	/* i-th of n shards takes arrivals k ≡ i mod n of the same schedule. */
	uint32_t shard, shards;
	/* Set by the control stream: from here on the load is steady at this level. INT64_MAX: not steered. */
	int64_t steered_at_ns;
	double steered_level, steered_base;
};

struct schedule_cursor {
	uint64_t k;       /* arrivals taken so far in this piece (warm-up, then shape) */
	double mass;      /* Poisson: the sum of gaps so far, in arrivals */
	bool in_shape;    /* past the warm-up */
};

struct arrival {
	uint64_t k;       /* over the whole run: the number that every random draw of this arrival uses */
	int64_t due_ns;   /* since T0 */
	bool is_warmup;
};

void schedule_init(struct schedule *schedule, const struct plan_load *load, uint64_t seed);

/* The next arrival without taking it; false: there is none (any more). */
bool schedule_peek(const struct schedule *schedule, const struct schedule_cursor *cursor, struct arrival *arrival);
void schedule_advance(const struct schedule *schedule, struct schedule_cursor *cursor);

int64_t schedule_end_ns(const struct schedule *schedule);      /* since T0 */
int64_t schedule_measured_from_ns(const struct schedule *schedule); /* = the warm-up's length */
double schedule_level_at(const struct schedule *schedule, int64_t t_ns);
/* Arrivals to expect in all, warm-up included: exact for uniform spacing. */
double schedule_expected(const struct schedule *schedule);

/* Levels of the shape, times since T0 (the warm-up is not among them). */
size_t schedule_levels_count(const struct schedule *schedule);
struct level_span schedule_level_span(const struct schedule *schedule, size_t i);

/* Control: from at_ns on the load is steady at `level`, until the schedule's own end. Cursors stay valid as long as they
 * have not passed at_ns. */
void schedule_steer(struct schedule *schedule, double level, int64_t at_ns);
